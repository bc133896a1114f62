"""Revisions over HTTP, and the bytes of files as they are and as they were."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import BinaryIO, cast

from aiohttp import web

from imageserver.file_formats import format_of
from imageserver.server.admin.asking import Ask, reply, rev_to_replace, tag_of
from imageserver.server.admin.problems import Refused
from imageserver.server.admin.records import commit, described
from imageserver.server.admin.uploading import ANY_TYPE, CHUNK
from imageserver.store.asking import Revision
from imageserver.store.edits import Kind, Restore
from imageserver.store.errors import NoSuchRecord

TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
    "BMP": "image/bmp",
    "ICO": "image/vnd.microsoft.icon",
}
START = 64


def list_revisions(ask: Ask) -> web.Response:
    """Give the stores of bytes of a record, the newest first, also of one that was removed."""
    return reply(ask, {"revisions": [listed(one) for one in ask.store().revisions(ask.name)]})


def show_revision(ask: Ask) -> web.Response:
    """Give one revision."""
    return reply(ask, listed(revision(ask)))


def restore_revision(ask: Ask) -> web.Response:
    """Put the files of a revision in place again, and the record itself if it was removed."""
    rev = rev_to_replace(ask)
    if not revision(ask).restorable:
        raise Refused(HTTPStatus.GONE, "the bytes of this revision are not kept any more")
    status = commit(ask, [Restore(ask.name, ask.path["version"])], rev)
    return reply(ask, described(status), status.row.rev)


def revision(ask: Ask) -> Revision:
    """Find a revision; raises `NoSuchRecord`."""
    version = ask.path["version"]
    for one in ask.store().revisions(ask.name):
        if one.row.version_id == version:
            return one
    raise NoSuchRecord(ask.path["catalog"], f"{version} of {ask.name}", "revision")


def listed(one: Revision) -> dict[str, object]:
    """Describe a revision."""
    row = one.row
    return {
        "version_id": row.version_id,
        "rev": row.rev,
        "stored_at": row.stored_at,
        "hash": row.hash,
        "md5": row.md5,
        "size": row.size,
        "format": row.format,
        "source": row.source,
        "mask": row.mask,
        "current": one.current,
        "restorable": one.restorable,
    }


async def send_file(ask: Ask) -> web.StreamResponse:
    """Send the source or the mask that a record has, or had at a revision."""
    tag, stream = await ask.desk.run(opened, ask)
    try:
        start = await ask.desk.run(stream.read, START)
        length = os.fstat(stream.fileno()).st_size
        headers = {"ETag": tag, "Cache-Control": "no-cache", "Content-Length": str(length)}
        kind = TYPES.get(format_of(start), ANY_TYPE)
        if any(f'"{one.value}"' == tag or one.value == "*" for one in ask.request.if_none_match or ()):
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag, "Cache-Control": "no-cache"})
        sent = web.StreamResponse(headers={**headers, "Content-Type": kind})
        await sent.prepare(ask.request)
        if ask.request.method != "HEAD":
            async for chunk in chunks_of(ask, start, stream):
                await sent.write(chunk)
        await sent.write_eof()
        return sent
    finally:
        await ask.desk.run(stream.close)


def opened(ask: Ask) -> tuple[str, BinaryIO]:
    """Open a file, in a thread; the tag is never newer than the file."""
    kind, version = cast("Kind", ask.path["kind"]), ask.path.get("version", "")
    tag = f'"{version}"' if version else tag_of(ask.status().row.rev)
    return tag, ask.store().open_file(ask.name, kind, version)


async def chunks_of(ask: Ask, start: bytes, stream: BinaryIO) -> AsyncIterator[bytes]:
    """Yield the bytes of a file."""
    chunk = start
    while chunk:
        yield chunk
        chunk = await ask.desk.run(stream.read, CHUNK)
