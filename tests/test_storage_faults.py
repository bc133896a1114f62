"""A server that cannot write: it says so in a line, and every reply is what it would be."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from serving import Client
from sites import write_site

CATALOG = "attributes: {root_path: images, max_pix: [4000, 4000]}\nimages: {grid: {path: grid.png}}\n"
TOKEN = "a-token-for-the-tests"  # noqa: S105
NO_ROOM = ("sh", "-c", 'ulimit -f 8; exec "$@"', "sh")
"""No file grows beyond 4 or 8 KiB, depending on the shell, as on a disk that is full."""
FAULTS: dict[str, tuple[Sequence[str], Mapping[str, str], tuple[str, ...]]] = {
    "no folder": (
        (),
        {"IMAGESERVER_CACHE__PATH": "config.yaml/cache", "IMAGESERVER_STATE": "config.yaml/state"},
        ("replies are not kept", "state/catalogs: cannot be written", "facts of files are not remembered"),
    ),
    "no room": (
        NO_ROOM,
        {},
        ("server.access_log cannot be written: [Errno 27]", "replies are not kept"),
    ),
}


@contextmanager
def running(folder: Path, before: Sequence[str], more: Mapping[str, str]) -> Iterator[Client]:
    settings = {"WORKERS": "1", "ACCESS_LOG": "access.log"}
    environment = {f"IMAGESERVER_SERVER__{name}": value for name, value in settings.items()}
    environment |= {**os.environ, **environment, **more, "IMAGESERVER_ADMIN__TOKEN": TOKEN}
    command = [*before, sys.executable, "-m", "imageserver", "serve", "--port", "0"]
    pipe = subprocess.PIPE
    with (
        (folder / "server.log").open("w") as log,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=log, text=True) as process,  # noqa: S603
    ):
        try:
            assert process.stdout is not None
            match = re.search(r":(\d+)/", process.stdout.readline())
            assert match, (folder / "server.log").read_text()
            yield Client(int(match[1]), folder)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=120)


@pytest.mark.parametrize("fault", FAULTS)
def test_server_that_cannot_write(tmp_path: Path, fault: str) -> None:
    before, environment, told = FAULTS[fault]
    folder = write_site(tmp_path, {"Co": CATALOG})
    (folder / "config.yaml").write_text("")
    with running(folder, before, environment) as client:
        for number in range(30):
            reply = client.ask(f"/is/image/Co/grid?wid=120&hei={60 + number % 4}&fmt=tif")
            assert reply.status == 200
            assert reply.image.size == (120, 60 + number % 4)
        assert len(reply.body) > 8192
        assert client.ask("/health/ready").status == 200
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        body = json.dumps({"fields": {"path": "grid.png"}}).encode()
        edit = client.ask("/admin/v1/catalogs/Co/images/new", "PUT", body, headers)
        written = (folder / "catalogs" / "Co" / "catalog.yaml").read_text()
        assert (edit.status == 201, edit.status >= 500) in {(True, False), (False, True)}
        assert ("new" in written) == (edit.status == 201)
    lines = (folder / "server.log").read_text().splitlines()
    for text in told:
        assert len([line for line in lines if text in line]) == 1, lines
    assert "Traceback" not in "".join(lines)
