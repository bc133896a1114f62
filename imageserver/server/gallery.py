"""The gallery at `/`: every record of the catalogs, shown by the command strings that make it."""

from __future__ import annotations

from aiohttp import web

from imageserver.server.site import Site


def add_gallery(app: web.Application, key: web.AppKey[Site]) -> None:
    """Add the page and its files to an application."""

    async def show(request: web.Request) -> web.Response:
        names = ", ".join(request.app[key].catalogs.named)
        return web.Response(text=f"<!doctype html><title>imageserver</title><p>{names}", content_type="text/html")

    app.router.add_get("/", show)
