"""The workers: how many there are, with which configuration, and who makes room for whom."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import socket
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess

from imageserver.config import Config
from imageserver.errors import ConfigError
from imageserver.server.accepting import Shares
from imageserver.server.operations.cells import Board
from imageserver.server.operations.metrics import PASSING, WORKER_ENDS, WORKERS, Counts, counts_of_its_own
from imageserver.server.working import READY, STOPPING, Duty, work

FORKING = multiprocessing.get_context("fork")
"""The supervisor has no threads and draws nothing, so its copies are sound; and they need not import anything anew."""
SHORT_LIFE = 5.0
"""Seconds; who lives for less is not started again at once."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0
LONGEST_PAUSE_AFTER_SERVING = 0.4
MARGIN = 15.0
"""Seconds beyond the grace after which a worker that is to end is ended."""
SPARE_PARTS = 62
OWN_PART = 0
log = logging.getLogger("imageserver.workers")


@dataclass(eq=False)
class Worker:
    """A process that serves, and the line over which it says that it is ready, or what is wrong.

    `part` is where it counts; `end_by` is when it is ended, once it has been told to end by itself.
    """

    process: ForkProcess
    line: Connection
    lifeline: Connection
    config: Config
    part: int | None
    started: float
    is_ready: bool = False
    end_by: float | None = None


class Crew:
    """The workers, those that leave included; `candidate` is a configuration of which it is not known if it works."""

    def __init__(self, config: Config, opened: socket.socket) -> None:
        self.config = config
        self.opened = opened
        self.workers: list[Worker] = []
        self.candidate: Config | None = None
        self._board = Board(2 * config.server.workers + SPARE_PARTS)
        self._shares = Shares(self._board.processes)
        self._counts = Counts(self._board, self._board.cells(OWN_PART))
        self._pause = FIRST_PAUSE
        self._not_before = 0.0
        self._has_served = False

    def watched(self) -> list[Connection | int]:
        """Give what says that something has happened to a worker."""
        lines = [one.line for one in self.workers if not one.is_ready and not one.line.closed]
        return [*lines, *(one.process.sentinel for one in self.workers)]

    def patience(self) -> float | None:
        """Give the seconds after which something is to be done even if nothing happens."""
        due = [one.end_by for one in self.workers if one.end_by is not None]
        if self._not_before > time.monotonic():
            due.append(self._not_before)
        return max(0.0, min(due) - time.monotonic()) if due else None

    def is_complete(self) -> bool:
        """Tell whether as many workers answer as there should be."""
        return len([one for one in self._staying() if one.is_ready]) >= self.config.server.workers

    def take_up(self, config: Config) -> None:
        """Let workers with another configuration take over, one by one, if the first of them comes up."""
        self.candidate = config
        self._not_before = 0.0

    def look(self, found: Collection[object]) -> None:
        """Hear what workers say, and part with those that have ended; raises `ConfigError` when none can begin."""
        for worker in list(self.workers):
            ended = worker.process.sentinel in found
            if worker.line in found or (ended and not worker.is_ready and not worker.line.closed):
                self._hear(worker)
            if ended:
                self._part_with(worker)
            elif worker.end_by is not None and worker.end_by <= time.monotonic():
                log.error("worker %s did not end in time, and is ended", worker.process.pid)
                worker.process.kill()
                worker.end_by += MARGIN

    def balance(self) -> None:
        """Start workers that are missing, and let those leave that are not needed any more."""
        wanted = self.candidate or self.config
        current = [one for one in self._staying() if one.config is wanted]
        old = sorted((one for one in self._staying() if one.config is not wanted), key=lambda one: one.is_ready)
        ready = [one for one in current if one.is_ready]
        while old and len(ready) + len(old) > wanted.server.workers:
            self._dismiss(old.pop(0))
        missing = wanted.server.workers - len(current)
        if old:  # they are replaced one by one, each when another one can draw
            missing = min(missing, 1 if len(ready) == len(current) else 0)
        urgent = self._has_served and not old
        for _ in range(missing if time.monotonic() >= self._not_before else 0):
            self.workers.append(self._new(wanted, urgent=urgent))  # it closes what it must not hold of the others
        self._counts.set(WORKERS, len([one for one in self._staying() if one.is_ready]))

    def stop(self) -> None:
        """Tell all workers to finish, and wait for them; who does not in time is ended."""
        for worker in self.workers:
            with suppress(OSError):
                worker.process.terminate()
        end = time.monotonic() + self.config.server.grace + MARGIN
        for worker in self.workers:
            worker.process.join(max(0.0, end - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()

    def _staying(self) -> list[Worker]:
        return [one for one in self.workers if one.end_by is None]

    def _hear(self, worker: Worker) -> None:
        try:
            said = worker.line.recv()
        except (EOFError, OSError):
            said = ("server.workers", "a worker process died while it was starting")
        if said == READY:
            worker.is_ready = self._has_served = True
            if worker.config is self.candidate:
                self.config, self.candidate = self.candidate, None
                log.info("the configuration was read again, and is taken up")
            return
        worker.line.close()
        if not self._has_served:
            raise ConfigError(*said)
        if worker.config is self.candidate:
            self.candidate = None
            self._dismiss(worker)
            log.error("the configuration is not taken up, the one before goes on: %s", ConfigError(*said))
        elif worker.end_by is None:
            log.error("a worker cannot start: %s", ConfigError(*said))

    def _dismiss(self, worker: Worker) -> None:
        """Tell a worker to finish what it is doing and to end."""
        worker.end_by = time.monotonic() + worker.config.server.grace + MARGIN
        with suppress(OSError):
            worker.process.terminate()
        if worker.is_ready:
            self._counts.add(WORKER_ENDS, "serving", "reload")

    def _part_with(self, worker: Worker) -> None:
        """Forget a worker that has ended, and say when another one may be started in its place."""
        worker.process.join()
        self.workers.remove(worker)
        worker.line.close()
        worker.lifeline.close()
        if worker.part is not None:
            self._board.cells(worker.part).clear(PASSING)
            self._shares.share(worker.part).leave()
        if worker.end_by is not None:
            return
        log.error("worker %s died (exit code %s); another one is started", worker.process.pid, worker.process.exitcode)
        self._counts.add(WORKER_ENDS, "serving", "died")
        if time.monotonic() - worker.started >= SHORT_LIFE:
            self._pause = FIRST_PAUSE
            return
        longest = LONGEST_PAUSE_AFTER_SERVING if worker.is_ready else LONGEST_PAUSE
        self._not_before = time.monotonic() + min(longest, self._pause)
        self._pause = min(LONGEST_PAUSE, self._pause * 2)

    def _new(self, config: Config, *, urgent: bool) -> Worker:
        line, far_line = FORKING.Pipe(duplex=False)
        far_lifeline, lifeline = FORKING.Pipe(duplex=False)
        ours = [line, lifeline, *(end for worker in self.workers for end in (worker.line, worker.lifeline))]
        part = self._free_part()

        def begin() -> None:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            for number in STOPPING:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
            for end in ours:  # a lifeline ends when nobody holds its other end
                end.close()
            counts = counts_of_its_own() if part is None else Counts(self._board, self._board.cells(part))
            share = Shares(1).share(0) if part is None else self._shares.share(part)
            work(Duty(config, self.opened, far_line, far_lifeline, counts, share, urgent))

        process = FORKING.Process(target=begin, name="imageserver-worker")
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)  # for as long as it would treat them as this process does
        process.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        far_line.close()
        far_lifeline.close()
        return Worker(process, line, lifeline, config, part, time.monotonic())

    def _free_part(self) -> int | None:
        """Find where a new worker counts: on from what one that has ended has counted."""
        taken = {OWN_PART, *(worker.part for worker in self.workers)}
        free = next((part for part in range(self._board.processes) if part not in taken), None)
        if free is None:
            log.warning("more workers than at the start: what one of them counts is not in the metrics")
        return free
