"""`/is/content`: static content in, as its catalog says, out as it is; every decision about it is made elsewhere."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus

from aiohttp import web

from imageserver.admission.admitting import Admitted
from imageserver.answers.answer import Document
from imageserver.answers.answering import answer
from imageserver.answers.files import FileAnswer, answer_file, properties_of_file
from imageserver.commands.groups import asked_kind
from imageserver.errors import UnsatisfiableRange, WrongMethod
from imageserver.plan.content import plan_content
from imageserver.plan.files import FilePlan
from imageserver.plan.plan import Plan
from imageserver.plan.question import FOR_EVER, ErrorForm, error_form
from imageserver.protocol.ranges import ByteRange
from imageserver.protocol.reading import read
from imageserver.server.failures import failure
from imageserver.server.files import OpenFile
from imageserver.server.heading import ruled
from imageserver.server.images import FOR_EVER as KEPT
from imageserver.server.images import is_conditional
from imageserver.server.operations.noting import asks_for
from imageserver.server.site import Site, bound

HEAD = "HEAD"
METHODS = ("GET", HEAD)
BLOCK = 2**23
"""Bytes that are sent between two looks at whether the file is still what it was."""


async def serve_content(site: Site, request: web.Request, path: str, query: str) -> web.StreamResponse:
    """Written → meant → looked at → sent."""
    form = ErrorForm()
    try:
        if request.method not in METHODS:
            raise WrongMethod(request.method, METHODS)  # noqa: TRY301
        written = read(path, query)
        asks_for(request, asked_kind(written.pieces))
        form = error_form(written, site.catalogs)
        admitted = site.admit(request, path, query, "static")
        form = error_form(admitted.request, admitted.catalogs)
        planned = plan_content(admitted.request, admitted.catalogs)
        if isinstance(planned, Plan):
            return send_document(bound(planned, admitted), request, admitted)
        for_ever = planned.lifetime.hours == FOR_EVER and planned.cached_by_client and not admitted.is_bounded
        if for_ever and is_conditional(request):
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=ruled(KEPT, admitted))
        return await respond(site, request, bound(planned, admitted), admitted)
    except UnsatisfiableRange as error:
        return failure(error, form, {"Content-Range": f"bytes */{error.length}", "Accept-Ranges": "bytes"})
    except (asyncio.CancelledError, ConnectionError):
        raise
    except Exception as error:  # noqa: BLE001, whatever happens becomes a reply, and the log has the trace
        return failure(error, form)


async def respond(site: Site, request: web.Request, planned: FilePlan, admitted: Admitted) -> web.StreamResponse:
    """Open the file of a plan and send it, or what is known of it."""
    file = await asyncio.to_thread(site.files.open, planned.file)
    with file.stream:
        if planned.reply.name == "props":
            return send_document(properties_of_file(planned, file.facts), request, admitted)
        answered = answer_file(planned, file.facts, request.headers, time.time(), parts=request.method != HEAD)
        return await send(request, file, replace(answered, headers=ruled(answered.headers, admitted)))


def send_document(planned: Plan, request: web.Request, admitted: Admitted) -> web.Response:
    """Send a text that needs no file."""
    now = time.time()
    answered = answer(planned, {}, now)
    headers = ruled(answered.caching.headers(answered.tag, now), admitted)
    if answered.caching.is_known(answered.tag, request.headers):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    assert isinstance(answered.content, Document)  # noqa: S101, what plans without pictures are answered by
    return web.Response(body=answered.content.body, headers={**headers, "Content-Type": answered.content.media_type})


class Sent(web.StreamResponse):
    """A reply whose bytes go from the file to the socket without a stop in between."""

    sent = 0

    @property
    def body_length(self) -> int:
        """The number of bytes behind the headers, for the log."""
        return self.sent


async def send(request: web.Request, file: OpenFile, answered: FileAnswer) -> web.StreamResponse:
    """Send what an answer says of a file; where that is written into meanwhile, the connection ends before its time."""
    part = answered.part
    if part is None:
        return web.Response(status=answered.status, headers=answered.headers)
    reply = Sent(status=answered.status, headers=answered.headers)
    reply.content_length = part.length
    await reply.prepare(request)
    if request.method != HEAD:
        with suppress(ConnectionError):  # the client has gone away
            await stream(request, file, part, reply)
        if reply.sent < part.length and request.transport is not None:
            reply.force_close()
            request.transport.abort()
    await reply.write_eof()
    return reply


async def stream(request: web.Request, file: OpenFile, part: ByteRange, reply: Sent) -> None:
    """Send bytes of a file block by block, for as long as it is what it was and somebody is there to read them."""
    loop = asyncio.get_running_loop()
    while reply.sent < part.length and file.is_as_it_was():
        transport = request.transport
        if transport is None or transport.is_closing():
            return
        block = min(BLOCK, part.length - reply.sent)
        count = await loop.sendfile(transport, file.stream, part.start + reply.sent, block)
        if not count:
            return
        reply.sent += count
