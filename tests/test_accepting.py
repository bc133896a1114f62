"""Connections are shared evenly among the processes that listen on one socket."""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from select import select
from unittest.mock import Mock

import pytest
from sites import write_site

from imageserver.config import Config, Server
from imageserver.server import accepting
from imageserver.server.accepting import Acceptor, Shares
from imageserver.server.app import build_app
from imageserver.server.connections import BoundedRunner, BoundedServer
from imageserver.server.listening import listening
from imageserver.server.operations.metrics import counts_of_its_own

CATALOG = "attributes: {root_path: images}\nimages: {grid: {path: grid.png}}\n"
ASK = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    ("own", "others", "ahead"),
    [
        (0, [], False),  # there is nobody else
        (5, [], False),
        (0, [0], False),
        (1, [1], False),
        (1, [0], True),
        (1, [2, 0], True),
        (1, [2, 1], False),
        (6, [5], True),
        (8, [7], False),  # one of eight more is even enough
        (80, [70], False),
        (80, [69], True),
    ],
)
def test_who_is_ahead(own: int, others: list[int], ahead: bool) -> None:
    shares = Shares(5)
    for place, number in enumerate(others):
        shares.share(place + 1).set(number)
    share = shares.share(0)
    share.set(own)
    assert share.is_ahead() is ahead


def test_other_processes_see_it_until_one_leaves() -> None:
    shares, forking = Shares(2), multiprocessing.get_context("fork")
    own = shares.share(0)
    own.set(3)
    for act, ahead in ((lambda: shares.share(1).set(1), True), (shares.share(1).leave, False)):
        process = forking.Process(target=act)
        process.start()
        process.join()
        assert own.is_ahead() is ahead


@contextmanager
def connected(address: tuple[str, int], count: int) -> Iterator[list[socket.socket]]:
    """Make connections, all before the first of them is accepted."""
    with ExitStack() as stack:
        found = [stack.enter_context(socket.create_connection(address, timeout=20)) for _ in range(count)]
        for one in found:
            one.sendall(ASK)
        yield found


class Loop:
    """A loop that does nothing by itself: what it is to call when there is something to read, and later."""

    def __init__(self) -> None:
        self.reader: Callable[[], None] | None = None
        self.later: Callable[[], None] | None = None

    def add_reader(self, _: int, call: Callable[[], None]) -> None:
        self.reader = call

    def remove_reader(self, _: int) -> None:
        self.reader = None

    def call_later(self, _: float, call: Callable[[], None]) -> None:
        self.later = call


def test_each_connection_is_left_to_others_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, shares = Loop(), Shares(2)
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: loop)
    shares.share(1).set(0)
    with socket.create_server(("127.0.0.1", 0)) as opened:
        acceptor = Acceptor(Mock(open=3), opened, shares.share(0))
        acceptor.start()
        for _ in range(3):
            assert loop.reader is not None
            with socket.create_connection(opened.getsockname(), timeout=20):
                loop.reader()
                assert loop.reader is None
                assert select([opened], [], [], 20)[0]
                opened.accept()[0].close()
            assert loop.later is not None
            loop.later()


def write_config(tmp_path: Path) -> tuple[Config, Path]:
    folder = write_site(tmp_path, {"Co": CATALOG})
    return Config(catalogs=str(folder / "catalogs"), state=str(folder / "state"), server=Server(port=0)), folder


async def test_who_has_stopped_is_no_longer_seen(tmp_path: Path) -> None:
    """Though connections that it takes last are made after that."""
    config, folder = write_config(tmp_path)
    opened, shares = listening(config.server), Shares(2)
    runner = BoundedRunner(build_app(config, folder / "catalogs", counts_of_its_own()), config)
    await runner.setup()
    assert isinstance(runner.server, BoundedServer)
    acceptor = Acceptor(runner.server, opened, shares.share(0))
    acceptor.start()
    shares.share(1).set(9)
    assert shares.share(1).is_ahead()
    with socket.create_connection(opened.getsockname(), timeout=20):
        assert select([opened], [], [], 20)[0]
        await acceptor.stop()
        assert runner.server.open == 1
        assert not shares.share(1).is_ahead()
        await runner.cleanup()


async def test_connections_are_shared_evenly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two that accept, each has as many as the other, also when those that one of them had have ended."""
    monkeypatch.setattr(accepting, "PATIENCE", 0.5)  # on a busy machine the one that has fewer is not that quick
    config, folder = write_config(tmp_path)
    opened, shares, servers = listening(config.server), Shares(2), []
    runners = [BoundedRunner(build_app(config, folder / "catalogs", counts_of_its_own()), config) for _ in range(2)]
    acceptors = []
    for place, runner in enumerate(runners):
        await runner.setup()
        assert isinstance(runner.server, BoundedServer)
        servers.append(runner.server)
        acceptors.append(Acceptor(runner.server, opened.dup(), shares.share(place)))
        acceptors[-1].start()
    try:
        with connected(opened.getsockname(), 8) as clients:
            for client in clients:
                assert (await asyncio.to_thread(client.recv, 4096)).startswith(b"HTTP/1.1 200 OK")
            assert [one.open for one in servers] == [4, 4]
            for handler in servers[0].connections:
                handler.force_close()
            for _ in range(1000):
                if not servers[0].open:
                    break
                await asyncio.sleep(0.01)
            with connected(opened.getsockname(), 6) as more:
                for client in more:
                    assert (await asyncio.to_thread(client.recv, 4096)).startswith(b"HTTP/1.1 200 OK")
                assert [one.open for one in servers] == [5, 5]
    finally:
        for acceptor, runner in zip(acceptors, runners, strict=True):
            await acceptor.stop()
            await runner.cleanup()
        opened.close()
