"""Pictures as they are stored: their bytes, known by the md5 of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus

from aiohttp import web

from imageserver.answers.files import FileAnswer, FileFacts, answer_file
from imageserver.commands.reply import RequestType
from imageserver.dialects.cloudinary.looking import Found, Looking
from imageserver.errors import UnsatisfiableRange
from imageserver.plan.files import FilePlan, StaticFile
from imageserver.plan.media_types import media_type_of
from imageserver.plan.plan import Lifetime
from imageserver.server.content import send
from imageserver.server.heading import rule_headers, with_rule_headers


async def send_original(looking: Looking, found: Found, headers: Mapping[str, str]) -> web.StreamResponse:
    """Send the file of a record, all of it or the part that is asked for."""
    entry, site, request = found.entry, looking.account.site, looking.request
    assert entry is not None  # noqa: S101, who sends it has seen that
    path = entry.source()
    admitted = looking.admit(looking.path_of(found.name), "")
    file = StaticFile(found.name, path.parent, path.name, None, media_type_of(f"x.{found.stored}"))
    opened = await asyncio.to_thread(site.files.open, file)
    with opened.stream:
        facts = replace(opened.facts, tag=await looking.account.digest(path))
        own = {**headers, **({"Cache-Control": "private, no-cache"} if admitted.is_bounded else {})}
        own = with_rule_headers(own, rule_headers(admitted.headers, admitted.request.pieces))
        answered = answered_with(FilePlan(file, RequestType("img"), Lifetime(hours=0)), facts, request, own)
        return await send(request, opened, answered)


def answered_with(plan: FilePlan, facts: FileFacts, request: web.Request, headers: Mapping[str, str]) -> FileAnswer:
    """Say how a file is sent, with headers of our own."""
    try:
        answered = answer_file(plan, facts, request.headers, time.time(), parts=request.method != "HEAD")
    except UnsatisfiableRange as error:
        status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        return FileAnswer(status, {**headers, "Content-Range": f"bytes */{error.length}"})
    return replace(answered, headers={**answered.headers, **headers})
