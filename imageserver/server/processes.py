"""Processes that do jobs, one at a time each, over a pipe of its own.

They share nothing: one that is killed, whenever that happens, leaves no lock and no half message behind for the others.
"""

from __future__ import annotations

import logging
import multiprocessing
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pickle import PicklingError
from queue import Empty, SimpleQueue
from typing import Any

from imageserver.errors import ImageServerError

SPAWNING = multiprocessing.get_context("spawn")
LOOK_EVERY = 1.0
"""Seconds between two looks at a process that has nothing to do: another one is started when it has died."""
STARTS = 3
"""How often a process is started for a job, if it dies before it has got it."""
START_PAUSE = 0.5
"""Seconds until another one is started where one has died while it was starting."""
READY, BEGUN = "ready", "begun"
SENTINEL = None
log = logging.getLogger("imageserver.workers")


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do within some seconds, and who waits for it."""

    work: Callable[..., Any]
    arguments: tuple[Any, ...]
    seconds: float
    future: Future[Any] = field(default_factory=Future)


class Died(Exception):
    """A process that ended while it had a job, or that cannot be started."""


class Late(Exception):
    """A job that took longer than it may; its process has been ended."""


class Processes:
    """Some processes, each looked after by a thread; they are started with the first job.

    A process begins with `begin`, and after `most_jobs` another one takes its place.
    """

    def __init__(self, count: int, most_jobs: int, begin: Callable[[], None]) -> None:
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._attendants = [Attendant(self._jobs, most_jobs, begin) for _ in range(count)]
        self._has_begun = False

    def submit(self, job: Job) -> Future[Any]:
        """Give the future of a job; it raises `Died`, `Late`, or what the job raises."""
        if not self._has_begun:
            self._has_begun = True
            for one in self._attendants:
                one.start()
        self._jobs.put(job)
        return job.future

    def stop(self) -> None:
        """End the processes at once, and wait until that is done; jobs that wait are not done any more."""
        for one in self._attendants:
            one.stop()
            self._jobs.put(SENTINEL)
        for one in self._attendants:
            if one.is_alive():
                one.join()
        while not self._jobs.empty():
            job = self._jobs.get()
            if job is not SENTINEL and job.future.set_running_or_notify_cancel():
                job.future.set_exception(Died("the server stops"))


class Attendant(threading.Thread):
    """Gives jobs to a process, ends it when one takes too long, and starts another one when it has ended."""

    def __init__(self, jobs: SimpleQueue[Job | None], most_jobs: int, begin: Callable[[], None]) -> None:
        super().__init__(name="attendant", daemon=True)
        self._jobs = jobs
        self._most_jobs = most_jobs
        self._begin = begin
        self._stopping = threading.Event()
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._done = 0

    def run(self) -> None:
        """Attend until it is told to stop."""
        self._look()
        while not self._stopping.is_set():
            try:
                job = self._jobs.get(timeout=LOOK_EVERY)
            except Empty:
                self._look()
                continue
            if job is not SENTINEL and job.future.set_running_or_notify_cancel():
                self._do(job)
                self._look()
        self._end()

    def stop(self) -> None:
        """Stop soon; the job that is being done is lost."""
        self._stopping.set()
        process = self._process
        if process is not None:
            process.kill()

    def _do(self, job: Job) -> None:
        try:
            succeeded, outcome = self._told(job)
        except (EOFError, OSError):
            self._end()
            job.future.set_exception(Died("its worker process died"))
        except Exception as error:  # noqa: BLE001, whatever it is, somebody waits for it
            job.future.set_exception(error)
        else:
            self._done += 1
            if succeeded:
                job.future.set_result(outcome)
            else:
                job.future.set_exception(outcome)

    def _told(self, job: Job) -> tuple[bool, Any]:
        """Let a process do a job; tells whether that succeeded, and what came of it. Raises `EOFError` when it died."""
        pipe = self._given(job)
        if not pipe.poll(job.seconds):
            self._end()
            raise Late
        told: tuple[bool, Any] = pipe.recv()
        return told

    def _given(self, job: Job) -> Connection:
        """Give a job to a process that lives, and the pipe over which it is going to tell; raises `Died`."""
        for _ in range(STARTS):
            try:
                pipe = self._living()
                pipe.send((job.work, job.arguments))
                if pipe.poll(job.seconds) and pipe.recv() == BEGUN:
                    return pipe
            except (EOFError, OSError):
                pass  # it has died before it began, such as one that was idle: that costs nothing
            self._end()
        raise Died("its worker processes keep dying")

    def _look(self) -> None:
        """Start another process in place of one that has died or done enough."""
        if self._process is not None and (self._done >= self._most_jobs or not self._process.is_alive()):
            self._end()
        if self._process is None and not self._stopping.is_set():
            try:
                self._living()
            except (EOFError, OSError):
                self._end()
                self._stopping.wait(START_PAUSE)

    def _living(self) -> Connection:
        """Give the pipe of a process that lives and is ready; raises `EOFError` or `OSError` where none comes up."""
        if self._process is not None and not self._process.is_alive():
            self._end()
        if self._pipe is None:
            self._pipe, far = SPAWNING.Pipe()
            process = SPAWNING.Process(target=work_through, args=(far, self._begin), daemon=True)
            process.start()
            far.close()  # its only other end is that of the process, with which it closes
            self._process, self._done = process, 0
            if self._stopping.is_set() or self._pipe.recv() != READY:
                raise EOFError
        return self._pipe

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None


def work_through(pipe: Connection, begin: Callable[[], None]) -> None:
    """Do one job after the other until nobody sends more; runs in a process of its own."""
    try:
        begin()
    except Exception as error:  # noqa: BLE001, whatever it is, it is told in a line, and whoever waits for a job hears of it
        log.error("a process that renders cannot begin: %s", error)  # noqa: TRY400, likewise
        sys.exit(1)
    with suppress(EOFError, OSError):
        pipe.send(READY)
        while True:
            work, arguments = pipe.recv()
            pipe.send(BEGUN)
            outcome = outcome_of(work, arguments)
            try:
                pipe.send(outcome)
            except (AttributeError, MemoryError, PicklingError, TypeError, ValueError) as error:
                pipe.send((False, error))  # it cannot be written, of which nothing was sent


def outcome_of(work: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[bool, Any]:
    """Do a job; gives what came of it, or what it raised, with its trace if that is not one of ours."""
    try:
        return True, work(*arguments)
    except ImageServerError as error:
        return False, error
    except Exception as error:  # noqa: BLE001, it is raised where somebody waits for it
        error.add_note(traceback.format_exc())
        return False, error
