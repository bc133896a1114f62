"""Bytes in files that all processes share: checked when they are read, bounded in bytes and in number.

An entry is a file that holds nothing but its bytes; its name is the key and a checksum of the bytes, so that a damaged
file is recognised, and a web server in front can send it as it is. Writers take turns, and make room before they write:
the bounds hold at every moment. Readers ask nobody.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path

from imageserver.config import Cache

SHARD = 3
"""Hex digits of the key that name the folder of an entry."""
ROOM = 0.9
"""What is left of the bounds once room was made, so that it need not be made again at once."""
LARGEST_SHARE = 4
PAUSE = 60.0
"""Seconds for which a folder that cannot be written is left alone."""
UNFINISHED = ".writing"
NUMBER = 8
log = logging.getLogger("imageserver.cache")
Entry = tuple[int, int, Path]
"""When it was last used, its size and its file."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a cache holds."""

    size: int = 0
    entries: int = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a cache holds at most; a size of 0 means that there is none."""

    size: int
    entries: int

    def hold(self, usage: Usage) -> bool:
        """Tell whether this much may be held."""
        return usage.size <= self.size and usage.entries <= self.entries


class Disk:
    """Holds entries in a folder; a folder that cannot be used is told once in the log, and costs nobody a reply."""

    def __init__(self, folder: Path, bounds: Bounds, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._bounds = bounds
        self._clock = clock
        self._writing = threading.Lock()
        self._lock_file: int | None = None
        self._unusable_until = 0.0

    def path(self, key: str) -> Path | None:
        """Find the file of an entry."""
        with suppress(OSError), os.scandir(self._folder / key[:SHARD]) as found:
            for one in found:
                if one.name.startswith(key) and not one.name.endswith(UNFINISHED):
                    return Path(one.path)
        return None

    def read(self, key: str) -> bytes | None:
        """Give an entry; one that is not what was written is removed."""
        path = self.path(key)
        if path is None:
            return None
        try:
            body = path.read_bytes()
            if path.name == name_of(key, body):
                os.utime(path)
                return body
            log.warning("a damaged entry was removed: %s", path.name)
            path.unlink()
        except OSError:
            pass
        return None

    def length(self, key: str) -> int:
        """Give the number of bytes of an entry, 0 when there is none."""
        path = self.path(key)
        try:
            return path.stat().st_size if path else 0
        except OSError:
            return 0

    def write(self, key: str, body: bytes) -> None:
        """Keep an entry, unless it is very large or the folder cannot be written."""
        self.write_all({key: body})

    def write_all(self, bodies: Mapping[str, bytes]) -> None:
        """Keep entries, as `write` keeps one."""
        kept = {key: body for key, body in bodies.items() if len(body) * LARGEST_SHARE <= self._bounds.size}
        if not kept or self._clock() < self._unusable_until:
            return
        try:
            with self._turn() as lock:
                for key, body in kept.items():
                    self._write(lock, key, body)
        except OSError as error:
            self._unusable_until = self._clock() + PAUSE
            log.error("%s: replies are not kept: %s", self._folder, error.strerror or error)  # noqa: TRY400, one line

    def take(self, key: str) -> bool:
        """Take the right to make an entry; False while another process has it. A process that dies gives it back."""
        try:
            fcntl.lockf(self._lock(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place_of(key))
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def give_back(self, key: str) -> None:
        """Give the right to make an entry back."""
        with suppress(OSError):
            fcntl.lockf(self._lock(), fcntl.LOCK_UN, 1, place_of(key))

    def usage(self) -> Usage:
        """Count what there is, while nobody writes; raises `OSError` when the folder cannot be used."""
        with self._turn():
            return total(self._entries())

    def clear(self) -> Usage:
        """Remove everything, and say how much that was; raises `OSError` when the folder cannot be written."""
        with self._turn() as lock:
            found = self._entries()
            for _, _, path in found:
                path.unlink(missing_ok=True)
            note(lock, Usage())
        return total(found)

    def _write(self, lock: int, key: str, body: bytes) -> None:
        usage = noted(lock) or total(self._entries())
        old = self.path(key)
        if old is not None:
            usage = Usage(max(0, usage.size - old.stat().st_size), max(0, usage.entries - 1))
            old.unlink()
        after = Usage(usage.size + len(body), usage.entries + 1)
        if not self._bounds.hold(after):
            after = self._with_room(Usage(len(body), 1))
        note(lock, after)  # before there is a file: who dies in between leaves too high a number, never too low a one
        path = self._folder / key[:SHARD] / name_of(key, body)
        unfinished = path.with_name(path.name + UNFINISHED)
        try:
            if old is None:
                path.parent.mkdir(exist_ok=True)
            unfinished.write_bytes(body)
            unfinished.replace(path)
        except OSError:
            unfinished.unlink(missing_ok=True)
            note(lock, usage)
            raise

    def _with_room(self, wanted: Usage) -> Usage:
        """Remove what was not used for longest until there is room, and say what there will be with what is wanted."""
        found = sorted(self._entries())
        usage = total(found)
        low = Bounds(int(self._bounds.size * ROOM), int(self._bounds.entries * ROOM))
        after = Usage(usage.size + wanted.size, usage.entries + wanted.entries)
        for _, size, path in found:
            if low.hold(after):
                break
            path.unlink(missing_ok=True)
            after = Usage(after.size - size, after.entries - 1)
        return after

    def _entries(self) -> list[Entry]:
        """List all entries; what a writer that died has left behind is removed."""
        entries: list[Entry] = []
        for shard in self._folder.iterdir() if self._folder.is_dir() else ():
            if len(shard.name) != SHARD:
                continue
            with os.scandir(shard) as found:
                for one in found:
                    with suppress(OSError):
                        status = one.stat()
                        entries.append((status.st_mtime_ns, status.st_size, Path(one.path)))
        for _, _, path in entries:
            if path.name.endswith(UNFINISHED):
                path.unlink(missing_ok=True)
        return [entry for entry in entries if not entry[2].name.endswith(UNFINISHED)]

    @contextmanager
    def _turn(self) -> Iterator[int]:
        """Wait until no other thread or process writes, and give the file that notes the usage."""
        with self._writing:
            lock = self._lock()
            fcntl.lockf(lock, fcntl.LOCK_EX, 1, 0)
            try:
                yield lock
            finally:
                fcntl.lockf(lock, fcntl.LOCK_UN, 1, 0)

    def _lock(self) -> int:
        """Open the file of locks, which stays open: closing it would give all of this process's locks back."""
        if self._lock_file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock_file = os.open(self._folder / "usage", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        return self._lock_file


def opened(config: Cache) -> Disk:
    """Give the cache of replies, of which a process has one for all its threads."""
    return shared(Path(config.path) / "replies", Bounds(config.max_size, config.max_entries))


@cache
def shared(folder: Path, bounds: Bounds) -> Disk:
    """Open the cache in a folder, once in a process: its locks are those of the process."""
    return Disk(folder, bounds)


def total(entries: Iterable[Entry]) -> Usage:
    """Add up what entries take."""
    sizes = [size for _, size, _ in entries]
    return Usage(sum(sizes), len(sizes))


def name_of(key: str, body: bytes) -> str:
    """Name the file of an entry."""
    return f"{key}-{blake2b(body, digest_size=16).hexdigest()}"


def place_of(key: str) -> int:
    """Give the byte of the lock file that stands for a key; equal ones for two keys cost waiting, nothing else."""
    return 1 + int.from_bytes(blake2b(key.encode(), digest_size=7).digest(), "big")


def noted(lock: int) -> Usage | None:
    """Read the usage that was noted last, if any."""
    data = os.pread(lock, 2 * NUMBER, 0)
    if len(data) < 2 * NUMBER:
        return None
    return Usage(int.from_bytes(data[:NUMBER], "big"), int.from_bytes(data[NUMBER:], "big"))


def note(lock: int, usage: Usage) -> None:
    """Note the usage for the next writer."""
    os.pwrite(lock, usage.size.to_bytes(NUMBER, "big") + usage.entries.to_bytes(NUMBER, "big"), 0)
