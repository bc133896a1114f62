"""Who takes a new connection: of the processes that listen on one socket, one that has the fewest.

A process that accepts whatever waits, as the loop of the standard library does, often has all the connections of a
browser or a proxy, while the others, and their renderers, have nothing to do.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import mmap
import socket
from collections.abc import Callable
from contextlib import suppress
from ctypes import c_int
from typing import Any

from imageserver.server.connections import BoundedServer, nothing
from imageserver.server.listening import BACKLOG

PATIENCE = 0.001
"""Seconds for which a connection is left to processes that have fewer; then whoever comes first takes it."""
RETRY = 1.0
"""Seconds until the next try where there is no descriptor, or no memory, for another connection."""
EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
SLACK = 8
"""Of so many connections a process may have one more than others: that is even enough, and none of them has to wait."""
NOBODY = 0
log = logging.getLogger("imageserver.connections")


class Shares:
    """How many connections each of some processes has, shared with all that are forked after it was made."""

    def __init__(self, processes: int) -> None:
        self.numbers = (c_int * processes).from_buffer(mmap.mmap(-1, processes * 4))

    def share(self, place: int) -> Share:
        """Give what one process says, and sees of the others."""
        return Share(self, place)


class Share:
    """The connections of one process; its number is one more than they are, and 0 while it does not listen."""

    def __init__(self, shares: Shares, place: int) -> None:
        self._numbers, self._place = shares.numbers, place

    def set(self, connections: int) -> None:
        """Say how many connections this process has."""
        self._numbers[self._place] = connections + 1

    def leave(self) -> None:
        """Say that it takes no more."""
        self._numbers[self._place] = NOBODY

    def is_ahead(self) -> bool:
        """Tell whether another process has fewer, so that the next connection is for that one."""
        own = self._numbers[self._place]
        return any(NOBODY < other < own - own // SLACK for other in self._numbers)


class Acceptor:
    """Takes connections from a socket on which others listen as well."""

    def __init__(self, server: BoundedServer, opened: socket.socket, share: Share) -> None:
        self._server, self._opened, self._share = server, opened, share
        self._loop = asyncio.get_running_loop()
        self._making: set[asyncio.Task[Any]] = set()
        self._pause: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Take connections from now on."""
        self._opened.setblocking(False)
        self._server.lost = self._tell
        self._tell()
        self._listen()

    async def stop(self) -> None:
        """Take no more but those that clients have made already; give back when all of them are known."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._opened.fileno())
        self._server.lost = nothing
        with suppress(OSError):  # there is no room for more
            for _ in range(BACKLOG):
                if not self._take():
                    break
        self._opened.close()
        if self._making:
            await asyncio.wait(self._making)
        self._share.leave()  # last, as each connection that has been made is told of

    def _listen(self) -> None:
        self._loop.add_reader(self._opened.fileno(), self._look)

    def _look(self) -> None:
        """Take a connection, unless it is for another process."""
        if self._share.is_ahead():
            self._wait(PATIENCE, self._have_waited)
        else:
            self._accept()

    def _have_waited(self) -> None:
        """Take the connection that nobody else has taken; the next one is looked at anew."""
        self._listen()
        self._accept()

    def _accept(self) -> None:
        try:
            self._take()
        except OSError as error:
            if error.errno not in EXHAUSTED:
                raise
            log.warning("no more connections for the moment: %s", error.strerror)
            self._wait(RETRY, self._listen)

    def _take(self) -> bool:
        try:
            connection, _ = self._opened.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False  # another process was quicker, or the client has gone
        connection.setblocking(False)
        making = self._loop.create_task(self._loop.connect_accepted_socket(self._server, connection))
        self._making.add(making)
        making.add_done_callback(self._made)
        self._tell()
        return True

    def _made(self, making: asyncio.Task[Any]) -> None:
        self._making.discard(making)
        error = None if making.cancelled() else making.exception()
        if error is not None and not isinstance(error, OSError):  # that a client has gone meanwhile is nobody's fault
            log.error("a connection could not be made", exc_info=error)
        self._tell()

    def _tell(self) -> None:
        self._share.set(self._server.open + len(self._making))

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        self._loop.remove_reader(self._opened.fileno())
        self._pause = self._loop.call_later(seconds, then)
