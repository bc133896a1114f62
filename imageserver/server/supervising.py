"""Processes that share one listening socket, and the one that looks after them.

The supervisor answers nothing. It opens the socket, starts the workers, starts another one for each that dies, and
ends them when it is told to stop. A worker whose supervisor has died finishes what it is doing and ends.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Self

from imageserver.config import Config
from imageserver.errors import ConfigError
from imageserver.server.listening import listening, url_of
from imageserver.server.working import READY, run, work

FORKING = multiprocessing.get_context("fork")
"""The supervisor has no threads and draws nothing, so its copies are sound; and they need not import anything anew."""
SHORT_LIFE = 5.0
"""Seconds; who lives for less is not started again at once."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0
GRACE = 75.0
"""Seconds that workers have to finish what is in flight."""
log = logging.getLogger("imageserver.workers")


def serve(config: Config, folder: Path) -> None:
    """Serve until SIGTERM or SIGINT; raises `ConfigError` when that cannot begin."""
    with listening(config.server) as opened:
        try:
            (serve_alone if config.server.workers == 1 else supervise)(config, folder, opened)
        finally:
            if config.server.socket:
                Path(config.server.socket).unlink(missing_ok=True)


def supervise(config: Config, folder: Path, opened: socket.socket) -> None:
    """Serve with several processes until SIGTERM or SIGINT."""
    with Signals() as signals:
        crew = Crew(config, folder, opened)
        try:
            crew.start()
            if crew.wait_until_ready(signals):
                announce(config, folder, opened)
                crew.look_after(signals)
        finally:
            crew.stop()


def serve_alone(config: Config, folder: Path, opened: socket.socket) -> None:
    """Serve with this process until SIGTERM or SIGINT."""
    asyncio.run(run(config, folder, opened, lambda: announce(config, folder, opened)))


def announce(config: Config, folder: Path, opened: socket.socket) -> None:
    """Say on standard output that the server answers, and where."""
    print(f"imageserver: serving {folder} at {url_of(opened, config.server)}", flush=True)  # noqa: T201


class Signals:
    """Turns SIGTERM and SIGINT into something that can be waited for together with processes."""

    def __enter__(self) -> Self:
        self.arrived, self._end = socket.socketpair()
        for end in (self.arrived, self._end):
            end.setblocking(False)
        signal.set_wakeup_fd(self._end.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(-1)
        self.arrived.close()
        self._end.close()


@dataclass
class Worker:
    """A process that serves, and the line over which it says that it is ready, or what is wrong."""

    process: ForkProcess
    line: Connection
    lifeline: Connection
    started: float
    is_ready: bool = False


@dataclass
class Crew:
    """The workers."""

    config: Config
    folder: Path
    opened: socket.socket
    workers: list[Worker] = field(default_factory=list)
    pause: float = FIRST_PAUSE

    def start(self) -> None:
        """Start all workers."""
        for _ in range(self.config.server.workers):
            self.workers.append(self._new())

    def wait_until_ready(self, signals: Signals) -> bool:
        """Wait until all workers answer; False when there was a signal. Raises `ConfigError` for what one says."""
        while not all(worker.is_ready for worker in self.workers):
            lines = {worker.line: worker for worker in self.workers if not worker.is_ready}
            for found in wait([*lines, signals.arrived]):
                if found is signals.arrived:
                    return False
                assert isinstance(found, Connection)  # noqa: S101, what was waited for
                lines[found].is_ready = self._heard(found)
        return True

    @staticmethod
    def _heard(line: Connection) -> bool:
        try:
            said = line.recv()
        except EOFError:
            said = ("server.workers", "a worker process died while it was starting")
        if said != READY:
            raise ConfigError(*said)
        return True

    def look_after(self, signals: Signals) -> None:
        """Replace workers that die, until there is a signal."""
        while True:
            ends = {worker.process.sentinel: worker for worker in self.workers}
            found = wait([*ends, signals.arrived])
            if signals.arrived in found:
                return
            for sentinel in found:
                assert isinstance(sentinel, int)  # noqa: S101, what was waited for
                self._replace(ends[sentinel], signals)

    def _replace(self, dead: Worker, signals: Signals) -> None:
        log.error("worker %s died (exit code %s); another one is started", dead.process.pid, dead.process.exitcode)
        self.workers.remove(dead)
        dead.line.close()
        dead.lifeline.close()
        if time.monotonic() - dead.started < SHORT_LIFE:
            wait([signals.arrived], self.pause)
            self.pause = min(LONGEST_PAUSE, self.pause * 2)
        else:
            self.pause = FIRST_PAUSE
        self.workers.append(self._new())

    def _new(self) -> Worker:
        line, far_line = FORKING.Pipe(duplex=False)
        far_lifeline, lifeline = FORKING.Pipe(duplex=False)
        ours = [line, lifeline, *(end for worker in self.workers for end in (worker.line, worker.lifeline))]

        def begin() -> None:
            signal.set_wakeup_fd(-1)
            for end in ours:  # a lifeline ends when nobody holds its other end
                end.close()
            work(self.config, self.folder, self.opened, far_line, far_lifeline)

        process = FORKING.Process(target=begin, name="imageserver-worker")
        process.start()
        far_line.close()
        far_lifeline.close()
        return Worker(process, line, lifeline, time.monotonic())

    def stop(self) -> None:
        """Tell all workers to finish, and wait for them; who does not in time is ended."""
        for worker in self.workers:
            with suppress(OSError):
                worker.process.terminate()
        end = time.monotonic() + GRACE
        for worker in self.workers:
            worker.process.join(max(0.0, end - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
