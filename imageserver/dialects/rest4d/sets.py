"""Entity sets: the keys of what a query found, kept for a while."""

from __future__ import annotations

import time
from collections.abc import Sequence

from imageserver.dialects.rest4d.datastore import Call
from imageserver.dialects.rest4d.entities import Entity, uri_of
from imageserver.dialects.rest4d.language.address import ID, whole
from imageserver.dialects.rest4d.language.facts import BadQuery
from imageserver.dialects.rest4d.memory import EntitySet, new_id
from imageserver.dialects.rest4d.replies import NO_SET, failed
from imageserver.dialects.rest4d.selecting import all_records, read_query, select, some_records

TIMEOUT, RECREATED, LONGEST = 7200, 600, 7 * 86400
OPERATORS = ("AND", "OR", "EXCEPT", "INTERSECT")


def uri_of_set(call: Call, name: str) -> str:
    """Give the URI of an entity set."""
    return f"{uri_of(call)}/$entityset/{name}"


async def keep(call: Call, keys: Sequence[str], *, name: str = "", usual: int = TIMEOUT, ordered: bool = False) -> str:
    """Remember keys as an entity set, and give its id."""
    timeout = min(LONGEST, whole(call.parameters, "timeout", usual)) or usual
    kept = EntitySet(name or new_id(), call.name, tuple(keys), ordered, timeout)
    await call.run(call.datastore.memory.keep_set, kept, time.time())
    return kept.id


async def keys_of(call: Call, name: str) -> tuple[str, ...]:
    """Give the keys of an entity set; one that is gone is made anew where the request says what it was."""
    found = await call.run(call.datastore.memory.entity_set, call.name, name, time.time())
    if found is not None:
        return found.keys
    if not {"savedfilter", "savedorderby"} & set(call.parameters):
        raise failed(404, NO_SET, f"There is no entity set '{name}' of {call.name}")
    query = read_query(call, "savedfilter", "savedorderby")
    entities = await select(call, query, await call.run(all_records, call))
    keys = tuple(one.key for one in entities)
    await keep(call, keys, name=name, usual=RECREATED, ordered=bool(query.order))
    return keys


async def entities_of_set(call: Call, name: str) -> list[Entity]:
    """Give the entities of a set that are still there, chosen and sorted as the request says."""
    keys = await keys_of(call, name)
    return await select(call, read_query(call), await call.run(some_records, call, keys))


async def combined(call: Call, name: str) -> tuple[str, ...] | bool:
    """Combine an entity set with another one, or tell whether they have something in common."""
    operator = call.parameters["logicoperator"].upper()
    other = call.parameters.get("othercollection", "").rpartition("/")[2].upper()
    if operator not in OPERATORS or not ID.fullmatch(other):
        raise BadQuery(
            f"$logicOperator={operator[:40]}: expected {', '.join(OPERATORS)}, and $otherCollection with an id"
        )
    first, second = await keys_of(call, name), await keys_of(call, other)
    known = set(second)
    match operator:
        case "AND":
            return tuple(key for key in first if key in known)
        case "EXCEPT":
            return tuple(key for key in first if key not in known)
        case "OR":
            return tuple(dict.fromkeys((*first, *second)))
        case _:
            return bool(known & set(first))
