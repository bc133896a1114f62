"""Lists: which entities a query finds, in which order, and which of them are sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from imageserver.catalog.written import Json
from imageserver.dialects.rest4d.datastore import Call
from imageserver.dialects.rest4d.entities import (
    PAGE,
    Entity,
    all_measured,
    chosen,
    completed,
    described,
    is_visible,
    kind_of,
    value_of,
)
from imageserver.dialects.rest4d.language.address import flag, whole
from imageserver.dialects.rest4d.language.facts import BadQuery
from imageserver.dialects.rest4d.language.filters import (
    Comparison,
    Condition,
    Kind,
    holds,
    names_in,
    order_of,
    read_filter,
    read_order,
)
from imageserver.dialects.rest4d.replies import missing
from imageserver.store.errors import NoSuchRecord
from imageserver.store.store import Status

TOP = 100


@dataclass(frozen=True, slots=True)
class Query:
    """What a list is to have: a condition, and an order."""

    condition: Condition | None
    order: tuple[tuple[str, bool], ...]

    @property
    def names(self) -> set[str]:
        """Name the attributes that it looks at."""
        found = {name for name, _ in self.order}
        return found | ({*names_in(self.condition)} if self.condition else set())


def read_query(call: Call, filter_: str = "filter", orderby: str = "orderby") -> Query:
    """Read the parameters that choose and sort; raises `BadQuery`."""
    text, order = call.parameters.get(filter_, ""), call.parameters.get(orderby, "")

    def kind(name: str) -> Kind:
        return kind_of(call, name)

    condition = read_filter(text, kind, call.parameters.get("params", "")) if text.strip() else None
    return Query(condition, read_order(order, kind) if order.strip() else ())


def all_records(call: Call) -> list[Status]:
    """Read all records of a catalog that they may see, in a thread; raises `BadQuery` for too many."""
    most, store, found, last = call.datastore.settings.most, call.store(), list[Status](), ""
    while True:
        page, last = store.page(PAGE, last)
        found += [one for one in page if is_visible(call, one)]
        if len(found) > most:
            raise BadQuery(f"more than the {most} records that a query may look through (dialects.rest4d.most)")
        if not last:
            return found


def some_records(call: Call, keys: Iterable[str]) -> list[Status]:
    """Read the records of keys, in a thread; those that are gone are left out."""
    known = {one.name: one for one in all_records(call)}
    return [known[key] for key in keys if key in known]


async def select(call: Call, query: Query, statuses: Sequence[Status]) -> list[Entity]:
    """Choose and sort entities; files are looked at only where the query asks for what they hold."""
    entities = await completed(call, [Entity(one) for one in statuses], query.names)
    return await call.run(sifted, call, query, [*entities])


def sifted(call: Call, query: Query, entities: list[Entity]) -> list[Entity]:
    """Choose and sort, in a thread."""
    condition = query.condition
    if condition is not None:
        entities = [one for one in entities if holds(condition, lambda name, one=one: value_of(call, one, name))]  # type: ignore[misc]
    for name, descending in reversed(query.order):
        entities.sort(key=lambda one: order_of(value_of(call, one, name)), reverse=descending)
    return entities


async def find_key(call: Call) -> str:
    """Give the key of the entity that a path names; raises `Failed`. With `$filter`, it must fit that, too."""
    key, by = call.address.key or "", call.address.by
    if by:
        kind_of(call, by)
        wanted = Query(Comparison(by, "=", key), ())
        found = await select(call, wanted, await call.run(all_records, call))
        if not found:
            raise missing(key)
        key = found[0].key
    query = read_query(call)
    if query.condition is not None:
        try:
            status = await call.run(lambda: call.store().record(key))
        except NoSuchRecord:
            raise missing(key) from None
        if not is_visible(call, status) or not await select(call, query, [status]):
            raise missing(key)
    return key


def page_of(call: Call) -> tuple[int, int]:
    """Give where a page begins, and how long it may be."""
    most = call.site.config.admin.page_size
    name = "top" if "top" in call.parameters else "limit"
    return whole(call.parameters, "skip", 0), min(most, whole(call.parameters, name, TOP))


async def settled(call: Call, entities: Iterable[Entity]) -> list[Entity]:
    """Give entities as they are now, files that were replaced by hand taken in; without those that are gone."""
    names = [one.key for one in entities]

    def read() -> list[Entity]:
        store, found = call.store(), []
        created = store.created(names)
        for name in names:
            try:
                found.append(Entity(store.record(name), created=created.get(name)))
            except NoSuchRecord:
                continue
        return found

    return await all_measured(call, await call.run(read))


async def listed(call: Call, entities: Sequence[Entity], more: Mapping[str, object]) -> object:
    """Answer with entities that were found: a page, values of one attribute, or a number of them all."""
    if "compute" in call.parameters:
        return await computed(call, entities)
    first, top = page_of(call)
    if flag(call.parameters, "distinct"):
        return (await distinct(call, entities))[first : first + top]
    names = chosen(call)
    page = await settled(call, entities[first : first + top])
    if flag(call.parameters, "asarray"):
        return [described(call, one, names, single=False, as_array=True) for one in page]
    return {
        **more,
        "__entityModel": call.name,
        "__GlobalStamp": await call.run(lambda: call.store().global_rev()),
        "__COUNT": len(entities),
        "__FIRST": first,
        "__ENTITIES": [described(call, one, names, single=False) for one in page],
        "__SENT": len(page),
    }


def only_name(call: Call, parameter: str) -> str:
    """Give the one attribute that a request is about; raises `BadQuery`."""
    names = chosen(call)
    if len(names) != 1:
        raise BadQuery(f"${parameter}: expected exactly one attribute in the path")
    return names[0]


async def values(call: Call, entities: Sequence[Entity], name: str) -> list[Json]:
    """Give the values that entities have of an attribute, without those that have none."""
    entities = await completed(call, entities, [name])
    found: list[Json] = []
    for one in entities:
        value: Json = value_of(call, one, name)
        if value is not None:
            found.append(int(value) if isinstance(value, float) and value.is_integer() else value)
    return found


async def distinct(call: Call, entities: Sequence[Entity]) -> list[Json]:
    """Give the different values of an attribute, in their order; of pictures, the hashes of their bytes."""
    name = only_name(call, "distinct")
    if kind_of(call, name) == "text" and name == "userdata":
        raise BadQuery("$distinct: expected an attribute with simple values, not userdata")
    found: dict[object, Json] = {}
    for one in await values(call, entities, name):
        found.setdefault(one.casefold() if isinstance(one, str) else one, one)
    return sorted(found.values(), key=lambda one: order_of(float(one) if isinstance(one, int) else one))  # type: ignore[arg-type]


async def computed(call: Call, entities: Sequence[Entity]) -> object:
    """Give a number of the values of an attribute, or all numbers; of texts there is no sum."""
    name, wanted = only_name(call, "compute"), call.parameters["compute"].casefold()
    found = await values(call, entities, name)
    numbers = [one for one in found if isinstance(one, int | float)]
    ordered = sorted(found, key=lambda one: order_of(float(one) if isinstance(one, int) else one))  # type: ignore[arg-type]
    told: dict[str, Json] = {"count": len(found)}
    if kind_of(call, name) == "number":
        told |= {"sum": sum(numbers), "average": fmean(numbers) if numbers else None}
    told |= {"min": ordered[0] if ordered else None, "max": ordered[-1] if ordered else None}
    if wanted == "$all":
        return {name: told}
    if wanted not in told:
        raise BadQuery(f"$compute={wanted[:40]}: expected $all or one of {', '.join(told)}")
    return told[wanted]
