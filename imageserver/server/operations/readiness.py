"""Whether a server can draw: it is tried with a small picture."""

from __future__ import annotations

import asyncio
import time

from imageserver.errors import ImageServerError, Overloaded
from imageserver.render.sample import JPEG_START, draw_sample
from imageserver.server.rendering import Renderer

DRAWN_WITHIN = 5.0
"""Seconds that the sample may take; a server that draws others meanwhile is only busy."""
KEPT = 1.0
"""Seconds that an answer holds, so that asking costs little however often it is done."""


class Readiness:
    """Draws a small picture as requests are drawn, once for all who ask at the time."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._asked: asyncio.Task[str] | None = None
        self._until = 0.0

    async def reason(self) -> str:
        """Say why nothing can be drawn; an empty text when it can."""
        if self._asked is None or (self._asked.done() and time.monotonic() >= self._until):
            self._asked = asyncio.ensure_future(self._draw())
        return await asyncio.shield(self._asked)

    async def _draw(self) -> str:
        done_before = self._renderer.done
        try:
            async with asyncio.timeout(DRAWN_WITHIN):
                drawn = await self._renderer.run(draw_sample)
        except TimeoutError:
            busy = self._renderer.done > done_before
            reason = "" if busy else f"a small picture was not drawn within {DRAWN_WITHIN:g} s"
        except Overloaded:
            reason = "the queue for rendering is full (limits.queue)"
        except ImageServerError as error:
            reason = f"a small picture cannot be drawn: {error}"
        else:
            reason = "" if drawn.startswith(JPEG_START) else "a small picture was not drawn right"
        finally:
            self._until = time.monotonic() + KEPT
        return reason
