"""`sprite` and `multi`: pictures that are made of all that have a tag, or of some URLs."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from hashlib import sha256

from aiohttp import web

from imageserver.answers.files import named
from imageserver.catalog.written import Json
from imageserver.dialects.cloudinary.account import IMAGE, UPLOAD, Account
from imageserver.dialects.cloudinary.assets import Place, base_url
from imageserver.dialects.cloudinary.calls import Call, check_signed
from imageserver.dialects.cloudinary.deriving import drawn
from imageserver.dialects.cloudinary.gathering import (
    Kind,
    Made,
    Member,
    Whole,
    check_count,
    gathered,
    is_public,
    read_made,
    state_of,
    tagged,
)
from imageserver.dialects.cloudinary.language.address import read_address
from imageserver.dialects.cloudinary.language.facts import NoSuchResource
from imageserver.dialects.cloudinary.language.picture import Client
from imageserver.dialects.cloudinary.looking import Looking
from imageserver.dialects.cloudinary.replies import Failed, headers
from imageserver.protocol.values import Rect

DIGITS = 32


async def make(kind: Kind, call: Call) -> object:
    """Make one picture of several, and say where it is; or send it at once."""
    check_signed(call)
    saves = call.text("mode") == "download"
    if call.path[0] != IMAGE or (call.method == "GET" and not saves):
        raise Failed(400, f"A {kind} is made of images by a POST, or saved with mode=download")
    account, text = call.account, call.text("transformation").strip("/")
    await account.site.live.refresh()  # another process may have stored what this one is to show
    made = await asked_for(call, kind)
    looking = Looking(account, call.request, account.site.live.state, signed=True)
    whole = await gathered(looking, kind, made, text.split("/"))
    written, output = whole.written(kind, "", Client())
    body, media_type = await drawn(account, looking.planned(written))
    if saves:
        name = f"{made.public_id.rpartition('/')[2]}.{output.extension}"
        own = {**headers(), "Content-Type": media_type, "Content-Disposition": f"attachment; {named(name)}"}
        return web.Response(body=body, headers=own)
    version = await noted(call, kind, made, whole)
    signed = bool(text) and account.settings.strict
    place = Place(account.cloud, base_url(call), f"{IMAGE}/{kind}", text, signed)
    told = {"public_id": made.public_id, "version": version}
    url = place.url(version, f"{made.public_id}.{output.extension}")
    if kind == "multi":
        return {"url": url, "secure_url": url, **told}
    css, facts = (place.url(version, f"{made.public_id}.{extension}") for extension in ("css", "json"))
    urls = {"css_url": css, "image_url": url, "json_url": facts}
    secure = {f"secure_{name}": url for name, url in urls.items()}
    return {**urls, **secure, **told, "image_infos": infos(whole.places)}


def infos(places: Mapping[str, Rect]) -> dict[str, Json]:
    """Tell where each picture is in a sprite."""
    return {name: {"width": one.width, "height": one.height, "x": one.x, "y": one.y} for name, one in places.items()}


async def asked_for(call: Call, kind: Kind) -> Made:
    """Find the pictures that a call names, by their tag or by URLs, and what all of them together are called."""
    tag, urls = call.text("tag"), call.values.get("urls", [])
    if bool(tag) == bool(urls):
        raise Failed(400, "Either tag or urls is required, and not both")
    if tag:
        members = await tagged(call.account, tag)
        if not members:
            raise NoSuchResource(tag)
        return Made(tag, members)
    check_count(call.account, kind, len(urls))
    members = tuple(member_at(call, url) for url in urls)
    return Made(sha256(repr(members).encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS], members)


def member_at(call: Call, url: str) -> Member:
    """Find out which picture a URL means: one of this cloud, or one that is to be fetched."""
    account, cloud = call.account, call.account.cloud.name
    written = url.partition("?")[0]
    bases = (base_url(call), f"{call.request.scheme}://{call.request.host}", f"https://{call.request.host}")
    path = next((written.removeprefix(f"{one}/{cloud}/") for one in bases if written.startswith(f"{one}/{cloud}/")), "")
    if not path:
        return elsewhere(account, url)
    address = read_address(path)
    transformation = "/".join(address.transformations)
    if address.type == "fetch":
        return elsewhere(account, address.public_id, transformation)
    if address.kind != IMAGE or address.type != UPLOAD:
        raise Failed(400, f"Invalid URL {url[:200]}: expected images of type upload or fetch")
    for public_id in dict.fromkeys((address.public_id, address.stem)):
        if is_public(account, public_id):
            return Member(record=public_id, transformation=transformation)
    raise NoSuchResource(address.stem)


def elsewhere(account: Account, url: str, transformation: str = "") -> Member:
    """Name a picture that is to be fetched; raises `Failed` where nothing is."""
    if not url.startswith(("http://", "https://")):
        raise Failed(400, f"Invalid URL {url[:200]}: expected one that begins with http:// or https://")
    if not account.site.config.sources.allow_hosts:
        raise Failed(400, "Remote URLs are not allowed (sources.allow_hosts)")
    return Member(url=url, transformation=transformation)


async def noted(call: Call, kind: Kind, made: Made, whole: Whole) -> int:
    """Remember what was made of which pictures, and give its version: the same one while they stay as they are."""
    account = call.account
    state = await state_of(account, made.members, whole)
    before = await call.run(read_made, account, kind, made.public_id)
    if before is not None and before.state == state.digest:
        return before.version
    version = max(int(time.time()), before.version + 1 if before else 0)
    note: dict[str, Json] = {
        "members": [one.written for one in made.members],
        "version": version,
        "state": state.digest,
    }
    await call.run(account.notes.write, "made", f"{kind}/{made.public_id}", note)
    return version


MAKERS: Mapping[str, Callable[[Call], Awaitable[object]]] = {
    "sprite": partial(make, "sprite"),
    "multi": partial(make, "multi"),
}
