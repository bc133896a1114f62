"""YAML files → the index of a catalog, reading those files only that have changed since it was made last."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from imageserver.catalog.checking import CHANGED, Subject, included, missing_files
from imageserver.catalog.guarding import note_guarded
from imageserver.catalog.index import About, Index, fingerprint, tupled
from imageserver.catalog.inheriting import complete, content_root_of, root_of
from imageserver.catalog.reading import ATTRIBUTES, IMAGES, RECORDS, Rest, Row, Signature, read_file, sign
from imageserver.catalog.shelf import Shelf, locked, make, newest
from imageserver.catalog.written import Written, typed
from imageserver.errors import DamagedIndex
from imageserver.yaml_nodes import BrokenYaml, Problem, YamlFile

GAP = 2**32
"""Between the places of two files, so that another one fits in between."""
PROGRESS = 100_000
NOTE_CHANGED = "INSERT OR IGNORE INTO changed SELECT section, name FROM entry WHERE section IN (0, 1, 2) AND file = ?"
NOTE_ALL = "INSERT OR IGNORE INTO changed SELECT section, name FROM entry"
LEAD = """
UPDATE entry SET leads = file = (
    SELECT min(file) FROM entry AS other WHERE other.section = entry.section AND other.name = entry.name
) WHERE (section, name) IN (SELECT section, name FROM changed)
"""
log = logging.getLogger("imageserver.catalogs")


@dataclass(frozen=True, slots=True)
class Compiled:
    """An index, the files that were read for it, and whether it is the last word: another process may be at work."""

    index: Index | None
    files: tuple[str, ...] = ()
    settled: bool = True


def bring_up_to_date(subject: Subject, shelf: Shelf, before: Index | None, *, wait: bool) -> Compiled:
    """Give the index of a catalog as its files are now; while another process makes it, the last one or none."""
    home = shelf.home(subject.path)
    found = home and sign(home)
    index = newest(home, before)
    if index is not None and serves(index, subject, before):
        return Compiled(index)
    if home is not None:
        try:
            with locked(home, wait=wait) as ours:
                if not ours:
                    return Compiled(index, settled=False)
                if sign(home) != found:
                    index = newest(home, before)
                    if index is not None and serves(index, subject, before):
                        return Compiled(index)
                return compiled(subject, home, index)
        except (OSError, sqlite3.OperationalError) as error:
            shelf.give_up(error)
    return compiled(subject, None, index)


def serves(index: Index, subject: Subject, before: Index | None) -> bool:
    """Tell whether an index need not be made anew; a file that could not be read is tried again by a new process."""
    return is_current(index, subject) and not (index.about.unread and before is None)


def is_current(index: Index, subject: Subject) -> bool:
    """Tell whether nothing has changed since the catalog was compiled; costs a look at each of its files."""
    about = index.about
    paths, _ = included(subject.folder, about.include)
    if about.seen != tuple(named(subject, path) for path in files_of(subject, paths)):
        return False
    return about.broken is not None or about.checked == surroundings(subject, index.attributes)


def files_of(subject: Subject, paths: Sequence[Path]) -> list[Path]:
    """Give the main file of a catalog, and then those that it includes."""
    return [subject.path, *(path for path in paths if path != subject.path)]


def named(subject: Subject, path: Path) -> Signature:
    """Describe a file of a catalog, by its name within the catalog's folder."""
    return (subject.name_of(path), *sign(path)[1:])


def surroundings(subject: Subject, own: Mapping[str, Any]) -> tuple[str, str, str]:
    """Give the folder and the suffix with which files of records are looked for, and the folder of static content."""
    root, content = (find(own, subject.folder, subject.default) for find in (root_of, content_root_of))
    extension = complete(own, subject.folder, subject.default).default_ext
    return str(root.absolute()), extension, str(content.absolute())


def compiled(subject: Subject, home: Path | None, base: Index | None) -> Compiled:
    """Make the next index out of the last one, which is left aside when it turns out to be damaged."""
    try:
        return attempt(subject, home, base)
    except (DamagedIndex, sqlite3.DatabaseError) as error:
        if base is None or isinstance(error, sqlite3.OperationalError):
            raise
        log.warning("%s: the index is damaged (%s); the catalog is compiled anew", subject.shown(subject.path), error)
        return attempt(subject, home, None)


def attempt(subject: Subject, home: Path | None, base: Index | None) -> Compiled:
    """Make the next index; a file that is no YAML leaves all as it is but for that it is told."""
    compiler = Compiler(subject, base)
    try:
        index = make(home, base, compiler.fill)
    except BrokenYaml as broken:
        problem = broken.problem
        index = make(home, base, lambda connection: compiler.note(connection, problem))
    return Compiled(index, tuple(compiler.read))


class Compiler:
    """One run over the files of a catalog."""

    def __init__(self, subject: Subject, base: Index | None) -> None:
        self.read: list[str] = []
        self._subject = subject
        self._base = base
        self._seen: dict[str, Signature] = {}
        self._unread = False
        self._include: tuple[tuple[int, int, str], ...] = ()

    def fill(self, connection: sqlite3.Connection) -> None:
        """Bring an index up to date; raises `BrokenYaml` with a part of it done."""
        connection.execute("CREATE TEMP TABLE changed (section, name, PRIMARY KEY (section, name)) WITHOUT ROWID")
        self._see([self._subject.path])
        self._refresh(connection, self._subject.path, 0)
        ((rest,),) = connection.execute("SELECT rest FROM file WHERE place = 0")
        main = Rest(**json.loads(rest))
        self._include = tupled(main.include)
        paths, _ = included(self._subject.folder, self._include)
        names = {self._subject.name_of(path): path for path in files_of(self._subject, paths)[1:]}
        known = {json.loads(name): place for name, place in connection.execute("SELECT name, place FROM file")}
        wanted = places(list(names), known)
        for name, place in known.items():
            if place and wanted.get(name) != place:
                forget(connection, place)
        self._see(names.values())
        for name, path in names.items():
            self._refresh(connection, path, wanted[name])
        self._finish(connection, main)
        connection.execute("DROP TABLE changed")

    def note(self, connection: sqlite3.Connection, problem: Problem) -> None:
        """Write down why the catalog could not be read this time, and nothing else."""
        self._describe(connection, broken=(problem.file, problem.line, problem.column, problem.message))

    def _see(self, paths: Iterable[Path]) -> None:
        for path in paths:
            signature = named(self._subject, path)
            self._seen[signature[0]] = signature

    def _refresh(self, connection: sqlite3.Connection, path: Path, place: int) -> None:
        """Read a file unless it is in the index as it is now, if need be by its content."""
        signature = self._seen[self._subject.name_of(path)]
        shown = self._subject.shown(path)
        known = connection.execute("SELECT signature, digest FROM file WHERE place = ?", (place,)).fetchone()
        if known and tupled(json.loads(known[0])) == signature:
            return
        try:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
                if known and known[1] == digest:
                    values = (json.dumps(signature), place)
                    connection.execute("UPDATE file SET signature = ? WHERE place = ?", values)
                    return
                stream.seek(0)
                forget(connection, place)
                self.read.append(shown)
                rest = self._read(connection, stream, shown, place)
        except OSError as error:
            self._unread = True
            raise BrokenYaml(Problem(shown, 1, 1, f"cannot be read: {error.strerror}")) from error
        row = (place, json.dumps(signature[0]), json.dumps(signature), digest, json.dumps(asdict(rest)))
        connection.execute("INSERT INTO file VALUES (?, ?, ?, ?, ?)", row)

    def _read(self, connection: sqlite3.Connection, stream: BinaryIO, shown: str, place: int) -> Rest:
        file, rest = YamlFile(shown), Rest()
        book = Book(connection, place, self._base)
        for row in read_file(file, stream, book, rest, main=not place):
            book.write(row)
            if not book.count % PROGRESS:
                log.info("%s: %d records read", shown, book.count)
        found = ((place, one.line, one.column, one.message) for one in file.problems)
        connection.executemany("INSERT INTO problem VALUES (?, ?, ?, ?, NULL)", found)
        connection.execute(NOTE_CHANGED, (place,))
        return rest

    def _finish(self, connection: sqlite3.Connection, main: Rest) -> None:
        """Settle which entries lead and which files are missing, of the records that have changed."""
        connection.execute(LEAD)
        checked = surroundings(self._subject, typed(ATTRIBUTES, main.attributes))
        if self._base is None or self._base.about.checked != checked:
            connection.execute(NOTE_ALL)
        connection.execute("DELETE FROM problem WHERE name IN (SELECT name FROM changed WHERE section = 0)")
        rows = connection.execute(CHANGED)
        missing = ((*one.place, one.message, one.name) for one in missing_files(rows, Path(checked[0]), checked[1]))
        connection.executemany("INSERT INTO problem VALUES (?, ?, ?, ?, ?)", missing)
        of_images, of_content = (Path(checked[0]), checked[1]), (Path(checked[2]), "")
        note_guarded(connection, (of_images, of_content, of_images))
        count = "SELECT count(*) FROM entry INDEXED BY listing WHERE section = ? AND leads"
        counts = tuple(connection.execute(count, (section,)).fetchone()[0] for section in range(len(RECORDS)))
        self._describe(connection, checked=checked, counts=counts)

    def _describe(
        self,
        connection: sqlite3.Connection,
        *,
        broken: tuple[str, int, int, str] | None = None,
        checked: tuple[str, ...] | None = None,
        counts: tuple[int, ...] = (),
    ) -> None:
        old = self._base.about if self._base else About()
        seen = tuple(self._seen.values())
        about = replace(old, generation=old.generation + 1, seen=seen, include=self._include, broken=broken)
        about = replace(about, unread=self._unread)
        if broken is None:
            about = replace(about, checked=checked, counts=counts, whole=True)
        connection.execute("DELETE FROM about")
        connection.execute("INSERT INTO about VALUES (?, ?)", (fingerprint(), about.text()))


class Book:
    """The entries of one file, while it is being read."""

    def __init__(self, connection: sqlite3.Connection, place: int, base: Index | None) -> None:
        self.count = 0
        self._connection = connection
        self._place = place
        self._base = base

    def holds(self, section: int, name: str) -> bool:
        """Tell whether the file has given that record already."""
        statement = "SELECT 1 FROM entry WHERE section = ? AND name = ? AND file = ?"
        return self._connection.execute(statement, (section, name, self._place)).fetchone() is not None

    def last_good(self, name: str) -> Written:
        """Give the image record of that id as it was before, or nothing."""
        return (self._base.written(IMAGES, name) if self._base else None) or {}

    def write(self, row: Row) -> None:
        """Write a record down."""
        self.count += 1
        written = json.dumps(row.written, ensure_ascii=False, separators=(",", ":"))
        values = (row.section, row.name, self._place, self.count, row.line, row.column, written)
        self._connection.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, 1, ?)", values)


def forget(connection: sqlite3.Connection, place: int) -> None:
    """Take out what one file gave."""
    connection.execute(NOTE_CHANGED, (place,))
    connection.execute("DELETE FROM entry WHERE section IN (0, 1, 2) AND file = ?", (place,))
    connection.execute("DELETE FROM problem WHERE file = ? AND name IS NULL", (place,))
    connection.execute("DELETE FROM file WHERE place = ?", (place,))


def places(names: Sequence[str], known: Mapping[str, int]) -> dict[str, int]:
    """Give each included file a place, in their order; those that are known keep theirs where the order allows it."""
    kept: dict[str, int] = {}
    low = 0
    for name in names:
        if known.get(name, 0) > low:
            low = kept[name] = known[name]
    result: dict[str, int] = {}
    low, fresh = 0, list[str]()
    for next_name in (*names, None):
        if next_name is not None and next_name not in kept:
            fresh.append(next_name)
            continue
        high = low + GAP * (len(fresh) + 1) if next_name is None else kept[next_name]
        result |= {one: low + (high - low) * number // (len(fresh) + 1) for number, one in enumerate(fresh, 1)}
        if next_name is not None:
            low = result[next_name] = high
        fresh = []
    if len({0, *result.values()}) <= len(names):  # no room is left between two files
        return {name: GAP * number for number, name in enumerate(names, 1)}
    return result
