"""More work than there is room for: clients take turns, the last of the busiest goes, and hits wait for nobody."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from serving import Client, serving, stopped
from sites import eventually, write_site

from imageserver.config import Server
from imageserver.errors import Overloaded
from imageserver.server.app import hits_first
from imageserver.server.clients import Clients
from imageserver.server.operations.noting import RequestIds
from imageserver.server.turns import ASKING, Asking, Turns

CATALOG = "attributes: {root_id: Co, root_path: images, max_pix: [4000, 4000]}\nimages: {grid: {path: grid.png}}\n"
SLOW = "/is/image/Co/grid?wid=1{:03}&hei=900&op_grow=9&op_noise=9&fmt=png"
"""Some tenths of a second of work."""
LIMITS = {
    "IMAGESERVER_SERVER__ACCESS_LOG": "",
    "IMAGESERVER_SERVER__TRUSTED_PROXIES": "127.0.0.1",
    "IMAGESERVER_LIMITS__QUEUE": "3",
    "IMAGESERVER_METRICS__TOKEN": "a-token-for-the-tests",
}


async def order_of(clients: str, slots: int = 1, most: int = 99) -> str:
    """Let clients, a letter each, ask in this order; give the order in which they are served, capitals for refused."""
    turns, served = Turns(slots, most), []

    async def ask(client: str) -> None:
        ASKING.set(Asking(client))
        try:
            await turns.take()
        except Overloaded:
            served.append(client.upper())
            return
        await asyncio.sleep(0)
        served.append(client)
        turns.give_back()

    await turns.take()
    asked = [asyncio.create_task(ask(client)) for client in clients]
    await asyncio.sleep(0)
    turns.give_back()
    await asyncio.gather(*asked)
    for _ in range(slots):  # all slots are free again
        await asyncio.wait_for(turns.take(), 1)
    return "".join(served)


@pytest.mark.parametrize(
    ("asked", "most", "served"),
    [
        ("aaaaaab", 99, "abaaaaa"),
        ("aaabbbc", 99, "abcabab"),
        ("aaaabcabc", 99, "abcabcaaa"),
        ("aaaaa", 3, "AAaaa"),
        ("aaaab", 3, "AAaba"),
        ("aaab", 3, "Aaba"),
        ("aabbc", 4, "Aabcb"),
        ("abc", 2, "Cab"),
        ("aabb", 2, "BAab"),
    ],
)
def test_clients_take_turns(asked: str, most: int, served: str) -> None:
    assert asyncio.run(order_of(asked, most=most)) == served


def test_who_was_let_in_is_not_refused_later() -> None:
    """What has waited for one piece of work gets the next one, however many have come meanwhile."""

    async def twice(turns: Turns) -> None:
        ASKING.set(Asking("a"))
        await turns.take()
        turns.give_back()
        await turns.take()
        turns.give_back()

    async def main() -> None:
        turns = Turns(1, 1)
        await turns.take()
        first = asyncio.create_task(twice(turns))
        await asyncio.sleep(0)
        others = [asyncio.create_task(twice(turns)) for _ in range(2)]
        await asyncio.sleep(0)
        turns.give_back()
        others.append(asyncio.create_task(twice(turns)))  # takes the room that the first one leaves
        await first
        outcomes = await asyncio.gather(*others, return_exceptions=True)
        assert [type(one) for one in outcomes] == [Overloaded, Overloaded, type(None)]

    asyncio.run(main())


def test_who_goes_away_leaves_a_free_slot() -> None:
    async def leave() -> None:
        turns = Turns(1, 9)
        await turns.take()
        waiting = [asyncio.create_task(turns.take()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.sleep(0)
        turns.give_back()
        waiting[1].cancel()  # it was its turn already
        await asyncio.wait_for(waiting[2], 1)
        assert turns.waiting == 0
        turns.give_back()
        await asyncio.wait_for(turns.take(), 1)

    asyncio.run(leave())


def test_who_goes_away_when_it_is_refused_gives_no_slot_back() -> None:
    async def leave() -> None:
        turns = Turns(1, 1)
        await turns.take()
        ASKING.set(Asking("a", is_let_in=True))
        waiting = [asyncio.create_task(turns.take()) for _ in range(3)]
        await asyncio.sleep(0)
        ASKING.set(Asking("b"))
        other = asyncio.create_task(turns.take())  # the last one of `a` has to make room
        await asyncio.sleep(0)
        waiting[2].cancel()
        outcomes = await asyncio.gather(waiting[2], return_exceptions=True)
        assert isinstance(outcomes[0], asyncio.CancelledError)
        assert not any(one.done() for one in (*waiting[:2], other)), "there is one slot, and it is taken"

    asyncio.run(leave())


def test_a_request_is_its_clients_whatever_door_it_goes_through() -> None:
    site: Any = SimpleNamespace(is_stopping=True, ids=RequestIds(), clients=Clients(Server(trusted_proxies=("unix",))))
    found = []

    async def door(_: web.BaseRequest) -> web.StreamResponse:
        found.append(ASKING.get())
        return web.Response()

    async def main() -> None:
        for url, address in (("/is/image/Co/grid", "10.0.0.1"), ("/demo/image/upload/grid", "10.0.0.2")):
            await hits_first(site, door)(make_mocked_request("GET", url, {"X-Forwarded-For": address}))

    asyncio.run(main())
    assert found == [Asking("10.0.0.1"), Asking("10.0.0.2")]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = write_site(tmp_path_factory.mktemp("overload"), {"Co": CATALOG})
    with serving(folder, environment=LIMITS) as client:
        yield client


def test_a_flood_of_one_does_not_keep_another_waiting(client: Client) -> None:
    """There is never room for all that one client asks for; another, and what is known, is served all the same."""
    hit, numbers, over = "/is/image/Co/grid?wid=20", count(), Event()
    assert client.ask(hit).status == 200

    def flood() -> set[int]:
        statuses = set()
        while not over.is_set():
            reply = client.ask(SLOW.format(next(numbers)), headers={"X-Forwarded-For": "10.0.0.1"})
            statuses.add(reply.status)
            over.wait(0.02)
        return statuses

    with ThreadPoolExecutor(7) as threads:
        floods = [threads.submit(flood) for _ in range(7)]
        try:
            for number in range(4):
                other = client.ask(SLOW.format(999 - number), headers={"X-Forwarded-For": "10.0.0.2"})
                assert other.status == 200
                assert [client.ask(hit).status for _ in range(5)] == [200] * 5
        finally:
            over.set()
        assert set.union(*(one.result() for one in floods)) == {200, 503}


def test_who_would_be_refused_later_does_not_wait_for_what_another_request_finds_out(client: Client) -> None:
    """With the process that renders stopped, and as many files looked at as may be, one of them is asked for again."""
    images, address = client.folder / "catalogs" / "Co" / "images", {"X-Forwarded-For": "10.0.0.3"}
    for number in range(4):
        shutil.copy(images / "grid.png", images / f"{number}.png")
    with ThreadPoolExecutor(4) as threads:
        with stopped(client.folder):
            asked = [threads.submit(client.ask, f"/is/image/Co/{number}.png", headers=address) for number in range(4)]
            told = {"Authorization": "Bearer a-token-for-the-tests"}
            eventually(lambda: "imageserver_render_queue 4.0" in client.ask("/metrics", headers=told).text, True)
            for number in range(4):
                reply = client.ask(f"/is/image/Co/{number}.png?wid=30", headers=address)
                assert (reply.status, reply.headers["Retry-After"]) == (503, "1")
        assert [one.result().status for one in asked] == [200] * 4


def test_who_would_be_refused_is_told_without_taking_a_turn() -> None:
    async def main() -> None:
        turns = Turns(1, 1)
        ASKING.set(Asking("a"))
        turns.check()
        await turns.take()
        turns.check()
        waiting = asyncio.create_task(turns.take())
        await asyncio.sleep(0)
        turns.check()  # it was let in
        ASKING.set(Asking("a"))
        with pytest.raises(Overloaded):
            turns.check()
        assert turns.waiting == 1
        turns.give_back()
        await waiting

    asyncio.run(main())
