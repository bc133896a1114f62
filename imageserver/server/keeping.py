"""Replies that cost little are written to the disk some time after they were sent, many at once."""

from __future__ import annotations

import asyncio

from imageserver.cache.disk import Disk

PAUSE = 0.25
"""Seconds for which replies are collected; who is killed loses those, and makes them again."""
MOST = 2**25
"""Bytes that may wait; what comes faster than the disk takes it is not kept."""


class Keeping:
    """Collects replies, and writes them in the background."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._waiting: dict[str, bytes] = {}
        self._size = 0
        self._writer: asyncio.Task[None] | None = None
        self._pause = PAUSE

    def add(self, tag: str, body: bytes) -> None:
        """Write a reply soon, if not too much waits already."""
        if self._size + len(body) > MOST:
            return
        self._waiting[tag] = body
        self._size += len(body)
        if self._writer is None:
            self._writer = asyncio.ensure_future(self._write())

    async def _write(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._pause)
            batch, self._waiting, self._size = self._waiting, {}, 0
            await asyncio.to_thread(self._disk.write_all, batch)
        self._writer = None

    async def close(self) -> None:
        """Write what waits."""
        if self._writer is not None:
            self._pause = 0.0
            await self._writer
