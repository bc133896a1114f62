"""The process that looks after those that serve. It answers nothing.

It opens the socket, starts the workers, starts another one for each that dies, lets new ones take over when the
configuration is read again, and ends them when it is told to stop. A worker whose supervisor has died finishes what it
is doing and ends.
"""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Callable
from multiprocessing.connection import wait
from pathlib import Path
from typing import Self

from imageserver.config import Config
from imageserver.errors import ConfigError
from imageserver.server.crew import Crew
from imageserver.server.listening import listening, url_of
from imageserver.server.notifying import notify

STOPPING = frozenset({signal.SIGTERM, signal.SIGINT})
log = logging.getLogger("imageserver.workers")


def serve(config: Config, read_again: Callable[[], Config]) -> None:
    """Serve until SIGTERM or SIGINT, with what `read_again` gives after each SIGHUP.

    Raises `ConfigError` when that cannot begin.
    """
    with listening(config.server) as opened, Signals() as signals:
        crew = Crew(config, opened)
        try:
            supervise(crew, signals, read_again)
        finally:
            notify("STOPPING=1")
            close(config, opened)
            crew.stop()


def supervise(crew: Crew, signals: Signals, read_again: Callable[[], Config]) -> None:
    """Look after workers until there is a signal to stop."""
    announced = False
    crew.balance()
    while True:
        found = set(wait([*crew.watched(), signals.arrived], crew.patience()))
        numbers = signals.read() if signals.arrived in found else frozenset()
        if STOPPING & numbers:
            return
        crew.look(found)
        if signal.SIGHUP in numbers:
            reload(crew, read_again)
        crew.balance()
        if not announced and crew.is_complete():
            announced = True
            announce(crew.config, crew.opened)
            notify("READY=1")


def reload(crew: Crew, read_again: Callable[[], Config]) -> None:
    """Read the configuration again and let new workers take over; one that is broken changes nothing."""
    try:
        config = read_again()
    except ConfigError as error:
        log.error("the configuration is not taken up, the one before goes on: %s", error)  # noqa: TRY400, one line
        return
    before = crew.config.server
    if address_of(config) != address_of(crew.config):
        log.warning("host, port and socket change at a restart only: %s stays", url_of(crew.opened, before))
    crew.take_up(config)


def address_of(config: Config) -> tuple[str, int, str]:
    """Give what the socket follows from, which stays open as long as this process lives."""
    return config.server.host, config.server.port, config.server.socket


def announce(config: Config, opened: socket.socket) -> None:
    """Say on standard output that the server answers, and where."""
    print(f"imageserver: serving {config.catalogs} at {url_of(opened, config.server)}", flush=True)  # noqa: T201


def close(config: Config, opened: socket.socket) -> None:
    """Close the socket, which the workers have still open until they stop; nobody finds it any more."""
    if config.server.socket:
        Path(config.server.socket).unlink(missing_ok=True)
    opened.close()


class Signals:
    """Turns signals into something that can be waited for together with processes."""

    def __enter__(self) -> Self:
        self.arrived, self._end = socket.socketpair()
        for end in (self.arrived, self._end):
            end.setblocking(False)
        signal.set_wakeup_fd(self._end.fileno())
        for number in (*STOPPING, signal.SIGHUP):
            signal.signal(number, lambda *_: None)
        return self

    def read(self) -> frozenset[int]:
        """Give the numbers of the signals that have arrived."""
        return frozenset(self.arrived.recv(4096))

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(-1)
        self.arrived.close()
        self._end.close()
