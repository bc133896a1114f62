"""What is known of source files, remembered for as long as the files do not change."""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path

from imageserver.config import Limits
from imageserver.errors import BadFont, BadProfile, BadSource, LimitExceeded
from imageserver.layout.facts import Facts
from imageserver.plan.picture import OtherFile
from imageserver.render.probe import probe
from imageserver.render.probing import PROBES
from imageserver.server.rendering import Renderer

Version = tuple[str, int, int, int, int]
Probe = Callable[[Path, Limits], Facts]
Asked = tuple[Probe, Version]
MOST = 100_000
"""Files that are remembered; each takes about a kilobyte."""


class Sources:
    """Probes each version of a file once, also when many requests ask for it together."""

    def __init__(self, renderer: Renderer, limits: Limits) -> None:
        self._renderer = renderer
        self._limits = limits
        self._known: OrderedDict[Asked, asyncio.Future[Facts]] = OrderedDict()

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
        usable = {path: future.result() for path, future in spare.items() if not future.exception()}
        if not needs_all and not all(future.exception() for future in probing.values()):
            probing = {path: future for path, future in probing.items() if not future.exception()}
        return {**usable, **{path: future.result() for path, future in probing.items()}}

    def _probing(self, path: Path, probing: Probe) -> asyncio.Future[Facts]:
        version = version_of(path)
        future = self._known.get((probing, version))
        if future is None:
            future = self._known[probing, version] = asyncio.ensure_future(
                self._renderer.run(probing, path, self._limits)
            )
            future.add_done_callback(lambda done: self._forget_failure((probing, version), done))
        self._known.move_to_end((probing, version))
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return future

    def _forget_failure(self, asked: Asked, done: asyncio.Future[Facts]) -> None:
        """Try again after what may pass; a bad file stays bad until it changes."""
        if done.cancelled() or (
            done.exception() and not isinstance(done.exception(), BadFont | BadProfile | BadSource | LimitExceeded)
        ):
            self._known.pop(asked, None)


def version_of(path: str | Path) -> Version:
    """Tell one version of a file from the next; raises `BadSource` when it is gone."""
    try:
        status = os.stat(path)  # noqa: PTH116, a third of the time of Path.stat, at every hit
    except OSError as error:
        raise BadSource(Path(path).name, error.strerror or "cannot be opened", str(path)) from error
    return str(path), status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
