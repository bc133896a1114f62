"""Drawing in threads of the serving process, for replies that are made of nothing but our own levels.

A thread cannot be ended. So what takes long is left to the worker processes, and one that is late is not waited for.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from imageserver.config import Cache, Config
from imageserver.errors import Overloaded, RenderFailed
from imageserver.layout.layout import Layout
from imageserver.layout.levels import is_managed, sources_of, work_of
from imageserver.render.engine import configure
from imageserver.render.levels import keep_decoded
from imageserver.server.operations.metrics import QUEUE, RENDER_SECONDS, RENDERS, Counts
from imageserver.server.operations.stages import took
from imageserver.server.rendering import taking_time
from imageserver.server.turns import Turns

T = TypeVar("T")
THREADS = 2
NICE = 5
"""Less than that of worker processes: a thread that has the interpreter must not wait long for a core."""
PLACE = "thread"
MOST_WORK = 4_000_000
"""Pixels, times layers, of replies that are drawn in threads."""


def step_back() -> None:
    """Let the thread that answers go first, as rendering processes do."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


class DrawingThreads:
    """A few threads that share decoded levels; as bounded as the worker processes are."""

    def __init__(self, config: Config, counts: Counts) -> None:
        configure()
        keep_decoded(config.pyramids.memory)
        self._limits, self._kept = config.limits, config.cache
        self._threads = ThreadPoolExecutor(THREADS, "draw", initializer=step_back)
        self._counts = counts
        self._turns = Turns(THREADS, config.limits.queue)

    def takes(self, layout: Layout) -> bool:
        """Tell whether a layout is drawn here: it reads no file or profile from outside, and is little work."""
        if is_managed(layout) or layout.embedded.packet is not None or layout.animation is not None:
            return False
        return work_of(layout) <= MOST_WORK and all(source.level is not None for source in sources_of(layout))

    async def draw(self, work: Callable[[Layout, Cache], T], layout: Layout) -> T:
        """Draw a layout by `work`; raises `Overloaded`, `RenderFailed`, or what `work` raises."""
        name, outcome = work.__name__, "failed"
        seconds = self._limits.render_seconds
        try:
            async with asyncio.timeout(seconds):
                await self._turns.take()
                drawn, took_seconds = await asyncio.shield(self._begin(work, layout))
        except Overloaded:
            outcome = "refused"
            raise
        except TimeoutError as error:
            outcome = "late"
            raise RenderFailed(f"it took longer than {seconds:g} s (limits.render_seconds)") from error
        else:
            outcome = "done"
            self._counts.observe(RENDER_SECONDS, took_seconds, name, PLACE)
            took("draw", took_seconds)
            return drawn
        finally:
            self._counts.add(RENDERS, name, PLACE, outcome)

    def _begin(self, work: Callable[[Layout, Cache], T], layout: Layout) -> asyncio.Future[tuple[T, float]]:
        """Hand work to a thread, which has a turn for as long as it takes."""
        arguments = (layout, self._kept)
        drawing = asyncio.get_running_loop().run_in_executor(self._threads, taking_time, work, arguments)
        self._counts.add(QUEUE)
        drawing.add_done_callback(self._finished)
        return drawing

    def stop(self) -> None:
        """Take no more work."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _finished(self, drawing: asyncio.Future[tuple[T, float]]) -> None:
        self._turns.give_back()
        self._counts.add(QUEUE, amount=-1)
        if not drawing.cancelled():
            drawing.exception()  # it is told to who waits, if anybody still does
