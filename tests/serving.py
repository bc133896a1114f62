"""A real server process on a real socket, and what the tests ask of it."""

from __future__ import annotations

import http.client
import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from commanding import PATIENCE, started
from PIL import Image


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def image(self) -> Image.Image:
        image = Image.open(io.BytesIO(self.body))
        image.load()
        return image


@dataclass(frozen=True, slots=True)
class Client:
    """Sends requests exactly as they are written."""

    port: int
    folder: Path

    def ask(
        self, url: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.putrequest(method, url, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return Reply(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()


@contextmanager
def serving(
    folder: Path, *options: str, environment: Mapping[str, str] | None = None, before: Sequence[str] = ()
) -> Iterator[Client]:
    """Run a server over a folder that has `catalogs/` in it, of one process unless `environment` says otherwise.

    `before` is a program that becomes the server.
    """
    arguments = ("serve", "--port", "0", *options)
    settings = {"IMAGESERVER_SERVER__WORKERS": "1", **(environment or {})}
    said, log = folder / "server.out", folder / "server.log"
    said.unlink(missing_ok=True)  # what one before has said
    process: ForkServerProcess | Program
    if before:
        process = Program([*before, sys.executable, "-m", "imageserver", *arguments], folder, settings, said, log)
    else:
        process = started(folder, arguments, settings, said, log)
    try:
        yield Client(port_of(process, said, log), folder)
    finally:
        process.terminate()
        process.join(PATIENCE)
        assert not process.is_alive(), "it does not end"


def port_of(process: ForkServerProcess | Program, said: Path, log: Path) -> int:
    """Wait until a server says where it is."""
    end = time.monotonic() + PATIENCE
    while not (match := re.search(r":(\d+)/\n", said.read_text() if said.exists() else "")):
        assert process.is_alive(), f"it has ended: {log.read_text()}"
        assert time.monotonic() < end, f"it does not say where it is: {log.read_text()}"
        time.sleep(0.01)
    return int(match[1])


class Program:
    """A program that was started as users do, with what is asked of a process of ours."""

    def __init__(
        self, command: Sequence[str], folder: Path, settings: Mapping[str, str], said: Path, log: Path
    ) -> None:
        with said.open("w") as output, log.open("w") as errors:
            there = {**os.environ, **settings}
            self._process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=errors, env=there)  # noqa: S603

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def terminate(self) -> None:
        self._process.terminate()

    def join(self, seconds: float) -> None:
        self._process.wait(seconds)


def workers(folder: Path) -> list[int]:
    """The render processes of the server that runs in a folder."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            here = process.name.isdigit() and (process / "cwd").resolve() == folder.resolve()
            if here and b"spawn_main" in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue  # it ended meanwhile, or is not ours
    return found


@contextmanager
def stopped(folder: Path) -> Iterator[None]:
    """Let the render processes of the server in a folder stand still: whatever they are given takes that long."""
    found = workers(folder)
    try:
        for one in found:
            os.kill(one, signal.SIGSTOP)
        yield
    finally:
        for one in found:
            os.kill(one, signal.SIGCONT)


def most_memory(process: int) -> int:
    """The most bytes of memory that a process has held so far."""
    status = Path(f"/proc/{process}/status").read_text()
    match = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert match, status
    return int(match[1]) * 1024
