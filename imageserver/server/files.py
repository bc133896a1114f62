"""Files that are sent as they are: opened below their folder, and known by their content."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from stat import S_ISREG
from threading import Lock
from typing import BinaryIO

from imageserver.answers.files import FileFacts
from imageserver.catalog.content import KIND
from imageserver.errors import NotFound, RenderFailed
from imageserver.plan.files import StaticFile

MOST = 100_000
"""Files whose tags are remembered; each takes some hundred bytes."""
WHOLE = 2**26
"""Bytes up to which a tag is made of all of a file; of a larger one, of its ends and of when it was changed."""
BLOCK = 2**20
TRIES = 3
READ = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
State = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file that is open, and what is known of it as long as it is in this state."""

    stream: BinaryIO
    facts: FileFacts
    state: State

    def is_as_it_was(self) -> bool:
        """Tell whether nobody has written into it since it was looked at; it may have been replaced as a whole."""
        return state_of(self.stream) == self.state


class Files:
    """Opens files, and remembers the tags of their contents for as long as the files do not change."""

    def __init__(self) -> None:
        self._tags: OrderedDict[State, str] = OrderedDict()
        self._lock = Lock()

    def open(self, file: StaticFile) -> OpenFile:
        """Open a file, which is to be closed by who asks; raises `NotFound`, or `RenderFailed` while it is written."""
        with ExitStack() as stack:
            stream = stack.enter_context(opened(file))
            for _ in range(TRIES):
                state = state_of(stream)
                tag = self._tag(stream, state)
                if state_of(stream) == state:
                    stack.pop_all()
                    return OpenFile(stream, FileFacts(state[2], state[3] / 10**9, tag), state)
        raise RenderFailed("the file keeps changing")

    def _tag(self, stream: BinaryIO, state: State) -> str:
        """Give what stands for a content; it is made outside of the lock, so now and then by two."""
        with self._lock:
            tag = self._tags.get(state)
        if tag is None:
            tag = tag_of(stream, state)
            with self._lock:
                self._tags[state] = tag
                while len(self._tags) > MOST:
                    self._tags.popitem(last=False)
        return tag


def opened(file: StaticFile) -> BinaryIO:
    """Open a regular file for reading, below the folder that it may not leave; raises `NotFound`."""
    path = file.root / file.path
    try:
        number = os.open(path, READ) if file.limit is None else open_below(file.limit, path)
    except (OSError, RuntimeError, ValueError) as error:
        raise missing(file, path) from error
    if S_ISREG(os.fstat(number).st_mode):
        return os.fdopen(number, "rb", buffering=0)
    os.close(number)
    raise missing(file, path)


def missing(file: StaticFile, path: Path) -> NotFound:
    """Say that there is no such file."""
    return NotFound(KIND, file.name, "no such file" if file.limit is None else "no such record or file", str(path))


def open_below(folder: Path, path: Path) -> int:
    """Open a file that lies in a folder once all links are followed; raises what `os.open` raises.

    What was resolved is opened name by name, without following links again: one that appears meanwhile leads nowhere.
    """
    root, real = folder.resolve(strict=True), path.resolve(strict=True)
    parts = real.relative_to(root).parts
    with folder_below(os.open(root, READ | os.O_DIRECTORY), parts[:-1]) as last:
        return os.open(parts[-1] if parts else ".", READ | os.O_NOFOLLOW, dir_fd=last)


@contextmanager
def folder_below(number: int, names: tuple[str, ...]) -> Iterator[int]:
    """Walk down open folders by their names, closing each behind the next."""
    try:
        for name in names:
            below = os.open(name, READ | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=number)
            os.close(number)
            number = below
        yield number
    finally:
        os.close(number)


def state_of(stream: BinaryIO) -> State:
    """Tell one content of a file from the next."""
    status = os.fstat(stream.fileno())
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def tag_of(stream: BinaryIO, state: State) -> str:
    """Name a content by 32 hex digits; the time of a large file stands for what lies between its ends."""
    _, _, size, modified = state
    digest = blake2b(digest_size=16)
    starts = range(0, size, BLOCK) if size <= WHOLE else (0, size - BLOCK)
    if size > WHOLE:
        digest.update(b"%d %d " % (size, modified))
    for start in starts:
        digest.update(os.pread(stream.fileno(), BLOCK, start))
    return digest.hexdigest()
