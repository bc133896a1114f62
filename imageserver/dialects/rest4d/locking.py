"""Locks: an entity that one session has locked is not changed by another."""

from __future__ import annotations

import time
from collections.abc import Sequence

from aiohttp import web

from imageserver.dialects.rest4d.datastore import LENGTH, Call
from imageserver.dialects.rest4d.entities import one_entity
from imageserver.dialects.rest4d.language.address import flag
from imageserver.dialects.rest4d.replies import ENTITY_NOT_SAVED, NOT_SAVED, REST, Failed, reply
from imageserver.store.errors import NoSuchRecord

LOCKED = {
    "status": 3,
    "statusText": "Already Locked",
    "lockKind": 7,
    "lockKindText": "Locked By Session",
    "success": False,
}
STALE = {"status": 2, "statusText": "Stamp has changed", "success": False}
GONE = {"status": 5, "statusText": "Entity does not exist anymore", "success": False}


class IsLocked(Failed):
    """An entity that another session has locked."""


async def check_lock(call: Call, keys: Sequence[str]) -> None:
    """Raise `IsLocked` for entities that other sessions have locked."""
    locked = await call.run(call.datastore.memory.locked, call.name, call.session.id, time.time())
    for key in keys:
        if key in locked:
            first = (NOT_SAVED, f"'{key[:60]}' is locked by another session")
            raise IsLocked(500, (first, (ENTITY_NOT_SAVED, REST[ENTITY_NOT_SAVED])))


async def lock(call: Call, key: str) -> web.Response:
    """Lock an entity for a session, or give the lock up; a `$version` must be the current one."""
    wanted = flag(call.parameters, "lock")
    call.check_writes()
    memory, session, now = call.datastore.memory, call.session.id, time.time()
    try:
        entity = await one_entity(call, key)
    except NoSuchRecord:
        return reply({"result": False, "__STATUS": GONE})
    if not wanted:
        await call.run(memory.unlock, call.name, key, session)
        return reply({"result": True, "__STATUS": {"success": True}})
    if call.parameters.get("version", str(entity.row.rev)) != str(entity.row.rev):
        return reply({"result": False, "__STATUS": STALE})
    if not await call.run(memory.lock, call.name, key, session, now + LENGTH, now):
        return reply({"result": False, "__STATUS": LOCKED})
    return reply({"result": True, "__STATUS": {"success": True}})
