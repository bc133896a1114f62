"""How a process stops serving without losing a request: what was accepted is answered, and told not to come back."""

from __future__ import annotations

import asyncio
import socket

from aiohttp import web

from imageserver.server.listening import BACKLOG
from imageserver.server.site import Site

LINGER = 1.0
"""Seconds for which connections at rest are left open, for the requests that are under way on them."""
LOOK_EVERY = 0.02


async def drain(runner: web.AppRunner, listener: web.SockSite, opened: socket.socket, site: Site) -> None:
    """Take no more connections, and end those that there are each with its next reply, or after a while without one."""
    waiting = accept_rest(opened)
    await listener.stop()
    site.is_stopping = True
    loop, server = asyncio.get_running_loop(), runner.server
    if server is None:
        return
    for connection in waiting:
        await loop.connect_accepted_socket(server, connection)
    end = loop.time() + LINGER
    while server.connections and loop.time() < end:  # noqa: ASYNC110, the connections tell nobody when they end
        await asyncio.sleep(LOOK_EVERY)


def accept_rest(opened: socket.socket) -> list[socket.socket]:
    """Take the connections that clients have made already: closing the socket would break them."""
    accepted = []
    try:
        for _ in range(BACKLOG):
            connection, _ = opened.accept()
            connection.setblocking(False)
            accepted.append(connection)
    except OSError:  # there are no more, or there is no room for more
        pass
    return accepted
