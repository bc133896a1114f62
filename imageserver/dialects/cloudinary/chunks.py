"""Uploads in parts: each is added to what came before, until all of it is there."""

from __future__ import annotations

import fcntl
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO

from imageserver.dialects.cloudinary.calls import Call
from imageserver.dialects.cloudinary.replies import Failed

RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/(-1|[0-9]{1,15})")
NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
STALE = 24 * 3600
ABANDONED = 600
"""Seconds after which an upload that nobody went on with gives way to another one."""
BLOCK = 2**20
SIGNED, OPEN = "signed", "open"
"""Uploads of those who sign, and of everybody else: neither can take the place, or the name, of the others."""
TOO_MANY = "Too many uploads in parts are under way (dialects.cloudinary.unfinished_uploads): try again later"


async def collected(call: Call) -> dict[str, object] | None:
    """Add a part, and say how much is there; None for an upload that is whole, or is whole by now."""
    header, name = call.request.headers.get("Content-Range", ""), call.request.headers.get("X-Unique-Upload-Id", "")
    if not header or not name:
        return None
    match = RANGE.fullmatch(header.strip())
    if not match or not NAME.fullmatch(name):
        raise Failed(400, "Invalid Content-Range or X-Unique-Upload-Id")
    if call.file is None:
        raise Failed(400, "Missing required parameter - file")
    start, end, total = int(match[1]), int(match[2]), int(match[3])
    length = await call.run(added, call, name, call.file, start)
    if total < 0 or length < total:
        return {
            "done": False,
            "bytes": length,
            "kind": "upload",
            "resource_type": call.path[0],
            "public_id": call.text("public_id"),
        }
    if length != total or end + 1 != total:
        raise Failed(400, f"Invalid Content-Range: {length} bytes are there, not {total}")
    await call.run(taken, call, name, call.file)
    return None


def path_of(call: Call, name: str) -> Path:
    """Give the place of an upload that is not whole yet; no name has a plus."""
    folder = call.account.notes.path.parent / "uploads"
    who = SIGNED if call.is_known or call.has("signature") else OPEN
    return folder / f"{call.account.cloud.name}+{who}+{name}"


def added(call: Call, name: str, part: Path, start: int) -> int:
    """Add a part behind those that are there; raises `Failed` for one that does not follow them, or is too much."""
    path = path_of(call, name)
    if not start:
        make_room(path, call.account.settings.unfinished_uploads)
    try:
        whole = path.open("r+b")
    except FileNotFoundError:
        raise Failed(400, "Invalid Content-Range: expected the bytes from 0 on") from None
    with whole, part.open("rb") as stream:
        fcntl.flock(whole, fcntl.LOCK_EX)  # a client that was not answered in time may send a part again
        length = whole.seek(0, SEEK_END)
        if start != length:
            raise Failed(400, f"Invalid Content-Range: expected the bytes from {length} on")
        if length + part.stat().st_size > call.account.site.config.limits.file_size:
            give_up(path)
            raise Failed(400, "File size too large (limits.file_size)")
        copy(stream, whole)
        return whole.tell()


def make_room(path: Path, most: int) -> None:
    """Begin an upload; where there are as many as may be, the oldest gives way if nobody goes on with it.

    Uploads are files, so that those from before the server was started anew count as well. Raises `Failed`.
    """
    with alone(path.parent) as folder:
        if path.exists():
            return
        ages = {one: age for one in folder.iterdir() if (age := age_of(one)) is not None and not is_lock(one)}
        for one in [one for one, age in ages.items() if age > STALE]:
            give_up(one)
            del ages[one]
        alike = sorted((one for one in ages if owner_of(one) == owner_of(path)), key=ages.__getitem__)
        while len(alike) >= most:
            oldest = alike.pop()
            if ages[oldest] <= ABANDONED:
                raise Failed(420, TOO_MANY)
            give_up(oldest)
        path.touch()


@contextmanager
def alone(folder: Path) -> Iterator[Path]:
    """Be the only one, of all processes, that counts the uploads in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def owner_of(path: Path) -> str:
    """Say whose upload a file is: of which cloud, and of those who sign there or of everybody else."""
    return path.name.rpartition("+")[0]


def is_lock(path: Path) -> bool:
    """Tell whether a file is no upload."""
    return path.name.startswith(".")


def age_of(path: Path) -> float | None:
    """Give the seconds since an upload got its last part; None for one that is whole, or gone, by now."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return None


def give_up(path: Path) -> None:
    """Take an upload away, unless it has become whole meanwhile."""
    with suppress(FileNotFoundError):
        path.unlink()


def copy(stream: BinaryIO, whole: BinaryIO) -> None:
    """Copy block by block."""
    while block := stream.read(BLOCK):
        whole.write(block)


def taken(call: Call, name: str, file: Path) -> None:
    """Put the whole upload in place of its last part."""
    path = path_of(call, name)
    try:
        with path.open("rb") as stream, file.open("wb") as whole:
            copy(stream, whole)
        path.unlink()
    except FileNotFoundError:
        raise Failed(400, "The upload is no longer there: send it again") from None
