"""An entity of a body → the edits that it stands for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from imageserver.catalog.written import Json
from imageserver.dialects.rest4d.datastore import Call
from imageserver.dialects.rest4d.entities import ATTRIBUTES, KEYS, attributes_of
from imageserver.dialects.rest4d.memory import new_id
from imageserver.dialects.rest4d.replies import ENTITY_NOT_SAVED, INVALID, NOT_NEW, REST, Failed, failed
from imageserver.store.edits import Change, Edit, Key, Put, Remove, StoreFile

IGNORED = frozenset({*KEYS, "__entityModel", "__deferred", "__ERROR", "__STATUS", "uri", "__ISNEW"})
"""What clients send back of what they were told."""
UPLOADED = 32
"""Digits of the id of a parked file."""


@dataclass(frozen=True, slots=True)
class Item:
    """An entity that is to be saved: at which stamp it was seen, 0 for a new one, and what becomes of it."""

    key: str
    stamp: int
    put: Mapping[Key, Json] = field(default_factory=dict)
    drop: tuple[Key, ...] = ()
    parked: str = ""
    without_image: bool = False

    def edits(self, file: Path | None, before: Mapping[str, Json]) -> list[Edit]:
        """Give the edits; `file` is the picture that was parked, `before` what is written of the record."""
        found: list[Edit] = []
        drop = [*self.drop, *([("path",)] if self.without_image else [])]
        drop = [one for one in drop if one[0] in before]
        if not self.stamp:
            found.append(Put(self.key, {path[0]: value for path, value in self.put.items()}, replace=False))
        elif self.put or drop:
            found.append(Change(self.key, self.put, tuple(drop)))
        if file is not None:
            found.append(StoreFile(self.key, file))
        return found


def read_item(call: Call, body: Mapping[str, Json], key: str | None) -> Item:
    """Read an entity; raises `Failed`. `key` is the one that the path names."""
    named, stamp = body.get("__KEY", key), body.get("__STAMP")
    if isinstance(named, dict):  # as in lists that were asked for as arrays
        stamp = named.get("__STAMP", stamp)
        named = named.get("ID")
    if isinstance(stamp, bool) or not isinstance(stamp, int | None) or (stamp is not None and stamp < 0):
        raise failed(500, INVALID, "__STAMP: expected a whole number, the stamp of the entity when it was read")
    is_new = named is None or not stamp
    own = body.get("ID")
    found = named if named is not None else own
    if found is not None and (isinstance(found, bool) or not isinstance(found, str | int | float)):
        raise failed(500, INVALID, "ID: expected a text or a number")
    name = new_id() if found in (None, "") else str(found)
    if own is not None and str(own) != name:
        raise failed(500, INVALID, f"ID: expected '{name[:60]}', as the key of an entity does not change")
    if key is not None and name != key:
        raise failed(500, INVALID, f"__KEY: expected '{key[:60]}', the key in the path")
    put, drop, parked, without = read_attributes(call, body)
    return Item(name, 0 if is_new else int(stamp or 0), put, drop, parked, without)


def read_attributes(call: Call, body: Mapping[str, Json]) -> tuple[dict[Key, Json], tuple[Key, ...], str, bool]:
    """Read what is to be set and taken away, the picture that was parked, and whether the picture is taken away."""
    put: dict[Key, Json] = {}
    drop: list[Key] = []
    parked, without = "", False
    known = attributes_of(call)
    for name, value in body.items():
        if name in IGNORED or name == "ID":
            continue
        if name not in known:
            raise failed(500, INVALID, f"{name[:60]}: expected one of {', '.join(known)}")
        if name == call.image:
            parked, without = read_image(name, value)
        elif known[name].field:
            written = field_value(name, value)
            if written is None:
                drop.append((known[name].field,))
            else:
                put[known[name].field,] = written
    return put, tuple(drop), parked, without


def read_image(name: str, value: Json) -> tuple[str, bool]:
    """Read what becomes of a picture: a parked file, nothing, or what it was."""
    match value:
        case None:
            return "", True
        case {"ID": str() as parked} if len(parked) == UPLOADED and parked.isalnum():
            return parked.upper(), False
        case {"__deferred": _} | {"uri": _}:
            return "", False
    raise failed(500, INVALID, f'{name}: expected null, or {{"ID": "the id that $upload gave"}}')


def field_value(name: str, value: Json) -> Json:
    """Give a value as YAML has it; raises `Failed`."""
    type_ = ATTRIBUTES[name].type
    if value is None or value in ("", {}):
        return None
    if type_ == "object":
        if isinstance(value, dict) and not any(isinstance(one, list | dict) for one in value.values()):
            return {one: as_text(inner) for one, inner in value.items() if inner is not None}
        raise failed(500, INVALID, f"{name}: expected an object of names with texts and numbers")
    if isinstance(value, list | dict):
        raise failed(500, INVALID, f"{name}: expected a {type_}")
    return as_text(value)


def as_text(value: Json) -> Json:
    """Give flags and numbers as texts, which is how catalogs read them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


async def check_parked(call: Call, item: Item) -> None:
    """Raise `Failed` for a picture that was not uploaded, or was used already."""
    memory = call.datastore.memory
    if item.parked and not await call.run(memory.is_parked, item.parked, call.session.id, time.time()):
        raise no_upload(call, item)


def no_upload(call: Call, item: Item) -> Failed:
    """Say that there is no such upload."""
    reason = f"{call.image}: no upload {item.parked}: it was used, or its time is over"
    return Failed(500, ((INVALID, reason), (ENTITY_NOT_SAVED, REST[ENTITY_NOT_SAVED])))


def removal(key: str) -> Edit:
    """Give the edit that takes an entity away, with its files."""
    return Remove(key, files=True)


def taken(key: str) -> Failed:
    """Say that there is such an entity already."""
    return Failed(
        500, ((NOT_NEW, f"There is an entity '{key[:60]}' already"), (ENTITY_NOT_SAVED, REST[ENTITY_NOT_SAVED]))
    )
