"""Looking at files for what is no server, in a worker process with limits as a server does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from imageserver.config import Limits
from imageserver.errors import ImageServerError
from imageserver.layout.facts import Facts
from imageserver.plan.plan import Plan
from imageserver.render.probe import probe
from imageserver.server.rendering import rendering
from imageserver.server.sources import Sources


def facts_of(planned: Plan, limits: Limits) -> dict[Path, Facts]:
    """Give what is known of the files of a plan; raises what is wrong with one."""
    return asyncio.run(_facts_of(planned, limits))


def faults_of(files: Iterable[Path], limits: Limits) -> dict[Path, ImageServerError]:
    """Say what is wrong with image files, one after the other."""
    return asyncio.run(_faults_of(files, limits))


async def _facts_of(planned: Plan, limits: Limits) -> dict[Path, Facts]:
    paths = dict.fromkeys(path for source in planned.sources for path in source.paths)
    async with rendering(limits) as renderer:
        return await Sources(renderer, limits).facts(paths, planned.other_files)


async def _faults_of(files: Iterable[Path], limits: Limits) -> dict[Path, ImageServerError]:
    found = {}
    async with rendering(limits) as renderer:
        for file in files:
            try:
                await renderer.run(probe, file, limits)
            except ImageServerError as error:
                found[file] = error
    return found
