"""The HTTP application: the table of front doors, and what holds for all replies."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from imageserver.catalog.schema import written_schema
from imageserver.config import Config
from imageserver.errors import WrongMethod
from imageserver.plan.question import ErrorForm
from imageserver.server.console.sessions import PREFIX
from imageserver.server.content import serve_content
from imageserver.server.failures import failure, too_long
from imageserver.server.gallery import add_gallery
from imageserver.server.images import outside, serve_image
from imageserver.server.operations.exposing import serve_metrics
from imageserver.server.operations.health import serve_live, serve_ready
from imageserver.server.operations.metrics import RESULTS, Counts
from imageserver.server.operations.noting import NOTE, REQUEST_ID, RESULT, Note
from imageserver.server.operations.stages import SERVER_TIMING, begin, server_timing
from imageserver.server.site import Site, common_headers
from imageserver.server.turns import ASKING, Asking
from imageserver.server.viewer import add_viewer

SITE = web.AppKey("site", Site)
METHODS = ("GET", "HEAD", "POST")
LINE_LIMIT = 2**17
"""The longest request line that is read at all; `limits.url_length` below it is answered properly."""
Door = Callable[[Site, web.Request, str, str], Awaitable[web.StreamResponse]]
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


async def serve_health(site: Site, _request: web.Request, _path: str, _query: str) -> web.Response:
    """Say how the server is, and what is wrong with its catalogs."""
    problems = [str(problem) for problem in site.live.problems]
    catalogs = {name: len(one.images) for name, one in site.catalogs.named.items()}
    health = {"status": "degraded" if problems else "ok", "catalogs": catalogs, "problems": problems}
    return web.json_response(health, headers={"Cache-Control": "no-store"})


async def serve_schema(_site: Site, _request: web.Request, _path: str, _query: str) -> web.Response:
    """Give the JSON Schema of catalog files, for editors."""
    return web.Response(text=written_schema(), content_type="application/schema+json")


DOORS: dict[str, Door] = {
    "/is/image": serve_image,
    "/is/content": serve_content,
    "/health/live": serve_live,
    "/health/ready": serve_ready,
    "/health": serve_health,
    "/metrics": serve_metrics,
    "/catalog.schema.json": serve_schema,
}


async def serve(request: web.Request) -> web.StreamResponse:
    """Find the door of a path and send the request through it."""
    site = request.app[SITE]
    target = raw_target(request)
    limit = site.config.limits.url_length
    if len(target) > limit:
        error = too_long("limits.url_length", len(target), limit, HTTPStatus.REQUEST_URI_TOO_LONG)
        return failure(error, ErrorForm())
    path, _, query = target.partition("?")
    for prefix, door in DOORS.items():
        if path == prefix or path.startswith(f"{prefix}/"):
            if request.method not in METHODS:
                return failure(WrongMethod(request.method, METHODS), ErrorForm())
            return await door(site, request, path.removeprefix(prefix), query)
    return outside(path)


def hits_first(site: Site, otherwise: Handler) -> Handler:
    """Answer what was answered before; note whose request it is, and look for its door, only for what was not."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        ready = None if site.is_stopping else site.hits.reply(request, site.live.state)
        if ready is not None:
            return ready
        request[NOTE] = Note(site.ids.of(request), begin())
        ASKING.set(Asking(str(site.clients.address(request))))
        return await otherwise(request)

    return answer


def raw_target(request: web.Request) -> str:
    """Give path and query as they came over the line."""
    target = request.raw_path
    if not target.startswith("/"):
        target = "/" + target.partition("://")[2].partition("/")[2]
    return target.partition("#")[0]


def build_app(config: Config, folder: Path, counts: Counts) -> web.Application:
    """Make the application; raises `ConfigError` when there is no folder of catalogs."""
    app = web.Application(client_max_size=config.limits.body_size)
    app[SITE] = Site(config, folder, counts)
    app.cleanup_ctx.append(run_site)
    app.on_response_prepare.append(add_common_headers)
    add_gallery(app, SITE, add_viewer(app))
    if config.admin.all_tokens or config.dialects.on:
        from imageserver.server.editing import add_editing  # noqa: PLC0415, most servers edit nothing

        add_editing(app, app[SITE], folder)
    app.router.add_route("*", r"/{path:[\s\S]*}", serve)
    return app


async def run_site(app: web.Application) -> AsyncIterator[None]:
    """Follow the catalogs as long as the application runs, and stop the workers at its end."""
    site = app[SITE]
    follower = asyncio.create_task(site.live.follow())
    yield
    follower.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await follower
    await site.close()


async def add_common_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add what every reply has; those of the console are for no other site.

    The connection of one that is sent by a server that is stopping ends with it.
    """
    site = request.app[SITE]
    own = request.path == PREFIX or request.path.startswith(f"{PREFIX}/")
    for name, value in common_headers(site.config).items():
        if own and name == "Access-Control-Allow-Origin":
            continue
        if name == "Server" or name not in response.headers:
            response.headers[name] = value
    note = request.get(NOTE)
    if note is not None:
        response.headers[REQUEST_ID] = note.request_id
        timing = server_timing(note.times, RESULTS.get(response.get(RESULT, ""), ""))
        if site.config.server.timing and timing:
            response.headers[SERVER_TIMING] = timing
    if site.is_stopping:
        response.force_close()
        response.headers["Connection"] = "close"
