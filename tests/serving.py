"""A real server process on a real socket, and what the tests ask of it."""

from __future__ import annotations

import http.client
import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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
    command = [*before, sys.executable, "-m", "imageserver", "serve", "--port", "0", *options]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603, our own server
            command,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "IMAGESERVER_SERVER__WORKERS": "1", **(environment or {})},
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            match = re.search(r":(\d+)/", line)
            assert match, f"no URL in {line!r}: {(folder / 'server.log').read_text()}"
            yield Client(int(match[1]), folder)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=120)


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
