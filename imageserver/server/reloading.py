"""Catalogs that follow their files: looked at twice a second, read again once they are quiet."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from imageserver.catalog.loading import State, load, look
from imageserver.catalog.shelf import Shelf
from imageserver.server.operations.metrics import CATALOG_GENERATION, CATALOG_READ, Counts
from imageserver.yaml_nodes import Problem

INTERVAL = 0.5
log = logging.getLogger("imageserver.catalogs")


class LiveCatalogs:
    """The current state of the catalogs; `problems` are those that did not go away by themselves."""

    def __init__(self, folder: Path, shelf: Shelf, counts: Counts) -> None:
        self._counts = counts
        self._folder = folder
        self._shelf = shelf
        self.state: State = load(folder, shelf=shelf)
        self.problems: tuple[Problem, ...] = ()
        self._turn = asyncio.Lock()
        self._report()
        self._count()

    async def refresh(self) -> bool:
        """Read what has changed at once, and tell whether anything has; for who has changed it, and cannot wait."""
        async with self._turn:
            seen = await asyncio.to_thread(look, self._folder, self.state)
            if seen == self.state.signature:
                return False
            self.state = await asyncio.to_thread(load, self._folder, self.state, self._shelf)
            return True

    async def follow(self) -> None:
        """Read changed files again, for ever."""
        last_seen = self.state.signature
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                seen = await asyncio.to_thread(look, self._folder, self.state)
                quiet, last_seen = seen == last_seen, seen
                if quiet and (seen != self.state.signature or not self.state.lasting) and self._folder.is_dir():
                    before = self.state
                    async with self._turn:
                        self.state = await asyncio.to_thread(load, self._folder, self.state, self._shelf)
                    last_seen = self.state.signature
                    if self.state is not before:
                        files = ", ".join(files_read(self.state, before)) or "no file had to be parsed"
                        log.info("catalogs were read again: %s", files)
                        self._count()
                elif quiet:
                    self._report()
            except Exception:  # following the catalogs must outlive whatever an edit brings
                log.exception("catalogs cannot be read again")

    def _count(self) -> None:
        self._counts.add(CATALOG_GENERATION)
        self._counts.set(CATALOG_READ, time.time())

    def _report(self) -> None:
        for problem in self.state.problems:
            if problem not in self.problems:
                log.error("%s", problem)
        self.problems = self.state.problems


def files_read(state: State, before: State) -> list[str]:
    """Name the files that were parsed for a state and not for the one before it."""
    new = (one for path, one in state.loaded.items() if one is not before.loaded.get(path))
    return [file for one in new for file in one.files]
