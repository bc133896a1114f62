"""Requests that change a catalog: save, validate, delete. What was seen at another stamp is refused."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from aiohttp import web

from imageserver.catalog.written import Json
from imageserver.dialects.rest4d.bodies import read_items
from imageserver.dialects.rest4d.datastore import Call
from imageserver.dialects.rest4d.entities import Entity, attributes_of, chosen, described, measured, one_entity, uri_of
from imageserver.dialects.rest4d.items import Item, check_parked, no_upload, read_item, removal, taken
from imageserver.dialects.rest4d.language.address import flag
from imageserver.dialects.rest4d.language.facts import BadQuery
from imageserver.dialects.rest4d.locking import GONE, LOCKED, STALE, IsLocked, check_lock
from imageserver.dialects.rest4d.reading import read
from imageserver.dialects.rest4d.replies import NOT_SAVED, as_failed, errors, failed, reply
from imageserver.dialects.rest4d.selecting import all_records, find_key, read_query, select
from imageserver.dialects.rest4d.sets import entities_of_set
from imageserver.dialects.rest4d.uploading import set_picture
from imageserver.errors import ImageServerError
from imageserver.store.edits import Edit
from imageserver.store.errors import NoSuchRecord, StaleEdit
from imageserver.store.store import Store

Told = dict[str, object]
READS = frozenset({"entityset", "subentityset", "release"})


async def write(call: Call) -> web.StreamResponse:
    """Answer a POST of a dataclass."""
    method = call.parameters.get("method", "").casefold()
    if method in READS:
        return await read(call)
    call.check_writes()
    call.catalog()
    match method:
        case "delete":
            return await delete(call)
        case "validate":
            return await validate(call)
        case "update" | "":
            if call.address.key is not None and call.address.attributes == (call.image,):
                return await set_picture(call, await find_key(call))
            return await save(call)
    raise BadQuery(f"$method={method[:40]}: expected update, validate, delete, entityset, subentityset or release")


async def save(call: Call) -> web.Response:
    """Save the entities of a body, each for itself or all together."""
    chosen(call)
    bodies, several = await read_items(call)
    key = await find_key(call) if call.address.key is not None else None
    if flag(call.parameters, "refresh"):
        told = [await recomputed(call, one, key) for one in bodies]
    elif flag(call.parameters, "atomic") or flag(call.parameters, "atonce"):
        told = await save_all(call, bodies, key)
    else:
        told = [await save_one(call, one, key) for one in bodies]
    await call.site.live.refresh()
    if several:
        return reply({"__ENTITIES": told})
    status = failed_status(call, told[0])
    sent = reply(told[0])
    sent.set_status(status)
    return sent


def failed_status(call: Call, told: Told) -> int:
    """Give the status of a save: a stale one is told in the body only, unless the configuration is strict."""
    if "__ERROR" not in told:
        return 200
    return 200 if "__STATUS" in told and not call.datastore.settings.strict else 500


async def save_one(call: Call, body: Mapping[str, Json], key: str | None) -> Told:
    """Save an entity, and describe it as it is then, or what is wrong."""
    try:
        item = read_item(call, body, key)
        await check(call, item)
        await commit(call, [item])
        return await saved(call, item)
    except ImageServerError as error:
        return await refused(call, body, key, error)


async def save_all(call: Call, bodies: Sequence[Mapping[str, Json]], key: str | None) -> list[Told]:
    """Save all entities or none; where one fails, each is told what is wrong with it."""
    wrong: dict[int, ImageServerError] = {}
    items: list[Item] = []
    for number, body in enumerate(bodies):
        try:
            item = read_item(call, body, key)
            await check(call, item)
            await commit(call, [item], dry_run=True)
            items.append(item)
        except ImageServerError as error:
            wrong[number] = error
    if len({one.key for one in items}) < len(items):
        raise BadQuery("an entity stands in the body twice")
    if not wrong:
        try:
            await commit(call, items)
            return [await saved(call, one) for one in items]
        except ImageServerError as error:
            wrong = dict.fromkeys(range(len(bodies)), error)
    return [
        await refused(call, body, key, wrong[number]) if number in wrong else {**body}
        for number, body in enumerate(bodies)
    ]


async def check(call: Call, item: Item) -> None:
    """Raise `Failed` for an entity that another session has locked, and for a picture that is not there."""
    await check_lock(call, [item.key])
    await check_parked(call, item)


async def commit(call: Call, items: Sequence[Item], *, dry_run: bool = False) -> None:
    """Make the edits of entities, all or none; pictures that were parked are used up, or wait on where it fails."""
    await call.run(carry_out, call, items, dry_run)


def carry_out(call: Call, items: Sequence[Item], dry_run: bool) -> None:
    """Make the edits of entities, in a thread."""
    store, memory = call.store(), call.datastore.memory
    with ExitStack() as unless_made, ExitStack() as stack:
        edits: list[Edit] = []
        for item in items:
            file = None
            if item.parked and not dry_run:
                until = memory.claim(item.parked, call.session.id, time.time())
                if until is None:
                    raise no_upload(call, item)
                unless_made.callback(memory.park, item.parked, call.session.id, until)
                file = stack.enter_context(store.staging()) / "source"
                shutil.copyfile(memory.place(item.parked), file)
            edits += item.edits(file, fields_of(store, item))
        store.commit(edits, {item.key: item.stamp for item in items}, dry_run=dry_run)
        unless_made.pop_all()
    for item in items:
        if item.parked and not dry_run:
            memory.use_up(item.parked)


def fields_of(store: Store, item: Item) -> Mapping[str, Json]:
    """Give what is written of a record, nothing for one that is to be made."""
    try:
        return store.record(item.key).fields if item.stamp else {}
    except NoSuchRecord:
        raise StaleEdit(f"record '{item.key}'", item.stamp, 0) from None


async def saved(call: Call, item: Item) -> Told:
    """Describe an entity that was saved."""
    entity = await measured(call, await one_entity(call, item.key))
    told = described(call, entity, chosen(call), single=True)
    return told if item.stamp else {**told, "uri": uri_of(call, item.key)}


async def recomputed(call: Call, body: Mapping[str, Json], key: str | None) -> Told:
    """Describe an entity as it would be, without saving it."""
    item = read_item(call, body, key)
    known = attributes_of(call)
    given = {name: value for name, value in body.items() if name in known and known[name].field and name != call.image}
    if not item.stamp:
        return {"__entityModel": call.name, "__KEY": None, "__STAMP": 0, **given}
    entity = await measured(call, await one_entity(call, item.key))
    return {**described(call, entity, chosen(call), single=True), **given}


async def refused(call: Call, body: Mapping[str, Json], key: str | None, error: ImageServerError) -> Told:
    """Say why an entity was not saved, with the entity as it is; `key` is the one that the path names."""
    named = body.get("__KEY", key)
    named = named.get("ID") if isinstance(named, dict) else named
    name = str(named) if isinstance(named, str | int) else ""
    if isinstance(error, StaleEdit):
        if not error.expected:
            return {**body, "__ERROR": errors(taken(name or str(body.get("ID"))).faults)}
        current = await current_entity(call, name)
        told: Told = described(call, current, chosen(call), single=True) if current else {**body}
        status = STALE if current else GONE
        return {**told, "__STATUS": status, "__ERROR": errors(as_failed(error).faults)}
    told = {**body, "__ERROR": errors(as_failed(error).faults)}
    return {**told, "__STATUS": LOCKED} if isinstance(error, IsLocked) else told


async def current_entity(call: Call, name: str) -> Entity | None:
    """Give an entity as it is now; None for one that is gone."""
    try:
        return await measured(call, await one_entity(call, name))
    except NoSuchRecord:
        return None


async def validate(call: Call) -> web.Response:
    """Say whether entities could be saved."""
    bodies, _ = await read_items(call)
    key = await find_key(call) if call.address.key is not None else None
    for body in bodies:
        item = read_item(call, body, key)
        await check(call, item)
        try:
            await commit(call, [item], dry_run=True)
        except StaleEdit as error:
            raise (error if item.stamp else taken(item.key)) from error
    return reply({"ok": True})


async def delete(call: Call) -> web.Response:
    """Delete one entity, those that a filter finds, or those of an entity set."""
    keys = await keys_to_delete(call)
    await check_lock(call, keys)
    await call.run(lambda: call.store().commit([removal(key) for key in keys]))
    await call.site.live.refresh()
    return reply({"ok": True})


async def keys_to_delete(call: Call) -> list[str]:
    """Find what is to be deleted; all of a dataclass only where a filter says so."""
    if call.address.key is not None:
        return [(await one_entity(call, await find_key(call))).key]
    if call.address.entity_set:
        return [one.key for one in await entities_of_set(call, call.address.entity_set)]
    query = read_query(call)
    if query.condition is None:
        raise failed(500, NOT_SAVED, "$method=delete: expected a key, an entity set or a $filter")
    return [one.key for one in await select(call, query, await call.run(all_records, call))]
