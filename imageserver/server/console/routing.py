"""`/console`: the table of its pages, of what its scripts ask for, and of the editing API for who has logged in."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from imageserver.server.admin.desk import Desk
from imageserver.server.admin.routing import Methods, by_path, carry_out
from imageserver.server.console.catalogs import show_catalog, show_catalogs
from imageserver.server.console.entering import Entrance
from imageserver.server.console.inherited import show_attributes, show_macros
from imageserver.server.console.numbers import send_numbers, show_server
from imageserver.server.console.pictures import show_masked, show_published, show_revision, show_source, show_stored
from imageserver.server.console.playground import explain, send_commands, show_playground
from imageserver.server.console.record import check, show_record
from imageserver.server.console.sessions import PREFIX
from imageserver.server.console.visiting import LOGIN, Handle, Visit, data, page

FILES = Path(__file__).parents[1] / "pages" / "console"
TYPES = {".css": "text/css", ".js": "text/javascript"}
CATALOG = f"{PREFIX}/catalogs/{{catalog:[^/]+}}"
RECORD = f"{CATALOG}/images/{{id:[^/]+}}"
PICTURE = f"{PREFIX}/pictures"
API = f"{PREFIX}/api"
PAGES: dict[str, Handle] = {
    PREFIX: show_catalogs,
    CATALOG: show_catalog,
    f"{CATALOG}/macros": show_macros,
    f"{CATALOG}/attributes": show_attributes,
    RECORD: show_record,
    f"{PREFIX}/playground": show_playground,
    f"{PREFIX}/server": show_server,
}


async def tell_session(visit: Visit) -> web.StreamResponse:
    """Tell a page whose session was begun anew what it has to send."""
    return web.json_response(
        {"csrf": visit.session.csrf, "write": visit.can_write}, headers={"Cache-Control": "no-store"}
    )


DATA: dict[str, Handle] = {
    f"{PREFIX}/session": tell_session,
    f"{PREFIX}/commands": send_commands,
    f"{PREFIX}/explain": explain,
    f"{PREFIX}/numbers": send_numbers,
    f"{PICTURE}/published/{{catalog:[^/]+}}/{{id:[^/]+}}": show_published,
    f"{PICTURE}/stored/{{catalog:[^/]+}}/{{id:[^/]+}}": show_stored,
    f"{PICTURE}/masked/{{catalog:[^/]+}}/{{id:[^/]+}}": show_masked,
    f"{PICTURE}/source/{{catalog:[^/]+}}/{{id:[^/]+}}": show_source,
    f"{PICTURE}/revision/{{catalog:[^/]+}}/{{id:[^/]+}}/{{version:[^/]+}}": show_revision,
}


def add_console(app: web.Application, desk: Desk) -> None:
    """Add the console to an application."""
    entrance = Entrance(desk)
    app.router.add_get(LOGIN, entrance.show)
    app.router.add_post(LOGIN, entrance.enter)
    app.router.add_post(f"{PREFIX}/logout", entrance.leave)
    app.router.add_get(f"{PREFIX}/files/{{name}}", send_file)
    for path, handle in PAGES.items():
        app.router.add_get(path, page(desk, handle))
    for path, handle in DATA.items():
        app.router.add_get(path, data(desk, handle))
    app.router.add_post(f"{PREFIX}/check/{{catalog:[^/]+}}/{{id:[^/]+}}", data(desk, check))
    for path, methods in by_path().items():
        app.router.add_route("*", API + path.replace("}", ":[^/]+}"), data(desk, partial(edit, methods)))
    app.router.add_route("*", f"{PREFIX}/{{rest:.*}}", page(desk, nothing))


async def edit(methods: Methods, visit: Visit) -> web.StreamResponse:
    """Have the editing API do what a page asks for."""
    return await carry_out(visit.desk, visit.session.token, methods, visit.request)


async def nothing(visit: Visit) -> web.StreamResponse:
    """Say that there is no such page."""
    if visit.request.path == f"{PREFIX}/":
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": PREFIX})
    raise web.HTTPNotFound


async def send_file(request: web.Request) -> web.StreamResponse:
    """Send a style sheet or a script, which are no secrets; browsers ask each time whether it has changed."""
    path = FILES / request.match_info["name"]
    kind = TYPES.get(path.suffix)
    if kind is None or path.parent != FILES or not path.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(path, headers={"Content-Type": kind, "Cache-Control": "no-cache"})
