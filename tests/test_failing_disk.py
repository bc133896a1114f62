"""A disk that fails costs the requests of that moment; what it says is no fact of the file."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pictures import quadrants
from serving import Client, serving, workers
from sites import QUIET, eventually, write_site

CATALOG = "attributes: {root_path: images}\nimages: {grid: {path: grid.png}}\n"
CAN_TRACE = bool(shutil.which("strace"))


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with serving(write_site(tmp_path, {"Co": CATALOG}), environment=QUIET) as client:
        yield client


@contextmanager
def failing_disk(client: Client, path: Path) -> Iterator[None]:
    """Let every read of a file fail, in all processes of a server."""
    rendering = workers(client.folder)
    everyone = {*rendering, *map(parent, rendering)}
    tracing = [option for one in everyone for option in ("-p", str(one))]
    fault = ["-f", "-qq", "-P", str(path), "-e", "trace=read,pread64,mmap", "-e", "inject=read,pread64,mmap:error=EIO"]
    log = client.folder / "traced"
    process = subprocess.Popen(["strace", "-o", str(log), *fault, *tracing])  # noqa: S603, S607, strace is found
    try:
        eventually(lambda: all(traced(one) for one in everyone), wanted=True)
        yield
    finally:
        process.terminate()
        process.wait(60)
    assert "INJECTED" in log.read_text()


def parent(process: int) -> int:
    """The process that started another."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def traced(process: int) -> bool:
    """Whether all threads of a process are looked at by another."""
    threads = Path(f"/proc/{process}/task").iterdir()
    return not any("TracerPid:\t0\n" in (one / "status").read_text() for one in threads)


@pytest.mark.skipif(not CAN_TRACE and not os.environ.get("CI"), reason="strace is not installed")
def test_disk_that_fails_is_told_and_forgotten_when_it_works_again(client: Client) -> None:
    """What a failing disk says is no fact of the file: nobody has to touch it before it is served."""
    path = client.folder / "catalogs" / "Co" / "images" / "on-disk.png"
    quadrants(80, 60).save(path)
    client.ask("/is/image/Co/grid?wid=10")
    with failing_disk(client, path):
        replies = [client.ask(f"/is/image/Co/on-disk.png?wid={width}") for width in (40, 50)]
        assert client.ask("/is/image/Co/grid?wid=30").status == 200
    for reply in replies:
        assert reply.status == 500
        assert reply.text == "source 'on-disk.png' cannot be read: the disk fails\n"
        assert reply.headers["X-Error"] == "unreadable image"
        assert reply.headers["Cache-Control"] == "no-store"
    assert client.ask("/is/image/Co/on-disk.png?wid=40&fmt=png").image.size == (40, 30)
