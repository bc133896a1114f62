"""Stopping, reloading and dying under load: no request is lost, and what is served is right all the time."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from serving import Client
from sites import eventually, write_site
from test_workers import children, family

CATALOG = "attributes: {root_path: images, max_pix: [4000, 4000]}\nimages: {grid: {path: grid.png}}\n"
HIT = "/is/image/Co/grid?wid=20&fmt=png"
MISS = "/is/image/Co/grid?wid={}&fmt=png&op_noise=3"
ALL = bool(os.environ.get("IMAGESERVER_EVERY_FAULT"))
"""Without it fewer rounds are made."""
ROUNDS, STOPS, KILLS = (20, 20, 200) if ALL else (2, 1, 8)
SECRET = "a-token-for-the-tests"  # noqa: S105
WITHIN = 1.0
"""Seconds in which somebody answers again."""


@dataclass
class Running:
    """A server, its log, and where it can be asked."""

    process: subprocess.Popen[str]
    folder: Path
    port: int

    @property
    def client(self) -> Client:
        return Client(self.port, self.folder)

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text()

    def workers(self) -> set[int]:
        return children(self.process.pid, self.folder)

    def reload(self) -> None:
        """Send SIGHUP, and wait until all workers are others."""
        before = self.workers()
        self.process.send_signal(signal.SIGHUP)
        eventually(lambda: bool(self.workers() & before) or len(self.workers()) < len(before), False)


@contextmanager
def running(folder: Path, workers: int = 2) -> Iterator[Running]:
    """A server over a folder whose `config.yaml` may be changed."""
    config = folder / "config.yaml"
    if not config.exists():
        config.write_text(f"server: {{access_log: '', workers: {workers}, grace: 10}}\nadmin: {{token: {SECRET}}}\n")
    command = [sys.executable, "-m", "imageserver", "serve", "--port", "0"]
    with (folder / "server.log").open("a") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True)  # noqa: S603
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(":")[2].strip().rstrip("/"))
        yield Running(process, folder, port)
    finally:
        process.kill()
        process.communicate()
        eventually(lambda: len(family(folder)), 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_site(tmp_path, {"Co": CATALOG})


@dataclass
class Load:
    """Clients that ask all the time: over connections that stay open, with pauses, or over a new one each time."""

    port: int
    ends: bool = False
    outcomes: Counter[str] = field(default_factory=Counter)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(10, 4000)))
    stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def __call__(self, expected: bytes) -> Iterator[None]:
        clients = [(1000, 0.01, HIT), (1000, 0.3, HIT), (1, 0.03, HIT), (1000, 0.2, MISS), (1, 0.2, MISS)]
        threads = [threading.Thread(target=self.ask, args=(*one, expected)) for one in clients]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def ask(self, each: int, pause: float, url: str, expected: bytes) -> None:
        """Ask until told to stop; a connection is left after some requests, or when the server says so."""
        while not self.stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            try:
                connection.connect()
            except ConnectionRefusedError:
                self.outcomes["refused"] += 1
                if self.ends:
                    return
                time.sleep(0.01)
                continue
            self.use(connection, each, pause, url, expected)
            connection.close()

    def use(self, connection: http.client.HTTPConnection, each: int, pause: float, url: str, expected: bytes) -> None:
        """Ask over one connection."""
        for _ in range(each):
            if self.stop.is_set():
                return
            target = url.format(next(self.numbers)) if url == MISS else url
            try:
                connection.request("GET", target)
                reply = connection.getresponse()
                body = reply.read()
            except (OSError, http.client.HTTPException) as error:
                self.outcomes[f"lost: {error!r}"] += 1
                return
            right = reply.status == 200 and (url == MISS or body == expected)
            self.outcomes["answered" if right else f"wrong: {reply.status} {body[:50]!r}"] += 1
            if reply.will_close:
                return
            time.sleep(pause)


def test_no_request_is_lost_when_workers_change(folder: Path) -> None:
    with running(folder) as server:
        expected = server.client.ask(HIT).body
        load = Load(server.port)
        with load(expected):
            for _ in range(ROUNDS):
                server.reload()
        assert set(load.outcomes) == {"answered"}, load.outcomes
        assert load.outcomes["answered"] > 20 * ROUNDS
        assert server.log.count("is taken up") == ROUNDS


def has_answered(load: Load) -> bool:
    return load.outcomes["answered"] > 20


def test_no_request_is_lost_when_the_server_stops(folder: Path) -> None:
    """Connections that it took are answered, others are refused; the exit code is 0."""
    for _ in range(STOPS):
        with running(folder) as server:
            expected = server.client.ask(HIT).body
            load = Load(server.port, ends=True)
            with load(expected):
                eventually(partial(has_answered, load), True)
                server.process.terminate()
                assert server.process.wait(15) == 0
            assert set(load.outcomes) == {"answered", "refused"}, load.outcomes
            assert "Traceback" not in server.log
