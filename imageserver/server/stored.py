"""The file of a record as it is stored, with the headers of the front door that sends it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from imageserver.admission.admitting import Admitted
from imageserver.answers.files import FileAnswer, FileFacts, answer_file
from imageserver.commands.reply import RequestType
from imageserver.errors import UnsatisfiableRange
from imageserver.plan.files import FilePlan, StaticFile
from imageserver.plan.plan import Lifetime
from imageserver.server.content import send
from imageserver.server.file_versions import version_of
from imageserver.server.heading import ruled
from imageserver.server.site import Site

Digest = Callable[[Path], Awaitable[str]]
NOT_KEPT = {"Cache-Control": "no-store"}
"""Of what is refused: a cache that keeps it under the URL would keep the file from everybody."""


async def send_stored(
    site: Site,
    request: web.Request,
    admitted: Admitted,
    file: StaticFile,
    headers: Mapping[str, str],
    *,
    digest: Digest | None = None,
) -> web.StreamResponse:
    """Send a file, all of it or the part that is asked for; `digest` makes another `ETag` of it than ours."""
    opened = await asyncio.to_thread(site.files.open, file)
    with opened.stream:
        facts = opened.facts
        if digest is not None:
            path = file.root / file.path
            tag = await digest(path)
            if version_of(path)[1:] == opened.state:  # nobody has put another file in its place
                facts = replace(facts, tag=tag)
        return await send(request, opened, answered(file, facts, request, headers, admitted))


def answered(
    file: StaticFile, facts: FileFacts, request: web.Request, headers: Mapping[str, str], admitted: Admitted
) -> FileAnswer:
    """Say how a file is sent."""
    plan = FilePlan(file, RequestType("img"), Lifetime(hours=0))
    try:
        found = answer_file(plan, facts, request.headers, time.time(), parts=request.method != "HEAD")
    except UnsatisfiableRange as error:
        status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        return FileAnswer(status, {**ruled(headers, admitted), "Content-Range": f"bytes */{error.length}", **NOT_KEPT})
    kept = NOT_KEPT if found.status is HTTPStatus.PRECONDITION_FAILED else {}
    return replace(found, headers={**ruled({**found.headers, **headers}, admitted), **kept})
