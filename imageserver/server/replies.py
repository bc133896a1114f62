"""Replies that are made once: kept in memory and on disk, and never made by two at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from imageserver.cache.disk import Disk, opened
from imageserver.cache.memory import Memory
from imageserver.config import Cache
from imageserver.server.keeping import Keeping

Make = Callable[[], Awaitable[bytes]]
Origin = Literal["", "memory", "disk", "made", "shared"]
"""Where a reply comes from: `shared` is made for another request that came just before; no origin is no cache."""
SOON, LATER = 0.002, 0.05
"""Seconds between two looks at what another process is making, at first and in the end."""


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes of a reply."""

    content: bytes
    origin: Origin = ""


class Replies:
    """The bytes of replies by their tags, which name everything that they are made of, so that none is ever stale."""

    def __init__(self, config: Cache) -> None:
        self._memory = Memory(config.memory)
        self._folder = Path(config.path)
        self._accel = config.accel.rstrip("/")
        self._disk = opened(config) if config.max_size else None
        self._making: dict[str, asyncio.Task[Body]] = {}
        self._keeping: set[asyncio.Task[None]] = set()
        self._later = Keeping(self._disk) if self._disk else None

    def at_hand(self, tag: str) -> bytes | None:
        """Give a reply that is in memory."""
        return self._memory.read(tag)

    def length(self, tag: str) -> int:
        """Give the length of a reply that was made before, or else 0."""
        body = self._memory.read(tag)
        return len(body) if body is not None else self._disk.length(tag) if self._disk else 0

    async def find(self, tag: str) -> bytes | None:
        """Give a reply that was made before, if it is still there."""
        body = self._memory.read(tag)
        if body is not None or self._disk is None:
            return body
        found = await self._found(self._disk, tag)
        return found.content if found else None

    def accel(self, tag: str) -> str:
        """Give the path by which nginx finds the file of a reply, or nothing where it has none or is not asked to."""
        path = self._disk.path(tag) if self._disk and self._accel else None
        return f"{self._accel}/{path.relative_to(self._folder)}" if path else ""

    async def get_or_make(self, tag: str, make: Make, *, anew: bool = False, quick: bool = False) -> Body:
        """Give a reply, made by `make` when it is not there yet; raises what that raises, to all who wait for it.

        A client that goes away does not take the reply from the others; a failure is not remembered. What is `quick` to
        make is made once in this process, but costs less than to wait for another one, or to be written at once.
        """
        body = None if anew else self._memory.read(tag)
        if body is not None:
            return Body(body, "memory")
        task = self._making.get(tag)
        if task is not None:
            return Body((await asyncio.shield(task)).content, "shared")
        task = self._making[tag] = asyncio.ensure_future(self._get_or_make(tag, make, anew=anew, quick=quick))
        task.add_done_callback(lambda done: self._made(tag, done))
        return await asyncio.shield(task)

    def _made(self, tag: str, done: asyncio.Task[Body]) -> None:
        del self._making[tag]
        if not done.cancelled():
            done.exception()  # it is told to those who wait; there may be nobody left

    async def _get_or_make(self, tag: str, make: Make, *, anew: bool, quick: bool) -> Body:
        if self._disk is None or self._later is None:
            body = await make()
            self._memory.write(tag, body)
            return Body(body, "made")
        found = None if anew else await self._found(self._disk, tag)
        if found is not None:
            return found
        if quick:
            body = await make()
            self._memory.write(tag, body)
            self._later.add(tag, body)
            return Body(body, "made")
        await self._turn(self._disk, tag)
        keeps = False
        try:
            found = None if anew else await self._found(self._disk, tag)
            if found is not None:
                return found
            body = await make()
            self._memory.write(tag, body)
            keeping = asyncio.ensure_future(self._keep(self._disk, tag, body))
            keeps = True
        finally:
            if not keeps:
                self._disk.give_back(tag)
        self._keeping.add(keeping)
        keeping.add_done_callback(self._keeping.discard)
        return Body(body, "made")

    async def _found(self, disk: Disk, tag: str) -> Body | None:
        """Look for a reply that another process has made, or an earlier run."""
        if disk.path(tag) is None:  # a look into a small folder costs less than the way to a thread and back
            return None
        body = await asyncio.to_thread(disk.read, tag)
        if body is None:
            return None
        self._memory.write(tag, body)
        return Body(body, "disk")

    @staticmethod
    async def _turn(disk: Disk, tag: str) -> None:
        """Wait while another process makes this reply."""
        pause = SOON
        while not disk.take(tag):
            await asyncio.sleep(pause)
            pause = min(LATER, pause * 1.5)

    @staticmethod
    async def _keep(disk: Disk, tag: str, body: bytes) -> None:
        """Write a reply, then let others have their turn."""
        try:
            await asyncio.to_thread(disk.write, tag, body)
        finally:
            disk.give_back(tag)

    async def close(self) -> None:
        """Finish writing."""
        await asyncio.gather(*self._keeping, return_exceptions=True)
        if self._later:
            await self._later.close()
