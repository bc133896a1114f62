"""Derived pictures that are remembered: those that `eager` and breakpoints asked for.

All others are made, too, when they are wanted, and kept or not as room is; nobody lists them. To forget one is no more
than that: who asks for it gets it made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from hashlib import md5

from imageserver.catalog.written import Json
from imageserver.dialects.cloudinary.account import IMAGE
from imageserver.dialects.cloudinary.assets import Asset
from imageserver.dialects.cloudinary.calls import Call
from imageserver.dialects.cloudinary.deriving import url_of_derived
from imageserver.store.store import Status

NOTED = "eager"
"""Under which name the note of an asset has them."""
MOST = 200
"""How many are remembered of one asset: the latest."""
KEPT = ("transformation", "width", "height", "bytes", "format")
Picture = Mapping[str, Json]


def pictures_in(note: Mapping[str, Json]) -> list[Picture]:
    """Read the derived pictures in the note of an asset."""
    found = note.get(NOTED)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def transformation_of(picture: Picture) -> str:
    """Give the transformation by which a picture was derived, maybe with a format behind it."""
    return str(picture.get("transformation", ""))


def id_of(uid: str, picture: Picture) -> str:
    """Give the id of a derived picture, which stays for as long as its asset."""
    return md5(f"{uid}/{transformation_of(picture)}".encode(), usedforsecurity=False).hexdigest()


def derived_of(call: Call, asset: Asset) -> list[dict[str, object]]:
    """List the derived pictures of an asset."""
    return [shown(call, asset, one) for one in pictures_in(asset.note)]


def shown(call: Call, asset: Asset, picture: Picture) -> dict[str, object]:
    """Describe a derived picture, with a URL that has the version of its asset as it is now."""
    url = url_of_derived(call, asset, transformation_of(picture), str(picture.get("format", "")))
    facts = {name: picture[name] for name in KEPT if name in picture}
    return {**facts, "id": id_of(asset.status.row.uid, picture), "url": url, "secure_url": url}


async def remember(call: Call, asset: Asset, made: Iterable[Picture]) -> None:
    """Add derived pictures to those of an asset; one that was there is the latest again."""
    latest: dict[str, Json] = {transformation_of(one): {name: one[name] for name in KEPT} for one in made}

    def added(note: Mapping[str, Json]) -> dict[str, Json]:
        before = [{**one} for one in pictures_in(note) if transformation_of(one) not in latest]
        return {**note, NOTED: [*before, *latest.values()][-MOST:]}

    if latest:
        await call.run(call.account.notes.change, "asset", asset.status.row.uid, added)


async def forget(call: Call, uid: str, is_meant: Callable[[Picture], bool] = lambda _: True) -> list[Picture]:
    """Forget derived pictures of an asset, all or some; give those that were there."""
    gone: list[Picture] = []

    def without(note: Mapping[str, Json]) -> Mapping[str, Json]:
        found = pictures_in(note)
        gone[:] = [one for one in found if is_meant(one)]
        return {**note, NOTED: [{**one} for one in found if not is_meant(one)]} if gone else note

    await call.run(call.account.notes.change, "asset", uid, without)
    return gone


def all_pictures(call: Call) -> list[tuple[Status, Picture]]:
    """Give all derived pictures that are remembered, each with the record of its asset, in a thread."""
    notes = call.account.notes.every("asset")
    there = [one for one in call.account.records(IMAGE) if one.fields.get("path")]
    return [(one, picture) for one in there for picture in pictures_in(notes.get(one.row.uid, {}))]


def is_one_of(ids: frozenset[str], uid: str, picture: Picture) -> bool:
    """Tell whether the id of a derived picture is one of some."""
    return id_of(uid, picture) in ids


async def delete_derived(call: Call) -> object:
    """Forget derived pictures that are named by their ids."""
    wanted = call.values.get("derived_resource_ids", [])
    there = {id_of(one.row.uid, picture): one.row.uid for one, picture in await call.run(all_pictures, call)}
    for uid in {there[one] for one in wanted if one in there}:
        await forget(call, uid, partial(is_one_of, frozenset(wanted), uid))
    return {"deleted": {one: "deleted" if one in there else "not_found" for one in wanted}}
