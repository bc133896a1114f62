"""`/is/image`: a request of the protocol in, a reply out; every decision about pictures is made elsewhere."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from http import HTTPStatus

from aiohttp import web

from imageserver.admission.admitting import Admitted
from imageserver.answers.answer import Answer
from imageserver.commands.groups import asked_kind
from imageserver.errors import OutsideProtocol, RequestError, WrongMethod
from imageserver.plan.question import ErrorForm, error_form
from imageserver.protocol.reading import read
from imageserver.server.failures import failure, too_long
from imageserver.server.heading import rule_headers, with_rule_headers
from imageserver.server.hints import read_hints
from imageserver.server.hits import known, saving
from imageserver.server.operations.noting import RESULT, asks_for
from imageserver.server.operations.stages import timed, waiting
from imageserver.server.site import Site

FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
FORM = "application/x-www-form-urlencoded"
DIALECT = "image"


async def serve_image(site: Site, request: web.Request, path: str, query: str) -> web.Response:
    """Written → meant → measured → drawn → sent; nothing flows back."""
    form, admitted = ErrorForm(), None
    try:
        modifiers = "&".join(filter(None, (query, await form_body(site, request))))
        with timed("read"):
            written = read(path, modifiers)
            asks_for(request, asked_kind(written.pieces))
            form = error_form(written, site.catalogs)
            admitted = site.admit(request, path, modifiers)
            form = error_form(admitted.request, admitted.catalogs)
        return await respond(site, request, admitted)
    except (asyncio.CancelledError, ConnectionError):  # there is nobody left to be told
        raise
    except Exception as error:  # noqa: BLE001, whatever happens becomes a reply, and the log has the trace
        told = failure(error, form)
        if admitted is None or not isinstance(error, RequestError):
            return told
        return await pictured(site, admitted, told, str(error) if form.detail else told.headers["X-Error"])


async def pictured(site: Site, admitted: Admitted, told: web.Response, message: str) -> web.Response:
    """Send the catalog's error image in place of the text of an error, if it has one."""
    title = told.headers["X-Error"]
    drawn = await site.error_image(admitted, title, message)
    if drawn is None:
        return told
    headers = {"Cache-Control": "no-store", "X-Error": title, "Content-Type": drawn[1]}
    return web.Response(body=drawn[0], headers=headers)


async def respond(site: Site, request: web.Request, admitted: Admitted) -> web.Response:
    """Answer a request that was read."""
    added = rule_headers(admitted.headers, admitted.request.pieces)
    if is_conditional(request) and not admitted.is_bounded and site.never_expires(admitted):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=with_rule_headers(FOR_EVER, added))
    state, second = site.live.state, int(time.time())
    with timed("plan"):
        planned = site.plan(admitted, read_hints(request.headers))
        if planned.saving and request.method == "HEAD":
            raise WrongMethod(request.method, ("GET", "POST"))
        fresh_until = await site.fetcher.bring(planned.foreign)
    with timed("measure"):
        versions = site.versions(planned)
        answered = await site.answer(planned)

    def remember(answered: Answer, saved: int | None = None) -> None:
        answer = known(answered, versions, second, saved)
        if answer is not None and request.method != "POST" and planned.cache.server != "update":
            until = min((one for one in (answer.until, fresh_until) if one is not None), default=None)
            kind = (DIALECT, planned.reply.name)
            site.hits.remember(request, replace(answer, headers=added, until=until, kind=kind), state)

    remember(answered)
    headers = with_rule_headers(answered.caching.headers(answered.tag, time.time()), added)
    if answered.caching.is_known(answered.tag, request.headers):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    with waiting():
        answered, body, kind = await site.finish(planned, answered)
    saved = await site.saved(answered, len(body.content))
    remember(answered, saved)
    headers = {"Content-Type": kind, **answered.caching.headers(answered.tag, time.time()), **saving(saved)}
    if answered.is_default_image:
        headers["X-Default-Image"] = "1"
    sendable = body.origin and not answered.caching.varies  # nginx drops Vary when it sends a file instead
    accel = site.replies.accel(answered.tag) if sendable else ""
    if accel:
        headers["X-Accel-Redirect"] = accel
    reply = web.Response(body=b"" if accel else body.content, headers=with_rule_headers(headers, added))
    reply[RESULT] = body.origin
    return reply


def is_conditional(request: web.Request) -> bool:
    """Tell whether the client has a reply already, and asks whether it is still right."""
    return "If-None-Match" in request.headers or "If-Modified-Since" in request.headers


async def form_body(site: Site, request: web.Request) -> str:
    """Read the commands that a POST brings as a form; those of the URL come first."""
    if request.method != "POST" or not request.can_read_body:
        return ""
    limit = site.config.limits.body_size
    if request.content_type not in {FORM, "text/plain", "application/octet-stream"} or is_compressed(request):
        raise BadForm
    body = bytearray()
    try:
        async for chunk in request.content.iter_chunked(2**16):
            body += chunk
            if len(body) > limit:
                raise too_long("limits.body_size", len(body), limit, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except web.RequestPayloadError as error:  # its chunks are not as they should be
        raise BadForm from error
    return body.decode("utf-8", "surrogateescape").strip("\r\n")


def is_compressed(request: web.Request) -> bool:
    """Tell whether a body would have to be unpacked first, to nobody knows how much."""
    return "Content-Encoding" in request.headers


class BadForm(RequestError):
    """A POST whose body is no form."""

    status = 415
    title = "unsupported form"

    def __str__(self) -> str:
        return f"POST: expected a body of {FORM}, not compressed"


def outside(path: str) -> web.Response:
    """Answer for a path that no door serves."""
    return failure(OutsideProtocol(path[:200]), ErrorForm())
