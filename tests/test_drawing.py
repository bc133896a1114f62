"""Drawing in threads: bounded as the worker processes are, also while threads do not come back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from imageserver.commands.layer import Layer
from imageserver.config import Cache, Config, Limits
from imageserver.errors import Overloaded, RenderFailed
from imageserver.layout.facts import Facts, Pyramid
from imageserver.layout.laying import lay_out
from imageserver.layout.layout import Layout
from imageserver.plan.picture import Picture, PlannedLayer, Source, ViewRules
from imageserver.protocol.values import Size
from imageserver.server.drawing import DrawingThreads
from imageserver.server.operations.metrics import counts_of_its_own

PATH = Path("photo.jpg")
LEVELS = (Pyramid(Path("hash.pyramid"), "digest"),)
LIMITS = Limits(render_seconds=0.2, queue=1)


def layout(size: Size, *, levels: bool = True) -> Layout:
    """Lay a source out at its own size."""
    rules = ViewRules(default_size=Size(0, 0), max_size=Size(0, 0), most_pixels=10**12)
    picture = Picture((PlannedLayer(0, Source("photo", PATH), Layer()),), rules=rules)
    return lay_out(picture, {PATH: Facts(size, "hash", pyramids=LEVELS if levels else ())})


@pytest.fixture
def threads() -> Iterator[DrawingThreads]:
    threads = DrawingThreads(Config(limits=LIMITS), counts_of_its_own())
    yield threads
    threads.stop()


def test_only_levels_and_little_work_are_taken(threads: DrawingThreads) -> None:
    assert threads.takes(layout(Size(800, 600)))
    assert not threads.takes(layout(Size(800, 600), levels=False))
    assert not threads.takes(layout(Size(3000, 2000)))
    one = layout(Size(1200, 1000))
    assert threads.takes(one)
    assert not threads.takes(replace(one, layers=one.layers * 9))


async def test_threads_that_do_not_come_back(threads: DrawingThreads) -> None:
    """Two are busy and one waits: all are told after the deadline, a fourth at once; others are drawn then."""
    end = Event()

    def stuck(_: Layout, _kept: Cache) -> bytes:
        end.wait(30)
        return b"late"

    one = layout(Size(10, 10))
    waiting = [asyncio.create_task(threads.draw(stuck, one)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await threads.draw(stuck, one)
    for task in waiting:
        with pytest.raises(RenderFailed, match=r"limits\.render_seconds"):
            await task
    with pytest.raises(RenderFailed):  # there is room to wait, and nobody who comes back
        await threads.draw(stuck, one)
    end.set()
    drawn = b""
    async with asyncio.timeout(60):
        while not drawn:  # they come back when they have the processor
            with suppress(Overloaded, RenderFailed):
                drawn = await threads.draw(stuck, one)
    assert drawn == b"late"
