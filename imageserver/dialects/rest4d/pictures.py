"""The image attribute: bytes, or in JSON where they are. `$version` is a key of caches, and never selects anything."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from http import HTTPStatus

from aiohttp import web

from imageserver.admission.admitting import Admitted
from imageserver.catalog.catalogs import Entry
from imageserver.dialects.rest4d.datastore import Call, Stamp, Stamps
from imageserver.dialects.rest4d.entities import FORMATS, deferred_image, image_uri, measured, one_entity
from imageserver.dialects.rest4d.language.address import words
from imageserver.dialects.rest4d.language.facts import BadQuery
from imageserver.dialects.rest4d.replies import missing, reply
from imageserver.errors import NotFound
from imageserver.layout.facts import Facts
from imageserver.layout.measuring import Survey
from imageserver.plan.files import StaticFile
from imageserver.plan.hints import NO_HINTS
from imageserver.plan.picture import Picture
from imageserver.plan.plan import Plan
from imageserver.protocol.values import Size
from imageserver.server.heading import ruled
from imageserver.server.site import paths_of
from imageserver.server.stored import send_stored

BEST = "best"
WEB = {"JPEG": "jpeg", "PNG": "png", "GIF": "gif"}
STORED = {**WEB, "TIFF": "tiff"}
SPELLINGS = {
    **dict.fromkeys(("", BEST), BEST),
    **dict.fromkeys(("gif", ".gif", "image/gif"), "gif"),
    **dict.fromkeys(("png", ".png", "image/png"), "png"),
    **dict.fromkeys(("jpeg", "jpg", ".jpeg", ".jpg", "image/jpeg", "image/jpg"), "jpeg"),
    **dict.fromkeys(("tiff", "tif", ".tiff", ".tif", "image/tiff"), "tiff"),
}
NATIVE = {"jpeg": "fmt=jpeg&bgc=ffffff", "png": "fmt=png-alpha", "gif": "fmt=gif-alpha", "tiff": "fmt=tif-alpha"}
UNBOUNDED = Size(0, 0)
YEAR = 31_536_000
MOST = 10_000
"""Stamps that are remembered of a catalog."""


def asks_for_picture(call: Call) -> bool:
    """Tell whether a request is for the picture itself: one attribute in the path, and the same one in `$expand`."""
    one = call.address.attributes == (call.image,) and call.address.key is not None and not call.address.entity_set
    return one and call.image in words(call.parameters.get("expand", ""))


def wants_json(call: Call) -> bool:
    """Tell whether the picture is asked for as JSON; bytes are sent to who takes both."""
    form = call.parameters.get("format", "")
    if form:
        if form.casefold() != "json":
            raise BadQuery(f"$format={form[:40]}: expected json")
        return True
    kinds = [one.partition(";")[0].strip().casefold() for one in call.request.headers.get("Accept", "").split(",")]
    return "application/json" in kinds and not any(one == "*/*" or one.startswith("image/") for one in kinds)


async def send_picture(call: Call, key: str) -> web.StreamResponse:
    """Answer a request for the picture of an entity, as bytes or as JSON."""
    form = SPELLINGS.get(call.parameters.get("imageformat", "").strip().casefold())
    as_json = wants_json(call)
    varying = {"Vary": "Accept"}
    if form is None:
        return reply({}, varying)
    if as_json:
        entity = await measured(call, await one_entity(call, key))
        if not entity.has_image:
            return reply({}, varying)
        deferred = deferred_image(call, entity, form)
        told = {"__KEY": key, "__STAMP": entity.row.rev, "uri": deferred["uri"], "__deferred": deferred}
        return reply({call.image: told}, varying)
    return await send_bytes(call, key, form)


async def send_bytes(call: Call, key: str, form: str) -> web.StreamResponse:
    """Send a picture in a format. Its stamp is known before it is drawn, so that none is newer than the picture."""
    stamp = await stamp_of(call, key)
    known = call.catalog().record(key)
    if known is None or (known.access and not call.trusted):
        raise missing(key)
    admitted = call.admit(call.path(key), "")
    entry = admitted.catalogs.look_up(admitted.request.object)
    record = entry.record
    if record is None:
        raise missing(key)
    if not (record.path or record.modifier or record.post_modifier):
        return web.Response(body=b"", headers={"Vary": "Accept", "Cache-Control": "no-cache"})
    headers = caching(call, key, form, stamp, admitted)
    facts = await facts_of(call, entry)
    own = STORED.get(facts.format, "") if facts else ""
    if form == BEST:
        form = WEB.get(facts.format, "png" if has_alpha(entry, facts) else "jpeg") if facts else "png"
    if facts is not None and form == own and is_sent_as_stored(entry, facts):
        path = entry.source()
        file = StaticFile(entry.name, path.parent, path.name, None, FORMATS[facts.format])
        return await send_stored(call.site, call.request, admitted, file, headers)
    return await draw(call, key, NATIVE[form], entry, headers)


async def stamp_of(call: Call, key: str) -> Stamp:
    """Give the stamp of a record; raises `NoSuchRecord`. It is never newer than what is served then."""
    datastore, catalog = call.datastore, call.catalog()
    stamps = datastore.stamps.get(call.name)
    if stamps is None or stamps.catalog is not catalog or len(stamps.known) > MOST:
        stamps = datastore.stamps[call.name] = Stamps(catalog)
    seen = (key, version(call, key))
    found = stamps.known.get(seen)
    if found is None:
        row = (await call.run(lambda: call.store().record(key))).row
        found = Stamp(row.rev, row.changed_at)
        if not await call.site.live.refresh():
            stamps.known[seen] = found
    return found


def version(call: Call, key: str) -> object:
    """Tell one version of the file of a record from the next."""
    record = call.catalog().record(key)
    if record is None or not record.path:
        return None
    try:
        status = call.catalog().place_of(record.path).stat()
    except (OSError, ValueError):
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def caching(call: Call, key: str, form: str, stamp: Stamp, admitted: Admitted) -> dict[str, str]:
    """Say how long a picture may be kept: a year with the current version in its URL, and else only with a question.

    What is sent to who sees more than others is for them alone.
    """
    current = call.parameters.get("version", "") == str(stamp.rev)
    private = call.trusted or admitted.is_bounded
    kept = f"{'private' if private else 'public'}, max-age={YEAR}, immutable"
    return {
        "Cache-Control": kept if current and admitted.until is None else "private, no-cache" if private else "no-cache",
        "Content-Location": image_uri(call, key, stamp.rev, form),
        "Last-Modified": formatdate(stamp.changed_at / 1000, usegmt=True),
        "Vary": "Accept",
    }


async def facts_of(call: Call, entry: Entry) -> Facts | None:
    """Look at the file of a record; None for a template."""
    if entry.record is None or not entry.record.path:
        return None
    path = entry.source()
    return (await call.site.sources.facts([path]))[path]


def has_alpha(entry: Entry, facts: Facts | None) -> bool:
    """Tell whether a picture lets something through."""
    return (facts is not None and facts.alpha != "none") or bool(entry.record and entry.record.mask_path)


def is_sent_as_stored(entry: Entry, facts: Facts) -> bool:
    """Tell whether the file itself may be sent: the native protocol would do nothing to it, either."""
    record, attributes = entry.record, entry.catalog.attributes
    if record is None or record.modifier or record.post_modifier or record.mask_path or attributes.watermark:
        return False
    most = attributes.max_pix
    size = facts.shown_size(oriented=attributes.apply_orientation)
    return most == UNBOUNDED or (size.width <= most.width and size.height <= most.height)


async def draw(call: Call, key: str, native: str, entry: Entry, headers: dict[str, str]) -> web.Response:
    """Draw a picture at its own size, or at the largest that the catalog allows, or find that the client has it."""
    site, request = call.site, call.request
    size = await own_size(call, key)
    most = entry.catalog.attributes.max_pix
    if most != UNBOUNDED and (size.width > most.width or size.height > most.height):
        shrunk = min(most.width / size.width, most.height / size.height)
        size = Size(max(1, int(size.width * shrunk)), max(1, int(size.height * shrunk)))
    admitted = call.admit(call.path(key), f"{native}&wid={size.width}&hei={size.height}")
    planned = site.plan(admitted, NO_HINTS)
    if not is_made_of_its_own(planned, entry):
        private = headers["Cache-Control"].startswith("private")
        headers = {**headers, "Cache-Control": "private, no-cache" if private else "no-cache"}
    await site.fetcher.bring(planned.foreign)
    answered = await site.answer(planned)
    own = ruled(headers, admitted)
    if answered.caching.is_known(answered.tag, request.headers):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers={**own, "ETag": f'"{answered.tag}"'})
    answered, body, kind = await site.finish(planned, answered)
    sent = web.Response(body=body.content, headers={**own, "Content-Type": kind, "ETag": f'"{answered.tag}"'})
    sent["cache"] = body.origin
    return sent


def is_made_of_its_own(planned: Plan, entry: Entry) -> bool:
    """Tell whether the stamp of a record changes with its picture: nothing else is in it, such as another record."""
    record = entry.record
    if record is None or planned.foreign or entry.catalog.attributes.watermark:
        return False
    own = {path for path in (entry.source() if record.path else None, entry.mask()) if path is not None}
    return set(paths_of(planned)) <= own and "$" not in record.modifier + record.post_modifier


async def own_size(call: Call, key: str) -> Size:
    """Measure a picture as the native protocol shows it, at its own size."""
    site = call.site
    planned = site.plan(call.admit(call.path(key), ""), NO_HINTS)
    await site.fetcher.bring(planned.foreign)
    picture = planned.picture
    if not isinstance(picture, Picture):
        raise NotFound("picture", key, "the record stands for something else")
    unbounded = replace(picture, rules=replace(picture.rules, max_size=UNBOUNDED, default_size=UNBOUNDED))
    window = Survey(await site.facts(planned)).measure(unbounded).view.window
    return Size(window.width, window.height)
