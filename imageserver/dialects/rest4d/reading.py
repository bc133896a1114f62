"""Requests that change no catalog: entities, lists, entity sets, locks and pictures."""

from __future__ import annotations

from aiohttp import web

from imageserver.dialects.rest4d.datastore import Call
from imageserver.dialects.rest4d.entities import Entity, chosen, described, measured, one_entity
from imageserver.dialects.rest4d.language.address import flag
from imageserver.dialects.rest4d.language.facts import BadQuery
from imageserver.dialects.rest4d.locking import lock
from imageserver.dialects.rest4d.pictures import asks_for_picture, send_picture
from imageserver.dialects.rest4d.replies import NO_SET, failed, reply
from imageserver.dialects.rest4d.selecting import all_records, find_key, listed, read_query, select, some_records
from imageserver.dialects.rest4d.sets import combined, entities_of_set, keep, uri_of_set


async def read(call: Call) -> web.StreamResponse:
    """Answer a GET of a dataclass."""
    check_format(call)
    check_method(call)
    call.catalog()
    if call.address.key is not None:
        return await read_one(call, await find_key(call))
    if call.address.entity_set:
        return await read_set(call)
    query = read_query(call)
    entities = await select(call, query, await call.run(all_records, call))
    return await answered(call, entities, ordered=bool(query.order))


def check_format(call: Call) -> None:
    """Raise `BadQuery` for a format that there is not, and `Failed` for attributes that there are not."""
    form = call.parameters.get("format", "")
    if form.casefold() not in {"", "json"}:
        raise BadQuery(f"$format={form[:40]}: expected json")
    chosen(call)


def check_method(call: Call) -> None:
    """Raise `BadQuery` for a method that does not go with what is asked for: a GET changes nothing."""
    method, of_set = call.parameters.get("method", ""), bool(call.address.entity_set)
    allowed = ["entityset", *(["subentityset", "release"] if of_set else [])] if call.address.key is None else []
    if method and method.casefold() not in allowed:
        expected = " or ".join(filter(None, (", ".join(allowed), "POST for what changes something")))
        raise BadQuery(f"$method={method[:40]}: expected {expected}")


async def answered(call: Call, entities: list[Entity], *, ordered: bool) -> web.Response:
    """Answer with a list, as an entity set if that is asked for."""
    if call.parameters.get("method", "").casefold() != "entityset":
        return reply(await listed(call, entities, {}))
    name = await keep(call, [one.key for one in entities], ordered=ordered)
    uri = uri_of_set(call, name)
    return reply(await listed(call, entities, {"__ENTITYSET": uri}), {"Content-Location": uri})


async def read_set(call: Call) -> web.Response:
    """Answer a request for an entity set: its entities, those of two sets, or its end."""
    name = call.address.entity_set
    if call.parameters.get("method", "").casefold() == "release":
        if not await call.run(call.datastore.memory.release, call.name, name):
            raise failed(404, NO_SET, f"There is no entity set '{name}' of {call.name}")
        return reply({"ok": True})
    if "logicoperator" not in call.parameters:
        return await answered(call, await entities_of_set(call, name), ordered=True)
    keys = await combined(call, name)
    if isinstance(keys, bool):
        return reply(keys)
    query = read_query(call)
    return await answered(call, await select(call, query, await call.run(some_records, call, keys)), ordered=True)


async def read_one(call: Call, key: str) -> web.StreamResponse:
    """Answer a request for an entity: its lock, its picture, or itself."""
    if "lock" in call.parameters:
        return await lock(call, key)
    if asks_for_picture(call):
        return await send_picture(call, key)
    entity = await measured(call, await one_entity(call, key))
    as_array = flag(call.parameters, "asarray")
    told = described(call, entity, chosen(call), single=not as_array, as_array=as_array)
    return reply([told] if as_array else told)
