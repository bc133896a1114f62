"""Pyramids of large sources: which there are, building those that are missing, and keeping them within bounds."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from imageserver.config import Config
from imageserver.errors import DamagedPyramid, ImageServerError, RequestError
from imageserver.layout.facts import Facts, Pyramid
from imageserver.layout.layout import LaidSource, Layout
from imageserver.layout.levels import VECTORS, sources_of
from imageserver.render.building import Job, build
from imageserver.render.container import digest_of
from imageserver.render.giving_way import LAST
from imageserver.server.operations.metrics import Counts
from imageserver.server.rendering import Renderer

EXTENSION = ".pyramid"
UPRIGHT = "-upright"
BUILD_SECONDS = 900.0
MOST_WAITING = 10_000
MOST_KNOWN = 100_000
QUIET_FOR, LONGEST_WAIT = 1.0, 30.0
"""Seconds without a reply drawn from a file after which building begins, and after which it begins all the same."""
USED = "used"
"""A file whose time tells all processes when one of them last drew a reply from a file."""
USED_EVERY = QUIET_FOR / 4
ATTEMPTS = 3
"""How often a pyramid is tried whose worker died."""
TOUCHED_EVERY = 60.0
"""Seconds after which another use of a pyramid is written down."""
Stamp = tuple[int, int, int]
log = logging.getLogger("imageserver.pyramids")


class Pyramids:
    """The pyramids of a server, which other servers of the same state may build and remove as well."""

    def __init__(self, config: Config, counts: Counts | None = None) -> None:
        self._config = config
        self._counts = counts
        self.folder = Path(config.state).absolute() / "pyramids"
        self._known: OrderedDict[Path, tuple[Stamp, Pyramid, float]] = OrderedDict()
        self._waiting: OrderedDict[Path, Job] = OrderedDict()
        self._attempts: dict[Path, int] = {}
        self._builder: asyncio.Task[None] | None = None
        self._used = 0.0

    def seen(self, facts: Mapping[Path, Facts]) -> dict[Path, Facts]:
        """Give facts together with the pyramids that there are now."""
        if self._config.pyramids.build == "off":
            return dict(facts)
        return {path: self._with_pyramids(one) for path, one in facts.items()}

    def is_large(self, size_in_pixels: int) -> bool:
        """Tell whether a source gets a pyramid."""
        return size_in_pixels > self._config.pyramids.threshold

    def jobs(self, path: Path, facts: Facts, *, oriented: bool) -> list[Job]:
        """Give what is to be built for a source: nothing when it is small."""
        if facts.format == VECTORS or not self.is_large(facts.size.width * facts.size.height):
            return []
        return [self._job(path, facts.content_hash, upright=facts.is_turned(oriented=oriented))]

    def want(self, layout: Layout) -> None:
        """Build pyramids of the sources that a layout reads from their files, in the background, when it is due.

        They have the first frame or page only, so that others need none.
        """
        if self._config.pyramids.build != "background":
            return
        self._note_use()
        for source in sources_of(layout):
            from_file = not (source.level or source.drawn or source.frame)
            if from_file and self.is_large(source.size.width * source.size.height):
                self._enqueue(source)
        if self._waiting and (self._builder is None or self._builder.done()):
            self._builder = asyncio.create_task(self._build_all())

    def discard(self, damaged: DamagedPyramid) -> None:
        """Remove a pyramid that is not what was written, so that it is built anew."""
        log.warning("%s", damaged)
        self._known.pop(damaged.path, None)
        damaged.path.unlink(missing_ok=True)

    async def stop(self) -> None:
        """Stop building."""
        if self._builder is not None:
            self._builder.cancel()
            await asyncio.gather(self._builder, return_exceptions=True)

    def _with_pyramids(self, facts: Facts) -> Facts:
        if not self.is_large(facts.size.width * facts.size.height):
            return facts
        variants = (False, True) if facts.orientation > 1 else (False,)
        found = [self._find(self._path(facts.content_hash, upright=upright), upright) for upright in variants]
        there = tuple(one for one in found if one is not None)
        return replace(facts, pyramids=there) if there else facts

    def _path(self, content_hash: str, *, upright: bool) -> Path:
        return self.folder / f"{content_hash[:2]}/{content_hash}{UPRIGHT if upright else ''}{EXTENSION}"

    def _find(self, path: Path, upright: bool) -> Pyramid | None:
        """Give the pyramid at a path, looking into it only when it is another file than before."""
        try:
            status = path.stat()
        except OSError:
            return None
        stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
        known = self._known.get(path)
        if known is None or known[0] != stamp:
            try:
                known = (stamp, Pyramid(path, digest_of(path), upright), 0.0)
            except DamagedPyramid as damaged:
                self.discard(damaged)
                return None
        if time.monotonic() > known[2] + TOUCHED_EVERY:
            touch(path, status.st_mtime_ns)
            known = (stamp, known[1], time.monotonic())
        self._known[path] = known
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return known[1]

    def _job(self, path: Path, content_hash: str, *, upright: bool) -> Job:
        target = self._path(content_hash, upright=upright)
        return Job(path, content_hash, upright, target, self._config.limits)

    def _enqueue(self, source: LaidSource) -> None:
        job = self._job(source.path, source.content_hash, upright=source.turned)
        if self._attempts.get(job.target, 0) < ATTEMPTS and len(self._waiting) < MOST_WAITING:
            self._waiting.setdefault(job.target, job)

    async def _build_all(self) -> None:
        """Build what waits, one after the other, in a worker process of its own that is there only meanwhile."""
        while self._waiting:  # also for what was wanted while the process of the last ones was being stopped
            renderer = building_renderer(self._config, workers=1, counts=self._counts)
            try:
                while self._waiting:
                    await self._quiet()
                    _, job = self._waiting.popitem(last=False)  # it may be wanted again before it has been seen to
                    await self._build(renderer, job)
            finally:
                await asyncio.to_thread(renderer.stop)

    async def _quiet(self) -> None:
        """Wait until no process has drawn a reply for a while, so that those go first; but not for ever."""
        end = time.monotonic() + LONGEST_WAIT
        while self._is_used() and time.monotonic() < end:  # noqa: ASYNC110, nothing is to happen
            await asyncio.sleep(USED_EVERY)

    def _note_use(self) -> None:
        """Note that a reply is drawn from a file, for the other processes as well."""
        if time.monotonic() < self._used + USED_EVERY:
            return
        self._used = time.monotonic()
        with suppress(OSError):  # then each process goes by itself
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / USED).touch()

    def _is_used(self) -> bool:
        """Tell whether a reply was drawn from a file just now."""
        if time.monotonic() < self._used + QUIET_FOR:
            return True
        try:
            return abs(time.time() - (self.folder / USED).stat().st_mtime) < QUIET_FOR
        except OSError:
            return False

    async def _build(self, renderer: Renderer, job: Job) -> None:
        attempts = self._attempts.get(job.target, 0)
        if job.target.exists():
            return
        try:
            size = await renderer.run(build, job)
        except ImageServerError as error:
            self._attempts[job.target] = ATTEMPTS if isinstance(error, RequestError) else attempts + 1
            log.warning("no pyramid of %s: %s", job.source.name, error)
        else:
            self._attempts.pop(job.target, None)
            log.info("pyramid of %s: %d bytes", job.source.name, size)
            await asyncio.to_thread(prune, self.folder, self._config.pyramids.max_size)


def building_renderer(config: Config, workers: int, counts: Counts | None = None) -> Renderer:
    """Make worker processes that may take long, and go last."""
    limits = replace(config.limits, render_seconds=BUILD_SECONDS, queue=MOST_WAITING)
    return Renderer(limits, workers, counts, nice=LAST)


def touch(path: Path, modified: int) -> None:
    """Write down that a pyramid is used; the time of its making stays."""
    try:
        os.utime(path, ns=(time.time_ns(), modified))
    except OSError:
        log.warning("%s: the time of its use cannot be written", path.name)


def prune(folder: Path, most: int) -> int:
    """Remove the pyramids that were used least lately, until the others are within bounds; give how many went."""
    found, gone = [], 0
    for path in folder.glob(f"*/*{EXTENSION}"):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        found.append((status.st_atime_ns, status.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= most:
            break
        path.unlink(missing_ok=True)
        total -= size
        gone += 1
    return gone
