"""The worker processes: a bounded pool with a deadline for each job; one that dies costs one request."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from imageserver.config import Config
from imageserver.errors import Overloaded, RenderFailed
from imageserver.render.engine import configure

T = TypeVar("T")


class Renderer:
    """Runs functions of `render` in worker processes."""

    def __init__(self, config: Config) -> None:
        self._limits = config.limits
        self._workers = config.server.workers
        self._pool: Any = ProcessPool(  # its types are incomplete
            max_workers=self._workers, initializer=configure, context=multiprocessing.get_context("spawn")
        )
        self._waiting = 0

    async def start(self) -> None:
        """Start the workers, so that the first request does not wait for them."""
        await asyncio.gather(*(self.run(configure) for _ in range(self._workers)))

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401, what `work` takes
        """Run `work` in a worker; raises `Overloaded`, `RenderFailed`, or what `work` raises."""
        if self._waiting >= self._limits.queue + self._workers:
            raise Overloaded
        self._waiting += 1
        seconds = self._limits.render_seconds
        try:
            future = self._pool.schedule(work, args=list(arguments), timeout=seconds)
            result: T = await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise RenderFailed(f"it took longer than {seconds:g} s (limits.render_seconds)") from error
        except ProcessExpired as error:
            raise RenderFailed("its worker process died") from error
        finally:
            self._waiting -= 1
        return result

    def stop(self) -> None:
        """Stop the workers at once."""
        self._pool.stop()
        self._pool.join()
