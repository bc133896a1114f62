"""The door: which paths are those of 4D's REST server, and who answers them."""

from __future__ import annotations

import asyncio
from functools import partial
from http import HTTPStatus

from aiohttp import web

from imageserver.dialects.rest4d.datastore import Call, Datastore, session_of
from imageserver.dialects.rest4d.directory import directory, show_info
from imageserver.dialects.rest4d.entities import ATTRIBUTES
from imageserver.dialects.rest4d.language.address import read_address, read_parameters
from imageserver.dialects.rest4d.language.facts import NoSuchPath
from imageserver.dialects.rest4d.reading import read
from imageserver.dialects.rest4d.replies import NOT_SAVED, failed, failure, reply
from imageserver.dialects.rest4d.shapes import show_catalog
from imageserver.dialects.rest4d.uploading import upload
from imageserver.dialects.rest4d.writing import write
from imageserver.errors import ConfigError
from imageserver.server.admin.desk import Desk

READING = frozenset({"GET", "HEAD"})
WRITING = frozenset({"POST", "PUT"})


def add_door(app: web.Application, desk: Desk) -> None:
    """Add the paths below `/rest`; raises `ConfigError` for a picture that is called like another attribute."""
    name = desk.site.config.dialects.rest4d.image
    if name in ATTRIBUTES:
        raise ConfigError("dialects.rest4d.image", f"'{name}': expected none of {', '.join(ATTRIBUTES)}")
    datastore = Datastore(desk)
    app.router.add_route("*", "/rest{rest:(/.*)?}", partial(serve, datastore))


async def serve(datastore: Datastore, request: web.Request) -> web.StreamResponse:
    """Read a request, and answer it."""
    try:
        return await answer(datastore, request)
    except (asyncio.CancelledError, ConnectionError):
        raise
    except Exception as error:  # noqa: BLE001, whatever happens becomes a reply, and the log has the trace
        return failure(error)


async def answer(datastore: Datastore, request: web.Request) -> web.StreamResponse:
    """Find who answers a request."""
    target = request.raw_path.partition("#")[0]
    limit = datastore.site.config.limits.url_length
    if len(target) > limit:
        raise failed(HTTPStatus.REQUEST_URI_TOO_LONG, NOT_SAVED, f"limits.url_length: more than the {limit} allowed")
    path, _, query = target.partition("?")
    if request.method not in READING | WRITING:
        raise failed(
            HTTPStatus.METHOD_NOT_ALLOWED, NOT_SAVED, f"{request.method[:20]}: expected GET, HEAD, POST or PUT"
        )
    address = read_address(path.removeprefix("/rest"))
    call = Call(datastore, request, address, read_parameters(query), await session_of(datastore, request))
    match address.name.casefold():
        case "$catalog":
            return reply(show_catalog(call))
        case "$upload":
            return await upload(call)
        case "$directory":
            return await directory(call)
        case "$info":
            return await show_info(call)
        case name if name.startswith("$"):
            raise NoSuchPath(path.removeprefix("/rest"))
    return await (read if request.method in READING else write)(call)
