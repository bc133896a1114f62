"""Connections within bounds: how many there are, in all and from one address, and how slow each of them may be.

The HTTP library knows one bound, for how long a connection may be idle. The others are kept here, beside it: a look at
all connections each second costs a request nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import sys
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.http import HttpProcessingError

from imageserver.config import Config, Limits
from imageserver.server.clients import Clients

EVERY = 1.0
"""Seconds between two looks."""
RATE = 16 * 2**10
"""Bytes of a body for which there is one more second."""
MANY = 2**20
RESERVED = 200
"""Descriptors of a process that are not for connections."""


class Connection(web.RequestHandler):
    """A connection that knows since when it waits for its client."""

    __slots__ = ("_answered", "_began", "_body_began", "_limits", "_moved", "_received", "_unsent")

    def __init__(self, manager: web.Server, limits: Limits, **options: Any) -> None:  # noqa: ANN401, the library's own
        super().__init__(manager, **options)
        self._limits = limits
        self._answered = self._received = self._unsent = 0
        self._began = self._moved = 0.0
        self._body_began: tuple[float, int] | None = None

    def data_received(self, data: bytes) -> None:
        """Take what the client sends; note when a head begins, and forget it when it is whole."""
        self._received += len(data)
        if not self._began and self._request_count == self._answered:
            self._began = self._loop.time()
        super().data_received(data)
        if self._request_count != self._answered:
            self._began = 0.0

    def log_access(self, request: web.BaseRequest, response: web.StreamResponse, time: float | None) -> None:
        """Note that a request was answered."""
        self._answered += 1
        super().log_access(request, response, time)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answer what is no HTTP with a line that repeats nothing of it, and log nothing of it; it is not our fault."""
        if isinstance(exc, ConnectionError):
            raise exc  # there is nobody left to be told
        if not isinstance(exc, HttpProcessingError):
            return super().handle_error(request, status, exc, message)
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        reply = web.Response(status=status, text="expected a request of HTTP/1.1\n", headers=headers)
        reply.force_close()
        return reply

    def log_exception(self, *words: Any, **options: Any) -> None:  # noqa: ANN401, the library's own
        """Log what is our fault, but not bodies that are cut off or no HTTP."""
        if not isinstance(options.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*words, **options)

    def look(self, now: float) -> None:
        """End the connection when its client is too slow."""
        if self.transport is None:
            return
        if self._reads_nothing(now):
            self.transport.abort()
        elif self._began and now - self._began > self._limits.header_seconds:
            self.refuse(HTTPStatus.REQUEST_TIMEOUT, "limits.header_seconds: the head of the request took longer")
        elif self._body_is_late(now):
            self.refuse(HTTPStatus.REQUEST_TIMEOUT, "limits.body_seconds: the body of the request took longer")

    def refuse(self, status: HTTPStatus, reason: str) -> None:
        """Tell one line to whoever may still listen, and close."""
        if self.transport is not None:
            self.transport.write(closing(status, reason))
        self.force_close()

    def _reads_nothing(self, now: float) -> bool:
        unsent = self.transport.get_write_buffer_size() if self.transport is not None else 0
        if not unsent or unsent != self._unsent:
            self._unsent, self._moved = unsent, now
        return now - self._moved > self._limits.idle_seconds

    def _body_is_late(self, now: float) -> bool:
        request = self._current_request
        if request is None or request.content.is_eof():
            self._body_began = None
            return False
        since, before = self._body_began = self._body_began or (now, self._received)
        return now - since > self._limits.body_seconds + (self._received - before) / RATE


def closing(status: HTTPStatus, reason: str) -> bytes:
    """Write a reply after which the connection is closed."""
    text = f"{reason}\n"
    retry = "Retry-After: 1\r\n" if status == HTTPStatus.SERVICE_UNAVAILABLE else ""
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n{retry}"
    last = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(text)}\r\n{last}\r\n{text}".encode()


def nothing() -> None:
    """Do nothing."""


class BoundedServer(web.Server):
    """Makes connections, up to as many as there may be; `lost` is called when one has ended."""

    def __init__(self, made: web.Server, config: Config, **options: Any) -> None:  # noqa: ANN401, the library's own
        super().__init__(made.request_handler, request_factory=made.request_factory, **options)
        self._limits = config.limits
        self._most = min(config.limits.connections, room_for(descriptors()))
        self._clients = Clients(config.server)
        self._addresses: Counter[str] = Counter()
        self.lost: Callable[[], None] = nothing

    @property
    def open(self) -> int:
        """How many connections there are."""
        return self._addresses.total()

    def __call__(self) -> Connection:
        """Make a connection."""
        return Connection(self, self._limits, loop=self._loop, **self._kwargs)

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Count a new connection, or refuse it."""
        super().connection_made(handler, transport)
        address = address_of_peer(transport)
        self._addresses[address] += 1
        limit = self._limit(address)
        if limit and isinstance(handler, Connection):
            reason = f"{limit}: there are too many connections"
            self._loop.call_soon(handler.refuse, HTTPStatus.SERVICE_UNAVAILABLE, reason)  # not before it has begun
        elif address and sys.platform == "linux":
            opened: socket.socket = transport.get_extra_info("socket")
            wait = int(1000 * self._limits.idle_seconds)  # also for files, which the kernel sends
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, wait)

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        """Count one less."""
        if handler in self._connections:
            address = address_of_peer(self._connections[handler])
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]
            self.lost()
        super().connection_lost(handler, exc)

    def _limit(self, address: str) -> str:
        """Name the limit beyond which a connection is, or nothing."""
        if self.open > self._most:
            return "limits.connections"
        if address and self._addresses[address] > self._limits.client_connections:
            return "" if self._clients.is_proxy(address) else "limits.client_connections"
        return ""

    async def watch(self) -> None:
        """Look at all connections for ever."""
        while True:
            await asyncio.sleep(EVERY)
            now = self._loop.time()
            for connection in self.connections:
                if isinstance(connection, Connection):
                    connection.look(now)


def address_of_peer(transport: asyncio.Transport) -> str:
    """Give the address of a client; that of a Unix socket is empty."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) else ""


def room_for(descriptors: int) -> int:
    """Tell how many connections there may be; where there are few descriptors, a part of them is left for files."""
    return max(descriptors - RESERVED, descriptors // 4)


def descriptors() -> int:
    """Take as many descriptors as this process may have, and tell how many those are."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MANY if most == resource.RLIM_INFINITY else most
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


class BoundedRunner(web.AppRunner):
    """Serves an application on bounded connections."""

    def __init__(self, app: web.Application, config: Config, **options: Any) -> None:  # noqa: ANN401, the library's own
        super().__init__(app, keepalive_timeout=config.limits.idle_seconds, auto_decompress=False, **options)
        self._config = config
        self._watching: asyncio.Task[None] | None = None

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        loop = asyncio.get_running_loop()
        bounded = BoundedServer(made, self._config, loop=loop, **self._kwargs)
        self._watching = loop.create_task(bounded.watch())
        return bounded

    async def _cleanup_server(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        await super()._cleanup_server()
