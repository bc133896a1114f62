"""Uploads in parts: each is added to what came before, until all of it is there."""

from __future__ import annotations

import fcntl
import re
import time
from contextlib import suppress
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO

from imageserver.dialects.cloudinary.calls import Call
from imageserver.dialects.cloudinary.replies import Failed

RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/(-1|[0-9]{1,15})")
NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
STALE = 24 * 3600
BLOCK = 2**20


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


def folder_of(call: Call) -> Path:
    """Give the folder of uploads that are not whole yet; those that nobody goes on with go after a day."""
    folder = call.account.notes.path.parent / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        with suppress(OSError):  # another process may have done it
            if path.stat().st_mtime < time.time() - STALE:
                path.unlink()
    return folder


def added(call: Call, name: str, part: Path, start: int) -> int:
    """Add a part behind those that are there; raises `Failed` for one that does not follow them, or is too much."""
    path = folder_of(call) / f"{call.account.cloud.name}-{name}"
    with path.open("ab") as whole, part.open("rb") as stream:
        fcntl.flock(whole, fcntl.LOCK_EX)  # a client that was not answered in time may send a part again
        length = whole.seek(0, SEEK_END)
        if start != length:
            raise Failed(400, f"Invalid Content-Range: expected the bytes from {length} on")
        if length + part.stat().st_size > call.account.site.config.limits.file_size:
            path.unlink()
            raise Failed(400, "File size too large (limits.file_size)")
        copy(stream, whole)
        return whole.tell()


def copy(stream: BinaryIO, whole: BinaryIO) -> None:
    """Copy block by block."""
    while block := stream.read(BLOCK):
        whole.write(block)


def taken(call: Call, name: str, file: Path) -> None:
    """Put the whole upload in place of its last part."""
    path = folder_of(call) / f"{call.account.cloud.name}-{name}"
    with path.open("rb") as stream, file.open("wb") as whole:
        copy(stream, whole)
    path.unlink()
