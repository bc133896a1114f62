"""The SQLite file of a catalog's history: what its tables are, and the rows that they hold."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, fields
from itertools import groupby
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any, TypeVar

from imageserver.errors import NotStored

T = TypeVar("T")
FORMAT = 1
Value = str | int | None
Statement = tuple[str, tuple[Value, ...]]
"""A change of the book, which may be written down before it is made."""
SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE about (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE file (name TEXT PRIMARY KEY, ordinal INTEGER, signature TEXT, digest TEXT) WITHOUT ROWID;
CREATE TABLE piece (
    file TEXT, ordinal INTEGER, section TEXT, name TEXT, length INTEGER, PRIMARY KEY (file, ordinal)
) WITHOUT ROWID;
CREATE TABLE entry (
    section TEXT, name TEXT, file TEXT, written TEXT, PRIMARY KEY (section, name, file)
) WITHOUT ROWID;
CREATE INDEX entry_of_file ON entry (file);
CREATE TABLE record (
    section TEXT, name TEXT, uid TEXT, rev INTEGER, image_rev INTEGER, meta_rev INTEGER,
    content_hash TEXT, md5 TEXT, pixel_hash TEXT, meta_hash TEXT, other_hash TEXT,
    stored_at INTEGER, changed_at INTEGER, deleted INTEGER,
    source TEXT, source_sign TEXT, mask TEXT, mask_sign TEXT, PRIMARY KEY (section, name)
) WITHOUT ROWID;
CREATE INDEX record_of_source ON record (source);
CREATE INDEX record_of_mask ON record (mask);
CREATE TABLE revision (
    uid TEXT, version_id TEXT, rev INTEGER, stored_at INTEGER, hash TEXT, md5 TEXT, size INTEGER, format TEXT,
    source TEXT, source_hash TEXT, mask TEXT, mask_hash TEXT, PRIMARY KEY (uid, version_id)
) WITHOUT ROWID;
CREATE TABLE kept (hash TEXT PRIMARY KEY, size INTEGER, kept_at INTEGER) WITHOUT ROWID;
CREATE TABLE change (
    global_rev INTEGER, section TEXT, name TEXT, rev INTEGER, changed_at INTEGER, event TEXT, written TEXT,
    PRIMARY KEY (global_rev, section, name)
) WITHOUT ROWID;
CREATE INDEX change_of_record ON change (section, name, global_rev);
CREATE TABLE intent (text TEXT);
PRAGMA user_version = {FORMAT};
COMMIT;
"""
"""`file` and `piece` describe the YAML files as they were last seen, `entry` what they say of records as JSON; of
several files the one with the highest ordinal holds. `change` tells what each commit did to records. `intent` is a
commit that is decided but not finished."""
CACHE = "PRAGMA cache_size = -65536"
"""KiB of pages up to which a commit is put together in memory, such as the first one of a large catalog."""
CURRENT = (
    "SELECT entry.file, entry.written FROM entry JOIN file ON file.name = entry.file "
    "WHERE section = ? AND entry.name = ? ORDER BY ordinal DESC"
)


@dataclass(frozen=True, slots=True)
class RecordRow:
    """What is remembered of a record, or of one that was removed."""

    section: str
    name: str
    uid: str
    rev: int
    image_rev: int
    meta_rev: int
    content_hash: str
    md5: str
    pixel_hash: str
    meta_hash: str
    other_hash: str
    stored_at: int
    changed_at: int
    deleted: int = 0
    source: str = ""
    source_sign: str = ""
    mask: str = ""
    mask_sign: str = ""


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """One store of bytes; the hashes are empty until somebody asks for them."""

    uid: str
    version_id: str
    rev: int
    stored_at: int
    hash: str
    md5: str
    size: int
    format: str
    source: str
    source_hash: str
    mask: str
    mask_hash: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """A YAML file as it was last seen."""

    name: str
    ordinal: int
    signature: str
    digest: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """What a commit did to one record; `written` is the record afterwards, None when it is gone."""

    global_rev: int
    section: str
    name: str
    rev: int
    changed_at: int
    event: str
    written: str | None


TABLES: dict[type, str] = {RecordRow: "record", RevisionRow: "revision", FileRow: "file", ChangeRow: "change"}
NAMES = {kind: tuple(one.name for one in fields(kind)) for kind in TABLES}
VALUES = {kind: attrgetter(*names) for kind, names in NAMES.items()}
PUT = {
    kind: f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * len(NAMES[kind]))})"  # noqa: S608, names of ours
    for kind, table in TABLES.items()
}


def put(row: RecordRow | RevisionRow | FileRow | ChangeRow) -> Statement:
    """Write a row in place of the one with the same key."""
    return PUT[type(row)], VALUES[type(row)](row)


def note(name: str, value: Value) -> Statement:
    """Remember a value that the catalog has as a whole."""
    return "INSERT OR REPLACE INTO about VALUES (?, ?)", (name, value)


class Book:
    """The open history of one catalog; whoever writes holds the catalog's lock."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False, timeout=60)
        with ExitStack() as unless_sound:
            unless_sound.callback(self.connection.close)
            self.connection.execute("PRAGMA journal_mode = WAL")
            self.connection.execute("PRAGMA synchronous = FULL")
            self.connection.execute(CACHE)
            ((version,),) = self.connection.execute("PRAGMA user_version")
            self.new = version == 0
            if self.new:
                self.connection.executescript(SCHEMA)
            elif version != FORMAT:
                raise NotStored(str(path), f"it was made by another version of imageserver (format {version})")
            unless_sound.pop_all()

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def rows(self, statement: str, *values: Value) -> Iterator[tuple[Any, ...]]:
        """Give what a statement selects."""
        return self.connection.execute(statement, values)

    def select(self, kind: type[T], condition: str, *values: Value) -> list[T]:
        """Give the rows of a table that fit a condition."""
        columns = ", ".join(NAMES[kind])
        statement = f"SELECT {columns} FROM {TABLES[kind]} WHERE {condition}"  # noqa: S608, names and conditions of ours
        return [kind(*row) for row in self.rows(statement, *values)]

    def record(self, section: str, name: str) -> RecordRow | None:
        """Give what is remembered of a record, removed or not."""
        found = self.select(RecordRow, "section = ? AND name = ?", section, name)
        return found[0] if found else None

    def entries(self, section: str, name: str) -> list[tuple[str, str]]:
        """Give the files that define a record with what they say, the one that holds first."""
        return [(file, written) for file, written in self.rows(CURRENT, section, name)]

    def about(self, name: str, default: Any = 0) -> Any:  # noqa: ANN401, whatever was noted
        """Give a value that the catalog has as a whole."""
        found = self.connection.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()
        return default if found is None else found[0]

    def mapping(self, name: str) -> Mapping[str, Any]:
        """Give a mapping that was noted as JSON."""
        return dict(json.loads(self.about(name, "{}")))

    def make(self, statements: Iterable[Statement]) -> None:
        """Make changes, all or none; they are on the disk when this returns."""
        with self.transaction():
            self.apply(statements)

    def apply(self, statements: Iterable[Statement]) -> None:
        """Make changes within a transaction; those of a kind that follow one another go in together."""
        for statement, alike in groupby(statements, itemgetter(0)):
            self.connection.executemany(statement, (values for _, values in alike))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep what is done within, or nothing of it."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.connection.execute("COMMIT")
        finally:
            if self.connection.in_transaction:
                with suppress(sqlite3.Error):
                    self.connection.execute("ROLLBACK")

    def intents(self) -> Sequence[str]:
        """Give the commits that are decided and not finished: none, or one."""
        return [text for (text,) in self.rows("SELECT text FROM intent")]
