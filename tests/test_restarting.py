"""Stopping, reloading and dying under load: no request is lost, and what is served is right all the time."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import pytest
import yaml
from serving import Client
from sites import eventually, write_site
from test_workers import children, family

from imageserver.config import Config
from imageserver.server.crew import Crew, Worker

CATALOG = "attributes: {root_path: images, max_pix: [4000, 4000]}\nimages: {grid: {path: grid.png}}\n"
HIT = "/is/image/Co/grid?wid=20&fmt=png"
MISS = "/is/image/Co/grid?wid={}&hei=20&fmt=png"
ENVIRONMENT = dict(os.environ)
ALL = bool(ENVIRONMENT.pop("IMAGESERVER_EVERY_FAULT", ""))  # which is no key of the server's configuration
"""Without it fewer rounds are made."""
ROUNDS, STOPS, KILLS = (20, 20, 200) if ALL else (1, 1, 4)
SECRET = "a-token-for-the-tests"  # noqa: S105


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
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=log, text=True, env=ENVIRONMENT)  # noqa: S603
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
    bodies: dict[str, set[bytes]] = field(default_factory=dict)
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
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
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
            if reply.status == 200 and url == MISS:
                self.bodies.setdefault(target, set()).add(body)
            right = reply.status == 200 and (url == MISS or body == expected)
            self.outcomes["answered" if right else f"wrong: {reply.status} {body[:50]!r}"] += 1
            if reply.will_close:
                return
            time.sleep(pause)


def has_answered(load: Load) -> bool:
    return load.outcomes["answered"] > 20


def was_refused(load: Load) -> bool:
    return load.outcomes["refused"] > 0


def test_no_request_is_lost_when_workers_change_and_the_server_stops(folder: Path) -> None:
    """Connections that it took are answered; at the stop others are refused, and the exit code is 0."""
    for number in range(STOPS):
        with running(folder) as server:
            expected = server.client.ask(HIT).body
            load = Load(server.port, ends=True)
            with load(expected):
                eventually(partial(has_answered, load), True)
                for _ in range(ROUNDS if not number else 0):
                    server.reload()
                assert not load.outcomes["refused"]
                server.process.terminate()
                assert server.process.wait(60) == 0
                eventually(partial(was_refused, load), True)
            assert set(load.outcomes) == {"answered", "refused"}, load.outcomes
            assert "Traceback" not in server.log
    assert server.log.count("is taken up") == ROUNDS


@dataclass
class Editor:
    """Somebody who makes records over HTTP, and remembers those that were acknowledged."""

    port: int
    acknowledged: list[int] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def __call__(self) -> Iterator[None]:
        thread = threading.Thread(target=self.edit)
        thread.start()
        try:
            yield
        finally:
            self.stop.set()
            thread.join()

    def edit(self) -> None:
        number = 0
        headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
        while not self.stop.is_set():
            number += 1
            body = json.dumps({"fields": {"path": "grid.png", "expiration": number}})
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                connection.request("PUT", f"/admin/v1/catalogs/Co/images/e{number}", body, headers)
                if connection.getresponse().status == 201:
                    self.acknowledged.append(number)
            except (OSError, http.client.HTTPException):
                pass  # it may be there or not
            finally:
                connection.close()
            time.sleep(0.1)


def test_processes_that_are_killed_at_random(folder: Path) -> None:
    """No wrong byte, no lost edit, nothing that stays broken; a request is lost, or told that drawing failed."""
    chance = random.Random(9)  # noqa: S311
    with running(folder) as server:
        expected = server.client.ask(HIT).body
        load, editor, gaps = Load(server.port), Editor(server.port), []
        with load(expected), editor():
            for _ in range(KILLS):
                victims = sorted(family(folder) - {server.process.pid})
                os.kill(chance.choice(victims), signal.SIGKILL)
                gaps.append(recovered(server.client))
                time.sleep(chance.random() / 2)
            eventually(lambda: bool(editor.acknowledged), True)
        lost = {f"lost: {name}" for name in ("Remo", "Conn", "Inco", "Brok")}
        assert {one[:10] for one in load.outcomes} <= {"answered", "refused", "wrong: 500", *lost}, load.outcomes
        eventually(lambda: len(server.workers()), 2)
        for url, bodies in sorted(load.bodies.items())[::10]:
            assert bodies == {server.client.ask(f"{url}&cache=off").body}
        assert server.process.poll() is None
    written = yaml.safe_load((folder / "catalogs" / "Co" / "catalog.yaml").read_text())["images"]
    assert {number: written[f"e{number}"]["expiration"] for number in editor.acknowledged} == {
        number: number for number in editor.acknowledged
    }
    print(f"{KILLS} killed, {len(editor.acknowledged)} edits, longest gap {max(gaps):.2f} s, {load.outcomes}")  # noqa: T201


def status_of(client: Client, url: str) -> int:
    try:
        return client.ask(url).status
    except (OSError, http.client.HTTPException):
        return 0


def recovered(client: Client) -> float:
    """Ask until there is an answer, and say how many seconds that took; processes start slowly on a busy machine."""
    start = time.monotonic()
    while status_of(client, HIT) != 200:
        assert time.monotonic() - start < 60
        time.sleep(0.02)
    return time.monotonic() - start


BROKEN = [
    ("server: {workers: two}", "config.yaml:1:19: server.workers: expected a whole number of 1 or more, not 'two'"),
    ("server: [", "not valid YAML"),
    ("catalogs: nowhere", "catalogs: nowhere: no such folder"),
    ("server: {access_log: nowhere/log}", "server.access_log: nowhere/log: No such file or directory"),
]


def test_a_worker_that_answers_stays_until_another_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the configuration is read again before a worker with the one before it has come up."""
    server = replace(Config().server, workers=1)
    first, second, third = (replace(Config(), server=server, state=name) for name in ("first", "second", "third"))

    def new(_: Crew, config: Config, **__: object) -> Worker:
        return Worker(Mock(), Mock(), Mock(), config, None, 0.0)

    monkeypatch.setattr(Crew, "_new", new)
    crew = Crew(first, Mock())
    crew.balance()
    crew.workers[0].is_ready = True
    for config in (second, third):
        crew.take_up(config)
        crew.balance()
    stays = {one.config.state: one.end_by is None for one in crew.workers}
    assert stays == {"first": True, "second": False, "third": True}


def times_refused(server: Running) -> int:
    return server.log.count("is not taken up")


def test_a_configuration_is_taken_up_or_told(folder: Path) -> None:
    """A broken one is one line and changes nothing; the next one that is right is taken up as a whole."""
    with running(folder, workers=1) as server:
        before, good = server.workers(), (folder / "config.yaml").read_text()
        for number, (text, told) in enumerate(BROKEN):
            (folder / "config.yaml").write_text(text)
            server.process.send_signal(signal.SIGHUP)
            eventually(partial(times_refused, server), number + 1)
            line = server.log.splitlines()[-1]
            assert "the configuration is not taken up, the one before goes on: " in line
            assert told in line
            assert status_of(server.client, HIT) == 200
        eventually(server.workers, before)
        (folder / "config.yaml").write_text(good.replace("workers: 1", "workers: 2, timing: on, host: 127.0.0.2"))
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(server.workers() - before), 2)
        eventually(lambda: bool(server.workers() & before), False)
        assert "Server-Timing" in server.client.ask(HIT).headers
        assert "host, port and socket change at a restart only" in server.log
        assert "Traceback" not in server.log
