"""The store of one catalog: commits of edits, revisions, and what is remembered of records.

Whoever writes holds a lock that the system takes back when the process dies. What `commit` returns for is on the disk.
"""

from __future__ import annotations

import fcntl
import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from os import fstat
from pathlib import Path
from typing import BinaryIO

from imageserver.catalog.reading import Signature, sign
from imageserver.catalog.shelf import shelf_of
from imageserver.catalog.written import Json
from imageserver.config import Config
from imageserver.store.asking import Changed, Revision, changed_since, created_at, revisions_of
from imageserver.store.book import Book, RecordRow
from imageserver.store.committing import draft_of, intent_of
from imageserver.store.deciding import carry_out, decide, discard, settle
from imageserver.store.differing import difference
from imageserver.store.drafting import Id
from imageserver.store.durable import remove_leftovers, staging
from imageserver.store.edits import (
    ChangeAttributes,
    ChangeMacros,
    Edit,
    Kind,
    Remove,
    Restore,
    Section,
    StoreFile,
)
from imageserver.store.errors import NoSuchRecord, NotStored, StaleEdit
from imageserver.store.history import Moment, NewId, as_text, digests_once, new_id
from imageserver.store.home import CONTENT, Home, find_home, surroundings
from imageserver.store.keeping import remove_orphans, within_size
from imageserver.store.listing import listed
from imageserver.store.seeing import Reckoning, current, look_by_hand, mapping_in

Clock = Callable[[], float]
IMAGES: Section = "images"
HISTORY = "history.sqlite"
SCANNED = 10_000
"""Records that are looked through for a page."""


@dataclass(frozen=True, slots=True)
class Status:
    """A record as it is now, and its numbers; `fields` are as written in YAML."""

    section: str
    name: str
    fields: Mapping[str, Json]
    row: RecordRow


Fits = Callable[[Status], bool]


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit has done: the catalog's revision and its records' rows, none for one that changes nothing.

    For one that is only tried, `diff` shows what would change in YAML.
    """

    global_rev: int
    records: Mapping[Id, RecordRow]
    diff: str = ""


class Store:
    """The store of a catalog. Threads may share one, and any number of processes may have their own."""

    def __init__(self, home: Home, clock: Clock, next_id: NewId, max_size: int) -> None:
        self.home = home
        self._clock = clock
        self._next_id = next_id
        self._max_size = max_size
        self._mutex = threading.RLock()
        self._book: tuple[Signature, Book] | None = None
        self._lock: BinaryIO
        with self.held() as book:
            self._look(book, (), thorough=False)
            self._clean(book)

    def close(self) -> None:
        """Close the files of the history; the next use opens them again."""
        with self._mutex:
            if self._book:
                self._book[1].close()
            self._book = None

    @property
    def kept(self) -> Path:
        """The folder of the bytes of replaced files."""
        return self.home.state / "kept"

    @contextmanager
    def held(self) -> Iterator[Book]:
        """Hold the catalog's lock, with everything that a crash left behind settled; raises `NotStored`."""
        try:
            with self._mutex, locked(self.home.state) as lock:
                book = self._opened()
                settle(book)
                if lock.read(1):
                    self._clean(book)
                    mark(lock, b"")
                self._lock = lock
                yield book
                mark(lock, b"")
        except sqlite3.Error as error:
            self.close()
            raise NotStored(f"catalog '{self.home.name}'", str(error)) from error
        except OSError as error:
            raise NotStored(f"catalog '{self.home.name}'", str(error)) from error

    def _opened(self) -> Book:
        """Give the open history, another one when somebody took the file away."""
        path = self.home.state / HISTORY
        if self._book is None or self._book[0][1] != sign(path)[1]:
            self.close()
            book = Book(path)
            self._book = sign(path), book
        return self._book[1]

    def _clean(self, book: Book) -> None:
        """Take away what commits left behind that did not come about."""
        remove_leftovers(self.home.folder)
        for section in (IMAGES, CONTENT):
            remove_leftovers(root_in(self.home, book, section))
        remove_orphans(book, self.kept)

    @contextmanager
    def staging(self, section: Section = IMAGES) -> Iterator[Path]:
        """Give a folder for the files of `StoreFile`; what no commit has taken within is gone at the end."""
        with staging(self.root(section)) as folder:
            yield folder

    def root(self, section: Section = IMAGES) -> Path:
        """Give the folder of the files of the catalog's records."""
        with self.held() as book:
            self._look(book, (), thorough=False)
            return root_in(self.home, book, section)

    def reconcile(self) -> int:
        """Take in what was changed by hand, in YAML and among the files of all records; gives its revision."""
        with self.held() as book:
            self._look(book, (), thorough=True)
            return int(book.about("global_rev"))

    def commit(
        self,
        edits: Sequence[Edit],
        expected: Mapping[str, int] | None = None,
        expected_global: int | None = None,
        *,
        section: Section = IMAGES,
        dry_run: bool = False,
    ) -> Committed:
        """Make all edits, or none; raises an `EditError`.

        `expected` are the revisions at which records must be, 0 for one that must not be there.
        """
        named: dict[Id, int] = {(section, name): rev for name, rev in (expected or {}).items()}
        with self.held() as book:
            self._look(book, {*named, *names_in(edits)}, thorough=False)
            check_expected(self.home.name, book, named, expected_global)
            reckoning = self._reckoning(book)
            if not dry_run and any(isinstance(edit, StoreFile | Restore | Remove) for edit in edits):
                mark(self._lock, b"busy")
            with ExitStack() as unless_decided:
                draft, filing = draft_of(self.home, book, edits, self.kept, dry=dry_run)
                unless_decided.callback(discard, filing.made)
                if dry_run:
                    return Committed(reckoning.global_rev - 1, {}, "".join(map(difference, draft.files.values())))
                mark(self._lock, b"busy")
                intent = intent_of(draft, filing, reckoning)
                if intent is None:
                    return Committed(reckoning.global_rev - 1, {})
                decide(book, intent)
                unless_decided.pop_all()
            carry_out(book, intent)
            within_size(book, self.kept, self._max_size)
            return Committed(reckoning.global_rev, reckoning.rows)

    def global_rev(self) -> int:
        """Give the catalog's revision, hand edits of its YAML taken in."""
        with self.held() as book:
            self._look(book, (), thorough=False)
            return int(book.about("global_rev"))

    def record(self, name: str, section: Section = IMAGES) -> Status:
        """Give a record with its numbers and hashes, hand edits taken in; raises `NoSuchRecord`."""
        key = (section, name)
        with self.held() as book:
            self._look(book, [key], thorough=False)
            reckoning = self._reckoning(book)
            row = book.record(*key)
            if row is None or row.deleted:
                raise NoSuchRecord(self.home.name, name)
            row = reckoning.settled(row, surroundings(self.home, book.mapping("attributes")))
            if reckoning.statements:
                book.make(reckoning.statements)
            return Status(section, name, mapping_in(book.entries(*key)[0][1]), row)

    def records(self, pattern: str = "*", section: Section = IMAGES) -> list[Status]:
        """Give the records whose ids match a pattern as a shell has them, by id; their bytes may not have been read."""
        with self.held() as book:
            self._look(book, (), thorough=False)
            rows = {row.name: row for row in book.select(RecordRow, "section = ? AND deleted = 0", section)}
            found = sorted((name, text) for one, name, text in current(book) if one == section)
            chosen = [(name, text) for name, text in found if fnmatchcase(name, pattern)]
            return [Status(section, name, mapping_in(text), rows[name]) for name, text in chosen]

    def page(
        self,
        count: int,
        after: str = "",
        prefix: str = "",
        words: str = "",
        section: Section = IMAGES,
        *,
        fits: Fits | None = None,
    ) -> tuple[list[Status], str]:
        """Give the next records by id that begin with a prefix, in whose id or fields a text stands, and that fit.

        With them comes the id behind which to go on, or nothing at the end. Not all is looked through at once, so
        that nobody waits long for the lock.
        """
        wanted, chosen, last = words.casefold(), list[Status](), ""
        with self.held() as book:
            self._look(book, (), thorough=False)
            for number, (row, text) in enumerate(listed(book, section, prefix, after)):
                if len(chosen) == count or number == SCANNED:
                    return chosen, last
                last = row.name
                if wanted in f"{row.name} {text}".casefold():
                    one = Status(section, row.name, mapping_in(text), row)
                    chosen += [one] if fits is None or fits(one) else []
        return chosen, ""

    def open_file(self, name: str, kind: Kind = "source", version_id: str = "") -> BinaryIO:
        """Open the source or the mask that an image has now, or had then; raises `NoSuchRecord`."""
        found = [one.row for one in self.revisions(name) if one.row.version_id == version_id]
        with self.held() as book:
            self._look(book, [(IMAGES, name)], thorough=False)
            row = book.record(IMAGES, name)
            if row is None or (version_id and not found) or (not version_id and row.deleted):
                raise NoSuchRecord(self.home.name, f"{name} {version_id}".strip(), "such revision or record")
            held = found[0] if found else row
            path = held.source if kind == "source" else held.mask
            places = [root_in(self.home, book, IMAGES) / path] if path else []
            if found:
                strong = found[0].source_hash if kind == "source" else found[0].mask_hash
                places = [one for one in places if one.is_file() and digests_once(one, as_text(sign(one)))[0] == strong]
                places.append(self.kept / strong[:2] / strong)
            for place in places:
                if place.is_file():
                    return place.open("rb")
        raise NoSuchRecord(self.home.name, name, f"{kind} file of")

    def named(self, section: str) -> dict[str, Json]:
        """Give the catalog's own `attributes` or `macros` as they are written."""
        with self.held() as book:
            self._look(book, (), thorough=False)
            return {name: json.loads(text) for one, name, text in current(book) if one == section}

    def revisions(self, name: str, section: Section = IMAGES) -> list[Revision]:
        """Give the stores of bytes of a record, the newest first, also of one that was removed."""
        with self.held() as book:
            self._look(book, [(section, name)], thorough=False)
            row = book.record(section, name)
            if row is None:
                raise NoSuchRecord(self.home.name, name)
            reckoning = self._reckoning(book)
            row = reckoning.settled(row, surroundings(self.home, book.mapping("attributes")))
            if reckoning.statements:
                book.make(reckoning.statements)
            return revisions_of(book, row)

    def created(self, names: Iterable[str], section: Section = IMAGES) -> dict[str, int]:
        """Give the milliseconds at which records came to be."""
        with self.held() as book:
            return created_at(book, section, names)

    def changes(self, name: str = "", section: Section = IMAGES, since: int | None = None) -> list[Changed]:
        """Say what became of the records, attributes and macros, or of one record, since a revision of the catalog.

        Without one, since the revision before the last change. Hand edits are taken in.
        """
        key = (section, name) if name else None
        with self.held() as book:
            self._look(book, [key] if key else (), thorough=not key)
            return changed_since(book, key, since)

    def _look(self, book: Book, names: Iterable[Id], *, thorough: bool) -> None:
        look_by_hand(self.home, self._reckoning(book), thorough=thorough, names=names)

    def _reckoning(self, book: Book) -> Reckoning:
        """Begin the next commit, at this moment."""
        moment = Moment(int(self._clock() * 1000), int(book.about("floor")))
        return Reckoning(book, moment, int(book.about("global_rev")) + 1, self._next_id)


def root_in(home: Home, book: Book, section: Section) -> Path:
    """Give the folder of the files of a catalog's records."""
    return surroundings(home, book.mapping("attributes")).of(section).root


def check_expected(catalog: str, book: Book, records: Mapping[Id, int], expected_global: int | None) -> None:
    """Raise `StaleEdit` for what is not at the revision that was seen."""
    actual = int(book.about("global_rev"))
    if expected_global is not None and expected_global != actual:
        raise StaleEdit(f"catalog '{catalog}'", expected_global, actual)
    for (section, name), rev in records.items():
        row = book.record(section, name)
        actual = row.rev if row and not row.deleted else 0
        if rev != actual:
            raise StaleEdit(f"record '{name}'", rev, actual)


def names_in(edits: Iterable[Edit]) -> set[Id]:
    """Name the records that edits are about."""
    return {(edit.section, edit.name) for edit in edits if not isinstance(edit, ChangeAttributes | ChangeMacros)}


@contextmanager
def locked(folder: Path) -> Iterator[BinaryIO]:
    """Hold the lock of a catalog's history, also when somebody takes the folder away meanwhile."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if sign(folder / "lock")[1] == fstat(file.fileno()).st_ino:
                file.seek(0)
                yield file
                return


def mark(lock: BinaryIO, text: bytes) -> None:
    """Say in the lock whether files are being made, so that a crash, or an error, can be told from an end."""
    lock.truncate(0)
    lock.write(text)
    lock.flush()


def open_store(config: Config, name: str, clock: Clock) -> Store:
    """Open the store of the catalog of that root id; `default` is the default catalog.

    Raises `ConfigError` when there is none, or `NotStored`.
    """
    home = find_home(Path(config.catalogs), name, shelf_of(config))
    return Store(home, clock, new_id, config.history.max_size)
