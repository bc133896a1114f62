"""Where the indexes are kept: one file for each catalog, changed by one process at a time, by putting another in place.

Whoever is killed at any moment leaves the old file or the new one, and a lock that the system takes back.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from imageserver.catalog.index import SCHEMA, Index, open_index
from imageserver.catalog.reading import sign
from imageserver.config import Config

FASTEST = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -65536;
"""
"""For a file that nobody else sees, and that is thrown away when something happens before it is complete."""
SMALL_CACHE = "PRAGMA cache_size = -2000"
Fill = Callable[[sqlite3.Connection], None]
log = logging.getLogger("imageserver.catalogs")


class Shelf:
    """The folder of the indexes; without one, or while it cannot be written, indexes are temporary ones."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._usable = folder is not None
        self._told = ""

    def begin(self) -> None:
        """Try the folder again, as at the beginning of each reading of the catalogs."""
        self._usable = self._folder is not None

    def home(self, path: Path) -> Path | None:
        """Give the file for the index of the catalog that is written in `path`."""
        if self._folder is None or not self._usable:
            return None
        digest = hashlib.sha256(str(path.absolute()).encode("utf-8", "surrogateescape")).hexdigest()
        name = path.parent.name if path.name == "catalog.yaml" else path.stem
        return self._folder / f"{name[:40]}-{digest[:16]}.sqlite"

    def give_up(self, error: Exception) -> None:
        """Do without the folder for now; says so once for each reason."""
        self._usable = False
        reason = f"{self._folder}: cannot be written ({error}); catalogs are compiled for this process alone"
        if reason != self._told:
            log.warning("%s", reason)
        self._told = reason


def shelf_of(config: Config) -> Shelf:
    """Give the place for indexes that the configuration names."""
    return Shelf(Path(config.state) / "catalogs")


@contextmanager
def locked(home: Path, *, wait: bool) -> Iterator[bool]:
    """Hold the lock of an index, so that nobody else makes one; False when somebody else has it and we do not wait."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                yield False
                return
            log.info("%s: another process is compiling; waiting for it", home)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield True


def newest(home: Path | None, before: Index | None) -> Index | None:
    """Open the index as it is now; where there is none, the one that this process has from before, if it is sound."""
    found = open_index(home) if home is not None else None
    if before is None:
        return found
    if not before.damaged:
        return found or before
    if found is not None and found.identity != before.identity:
        return found
    log.warning("%s: damaged; the catalog is compiled anew", home or "a temporary index")
    return None


def make(home: Path | None, base: Index | None, fill: Fill) -> Index:
    """Make another index out of `base`, and put it in its place; without a home it is a temporary one."""
    if home is None:
        connection = connect("")
        with ExitStack() as unless_kept:
            unless_kept.callback(connection.close)
            write(connection, base, fill)
            index = Index(connection)
            unless_kept.pop_all()
        return index
    draft = home.with_suffix(".new")
    draft.unlink(missing_ok=True)
    copied = base is not None and base.identity == sign(home)
    if copied:
        shutil.copyfile(home, draft)
    with closing(connect(str(draft))) as connection:
        write(connection, base, fill, copied=copied)
    draft.replace(home)
    made = open_index(home)
    if made is None:
        raise OSError(f"{home} was lost as soon as it was made")
    return made


def connect(name: str) -> sqlite3.Connection:
    """Open a file that nobody else sees, or without a name a temporary database."""
    return sqlite3.connect(name, isolation_level=None, check_same_thread=False)


def write(connection: sqlite3.Connection, base: Index | None, fill: Fill, *, copied: bool = False) -> None:
    """Write an index that begins as what `base` is, of which the file may be a copy already."""
    connection.executescript(FASTEST)
    if base is None:
        connection.executescript(SCHEMA)
    elif not copied:
        base.connection.backup(connection)
    connection.execute("BEGIN")
    fill(connection)
    connection.execute("COMMIT")
    connection.execute(SMALL_CACHE)
