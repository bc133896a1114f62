"""Catalogs that follow their files: looked at twice a second, read again once they are quiet."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from pathlib import Path

from imageserver.catalog.loading import State, load, look
from imageserver.catalog.shelf import Shelf
from imageserver.server.operations.metrics import CATALOG_GENERATION, CATALOG_READ, Counts
from imageserver.yaml_nodes import Problem

INTERVAL = 0.5
log = logging.getLogger("imageserver.catalogs")


class LiveCatalogs:
    """The current state of the catalogs; `problems` are those that did not go away by themselves.

    `read_at` says when each catalog became what it is now, by its file.
    """

    def __init__(self, folder: Path, shelf: Shelf, counts: Counts) -> None:
        self._counts = counts
        self._folder = folder
        self._shelf = shelf
        self.state: State = load(folder, shelf=shelf)
        self.problems: tuple[Problem, ...] = ()
        self.read_at: Mapping[Path, float] = dict.fromkeys(self.state.loaded, time.time())
        self._turn = asyncio.Lock()
        self._report()
        self._count()

    async def refresh(self) -> bool:
        """Read what has changed at once, and tell whether anything has; for who has changed it, and cannot wait."""
        async with self._turn:
            seen = await asyncio.to_thread(look, self._folder, self.state)
            return seen != self.state.signature and await self._read()

    async def follow(self) -> None:
        """Read changed files again, for ever."""
        last_seen = self.state.signature
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                seen = await asyncio.to_thread(look, self._folder, self.state)
                quiet, last_seen = seen == last_seen, seen
                if quiet and (seen != self.state.signature or not self.state.lasting) and self._folder.is_dir():
                    async with self._turn:
                        await self._read()
                    last_seen = self.state.signature
                elif quiet:
                    self._report()
            except Exception:  # following the catalogs must outlive whatever an edit brings
                log.exception("catalogs cannot be read again")

    async def _read(self) -> bool:
        """Read changed files again, and tell whether anything came of it; who calls holds the turn."""
        before = self.state
        self.state = await asyncio.to_thread(load, self._folder, before, self._shelf)
        if self.state is before:
            return False
        self.read_at = times_of(self.state, before, self.read_at)
        log.info(
            "catalogs were read again: %s", ", ".join(files_read(self.state, before)) or "no file had to be parsed"
        )
        self._count()
        return True

    def _count(self) -> None:
        self._counts.add(CATALOG_GENERATION)
        self._counts.set(CATALOG_READ, time.time())

    def _report(self) -> None:
        for problem in self.state.problems:
            if problem not in self.problems:
                log.error("%s", problem)
        self.problems = self.state.problems


def times_of(state: State, before: State, times: Mapping[Path, float]) -> dict[Path, float]:
    """Say when each file of a catalog was last read."""
    now = time.time()
    return {path: times[path] if before.loaded.get(path) is one else now for path, one in state.loaded.items()}


def files_read(state: State, before: State) -> list[str]:
    """Name the files that were parsed for a state and not for the one before it."""
    new = (one for path, one in state.loaded.items() if one is not before.loaded.get(path))
    return [file for one in new for file in one.files]
