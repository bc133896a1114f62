"""Delivery of what is made of several pictures: sprites, with their CSS and JSON, and what is shown in turn."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

from aiohttp import web

from imageserver.answers.answering import digest
from imageserver.answers.caching import Caching
from imageserver.dialects.cloudinary.account import IMAGE, UPLOAD, Account
from imageserver.dialects.cloudinary.assets import Place
from imageserver.dialects.cloudinary.delivery import (
    Keeping,
    always,
    check_signature,
    client_of,
    disposition,
    draw,
    failure,
    refused,
    varying,
)
from imageserver.dialects.cloudinary.gathering import (
    Kind,
    Made,
    Member,
    State,
    Whole,
    gathered,
    read_made,
    state_of,
    tagged,
    there,
)
from imageserver.dialects.cloudinary.guests import OWN
from imageserver.dialects.cloudinary.language.address import Address, leading, read_address
from imageserver.dialects.cloudinary.language.chain import read_chain
from imageserver.dialects.cloudinary.language.facts import NoSuchResource, Unsigned
from imageserver.dialects.cloudinary.language.made import read_directions, style_sheet
from imageserver.dialects.cloudinary.language.picture import Client
from imageserver.dialects.cloudinary.looking import Looking
from imageserver.dialects.cloudinary.making import infos
from imageserver.errors import NotFound
from imageserver.server.app import raw_target

DOCUMENTS = {"css": "text/css", "json": "application/json"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a URL asks for: which pictures together, and in which form."""

    kind: Kind
    address: Address
    made: Made
    extension: str


async def deliver_made(account: Account, kind: Kind, request: web.Request) -> web.StreamResponse:
    """Answer a delivery URL of this kind."""
    try:
        refusal = refused(account, request)
        return await answer(account, kind, request) if refusal is None else refusal
    except (asyncio.CancelledError, ConnectionError):
        raise
    except Exception as error:  # noqa: BLE001, whatever happens becomes a reply, and the log has the trace
        return failure(error)


async def answer(account: Account, kind: Kind, request: web.Request) -> web.StreamResponse:
    """Read, look up, put together, and send."""
    target = raw_target(request).partition("?")[0]
    rest = target.removeprefix(f"/{account.cloud.name}/{IMAGE}/{kind}/")
    address = read_address(f"{IMAGE}/{UPLOAD}/{rest}")
    notes = await account.settled_notes()  # before they are read
    asked = await remembered(account, kind, address)
    address = address if asked is None else asked.address
    directions = read_directions(address.transformations)
    chain = read_chain(directions.parts, account.named_transformation)
    signed = check_signature(account, address, request, changes=chain.changes_pixels or directions.changes_time)
    asked = asked or await unmade(account, kind, address)
    looking = Looking(account, request, account.site.live.state, signed, token=signed and not address.signature)
    try:
        whole = await gathered(looking, kind, asked.made, address.transformations)
    except NotFound:  # another process may have taken a picture away since
        await account.site.live.refresh()
        known = there(account, asked.made.members)
        if known == asked.made.members:
            raise
        asked = replace(asked, made=replace(asked.made, members=known))
        looking = replace(looking, state=account.site.live.state)
        whole = await gathered(looking, kind, asked.made, address.transformations)
    state = await state_of(account, asked.made.members, whole, notes)
    keeping = keeping_of(looking, asked, whole, state)
    if kind == "sprite" and asked.extension in DOCUMENTS:
        return document(looking, asked, whole, keeping, current_version(asked.made, state))
    written, output = whole.written(kind, asked.extension, client_of(request))
    named = replace(address, public_id=asked.made.public_id, extension="")
    more = {**always(), **keeping.headers, **varying(whole.chain, output)}
    more |= disposition(output.attachment, named, output.extension)
    return await draw(looking, written, replace(keeping, headers=more))


async def remembered(account: Account, kind: Kind, address: Address) -> Asked | None:
    """Find what a call has made, also where transformations stand behind the version, as some write them."""
    folders = address.public_id.split("/")
    behind = tuple(leading(folders[:-1])) if address.version is not None else ()
    moved = replace(
        address,
        transformations=(*address.transformations, *behind),
        public_id="/".join(folders[len(behind) :]),
    )
    for one in (address, *([moved] if behind else [])):
        for public_id, extension in names_in(one):
            made = await account.desk.run(read_made, account, kind, public_id)
            if made is not None:
                return Asked(kind, one, replace(made, members=await present(account, made.members)), extension)
    return None


async def unmade(account: Account, kind: Kind, address: Address) -> Asked:
    """Find the images with a tag of which no call has made anything, for URLs that are signed.

    Who guesses tags learns nothing. Raises `Unsigned` or `NoSuchResource`.
    """
    if not address.signature:
        raise Unsigned(f"Images of type {kind} need a signed URL, or a call of {kind} before")
    await account.site.live.refresh()
    for public_id, extension in names_in(address):
        members = await tagged(account, public_id)
        if members:
            return Asked(kind, address, Made(public_id, members), extension)
    raise NoSuchResource(address.stem)


def names_in(address: Address) -> Iterator[tuple[str, str]]:
    """Yield what may be the name, with the extension that is left then."""
    yield address.public_id, ""
    if address.extension:
        yield address.stem, address.extension


async def present(account: Account, members: Sequence[Member]) -> tuple[Member, ...]:
    """Leave out what is not there any more, but not what another process has just stored."""
    known = there(account, members)
    if len(known) < len(members) and await account.site.live.refresh():
        known = there(account, members)
    return known


def keeping_of(looking: Looking, asked: Asked, whole: Whole, state: State) -> Keeping:
    """Say how long a reply may be kept: long with the version of this state in its URL, and else with a question."""
    if looking.token:
        return Keeping(OWN, OWN, None)
    settings = looking.account.settings
    seconds = settings.unversioned_max_age
    shortly = {"Cache-Control": f"public, max-age={seconds}" if seconds else "public, no-cache"}
    kept = {"Cache-Control": f"public, no-transform, immutable, max-age={settings.max_age}"}
    current = current_version(asked.made, state)
    return Keeping(kept if current and asked.address.version == current else shortly, shortly, state.watched, whole.own)


def current_version(made: Made, state: State) -> int:
    """Give the version, if all pictures are as they were when it was given, or else 0."""
    return made.version if made.state == state.digest else 0


def document(looking: Looking, asked: Asked, whole: Whole, keeping: Keeping, version: int) -> web.Response:
    """Send the CSS or the JSON of a sprite; its picture is told by a path, where nothing else is configured.

    A host would be that of the request, which nobody vouches for, and caches may keep this for others. That path is
    signed only for who came with a signature: it opens whatever has that name, also what is restricted, and for ever.
    """
    account, address, made = looking.account, asked.address, asked.made
    base, text = account.settings.base_url.rstrip("/"), "/".join(address.transformations)
    place = Place(account.cloud, base, f"{IMAGE}/{asked.kind}", text, signed=bool(address.signature))
    written, output = whole.written(asked.kind, "", Client())
    looking.planned(written)  # who may not see the picture is told nothing of it
    url = place.url(version, f"{made.public_id}.{output.extension}")
    if asked.extension == "css":
        body = style_sheet(whole.places, url, whole.prefix)
    else:
        told = {"public_id": made.public_id, "version": made.version, "image_url": url}
        body = json.dumps({**told, "image_infos": infos(whole.places)}, ensure_ascii=False)
    tag = digest(body)
    headers = {**always(), **(keeping.headers if whole.settled else keeping.shortly), "ETag": f'"{tag}"'}
    if Caching(0).is_known(tag, looking.request.headers):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return web.Response(text=body, headers=headers, content_type=DOCUMENTS[asked.extension], charset="utf-8")
