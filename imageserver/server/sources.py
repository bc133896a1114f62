"""What is known of source files, remembered for as long as the files do not change."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import replace
from pathlib import Path

from imageserver.config import Limits
from imageserver.errors import BadFont, BadProfile, BadSource, LimitExceeded, RequestError, Unread
from imageserver.layout.facts import Facts
from imageserver.plan.picture import OtherFile
from imageserver.render.probe import content_hash, probe, probe_header
from imageserver.render.probing import PROBES
from imageserver.server.file_versions import Version, version_of
from imageserver.server.remembering import Remembered
from imageserver.server.rendering import Renderer

Probe = Callable[[Path, Limits], Facts]
Asked = tuple[Probe, Version]
Probing = asyncio.Future[Facts | RequestError]
MOST = 100_000
"""Files that are remembered; each takes about a kilobyte."""


class Sources:
    """Probes each version of a file once, also when many requests ask for it together."""

    def __init__(self, renderer: Renderer, limits: Limits, remembered: Remembered | None = None) -> None:
        self._renderer = renderer
        self._limits = limits
        self._remembered = remembered
        self._keeping: set[asyncio.Task[None]] = set()
        self._known: OrderedDict[Asked, Probing] = OrderedDict()

    async def facts(
        self, images: Iterable[Path], others: Iterable[OtherFile] = (), *, needs_all: bool = True
    ) -> dict[Path, Facts]:
        """Give the facts of files; raises the leaf of `RequestError` that says why one cannot be used.

        Of spare files, and of images that are not all needed, those that can be used are given, unless no image can.
        """
        probing = {path: self._probing(path, probe) for path in images}
        others = [file for file in others if file.path not in probing]
        spare = {file.path: self._probing(file.path, PROBES[file.kind]) for file in others if file.spare}
        probing.update({file.path: self._probing(file.path, PROBES[file.kind]) for file in others if not file.spare})
        unknown = [future for future in (*probing.values(), *spare.values()) if not future.done()]
        if unknown:
            await asyncio.wait(unknown)
        usable = {path: facts_in(future) for path, future in spare.items() if not is_bad(future)}
        if not needs_all and not all(map(is_bad, probing.values())):
            probing = {path: future for path, future in probing.items() if not is_bad(future)}
        return {**usable, **{path: facts_in(future) for path, future in probing.items()}}

    def _probing(self, path: Path, probing: Probe) -> Probing:
        version = version_of(path)
        future = self._known.get((probing, version))
        if future is None:
            future = self._known[probing, version] = self._found(probing, path, version)
            future.add_done_callback(lambda done: self._forget_fault((probing, version), done))
        elif not future.done():
            self._renderer.check()  # who is refused afterwards need not wait for it
        self._known.move_to_end((probing, version))
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return future

    def _found(self, probing: Probe, path: Path, version: Version) -> Probing:
        """Give facts that another process has found out, or an earlier one; or find them out."""
        facts = self._remembered.find(probing.__name__, version) if self._remembered else None
        if facts is None:
            return asyncio.ensure_future(self._probe(probing, path, version))
        future: Probing = asyncio.get_running_loop().create_future()
        future.set_result(facts)
        return future

    async def _probe(self, probing: Probe, path: Path, version: Version) -> Facts | RequestError:
        """Find facts out, or what is wrong with the file; raises what is wrong with something else."""
        now = time.time()
        try:
            facts = await self._read(probing, path)
        except Unread:
            raise
        except (BadFont, BadProfile, BadSource, LimitExceeded) as error:
            return copy(error)
        if self._remembered:
            keeping = asyncio.to_thread(self._remembered.keep, probing.__name__, version, facts, now)
            kept = asyncio.ensure_future(keeping)
            self._keeping.add(kept)
            kept.add_done_callback(self._keeping.discard)
        return facts

    async def _read(self, probing: Probe, path: Path) -> Facts:
        return await (self._probe_image(path) if probing is probe else self._renderer.run(probing, path, self._limits))

    async def _probe_image(self, path: Path) -> Facts:
        """Hash a file in a thread while its header waits for a worker: no byte of it is judged by that."""
        hashing = asyncio.to_thread(content_hash, path, self._limits)
        facts, found = await asyncio.gather(self._renderer.run(probe_header, path, self._limits), hashing)
        return replace(facts, content_hash=found)

    async def close(self) -> None:
        """Finish writing."""
        await asyncio.gather(*self._keeping, return_exceptions=True)
        if self._remembered:
            self._remembered.close()

    def _forget_fault(self, asked: Asked, done: Probing) -> None:
        """Try again after what may pass; a bad file stays bad until it changes."""
        if done.cancelled() or done.exception():
            self._known.pop(asked, None)


def is_bad(done: Probing) -> bool:
    """Tell whether a file cannot be used."""
    return done.exception() is not None or not isinstance(done.result(), Facts)


def facts_in(done: Probing) -> Facts:
    """Give the facts of a file; raises what is wrong with it, anew each time, so that nothing of a request is kept."""
    found = done.result()
    if isinstance(found, Facts):
        return found
    raise copy(found)
