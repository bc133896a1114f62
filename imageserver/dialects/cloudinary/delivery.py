"""Delivery: a URL in, a picture out; what it means is said by the language, and drawn as any other request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from imageserver.answers.caching import Caching
from imageserver.answers.files import named
from imageserver.dialects.cloudinary.account import IMAGE, RAW, UPLOAD, Account
from imageserver.dialects.cloudinary.guests import OWN, has_token
from imageserver.dialects.cloudinary.language.address import Address, read_address
from imageserver.dialects.cloudinary.language.chain import Chain, finished, read_chain, translate
from imageserver.dialects.cloudinary.language.facts import NoSuchResource, Unsigned
from imageserver.dialects.cloudinary.language.output import Output, flags_of, format_named
from imageserver.dialects.cloudinary.language.picture import Client
from imageserver.dialects.cloudinary.language.signatures import signs_url
from imageserver.dialects.cloudinary.looking import Found, Looking
from imageserver.dialects.cloudinary.mappings import brought_by_mapping
from imageserver.dialects.cloudinary.originals import send_original
from imageserver.dialects.cloudinary.raw_files import send_raw
from imageserver.dialects.cloudinary.replies import printable
from imageserver.errors import ImageServerError, NotFound, Overloaded, Refused, RequestError
from imageserver.plan.hints import NO_HINTS
from imageserver.server.app import raw_target
from imageserver.server.file_versions import Version
from imageserver.server.heading import ruled
from imageserver.server.hints import number, read_hints
from imageserver.server.hits import known
from imageserver.server.site import paths_of

EXPOSED = "Content-Length, ETag, Server-Timing, X-Cld-Error"
METHODS = ("GET", "HEAD")
KIND = ("cloudinary", "img")
NEEDS_SIGNATURE = "Images of type {} need a signed URL"
LARGEST_WIDTH = 5000
WIDTHS = ("Sec-CH-Width", "Width", "Sec-CH-Viewport-Width", "Viewport-Width")
log = logging.getLogger("imageserver.cloudinary")


async def deliver(account: Account, request: web.Request) -> web.StreamResponse:
    """Answer a delivery URL."""
    try:
        return await answer(account, request)
    except (asyncio.CancelledError, ConnectionError):
        raise
    except Exception as error:  # noqa: BLE001, whatever happens becomes a reply, and the log has the trace
        return failure(error)


def failure(error: Exception) -> web.Response:
    """Tell an error: an empty body, and one line in a header."""
    known = error if isinstance(error, ImageServerError) else ImageServerError()
    if known is not error:
        log.error("unexpected", exc_info=error)
    text = " ".join(str(known).split()) or known.title
    headers = {"Cache-Control": "no-store", **told(text), **always()}
    if isinstance(known, Overloaded):
        headers["Retry-After"] = str(known.retry_after)
    return web.Response(status=status_of(known), headers=headers, content_type="text/html")


def told(text: str) -> dict[str, str]:
    """Write the header that says what is wrong."""
    return {"X-Cld-Error": printable(text)}


def status_of(error: ImageServerError) -> int:
    """Give the status of an error; a request that the protocol itself cannot serve is a bad one."""
    if isinstance(error, NotFound):
        return HTTPStatus.NOT_FOUND
    if isinstance(error, Refused):
        return HTTPStatus.UNAUTHORIZED
    status = int(error.status)
    return HTTPStatus.BAD_REQUEST if isinstance(error, RequestError) and status == HTTPStatus.FORBIDDEN else status


def always() -> dict[str, str]:
    """Give the headers of every reply."""
    return {
        "Access-Control-Expose-Headers": EXPOSED,
        "Timing-Allow-Origin": "*",
    }


async def answer(account: Account, request: web.Request) -> web.StreamResponse:
    """Read, look up, translate, and send."""
    refusal = refused(account, request)
    if refusal is not None:
        return refusal
    target = raw_target(request).partition("?")[0]
    address = read_address(target.removeprefix(f"/{account.cloud.name}/"))
    if address.kind == RAW:
        return await send_raw(account, request, address, always())
    if address.kind != IMAGE:
        raise NoSuchResource(address.public_id)
    chain = read_chain(address.transformations, account.named_transformation)
    signed = check_signature(account, address, request, changes=chain.changes_pixels)
    looking = Looking(
        account,
        request,
        account.site.live.state,
        signed,
        restricted=address.type == "private" and chain.changes_pixels,
        token=signed and not address.signature,
    )
    try:
        found = await looked_up(looking, address)
    except (NoSuchResource, NotFound) as missing:
        if not chain.default_image:
            raise
        return await instead(looking, address, chain, missing)
    return await send(looking, address, chain, found)


def refused(account: Account, request: web.Request) -> web.Response | None:
    """Give the reply to what is no request for a picture at all, or is too long to be looked at."""
    if request.method not in METHODS:
        allowed = {"Allow": ", ".join(METHODS), **told(f"{request.method}: expected GET or HEAD"), **always()}
        return web.Response(status=HTTPStatus.METHOD_NOT_ALLOWED, headers=allowed)
    limit = account.site.config.limits.url_length
    if len(raw_target(request).partition("?")[0]) > limit:
        return web.Response(status=HTTPStatus.REQUEST_URI_TOO_LONG, headers=told(f"limits.url_length: {limit}"))
    return None


async def looked_up(looking: Looking, address: Address) -> Found:
    """Find what a URL asks for, also what another process has just stored, or what its folder is mapped to."""
    try:
        return await looking.base(address)
    except NoSuchResource:
        if await looking.account.site.live.refresh():
            with suppress(NoSuchResource):
                return await looking.base(address)
        if not await brought_by_mapping(looking, address):
            raise
    return await looking.base(address)


async def instead(looking: Looking, address: Address, chain: Chain, missing: RequestError) -> web.StreamResponse:
    """Send the picture of `d_`, and tell what is missing all the same."""
    other = replace(address, public_id=chain.default_image, extension=extension_of(chain.default_image), version=None)
    looking = looking.others
    try:
        found = await looking.base(replace(other, type=UPLOAD))
    except RequestError:
        raise missing from None
    return await send(looking, other, chain, found, told(str(missing)))


def extension_of(name: str) -> str:
    """Give what may be the extension of a name."""
    return name.rpartition(".")[2] if "." in name else ""


def check_signature(account: Account, address: Address, request: web.Request, *, changes: bool) -> bool:
    """Tell whether a URL, which `changes` pictures or not, is signed, or comes with a token where it has to be.

    Raises `Unsigned` for a wrong signature, or one that is missing.
    """
    if address.signature:
        if not signs_url(address.signature, address.signed_text, account.cloud.secret):
            raise Unsigned("Invalid signature in URL")
        return True
    needed = address.type == "authenticated" or (address.type == "private" and not changes)
    if needed and has_token(account, request):
        return True
    if needed:
        raise Unsigned(NEEDS_SIGNATURE.format(address.type))
    if (
        account.settings.strict
        and changes
        and not all(part.startswith("t_") and "," not in part for part in address.transformations)
    ):
        if has_token(account, request):
            return True
        raise Unsigned("Strict transformations: expected a signed URL or a named transformation")
    return False


def client_of(request: web.Request) -> Client:
    """Read what the client says of itself."""
    hints = read_hints(request.headers)
    told_by = (request.headers.get(name, "") for name in WIDTHS)
    width = next((wide for text in told_by if (wide := number(text))), 0.0)
    return Client(hints.pixel_ratio, tuple(hints.formats), min(LARGEST_WIDTH, int(width)))


async def send(
    looking: Looking, address: Address, chain: Chain, found: Found, more: Mapping[str, str] | None = None
) -> web.StreamResponse:
    """Send a picture that was found: as it is stored, or as it is asked for."""
    account, request = looking.account, looking.request
    notes = await account.settled_notes() if chain.needs_notes or chain.asks_about else None  # before they are read
    if chain.asks_about:
        about = await looking.about(found, chain)
        chain = read_chain(address.transformations, account.named_transformation, about)
        if looking.restricted and not (looking.signed or chain.changes_pixels):
            raise Unsigned(NEEDS_SIGNATURE.format(address.type))
    keeping = await caching(account, address, found, temporary=bool(more))
    if chain.needs_notes:
        keeping = replace(keeping, watched=together(keeping.watched, notes))
    headers = {**always(), **keeping.headers, **(more or {})}
    if looking.token:  # it lets in only its owner, and only for a while
        headers, keeping = {**headers, **OWN}, replace(keeping, shortly=OWN, watched=None)
    same = not found.extension or format_named(found.extension) == format_named(found.stored)
    if found.is_its_file and same and not chain.changes_pixels and (found.fits or looking.signed):
        attachment = flags_of(chain.components).get("attachment")
        headers |= disposition(attachment, address, found.stored)
        return await send_original(looking, found, headers)
    client = replace(client_of(request), most=found.most)
    picture = translate(chain, await looking.known(chain, found, client))
    if "getinfo" in flags_of(chain.components):
        return web.json_response(
            {
                "input": {"width": found.shown.size.width, "height": found.shown.size.height},
                "output": {"width": picture.size.width, "height": picture.size.height},
            },
            headers={**headers, **keeping.shortly},
        )
    written, output = finished(picture, chain, found.extension, found.stored or "png", client)
    headers |= disposition(output.attachment, address, output.extension)
    by_width = any(one.get("w").startswith("auto") for one in chain.components)
    keeping = replace(
        keeping,
        headers={**headers, **varying(chain, output)},
        watched=None if by_width else keeping.watched,
        own=frozenset() if chain.follows_catalog or looking.follows_fonts(chain) else found.own,
    )
    return await draw(looking, written, keeping)


def varying(chain: Chain, output: Output) -> dict[str, str]:
    """Name the headers of the request that the reply depends on."""
    ratio = any(one.get("dpr") == "auto" for one in chain.components)
    width = any(one.get("w").startswith("auto") for one in chain.components)
    wanted = ("Sec-CH-DPR", "DPR") if ratio else ()
    wide = WIDTHS if width else ()
    names = (*(("Accept",) if output.varies else ()), *wanted, *wide)
    asked = [one for one in (*wanted, *wide) if one.startswith("Sec-CH")]
    return {
        **({"Vary": ", ".join(names)} if names else {}),
        **({"Accept-CH": ", ".join(asked)} if asked else {}),
    }


def disposition(attachment: str | None, address: Address, extension: str) -> dict[str, str]:
    """Say under which name browsers save the picture."""
    if attachment is None:
        return {}
    name = attachment or address.stem.rpartition("/")[2]
    return {"Content-Disposition": f"attachment; {named(f'{name}.{extension}')}"}


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long a reply may be kept, and the files that have to stay as they are for that to be right.

    A reply made of other files than the record's `own` may only be kept `shortly`, since the version is not theirs.
    """

    headers: Mapping[str, str]
    shortly: Mapping[str, str]
    watched: tuple[Version, ...] | None = ()
    own: frozenset[Path] = frozenset()


async def caching(account: Account, address: Address, found: Found, *, temporary: bool) -> Keeping:
    """Say how long a reply may be kept: long with the current version in its URL, and else only with a question."""
    settings = account.settings
    seconds = 0 if temporary else settings.unversioned_max_age
    shortly = {"Cache-Control": f"public, max-age={seconds}" if seconds else "public, no-cache"}
    path = found.entry.source() if found.entry and found.entry.record and found.entry.record.path else None
    if temporary or path is None or address.version is None or address.version <= 1:
        return Keeping(shortly, shortly, None if temporary else ())
    stored = await account.stored(found.name, path)
    modified = {"Last-Modified": formatdate(stored.second, usegmt=True)} if stored.second else {}
    if stored.second != address.version:
        return Keeping({**shortly, **modified}, shortly, stored.watched or None)
    kept = f"public, no-transform, immutable, max-age={settings.max_age}"
    return Keeping({"Cache-Control": kept, **modified}, shortly, stored.watched or None)


def together(watched: tuple[Version, ...] | None, more: Version | None) -> tuple[Version, ...] | None:
    """Watch one file more; where its version, or another one, is not known, nothing can be remembered."""
    return None if watched is None or more is None else (*watched, more)


async def draw(looking: Looking, written: str, keeping: Keeping) -> web.Response:
    """Draw a native request, or find that the client has it; what follows from nothing but files is remembered."""
    site, request, state = looking.account.site, looking.request, looking.state
    path, _, query = written.partition("?")
    admitted = looking.admit(path, query)
    planned = site.plan(admitted, NO_HINTS)
    until = await site.fetcher.bring(planned.foreign)
    versions = site.versions(planned)
    answered = await site.answer(planned)
    own = {**keeping.headers, **({} if set(paths_of(planned)) <= keeping.own else keeping.shortly)}
    watched = keeping.watched
    if admitted.is_bounded:
        own["Cache-Control"] = "private, no-cache"
    own = ruled(own, admitted)
    if answered.caching.is_known(answered.tag, request.headers):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers={**own, "ETag": f'"{answered.tag}"'})
    answered, body, kind = await site.finish(planned, answered)
    answer = known(answered, (*versions, *(watched or ())), 0, None)
    if answer is not None and watched is not None and not admitted.is_bounded and state is site.live.state:
        varies = tuple(name for name in own.get("Vary", "").split(", ") if name)
        every = tuple((name, "set", value) for name, value in own.items())
        ready = replace(answer, caching=Caching(0, varies=varies), headers=every, until=until, kind=KIND)
        site.hits.remember(request, ready, state)
    own |= {"Content-Type": kind, "ETag": f'"{answered.tag}"'}
    reply = web.Response(body=body.content, headers=own)
    reply["cache"] = body.origin
    return reply
