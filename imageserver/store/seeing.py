"""What people changed by hand, in YAML or among the files, is found by comparing hashes and goes into the history."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from imageserver.catalog.reading import RECORDS, sign
from imageserver.catalog.written import Json
from imageserver.store.book import Book, ChangeRow, FileRow, RecordRow, Statement, Value, note, put
from imageserver.store.errors import Uneditable
from imageserver.store.file_draft import piece_rows
from imageserver.store.history import (
    Bytes,
    Moment,
    NewId,
    as_text,
    begun,
    bytes_of,
    changed,
    fields_of,
    removed,
    revision_of,
    signed,
    unread_bytes,
)
from imageserver.store.home import Home, Surroundings, surroundings
from imageserver.store.outline import Outline, outline
from imageserver.yaml_nodes import BrokenYaml, YamlFile

Key = tuple[str, str]
PUT_ENTRY = "INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)"
ALL_CURRENT = """
SELECT section, name, max(ordinal), written FROM (
    SELECT entry.section, entry.name, file.ordinal, entry.written FROM entry JOIN file ON file.name = entry.file
) GROUP BY section, name
"""
"""SQLite gives the other columns of the row that has the maximum."""
BY_HAND = "by hand: "
MANY = 500
"""Changes that are looked up at once, and not one by one."""


encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def text_of(written: Json) -> str:
    """Write what is written of a record as JSON."""
    return encode(written)


def mapping_in(text: str) -> dict[str, Json]:
    """Read what is written of a record; whatever is no mapping has no fields."""
    value = json.loads(text)
    return value if isinstance(value, dict) else {}


@dataclass(slots=True)
class Reckoning:
    """The next commit of a book while it is being put together: what changes of records, and why."""

    book: Book
    now: Moment
    global_rev: int
    new_id: NewId
    statements: list[Statement] = field(default_factory=list)
    changes: list[Statement] = field(default_factory=list)
    revisions: list[Statement] = field(default_factory=list)
    rows: dict[Key, RecordRow] = field(default_factory=dict)

    def note(self, row: RecordRow, event: str, written: str | None) -> None:
        """Write down what happened to a record."""
        self.statements.append(put(row))
        self.rows[row.section, row.name] = row
        change = ChangeRow(self.global_rev, row.section, row.name, row.rev, self.now.milliseconds, event, written)
        self.changes.append(put(change))

    def note_named(self, key: Key, event: str, written: str | None) -> None:
        """Write down what happened to an attribute or a macro, which have no revisions of their own."""
        self.changes.append(put(ChangeRow(self.global_rev, *key, 0, self.now.milliseconds, event, written)))

    def store(self, row: RecordRow, held: Bytes) -> None:
        """Write down that bytes were stored."""
        if row.source or row.mask:
            self.revisions.append(put(revision_of(row, held, self.new_id())))

    def settled(self, row: RecordRow, around: Surroundings) -> RecordRow:
        """Give a row whose files have been read, as long as they are those that it means."""
        around = around.of(row.section)
        looks = (signed(around.root, row.source), signed(around.root, row.mask))
        if row.content_hash or row.deleted or looks != (row.source_sign, row.mask_sign) or not any(looks):
            return row
        held = bytes_of(around.root, row.source, row.mask)
        row = replace(row, content_hash=held.hash, md5=held.md5)
        update = (
            "UPDATE revision SET hash = ?, md5 = ?, size = ?, format = ?, source_hash = ?, mask_hash = ? "
            "WHERE uid = ? AND rev = (SELECT max(rev) FROM revision WHERE uid = ?) AND hash = ''"
        )
        values: tuple[Value, ...] = (held.hash, held.md5, held.size, held.format, held.source_hash, held.mask_hash)
        self.statements += [put(row), (update, (*values, row.uid, row.uid))]
        return row

    def close(self) -> list[Statement]:
        """Give all that is to be written, the catalog's own revision included."""
        return [*self.statements, *self.changes, *self.revisions, note("global_rev", self.global_rev)]


@dataclass(slots=True)
class Seen:
    """What was found in YAML files: whether one had changed, and of what something was said in it, or is now."""

    keys: dict[Key, None] = field(default_factory=dict)
    changed: bool = False


def look_by_hand(home: Home, reckoning: Reckoning, *, thorough: bool, names: Iterable[Key]) -> bool:
    """Take in what was changed by hand; True when something was. Raises `Uneditable` for YAML that is broken.

    The YAML files are always looked at; the files of all records, or of those that are named.
    """
    book = reckoning.book
    with book.transaction():
        seen = read_files(home, book)
        attributes = book.mapping("attributes")
        around = surroundings(home, attributes)
        if book.about("floor", None) is None:
            begin(home, reckoning)
        first = book.about("global_rev", None) is None
        if around.extension != book.about("extension", ""):
            seen.keys |= dict.fromkeys(book.rows("SELECT section, name FROM entry"))
            book.connection.execute(*note("extension", around.extension))
        for key, text, before in known_of(book, seen.keys):
            take_in(reckoning, key, text, before, around, first=first)
        live = "deleted = 0 AND (source != '' OR mask != '')"
        rows = book.select(RecordRow, live) if thorough else [row for key in names if (row := book.record(*key))]
        for row in rows:
            if (row.section, row.name) not in reckoning.rows and not row.deleted:
                look_at_files(reckoning, row, around)
        something = bool(reckoning.rows) or seen.changed or first
        statements = reckoning.close() if something else reckoning.statements
        book.apply(statements)
    return something


def begin(home: Home, reckoning: Reckoning) -> None:
    """Say above which revision everything begins: a catalog that has something may have had a history before."""
    book = reckoning.book
    sections = ", ".join(f"'{section}'" for section in RECORDS)
    ((count,),) = book.rows(f"SELECT count(*) FROM entry WHERE section IN ({sections})")  # noqa: S608, names of ours
    times = [sign(home.file(name))[3] // 10**6 for (name,) in book.rows("SELECT name FROM file")]
    floor = max([reckoning.now.milliseconds, *times]) if count else 0
    reckoning.now = replace(reckoning.now, floor=floor)
    reckoning.global_rev += floor
    book.connection.execute(*note("floor", floor))


def read_files(home: Home, book: Book) -> Seen:
    """Bring the book up to date with the YAML files; gives what was found."""
    seen = Seen()
    main = refresh(home, book, home.path.name, 0, seen)
    if main is not None:
        patterns = main.rest.get("include") or []
        names = [str(one) for one in (patterns if isinstance(patterns, list) else [patterns])]
        book.apply([note("include", json.dumps(names)), note("attributes", text_of(attributes_of(main)))])
    names = home.files(json.loads(book.about("include", "[]")))
    known = dict(book.rows("SELECT name, ordinal FROM file"))
    for name in set(known) - set(names):
        forget(book, name, seen)
    moved = [name for name in names[1:] if name in known] != sorted(
        set(known) & set(names[1:]), key=lambda one: known[one]
    )
    for ordinal, name in enumerate(names):
        if ordinal:
            refresh(home, book, name, ordinal, seen)
        if known.get(name) not in {None, ordinal}:
            book.connection.execute("UPDATE file SET ordinal = ? WHERE name = ?", (ordinal, name))
    if moved:
        seen.keys |= dict.fromkeys(
            book.rows("SELECT section, name FROM entry GROUP BY section, name HAVING count(*) > 1")
        )
    return seen


def attributes_of(main: Outline) -> Json:
    """Give the attributes that a main file has."""
    found_ones = main.rest.get("attributes")
    return found_ones if isinstance(found_ones, dict) else {}


def refresh(home: Home, book: Book, name: str, ordinal: int, seen: Seen) -> Outline | None:
    """Read a file again if it has changed since it was last seen."""
    path = home.file(name)
    known = book.select(FileRow, "name = ?", name)
    looks = as_text(sign(path))
    if known and known[0].signature == looks and looks:
        return None
    try:
        data = path.read_bytes() if looks or ordinal else b""
    except OSError as error:
        raise Uneditable(name, f"cannot be read: {error.strerror}") from error
    digest = digest_of(data)
    book.connection.execute(*put(FileRow(name, ordinal, looks, digest)))
    if known and known[0].digest == digest:
        return None
    file = YamlFile(name)
    try:
        drawn = outline(file, data)
    except BrokenYaml as broken:
        raise Uneditable(str(broken), "the file has to be repaired first") from broken
    book.apply(piece_rows(name, drawn.pieces))
    before = {(s, n): w for s, n, w in book.rows("SELECT section, name, written FROM entry WHERE file = ?", name)}
    after = {key: text_of(written) for key, written in drawn.entries.items()}
    for key in before.keys() - after.keys():
        book.connection.execute("DELETE FROM entry WHERE section = ? AND name = ? AND file = ?", (*key, name))
    new = [(*key, name, written) for key, written in after.items() if before.get(key) != written]
    book.connection.executemany(PUT_ENTRY, new)
    seen.keys |= dict.fromkeys(before.keys() - after.keys()) | {(s, n): None for s, n, *_ in new}
    seen.changed = True
    return drawn


def digest_of(data: bytes) -> str:
    """Hash the content of a YAML file."""
    return blake2b(data, digest_size=16).hexdigest()


def forget(book: Book, name: str, seen: Seen) -> None:
    """Take out what a file said that is not included any more."""
    seen.keys |= dict.fromkeys(book.rows("SELECT section, name FROM entry WHERE file = ?", name))
    for statement in (
        "DELETE FROM entry WHERE file = ?",
        "DELETE FROM piece WHERE file = ?",
        "DELETE FROM file WHERE name = ?",
    ):
        book.connection.execute(statement, (name,))
    seen.changed = True


def known_of(book: Book, keys: Collection[Key]) -> Iterator[tuple[Key, str | None, RecordRow | None]]:
    """Yield what is written of things now, None when they are gone, and what is remembered of them.

    When there are many, all is read at once.
    """
    if len(keys) < MANY:
        for key in keys:
            yield key, next((text for _, text in book.entries(*key)), None), book.record(*key)
        return
    written = {(section, name): text for section, name, text in current(book)}
    rows = {(row.section, row.name): row for row in book.select(RecordRow, "true")}
    for key in keys:
        yield key, written.get(key), rows.get(key)


def take_in(
    reckoning: Reckoning, key: Key, text: str | None, before: RecordRow | None, around: Surroundings, *, first: bool
) -> None:
    """Compare what is written of a record with what is remembered of it."""
    if key[0] not in RECORDS:
        reckoning.note_named(key, "found" if first else BY_HAND + ("removed" if text is None else "changed"), text)
        return
    if text is None:
        if before and not before.deleted:
            reckoning.note(removed(before, reckoning.now), BY_HAND + "removed", None)
        return
    written, around = mapping_in(text), around.of(key[0])
    fields = fields_of(key[0], written)
    source, mask = paths_of(written, around)
    if before is None or before.deleted:
        held = unread_bytes(around.root, source, mask)
        row = begun(key, fields, held, before, now=reckoning.now, uid=reckoning.new_id(), found=first)
        reckoning.note(row, "found" if first else BY_HAND + "created", text)
        reckoning.store(row, held)
        return
    moved = (source, mask) != (before.source, before.mask)
    held_now = bytes_of(around.root, source, mask) if moved else None
    if moved:
        before = reckoning.settled(before, around)
    row = changed(before, fields, held_now, reckoning.now)
    if row.rev != before.rev:
        reckoning.note(row, BY_HAND + "changed", text)
        if row.stored_at != before.stored_at and held_now:
            reckoning.store(row, held_now)


def look_at_files(reckoning: Reckoning, row: RecordRow, around: Surroundings) -> None:
    """Compare the files of a record with what is remembered of them."""
    around = around.of(row.section)
    looks = (signed(around.root, row.source), signed(around.root, row.mask))
    if looks == (row.source_sign, row.mask_sign):
        return
    if not looks[0] and row.source:  # it is gone; when it comes back, it is compared
        return
    held = bytes_of(around.root, row.source, row.mask)
    fields = fields_of(row.section, mapping_in(reckoning.book.entries(row.section, row.name)[0][1]))
    after = changed(row, fields, held, reckoning.now)
    if after.rev == row.rev:
        reckoning.statements.append(put(after))
        return
    reckoning.note(after, BY_HAND + "stored", reckoning.book.entries(row.section, row.name)[0][1])
    reckoning.store(after, held)


def paths_of(written: Mapping[str, Json], around: Surroundings) -> tuple[str, str]:
    """Give the source and the mask that a record names."""
    return around.written_path(written.get("path")), around.written_path(written.get("mask_path"))


def current(book: Book) -> Iterator[tuple[str, str, str]]:
    """Yield section, id and text of all records."""
    return ((section, name, written) for section, name, _, written in book.rows(ALL_CURRENT))
