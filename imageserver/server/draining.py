"""How a process stops serving without losing a request: what was accepted is answered, and told not to come back."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from imageserver.server.accepting import Acceptor
from imageserver.server.connections import BoundedServer
from imageserver.server.site import Site

LINGER = 1.0
"""Seconds for which connections at rest are left open, for the requests that are under way on them."""


async def drain(acceptor: Acceptor, server: BoundedServer, site: Site) -> None:
    """Take no more connections, and end those that there are each with its next reply, or after a while without one."""
    site.is_stopping = True
    await acceptor.stop()
    left = asyncio.Event()
    server.lost = lambda: None if server.open else left.set()
    server.lost()
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER):
            await left.wait()
