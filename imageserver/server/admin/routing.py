"""`/admin/v1`: who asks is let in, what is asked is read, and whatever goes wrong becomes a problem document."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from functools import partial
from http import HTTPStatus

from aiohttp import web

from imageserver.config import Token
from imageserver.server.admin.asking import Ask
from imageserver.server.admin.bodies import bad, is_unicode, json_of, query_of
from imageserver.server.admin.desk import Desk
from imageserver.server.admin.openapi import described
from imageserver.server.admin.operation import Operation
from imageserver.server.admin.operations import OPERATIONS
from imageserver.server.admin.problems import Refused, problem
from imageserver.server.admin.records import PREFIX
from imageserver.server.admin.tokens import authorised, check_scope
from imageserver.store.validating import check_id

Methods = Mapping[str, Operation]


def add_admin(app: web.Application, desk: Desk) -> None:
    """Add the API to an application."""
    description = json.dumps(described(OPERATIONS, PREFIX, desk.site.config.admin.page_size)).encode()
    app.router.add_get(f"{PREFIX}/openapi.json", partial(describe, description))
    for path, methods in by_path().items():
        app.router.add_route("*", PREFIX + path.replace("}", ":[^/]+}"), partial(serve, desk, methods))
    app.router.add_route("*", f"{PREFIX}{{rest:(/.*)?}}", partial(serve, desk, {}))


def by_path() -> dict[str, dict[str, Operation]]:
    """Give the operations by path and method."""
    paths: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = operation
    return paths


async def run_desk(desk: Desk, _app: web.Application) -> AsyncIterator[None]:
    """Follow edits by hand, and close the stores at the end."""
    follower = asyncio.create_task(desk.follow())
    yield
    follower.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await follower
    await asyncio.to_thread(desk.close)


async def describe(description: bytes, _request: web.Request) -> web.Response:
    """Give the description of the API, which is no secret."""
    return web.Response(body=description, content_type="application/json", headers={"Cache-Control": "no-cache"})


async def serve(desk: Desk, methods: Methods, request: web.Request) -> web.StreamResponse:
    """Let a request in, and answer it."""
    try:
        return await answer(desk, methods, request)
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001, whatever happens becomes a problem document, and the log has the trace
        return problem(error)


async def answer(desk: Desk, methods: Methods, request: web.Request) -> web.StreamResponse:
    """Let in who brings a token."""
    return await carry_out(desk, authorised(desk, request), methods, request)


async def carry_out(desk: Desk, token: Token, methods: Methods, request: web.Request) -> web.StreamResponse:
    """Do what a request asks for whose sender is known."""
    if not methods:
        reason = f"there is nothing here; {PREFIX}/openapi.json describes what there is"
        raise Refused(HTTPStatus.NOT_FOUND, reason)
    operation = methods.get("GET" if request.method == "HEAD" else request.method)
    if operation is None:
        allowed = ", ".join([*methods, *(["HEAD"] if "GET" in methods else [])])
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, f"expected one of {allowed}", {"Allow": allowed})
    path = {**operation.fixed, **request.match_info}
    if not all(is_unicode(one) for one in path.values()):
        raise bad("expected a path in UTF-8")
    if "catalog" in path:
        check_scope(token, path["catalog"], write=operation.write)
    if operation.write and "id" in path:
        check_id(path.get("section", "images"), path["id"])
    query = query_of(request, [one.name for one in operation.query])
    body = await json_of(request, desk.site.config.limits.body_size) if operation.reads_json else {}
    return await operation.handle(Ask(desk, token, request, path, query, body))
