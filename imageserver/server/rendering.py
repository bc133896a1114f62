"""The processes that render: jobs with a deadline each, in a bounded queue; one that dies costs one request."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
import time
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib import import_module
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from imageserver.config import Limits
from imageserver.errors import Overloaded, RenderFailed
from imageserver.render.confining import confine, confined
from imageserver.render.drawing import draw, draw_converted
from imageserver.render.engine import allow_vectors, configure
from imageserver.render.giving_way import NICE, give_way
from imageserver.server.operations.metrics import QUEUE, RENDER_SECONDS, RENDERS, WORKER_ENDS, Counts, counts_of_its_own
from imageserver.server.operations.stages import took
from imageserver.server.processes import Died, Job, Late, Processes
from imageserver.server.turns import Turns

T = TypeVar("T")
log = logging.getLogger("imageserver.workers")
PLACE = "process"
SOON = 1.0
"""Seconds after which a worker loads what draws text, if no text has come by then, lest that one waits for it."""
DRAWING: tuple[Callable[..., Any], ...] = (draw, draw_converted)
"""Jobs that draw a reply; the others look at files, or build pyramids."""


def start_worker(memory: int, nice: int) -> None:
    """Set a new worker up: it is bound, and ends at once when it is told to, also from within the imaging library."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who presses Ctrl-C means the server, which ends this process
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    unbound = confine(memory)  # before there is another thread
    if unbound:
        log.warning("%s", unbound)
    give_way(nice)
    warnings.simplefilter("ignore")  # of Pillow, about each file that is damaged
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=end_with, args=(parent,), daemon=True).start()
    configure()
    allow_vectors()
    soon = threading.Timer(SOON, import_module, ("imageserver.render.text",))
    soon.daemon = True
    soon.start()


def end_with(parent: BaseProcess) -> None:
    """End this process when the one that it works for does, however that ended."""
    parent.join()
    os._exit(1)


def taking_time(work: Callable[..., T], arguments: tuple[Any, ...]) -> tuple[T, float]:
    """Do some work, and give the seconds that it took; runs in a worker."""
    start = time.perf_counter()
    done = work(*arguments)
    return done, time.perf_counter() - start


class Renderer:
    """Runs functions of `render` in processes of its own; each process that serves has one.

    `nice` is by how much they give way to others; `done` is how many of its jobs were done.
    """

    def __init__(self, limits: Limits, processes: int = 1, counts: Counts | None = None, *, nice: int = NICE) -> None:
        self._limits = limits
        self._processes = processes
        self._counts = counts or counts_of_its_own()
        begin = partial(start_worker, limits.worker_memory, nice)
        self._pool = Processes(processes, limits.worker_jobs, begin)
        slots = min(2 * processes, limits.queue + processes)  # one more than work, lest a worker waits for us
        self._turns = Turns(slots, limits.queue + processes - slots)
        self.done = 0

    async def start(self) -> None:
        """Start the processes, so that the first request does not wait for them."""
        await asyncio.gather(*(self.run(allow_vectors) for _ in range(self._processes)))

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401, what `work` takes
        """Run `work` in a worker; raises `Overloaded`, `RenderFailed`, or what `work` raises."""
        self._counts.add(QUEUE)
        try:
            await self._turns.take()
            try:
                return await self._run(work, arguments)
            finally:
                self._turns.give_back()
        except Overloaded:
            self._counts.add(RENDERS, work.__name__, PLACE, "refused")
            raise
        finally:
            self._counts.add(QUEUE, amount=-1)

    def check(self) -> None:
        """Raise `Overloaded` for a request that would be refused if there were something to run for it now."""
        self._turns.check()

    async def _run(self, work: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        seconds = self._limits.render_seconds
        job = Job(taking_time, (confined, (seconds, work, *arguments)), seconds)
        outcome, drawn = "failed", 0.0
        try:
            result: T
            result, drawn = await asyncio.wrap_future(self._pool.submit(job))
            outcome = "done"
        except Late as error:
            outcome, drawn = "killed", seconds
            self._counts.add(WORKER_ENDS, "rendering", "killed")
            raise RenderFailed(f"it took longer than {seconds:g} s (limits.render_seconds)") from error
        except Died as error:
            outcome = "died"
            self._counts.add(WORKER_ENDS, "rendering", "died")
            raise RenderFailed(str(error)) from error
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        finally:
            self._note(work, outcome, drawn)
        return result

    def _note(self, work: Callable[..., T], outcome: str, drawn: float) -> None:
        """Count a job that came to its end, with the seconds that it took if they are known."""
        self.done += outcome == "done"
        self._counts.add(RENDERS, work.__name__, PLACE, outcome)
        if drawn:
            self._counts.observe(RENDER_SECONDS, drawn, work.__name__, PLACE)
        if work in DRAWING:
            took("draw", drawn)

    def stop(self) -> None:
        """Stop the workers at once."""
        self._pool.stop()


@asynccontextmanager
async def rendering(limits: Limits) -> AsyncIterator[Renderer]:
    """Have a worker process for a while, for what is no server."""
    renderer = Renderer(limits)
    try:
        yield renderer
    finally:
        await asyncio.to_thread(renderer.stop)
