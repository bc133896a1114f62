"""What edits catalogs: the API and the console for who has a token, and the other front doors."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from aiohttp import web

from imageserver.server.admin.desk import Desk
from imageserver.server.admin.routing import add_admin, run_desk
from imageserver.server.console.routing import add_console
from imageserver.server.doors import add_dialects, check_dialects
from imageserver.server.site import Site


def add_editing(app: web.Application, site: Site, folder: Path) -> None:
    """Add what edits catalogs to an application, if there is a token for it or a front door that is on."""
    check_dialects(site.config.dialects)
    if not (site.config.admin.all_tokens or site.config.dialects.on):
        return
    desk = Desk(site, folder)
    if site.config.admin.all_tokens:
        add_admin(app, desk)
        add_console(app, desk)
    add_dialects(app, desk)
    app.cleanup_ctx.append(partial(run_desk, desk))
