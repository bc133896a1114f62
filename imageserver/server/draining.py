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
LOOKS = 3
"""How often there has to be no connection: one that was just accepted is not known before the loop has gone round."""


async def drain(runner: web.AppRunner, listener: web.SockSite, opened: socket.socket, site: Site) -> None:
    """Take no more connections, and end those that there are each with its next reply, or after a while without one."""
    loop, server = asyncio.get_running_loop(), runner.server
    loop.remove_reader(opened.fileno())
    await asyncio.sleep(
        0
    )  # the loop drops a connection whose making it has begun when its listener is stopped meanwhile
    waiting = accept_rest(opened)
    await listener.stop()
    site.is_stopping = True
    if server is None:
        return
    for connection in waiting:
        await loop.connect_accepted_socket(server, connection)
    end, looks = loop.time() + LINGER, 0
    while looks < LOOKS and loop.time() < end:
        await asyncio.sleep(LOOK_EVERY)
        looks = 0 if server.connections else looks + 1


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
