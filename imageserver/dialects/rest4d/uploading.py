"""Pictures that come: `$upload` parks a file until a save takes it, and a raw body is a picture at once."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

from aiohttp import web

from imageserver.dialects.rest4d.datastore import Call
from imageserver.dialects.rest4d.entities import one_entity
from imageserver.dialects.rest4d.language.address import flag, whole
from imageserver.dialects.rest4d.language.facts import BadQuery
from imageserver.dialects.rest4d.locking import check_lock
from imageserver.dialects.rest4d.memory import new_id
from imageserver.dialects.rest4d.replies import NOT_SAVED, failed, reply
from imageserver.server.admin.uploading import CHUNK, check, receive
from imageserver.store.edits import StoreFile

TIMEOUT, LONGEST = 120, 3600


async def upload(call: Call) -> web.Response:
    """Park a file; only the session that brought it may use it."""
    if call.request.method not in {"POST", "PUT"}:
        raise failed(405, NOT_SAVED, "$upload: expected POST")
    call.check_writes()
    if flag(call.parameters, "binary"):
        raise BadQuery("$binary: expected $rawPict=true, as there are no attributes but pictures that take files")
    memory, parked = call.datastore.memory, new_id()
    if not await call.run(memory.clean, time.time()):
        raise failed(503, NOT_SAVED, "too many uploads wait to be used")
    path = memory.place(parked)
    await call.run(lambda: path.parent.mkdir(parents=True, exist_ok=True))
    with ExitStack() as unless_parked:
        unless_parked.callback(path.unlink, missing_ok=True)
        await take_in(call, path, "upload")
        seconds = min(LONGEST, whole(call.parameters, "timeout", TIMEOUT)) or TIMEOUT
        await call.run(memory.park, parked, call.session.id, time.time() + seconds)
        unless_parked.pop_all()
    return reply({"ID": parked})


async def take_in(call: Call, path: Path, name: str) -> None:
    """Write the body to a file, and see that it is a picture."""
    limit = call.site.config.limits.file_size
    if (call.request.content_length or 0) > limit:
        raise failed(413, NOT_SAVED, f"limits.file_size: more than the {limit} bytes allowed")
    await receive(call.datastore.desk, call.request.content.iter_chunked(CHUNK), path)
    await check(call.datastore.desk, name, path)


async def set_picture(call: Call, key: str) -> web.Response:
    """Make a raw body the picture of an entity that is there."""
    entity = await one_entity(call, key)
    await check_lock(call, [key])
    stack = ExitStack()
    try:
        folder = await call.run(lambda: stack.enter_context(call.store().staging()))
        await take_in(call, folder / "source", key)
        edit = StoreFile(key, folder / "source")
        await call.run(lambda: call.store().commit([edit], {key: entity.row.rev}))
    finally:
        await call.run(stack.close)
    await call.site.live.refresh()
    return reply({"ok": True})
