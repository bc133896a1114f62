"""Foreign images on the disk: a file for the bytes, and beside it what is known of them."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

IN_USE = 600
"""Seconds for which a file that was used is not taken away."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of an image that was fetched: validators, the hash of its bytes, and how long it may be used."""

    url: str
    digest: str
    etag: str
    last_modified: str
    fetched: float
    fresh_until: float
    usable_until: float


def read_kept(path: Path) -> Kept | None:
    """Give what is known of an image; None when it is not there, or not as it was written."""
    try:
        if not path.is_file():
            return None
        return Kept(**json.loads(path.with_suffix(".json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write_kept(path: Path, kept: Kept) -> None:
    """Write what is known of an image, in place of what was known before."""
    draft = path.with_suffix(f".{os.getpid()}.note")
    draft.write_text(json.dumps(asdict(kept)))
    draft.replace(path.with_suffix(".json"))


@contextmanager
def drafting(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Open a file beside an image, to be put in its place; what is left of it goes."""
    draft = path.with_suffix(f".{os.getpid()}.new")
    try:
        with draft.open("wb") as file:
            yield draft, file
    finally:
        draft.unlink(missing_ok=True)


def lock(path: Path) -> BinaryIO | None:
    """Take the lock of an image, which closing the file gives back; None while another process has it."""
    file = path.with_suffix(".lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def sweep(folder: Path, most: int, now: float) -> None:
    """Take the images away that were fetched or asked about longest ago, until the rest takes no more than `most`."""
    found = []
    for note in folder.glob("*.json"):
        with suppress(OSError):
            found.append((note.stat().st_mtime, note.with_suffix("").stat().st_size, note))
    total = sum(size for _, size, _ in found)
    for used, size, note in sorted(found):
        if total <= most or used > now - IN_USE:
            return
        for path in (note, note.with_suffix(""), note.with_suffix(".lock")):
            path.unlink(missing_ok=True)
        total -= size
