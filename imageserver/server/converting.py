"""Pyramids built ahead: several files at once, those that are there left alone, each failure told on its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from imageserver.config import Config
from imageserver.errors import DamagedPyramid, ImageServerError
from imageserver.render.building import Compression, Job, build
from imageserver.render.container import digest_of
from imageserver.render.cropping import Corner, crop_of
from imageserver.render.probe import probe
from imageserver.server.pyramids import Pyramids, building_renderer, prune
from imageserver.server.rendering import Renderer


@dataclass(frozen=True, slots=True)
class Conversion:
    """How pyramids are built; with a corner, what lies within a border of its colour is told as well."""

    jobs: int
    compression: Compression = "auto"
    quality: int | None = None
    force: bool = False
    dry_run: bool = False
    corner: Corner | None = None
    tolerance: float = 0.0


Kind = Literal["built", "would build", "there already", "too small", "failed"]


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of a file; `text` is its size, why it failed, or nothing."""

    path: Path
    kind: Kind
    text: str = ""
    crop: str = ""


async def convert(
    files: Iterable[tuple[Path, bool]], config: Config, wanted: Conversion, tell: Callable[[Converted], None]
) -> int:
    """Build the pyramids of files, each to be shown upright or not; give how many were removed to make room."""
    converter = Converter(config, wanted, Pyramids(config), building_renderer(config, wanted.jobs))
    turn = asyncio.Semaphore(wanted.jobs)

    async def one(path: Path, oriented: bool) -> None:
        async with turn:
            tell(await converter.convert(path, oriented))

    try:
        await asyncio.gather(*(one(path, oriented) for path, oriented in files))
    finally:
        await asyncio.to_thread(converter.renderer.stop)
    return await asyncio.to_thread(prune, converter.pyramids.folder, config.pyramids.max_size)


@dataclass(frozen=True, slots=True)
class Converter:
    """What builds pyramids, and how."""

    config: Config
    wanted: Conversion
    pyramids: Pyramids
    renderer: Renderer

    async def convert(self, path: Path, oriented: bool) -> Converted:
        """Build the pyramid of a file, unless it is there or the file is small."""
        try:
            facts = await self.renderer.run(probe, path, self.config.limits)
            jobs = self.pyramids.jobs(path, facts, oriented=oriented)
            done = await self.build(jobs[0]) if jobs else Converted(path, "too small")
            if self.wanted.corner is None:
                return done
            crop = await self.renderer.run(crop_of, path, oriented, self.wanted.corner, self.wanted.tolerance)
            return replace(done, crop=crop)
        except ImageServerError as error:
            return Converted(path, "failed", " ".join(str(error).split()))

    async def build(self, job: Job) -> Converted:
        """Build a pyramid."""
        if not self.wanted.force and is_whole(job.target):
            return Converted(job.source, "there already")
        if self.wanted.dry_run:
            return Converted(job.source, "would build")
        chosen = replace(job, compression=self.wanted.compression, quality=self.wanted.quality)
        size = await self.renderer.run(build, chosen)
        return Converted(job.source, "built", f"{size} bytes" if size else "by another process")


def is_whole(path: Path) -> bool:
    """Tell whether a pyramid is there, and all of it; each tile is checked when it is read."""
    try:
        return bool(path.exists() and digest_of(path))
    except DamagedPyramid:
        return False
