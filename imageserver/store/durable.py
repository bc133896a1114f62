"""Files that outlive a crash: written beside where they belong, flushed, and moved in place when all is decided.

Temporary files are made while a catalog is locked, or in a folder that its maker keeps locked, so that what a process
that died left behind can be told and taken away.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import blake2b, md5
from pathlib import Path
from typing import BinaryIO

from imageserver.file_formats import format_of

PREFIX, SUFFIX = ".imageserver-", ".tmp"
CHUNK = 2**20


def fresh_name(folder: Path) -> Path:
    """Give a name for a temporary file that nobody else uses."""
    return folder / f"{PREFIX}{secrets.token_hex(8)}{SUFFIX}"


@contextmanager
def temporary(folder: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Open a temporary file for writing; it is flushed at the end, and taken away after an error."""
    path = fresh_name(folder)
    with ExitStack() as unless_written:
        unless_written.callback(path.unlink, missing_ok=True)
        with path.open("xb") as stream:
            yield stream, path
            stream.flush()
            os.fsync(stream.fileno())
        unless_written.pop_all()


def write_beside(target: Path, data: bytes) -> Path:
    """Write the next content of a file into its folder, with the permissions of the file."""
    with temporary(target.parent) as (stream, path):
        with suppress(FileNotFoundError):
            status = target.stat()
            os.fchmod(stream.fileno(), status.st_mode & 0o7777)
            with suppress(PermissionError):
                os.fchown(stream.fileno(), status.st_uid, status.st_gid)
        stream.write(data)
    return path


def copy_beside(source: Path, folder: Path) -> Path:
    """Copy a file into a folder under a temporary name."""
    with temporary(folder) as (stream, path), source.open("rb") as original:
        shutil.copyfileobj(original, stream, CHUNK)
    return path


def flush(path: Path) -> None:
    """Have the disk keep a file, or the names in a folder, whatever happens."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_all(folders: Iterable[Path]) -> None:
    """Flush each of some folders once."""
    for folder in dict.fromkeys(folders):
        flush(folder)


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Give a folder for temporary files on the same disk, which is gone at the end with what is left in it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = fresh_name(folder)
    path.mkdir()
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield path
    finally:
        os.close(descriptor)
        shutil.rmtree(path, ignore_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Take away temporary files, and folders of them that no living process has; for who has locked the catalog."""
    for path in folder.glob(f"{PREFIX}*{SUFFIX}"):
        with suppress(OSError):
            if not path.is_dir():
                path.unlink(missing_ok=True)
            elif is_free(path):
                shutil.rmtree(path)


def is_free(folder: Path) -> bool:
    """Tell whether nobody has locked a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def same_disk(path: Path, folder: Path) -> bool:
    """Tell whether a file can be moved into a folder at once."""
    return path.stat().st_dev == folder.stat().st_dev


def keep(path: Path, kept: Path) -> None:
    """Keep the bytes of a file that is about to be replaced: as a second name of it, or as a copy.

    One that has other names, by which it may be changed, is copied.
    """
    if kept.exists():
        return
    kept.parent.mkdir(parents=True, exist_ok=True)
    if same_disk(path, kept.parent) and not path.is_symlink() and path.stat().st_nlink == 1:
        os.link(path, kept)
    else:
        copy_beside(path, kept.parent).replace(kept)
    flush(kept.parent)


def digests(path: Path) -> tuple[str, str, int, str]:
    """Give the hash of a file as versions use it, its MD5, its length, and its format or its suffix."""
    strong, weak, length, start = blake2b(digest_size=16), md5(usedforsecurity=False), 0, b""
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            start = start or chunk[:64]
            strong.update(chunk)
            weak.update(chunk)
            length += len(chunk)
    kind = format_of(start) or path.suffix.removeprefix(".")
    return strong.hexdigest(), weak.hexdigest(), length, kind.lower()
