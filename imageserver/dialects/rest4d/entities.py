"""Records as entities: their attributes, and how they are written in JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from imageserver.catalog.written import Json, properties_of
from imageserver.dialects.rest4d.datastore import Call
from imageserver.dialects.rest4d.language.address import words
from imageserver.dialects.rest4d.language.facts import BadQuery
from imageserver.dialects.rest4d.language.filters import Kind, Value, written_moment
from imageserver.dialects.rest4d.replies import failed
from imageserver.errors import ImageServerError
from imageserver.layout.facts import Facts
from imageserver.store.book import RecordRow
from imageserver.store.errors import NoSuchRecord
from imageserver.store.store import Status

NO_ATTRIBUTE = 1801
FORMATS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
}
PAGE = 1000
"""Records that are read at a time, so that nobody waits long for the lock."""
KEYS = ("__KEY", "__STAMP", "__TIMESTAMP")


@dataclass(frozen=True, slots=True)
class Entity:
    """A record, and what is known of its picture if anybody asked."""

    status: Status
    facts: Facts | None = None
    bytes: int | None = None
    oriented: bool = True
    created: int | None = None

    @property
    def key(self) -> str:
        """The primary key."""
        return self.status.name

    @property
    def row(self) -> RecordRow:
        """The numbers of the record."""
        return self.status.row

    @property
    def has_image(self) -> bool:
        """Tell whether there is a picture: a file, or a template."""
        return any(self.status.fields.get(name) for name in ("path", "modifier", "post_modifier"))

    def field(self, name: str) -> str | None:
        """Give a field as a text."""
        value = self.status.fields.get(name)
        if isinstance(value, list):
            return ",".join(str(one) for one in value)
        return None if value in (None, "") or isinstance(value, dict) else str(value)

    def number(self, name: str) -> float | None:
        """Give a field as a number."""
        with suppress(ValueError):
            return float(self.field(name) or "")
        return None


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute: its type, how it is read of an entity, and the field that it is written to; without, it is not."""

    type: str
    read: Callable[[Entity], Json]
    field: str = ""
    measured: bool = False


def userdata(entity: Entity) -> Json:
    """Give user data as an object."""
    return {**properties_of(entity.status.fields.get("user_data"))} or None


def moment(milliseconds: int) -> str:
    """Write a time."""
    return written_moment(datetime.fromtimestamp(milliseconds / 1000, UTC))


def width(entity: Entity) -> Json:
    """Give the width of the picture as it is shown."""
    return entity.facts.shown_size(oriented=entity.oriented).width if entity.facts else None


def height(entity: Entity) -> Json:
    """Give the height of the picture as it is shown."""
    return entity.facts.shown_size(oriented=entity.oriented).height if entity.facts else None


def written(name: str, type_: str = "string") -> Attribute:
    """Declare an attribute that is a field of the record."""
    return Attribute(
        type_, (lambda one: one.number(name)) if type_ == "number" else (lambda one: one.field(name)), name
    )


IMAGE = Attribute("image", lambda _: None, "path")
ATTRIBUTES: Mapping[str, Attribute] = {
    "ID": Attribute("string", lambda one: one.key, "ID"),
    "width": Attribute("long", width, measured=True),
    "height": Attribute("long", height, measured=True),
    "format": Attribute("string", lambda one: one.facts.format.casefold() if one.facts else None, measured=True),
    "bytes": Attribute("long64", lambda one: one.bytes, measured=True),
    "contentHash": Attribute("string", lambda one: one.facts.content_hash if one.facts else None, measured=True),
    "created": Attribute("date", lambda one: None if one.created is None else moment(one.created)),
    "stored": Attribute("date", lambda one: moment(one.row.stored_at * 1000)),
    "modified": Attribute("date", lambda one: moment(one.row.changed_at)),
    "userdata": Attribute("object", userdata, "user_data"),
    "tags": written("tags"),
    "map": written("map"),
    "imageSet": written("image_set"),
    "assetType": written("asset_type"),
    "resolution": written("resolution", "number"),
    "expiration": written("expiration", "number"),
    "access": written("access"),
}
"""All attributes but the picture, whose name is configured."""
SPECIAL: Mapping[str, tuple[Kind, Callable[[Entity], Value]]] = {
    "__KEY": ("text", lambda one: one.key),
    "__STAMP": ("number", lambda one: float(one.row.rev)),
    "__TIMESTAMP": ("date", lambda one: moment(one.row.changed_at)),
}
KINDS: Mapping[str, Kind] = {"string": "text", "long": "number", "long64": "number", "number": "number", "date": "date"}


def attributes_of(call: Call) -> dict[str, Attribute]:
    """Give the attributes of all dataclasses."""
    return {**ATTRIBUTES, call.image: IMAGE}


def kind_of(call: Call, name: str) -> Kind:
    """Tell how the values of an attribute are compared; raises `BadQuery`."""
    first, dot, _ = name.partition(".")
    if name in SPECIAL:
        return SPECIAL[name][0]
    found = attributes_of(call).get(first)
    if found is None or (dot and found.type != "object"):
        known = ", ".join((*attributes_of(call), *SPECIAL))
        raise BadQuery(f"{name[:60]}: expected one of {known}, or userdata.NAME")
    return "any" if dot else KINDS.get(found.type, "text")


def value_of(call: Call, entity: Entity, name: str) -> Value:
    """Give what an attribute of an entity is compared by; a picture by its bytes."""
    if name in SPECIAL:
        return SPECIAL[name][1](entity)
    if name == call.image:
        return entity.facts.content_hash if entity.facts else None
    first, *inner = name.split(".")
    found = ATTRIBUTES[first].read(entity)
    for one in inner:
        found = found.get(one) if isinstance(found, dict) else None
    match found:
        case None | str():
            return found
        case bool():
            return "true" if found else "false"
        case int() | float():
            return float(found)
        case _:
            return "object"


def is_measured(call: Call, name: str) -> bool:
    """Tell whether an attribute can only be read of the file."""
    return name == call.image or (name in ATTRIBUTES and ATTRIBUTES[name].measured)


async def completed(call: Call, entities: Sequence[Entity], names: Collection[str]) -> Sequence[Entity]:
    """Find out what is needed of entities for some attributes, and is not at hand."""
    if "created" in names:
        created: dict[str, int] = {}
        for page in (entities[at : at + PAGE] for at in range(0, len(entities), PAGE)):
            created |= await call.run(lambda page=page: call.store().created([one.key for one in page]))  # type: ignore[misc]
        entities = [replace(one, created=created.get(one.key)) for one in entities]
    return await all_measured(call, entities) if any(is_measured(call, name) for name in names) else entities


async def measured(call: Call, entity: Entity) -> Entity:
    """Look at the file of an entity; one that cannot be read has no size."""
    if entity.facts is not None or not entity.status.fields.get("path"):
        return entity
    catalog = call.catalog()
    path = catalog.place_of(str(entity.status.fields["path"]))
    with suppress(ImageServerError):
        facts = (await call.site.sources.facts([path]))[path]
        size = await call.run(size_of, path)
        return replace(entity, facts=facts, bytes=size, oriented=bool(catalog.attributes.apply_orientation))
    return entity


async def all_measured(call: Call, entities: Sequence[Entity]) -> list[Entity]:
    """Look at the files of entities, for no longer than a rendering may take; raises `BadQuery`."""
    seconds = call.site.config.limits.render_seconds
    try:
        async with asyncio.timeout(seconds):
            return [await measured(call, one) for one in entities]
    except TimeoutError as error:
        reason = f"looking at {len(entities)} files took longer than {seconds:g} s (limits.render_seconds)"
        raise BadQuery(f"{reason}; what was seen is remembered, so that it goes on from there") from error


def size_of(path: Path) -> int | None:
    """Give the length of a file."""
    try:
        return path.stat().st_size
    except OSError:
        return None


async def one_entity(call: Call, name: str) -> Entity:
    """Look a record up; raises `NoSuchRecord`, also for one that they may not see."""

    def read() -> Entity:
        store = call.store()
        return Entity(store.record(name), created=store.created([name]).get(name))

    entity = await call.run(read)
    if not is_visible(call, entity.status):
        raise NoSuchRecord(call.name, name)
    return entity


def is_visible(call: Call, status: Status) -> bool:
    """Tell whether they may see a record."""
    return call.trusted or not status.fields.get("access")


def uri_of(call: Call, key: str = "") -> str:
    """Give the URI of a dataclass, or of an entity of it."""
    return f"/rest/{quote(call.name, safe='')}" + (f"({written_key(key)})" if key else "")


def written_key(key: str) -> str:
    """Write a key so that it is read again as what it is."""
    plain_key = quote(key, safe="")
    return plain_key if plain_key == key else f'"{plain_key}"'.replace('"', "%22")


def image_uri(call: Call, key: str, rev: int, form: str = "best") -> str:
    """Give the URI of a picture, with its current version."""
    name = call.image
    return f"{uri_of(call, key)}/{name}?$imageformat={form}&$version={rev}&$expand={name}"


def deferred_image(call: Call, entity: Entity, form: str = "best") -> dict[str, object]:
    """Tell where the picture of an entity is."""
    told: dict[str, object] = {"uri": image_uri(call, entity.key, entity.row.rev, form), "image": True}
    if entity.facts is not None:
        kind = FORMATS.get(entity.facts.format)
        told |= {"mediatype": kind} if kind else {}
        told |= {"width": width(entity), "height": height(entity)}
    return told


def described(
    call: Call, entity: Entity, names: Iterable[str], *, single: bool, as_array: bool = False
) -> dict[str, object]:
    """Write an entity with some of its attributes."""
    told: dict[str, object] = {"__entityModel": call.name} if single else {}
    if as_array:
        told["__KEY"] = {"ID": entity.key, "__STAMP": entity.row.rev}
    else:
        told |= {"__KEY": entity.key, "__TIMESTAMP": moment(entity.row.changed_at), "__STAMP": entity.row.rev}
    for name in names:
        if name == call.image:
            told[name] = {"__deferred": deferred_image(call, entity)} if entity.has_image else None
        else:
            told[name] = ATTRIBUTES[name].read(entity)
    return told


def chosen(call: Call) -> tuple[str, ...]:
    """Give the attributes that are asked for, all where none is named; raises `Failed` for one that is not there."""
    asked = call.address.attributes or words(call.parameters.get("attributes", ""))
    known = attributes_of(call)
    for name in asked:
        if name != "*" and name not in known and name not in KEYS:
            raise failed(404, NO_ATTRIBUTE, f"There is no attribute '{name[:60]}': expected {', '.join(known)} or *")
    if not asked or "*" in asked:
        return tuple(known)
    return tuple(one for one in dict.fromkeys(asked) if one in known)
