"""`/health/live` and `/health/ready`: whether this process answers, and whether it can draw."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from imageserver.server.site import Site

NO_STORE = {"Cache-Control": "no-store"}


async def serve_live(_site: Site, _request: web.Request, _path: str, _query: str) -> web.Response:
    """Say that this process answers."""
    return web.json_response({"status": "ok"}, headers=NO_STORE)


async def serve_ready(site: Site, _request: web.Request, _path: str, _query: str) -> web.Response:
    """Say whether requests should be sent here: 503 and the reason when not."""
    reason = "the server is stopping" if site.is_stopping else await site.readiness.reason()
    if reason:
        told = {"status": "not ready", "reason": reason}
        return web.json_response(told, status=HTTPStatus.SERVICE_UNAVAILABLE, headers=NO_STORE)
    return web.json_response({"status": "ok"}, headers=NO_STORE)
