"""A clock that is set back, or ahead: nothing that is kept becomes wrong, and dates follow it."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from sites import write_site
from stores import site

from imageserver.config import Config
from imageserver.server.app import build_app
from imageserver.server.fetching import is_fresh
from imageserver.server.foreign_files import Kept
from imageserver.server.operations.metrics import counts_of_its_own
from imageserver.store.edits import Change

CATALOG = "attributes: {root_path: images, max_pix: [4000, 4000]}\nimages: {grid: {path: grid.png}}\n"
DAY, HOURS = 86_400, 36_000
Connect = Callable[[web.Application], Coroutine[Any, Any, TestClient[web.Request, web.Application]]]


@dataclass
class Clock:
    """The time of the day, but for what it was set ahead or back."""

    ahead: float = 0.0
    real: Callable[[], float] = time.time

    def __call__(self) -> float:
        return self.real() + self.ahead


async def test_replies_stay_right(tmp_path: Path, aiohttp_client: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures and properties, for the first time and again, have the same content and dates of the clock as it is."""
    write_site(tmp_path, {"Co": CATALOG})
    monkeypatch.chdir(tmp_path)
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    client = await aiohttp_client(build_app(Config(), tmp_path / "catalogs", counts_of_its_own()))
    tags, bodies = set(), set()
    for ahead in (0, -DAY, -DAY, 0, 400 * DAY, 0, -400 * DAY):
        clock.ahead = ahead
        reply = await client.get("/is/image/Co/grid?wid=20&fmt=png")
        tags.add(reply.headers["ETag"])
        bodies.add(await reply.read())
        assert abs(parsedate_to_datetime(reply.headers["Date"]).timestamp() - clock()) < 5
        assert abs(parsedate_to_datetime(reply.headers["Expires"]).timestamp() - clock() - HOURS) < 5
        known = await client.get("/is/image/Co/grid?wid=20&fmt=png", headers={"If-None-Match": reply.headers["ETag"]})
        assert known.status == 304
        properties = (await (await client.get("/is/image/Co/grid?req=props")).text()).splitlines()
        assert str(time.gmtime(clock()).tm_year) in properties[1], properties
        assert "image.height=30" in properties
    assert (len(tags), len(bodies)) == (1, 1)


def test_revisions_keep_their_order(tmp_path: Path) -> None:
    """They are counted, not dated; what comes later is the newer one whatever the clock says."""
    place = site(tmp_path, "attributes: {root_path: images}\nimages: {a: {path: a.jpg}}\n", a="a")
    revisions = []
    for expiration, back in ((1, 0), (2, 400 * DAY), (3, 2 * DAY)):
        place.clock.now -= back
        place.store.commit([Change("a", {("expiration",): expiration})])
        revisions.append(place.store.record("a").row.rev)
    assert revisions == sorted(set(revisions))
    assert place.again().record("a").fields["expiration"] == "3"


@pytest.mark.parametrize(
    ("now", "fresh"),
    [(1000.0, True), (1099.0, True), (1100.0, False), (999.0, False), (0.0, False)],
)
def test_foreign_image_of_the_future_is_asked_for_again(now: float, *, fresh: bool) -> None:
    """Or else it would be used unasked until the clock is where it was."""
    assert is_fresh(Kept("", "", "", "", 1000.0, 1100.0, 1200.0), now) == fresh
