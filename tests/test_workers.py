"""Processes that share a port: one that dies is replaced and costs what it had in hand; all of them end together."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from serving import Client, serving
from sites import eventually, write_site

CATALOG = "attributes: {root_path: images, max_pix: [4000, 4000]}\nimages: {grid: {path: grid.png}}\n"
SLOW = "/is/image/Co/grid?scl=0.08&op_grow=9&op_noise={}&fmt=png"
"""Some tenths of a second of work."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_site(tmp_path, {"Co": CATALOG})


def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "IMAGESERVER_SERVER__WORKERS": "2", "IMAGESERVER_SERVER__ACCESS_LOG": ""}
    command = [sys.executable, "-m", "imageserver", "serve", *options]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True)  # noqa: S603


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Client]]:
    """A server of two workers, and its supervisor."""
    with start(folder, "--port", "0") as supervisor:
        assert supervisor.stdout is not None
        port = int(supervisor.stdout.readline().rpartition(":")[2].strip().rstrip("/"))
        try:
            yield supervisor, Client(port, folder)
        finally:
            supervisor.kill()
            supervisor.communicate()
            eventually(lambda: len(family(folder)), 0)


def family(folder: Path) -> set[int]:
    """All processes that run in a folder and serve, work or render."""
    names = (path.name for path in Path("/proc").iterdir())
    return {pid for pid in map(int, filter(str.isdigit, names)) if is_ours(pid, folder)}


def is_ours(pid: int, folder: Path) -> bool:
    try:
        here = Path(f"/proc/{pid}/cwd").resolve() == folder.resolve()
        return here and b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def children(pid: int, folder: Path) -> set[int]:
    return {one for one in family(folder) if parent_of(one) == pid}


def others_of(victim: int, pid: int, folder: Path) -> int:
    """How many children there are, when the victim, which may take its time to die, is no longer among them."""
    found = children(pid, folder)
    return 0 if victim in found else len(found)


def parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def test_all_processes_answer(folder: Path) -> None:
    with running(folder) as (supervisor, client):
        workers = children(supervisor.pid, folder)
        assert len(workers) == 2
        assert all(len(children(worker, folder)) == 1 for worker in workers), "each has one that renders"
        stopped = workers.pop()
        os.kill(stopped, signal.SIGSTOP)
        for number in range(6):
            with socket.create_connection(("127.0.0.1", client.port), timeout=60):
                pass  # the stopped one may hold connections that it took before; new ones go to the other
            assert client.ask(f"/is/image/Co/grid?wid={10 + number}").status == 200
        os.kill(stopped, signal.SIGCONT)


def test_a_dead_worker_is_replaced(folder: Path) -> None:
    with running(folder) as (supervisor, client):
        for number in range(3):
            before = children(supervisor.pid, folder)
            victim = min(before)
            os.kill(victim, signal.SIGKILL)
            for count in range(20):
                assert client.ask(f"/is/image/Co/grid?wid={10 + number}&hei={10 + count}").status == 200
            eventually(partial(others_of, victim, supervisor.pid, folder), 2)


def test_a_dead_renderer_is_replaced(folder: Path) -> None:
    with running(folder) as (supervisor, client):
        for worker in children(supervisor.pid, folder):
            for renderer in children(worker, folder):
                os.kill(renderer, signal.SIGKILL)
        for number in range(10):
            assert client.ask(f"/is/image/Co/grid?wid={30 + number}").status == 200


def test_a_dead_worker_costs_only_what_it_had_in_hand(folder: Path) -> None:
    with running(folder) as (supervisor, client), ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(outcome, client, SLOW.format(number)) for number in range(4)]
        time.sleep(0.1)
        os.kill(min(children(supervisor.pid, folder)), signal.SIGKILL)
        outcomes = [one.result() for one in asked]
        assert outcomes.count(200) + outcomes.count(0) == 4
        assert [outcome(client, SLOW.format(number)) for number in range(4)] == [200] * 4


def outcome(client: Client, url: str) -> int:
    """The status of a reply, 0 when there is none."""
    try:
        return client.ask(url).status
    except (OSError, http.client.HTTPException):  # the latter where it ends within its body
        return 0


def test_workers_end_with_their_supervisor(folder: Path) -> None:
    with running(folder) as (supervisor, client):
        assert client.ask("/is/image/Co/grid?wid=10").status == 200
        assert len(family(folder)) == 5
        supervisor.kill()
        eventually(lambda: len(family(folder)), 0)


def asking(client: Client, url: str) -> http.client.HTTPConnection:
    """Ask, and do not wait for the reply."""
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=60)
    connection.request("GET", url)
    return connection


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_in_flight_is_finished(folder: Path, number: signal.Signals) -> None:
    with running(folder) as (supervisor, client), ExitStack() as stack:
        asked = [stack.enter_context(closing(asking(client, SLOW.format(number)))) for number in range(2)]
        time.sleep(0.1)  # some work has been done on them by then, or none yet
        supervisor.send_signal(number)
        for one in asked:
            reply = one.getresponse()
            assert (reply.status, reply.read()[-8:]) == (200, b"IEND\xaeB`\x82")
        assert supervisor.wait(60) == 0
        eventually(lambda: len(family(folder)), 0)


def test_a_download_that_nobody_reads_ends_with_the_grace(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGESERVER_SERVER__GRACE", "1")
    films = folder / "catalogs" / "Co" / "films"
    films.mkdir()
    with (films / "film.bin").open("wb") as file:
        file.truncate(2**28)
    (films.parent / "catalog.yaml").write_text(
        "attributes: {static_content_root_path: films}\ncontent: {film: {path: film.bin}}"
    )
    with running(folder) as (supervisor, client), socket.create_connection(("127.0.0.1", client.port)) as one:
        one.sendall(b"GET /is/content/Co/film HTTP/1.1\r\nHost: x\r\n\r\n")
        assert one.recv(1000).startswith(b"HTTP/1.1 200")
        supervisor.terminate()
        assert supervisor.wait(60) == 0


def test_a_port_that_is_taken_is_one_line(folder: Path) -> None:
    with running(folder) as (_, client), start(folder, "--port", str(client.port)) as second:
        _, errors = second.communicate(timeout=60)
        assert second.returncode == 2
        assert errors.splitlines() == [f"imageserver: 127.0.0.1:{client.port}: cannot listen: Address already in use"]


def test_what_no_worker_can_do_is_one_line(folder: Path) -> None:
    with start(folder, "--port", "0", "--catalogs", "nowhere") as server:
        _, errors = server.communicate(timeout=60)
        assert server.returncode == 2
        assert errors.splitlines() == ["imageserver: catalogs: nowhere: no such folder"]
    eventually(lambda: len(family(folder)), 0)


def test_renderers_that_do_not_start_are_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong with them, which they say for themselves, comes before it."""
    dying = 'import os, sys\nif "--multiprocessing-fork" in sys.orig_argv:\n    os._exit(1)\n'
    (folder / "sitecustomize.py").write_text(dying)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(folder), *filter(None, [os.environ.get("PYTHONPATH")]))))
    with start(folder, "--port", "0") as server:
        _, errors = server.communicate(timeout=60)
        assert server.returncode == 2
    *_, last = errors.splitlines()
    assert last == "imageserver: limits.worker_memory: processes that render do not start with it, or not at all"
    assert "Traceback" not in errors


def test_server_that_was_started_with_less_than_it_would_like_makes_do(folder: Path) -> None:
    """Bounds of processor time and of open files that nobody can raise are kept within, not run against."""
    bounds = ["sh", "-c", 'ulimit -n 150 && ulimit -t 600 && exec "$@"', "sh"]
    with serving(folder, before=bounds) as client:
        for width in (40, 50):
            assert client.ask(f"/is/image/Co/grid?wid={width}&fmt=png").image.width == width
