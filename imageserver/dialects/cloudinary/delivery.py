"""Delivery: a URL in, a picture out; what it means is said by the language, and drawn as any other request."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from imageserver.front_doors import Cloud
from imageserver.server.admin.desk import Desk


async def deliver(desk: Desk, cloud: Cloud, request: web.Request) -> web.StreamResponse:
    """Answer a delivery URL."""
    del desk, cloud
    return web.Response(status=HTTPStatus.NOT_FOUND, headers={"X-Cld-Error": f"Resource not found - {request.path}"})
