"""The compiled form of a catalog: an SQLite file that all processes read, and that no process ever changes.

A change makes a new file in place of the old one; who has the old one open goes on reading it. So a look-up needs no
lock and costs the same whatever the size, and a state of the catalogs stays what it is as long as a request uses it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from imageserver.catalog.extras import Extras, Font, Rule
from imageserver.catalog.guarding import ANY, FIND, TABLES
from imageserver.catalog.reading import ATTRIBUTES, FONT, RECORDS, RULE, Rest, Signature, sign
from imageserver.catalog.records import ContentRecord, Record
from imageserver.catalog.written import Written, typed
from imageserver.errors import DamagedIndex

T = TypeVar("T", Record, ContentRecord)
FORMAT = 2
"""To be raised when the tables below change, or what stands in them."""
MEANING = (
    "yaml_nodes.py",
    "protocol/*.py",
    "commands/*.py",
    *(
        f"catalog/{name}.py"
        for name in (
            "addresses",
            "attributes",
            "expressions",
            "extras",
            "fields",
            "guarding",
            "paths",
            "reading",
            "records",
            "written",
        )
    ),
)
"""The code that reads YAML: with a change of any of it, all is compiled anew."""
APPLICATION = 0x69736361
"""What SQLite calls the application id: it tells an index from any other SQLite file."""
KEPT = 512
"""Records of a catalog that each process keeps typed."""
CHECKED_WHOLE = 2**20
"""Bytes up to which all pages of an index are checked when it is opened; of a larger one, those that are read."""
HEADER = 100
SCHEMA = f"""
PRAGMA application_id = {APPLICATION};
CREATE TABLE about (fingerprint TEXT, value TEXT);
CREATE TABLE file (place INTEGER PRIMARY KEY, name TEXT UNIQUE, signature TEXT, digest TEXT, rest TEXT);
CREATE TABLE problem (file INTEGER, line INTEGER, column INTEGER, message TEXT, name TEXT);
CREATE TABLE entry (
    section INTEGER, name TEXT, file INTEGER, ordinal INTEGER,
    line INTEGER, column INTEGER, leads INTEGER, written TEXT,
    PRIMARY KEY (section, name, file)
) WITHOUT ROWID;
CREATE INDEX listing ON entry (section, file, ordinal, leads);
CREATE INDEX missing ON problem (name) WHERE name IS NOT NULL;
{TABLES}"""
"""The sections are numbered as in `RECORDS`, 0 is images. `file.place` gives the order of the files. `entry.leads`
marks the first of the entries of one name, whose place in the catalog it has; the last of them holds. A `problem` with
a name is a missing file of that image record."""
WRITTEN = "SELECT written FROM entry WHERE section = ? AND name = ? ORDER BY file DESC LIMIT 1"
LIST = "SELECT name FROM entry INDEXED BY listing WHERE section = ? AND leads ORDER BY file, ordinal LIMIT ? OFFSET ?"
log = logging.getLogger("imageserver.catalogs")


@dataclass(frozen=True, slots=True)
class About:
    """What an index says of itself.

    `seen` are the files as they were when the catalog was last read, `include` and `broken` what was found then, and
    `unread` says that it was not their content that was wrong, so that each process tries again;
    `checked` are the folder and the suffix with which the files of the records were looked for, and the folder of
    static content. An index that is not `whole` has nothing to serve yet.
    """

    generation: int = 0
    seen: tuple[Signature, ...] = ()
    include: tuple[tuple[int, int, str], ...] = ()
    broken: tuple[str, int, int, str] | None = None
    unread: bool = False
    checked: tuple[str, ...] | None = None
    counts: tuple[int, ...] = (0,) * len(RECORDS)
    whole: bool = False

    def text(self) -> str:
        """Write it as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> About:
        """Read it from JSON; raises `ValueError` or `TypeError` for any other."""
        return cls(**{key: tupled(value) for key, value in dict(json.loads(text)).items()})


def tupled(value: Any) -> Any:  # noqa: ANN401, JSON
    """Give lists, and lists in them, as tuples."""
    return tuple(tupled(item) for item in value) if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """One file of a catalog as it was compiled."""

    place: int
    name: str
    signature: Signature
    digest: str
    rest: Rest


class Index:
    """One generation of an index; `identity` is that of its file, and None for a temporary one.

    What it holds beside records is read at once, the records one by one. Raises `DamagedIndex`, or what JSON raises.
    """

    def __init__(self, connection: sqlite3.Connection, identity: Signature | None = None) -> None:
        self.connection = connection
        self.identity = identity
        self.damaged = False
        ((self.fingerprint, about),) = connection.execute("SELECT fingerprint, value FROM about")
        self.about = About.read(about)
        rows = connection.execute("SELECT place, name, signature, digest, rest FROM file ORDER BY place")
        self.files = tuple(
            IndexedFile(place, json.loads(name), tupled(json.loads(signature)), digest, Rest(**json.loads(rest)))
            for place, name, signature, digest, rest in rows
        )
        rests = [file.rest for file in self.files]
        self.attributes: Mapping[str, Any] = typed(ATTRIBUTES, rests[0].attributes) if rests else {}
        self.macros: Mapping[str, str] = {name: text for rest in rests for name, text in rest.macros.items()}
        self.extras = extras_of(rests)
        self.has_guarded = connection.execute(ANY).fetchone() is not None

    def __del__(self) -> None:
        self.connection.close()

    def rows(self, statement: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """Yield what a statement selects; raises `DamagedIndex`."""
        try:
            yield from self.connection.execute(statement, values)
        except sqlite3.DatabaseError as error:
            raise self.damage(error) from error

    def written(self, section: int, name: str) -> Written | None:
        """Give a record as it was written, or None when there is no such record; raises `DamagedIndex`."""
        try:
            found = self.connection.execute(WRITTEN, (section, name)).fetchone()
            return None if found is None else dict(json.loads(found[0]))
        except UnicodeEncodeError:  # a name that is no text is nobody's id
            return None
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            raise self.damage(error) from error

    def guards(self, ways: tuple[str, str]) -> bool:
        """Tell whether a file, by its names, is that of a record with access; raises `DamagedIndex`."""
        return next(self.rows(FIND, *ways), None) is not None

    def damage(self, error: Exception) -> DamagedIndex:
        """Note that this index cannot be read; it is made anew when the catalogs are next looked at."""
        self.damaged = True
        return DamagedIndex(str(error))


class Records(Mapping[str, T], Generic[T]):
    """The records of one section of an index by their ids, in the order of the files."""

    def __init__(self, index: Index, section: int, kind: type[T]) -> None:
        self._index = index
        self._section = section
        self._find: Callable[[str], T | None] = lru_cache(KEPT)(partial(find, index, section, kind))

    def __getitem__(self, name: str) -> T:
        found = self._find(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return (name for (name,) in self._index.rows(LIST, self._section, -1, 0))

    def __len__(self) -> int:
        return self._index.about.counts[self._section]

    def page(self, first: int, count: int) -> list[tuple[str, T]]:
        """Give `count` records from the one with the number `first` on."""
        return [(name, self[name]) for (name,) in self._index.rows(LIST, self._section, count, first)]


def find(index: Index, section: int, kind: type[T], name: str) -> T | None:
    """Read one record of an index, or None when there is none of that id."""
    written = index.written(section, name)
    try:
        return None if written is None else kind(**typed(KNOWN[section], written))
    except DamagedIndex as error:
        raise index.damage(error) from error


def extras_of(rests: Sequence[Rest]) -> Extras:
    """Give fonts, profiles and rules of all files, in their order."""
    return Extras(
        fonts=tuple(Font(**typed(FONT, font)) for rest in rests for _, _, font in rest.fonts),
        profiles=tuple((name, path) for rest in rests for _, _, name, path in rest.icc_profiles),
        rules=tuple(
            (Rule(**typed(RULE, rule)), tuple(typed(ATTRIBUTES, own).items()))
            for rest in rests
            for rule, own in rest.rules
        ),
    )


def open_index(path: Path) -> Index | None:
    """Open the index of that file; None when there is none, or none that can be used, which is logged."""
    identity = sign(path)
    if not any(identity[1:]):
        return None
    connection = None
    try:
        check_size(path)
        uri = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        check_content(connection, small=identity[2] <= CHECKED_WHOLE)
        index = Index(connection, identity)
    except (OSError, sqlite3.Error, ValueError, TypeError, DamagedIndex) as error:
        if connection is not None:
            connection.close()
        log.warning("%s: cannot be used (%s); the catalog is compiled anew", path, error)
        return None
    if index.fingerprint != fingerprint():
        log.info("%s: made by another version of imageserver; the catalog is compiled anew", path)
        return None
    return index


def check_size(path: Path) -> None:
    """Raise `ValueError` unless a file is as long as its header says."""
    with path.open("rb") as file:
        header = file.read(HEADER)
        size = file.seek(0, 2)
    if not header.startswith(b"SQLite format 3\0"):
        raise ValueError("it is no SQLite file")
    page, pages = int.from_bytes(header[16:18]), int.from_bytes(header[28:32])
    if size != pages * (2**16 if page == 1 else page):
        raise ValueError("it is not complete")


def check_content(connection: sqlite3.Connection, *, small: bool) -> None:
    """Raise `ValueError` for what is no index of a catalog, or is damaged."""
    if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION,):
        raise ValueError("it is no index of a catalog")
    if small and (found := connection.execute("PRAGMA quick_check(1)").fetchone()) != ("ok",):
        raise ValueError(found[0].splitlines()[-1])


@cache
def fingerprint() -> str:
    """Name the code that says what the text of a catalog means: an index that other code made is of no use."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256(str(FORMAT).encode())
    for path in (path for pattern in MEANING for path in sorted(package.glob(pattern))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


KNOWN = tuple(RECORDS.values())
