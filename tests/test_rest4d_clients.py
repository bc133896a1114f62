"""A client of 4D's REST servers, unmodified: it reads, saves, is refused, queries, pages and deletes."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import HERE
from entities import BLUE, RED, codes, make, png, settings
from serving import Client, serving

CLIENTS = HERE / "clients"
needs_node = pytest.mark.skipif(
    not (shutil.which("node") and (CLIENTS / "node_modules").exists()) and not os.environ.get("CI"),
    reason="needs node, and `npm ci` in tests/clients",
)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("wakanda")
    make(folder)
    more = {"IMAGESERVER_DIALECTS__REST4D__STRICT": "on", "IMAGESERVER_SERVER__WORKERS": "2"}  # which share sessions
    with serving(folder, environment=settings(**more)) as client:
        yield client


def run(client: Client, program: Path, *arguments: str) -> str:
    command = ["node", program.name, f"http://127.0.0.1:{client.port}", *arguments]
    done = subprocess.run(command, cwd=CLIENTS, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_node
def test_wakanda_client(strict: Client) -> None:
    pictures = [base64.b64encode(one).decode() for one in (png(RED, (8, 6)), png(BLUE, (9, 6)))]
    told = json.loads(run(strict, CLIENTS / "wakanda.mjs", "ann", "secret", *pictures))
    assert told["wrongPassword"] is False
    assert (told["login"], told["user"], told["logout"]) == (True, "ann", True)
    assert {"ID", "image", "userdata"} <= set(told["attributes"])
    made, stamp = told["made"], told["made"]["stamp"]
    assert (made["tags"], made["uri"], made["userdata"]) == ("it's (new)!", None, {"age": "4"})
    assert (told["uploaded"]["stamp"], told["uploaded"]["width"]) == (stamp + 1, 8)
    assert (told["saved"]["stamp"], told["saved"]["tags"]) == (stamp + 2, "changed")
    assert (codes(told["stale"]), told["stale"]["__STAMP"]) == ([1263, 1046, 1517], stamp + 2)
    assert told["afterStale"] == told["saved"]
    assert (told["replaced"]["stamp"], told["replaced"]["width"]) == (stamp + 3, 9)
    for name, version in (("uploaded", 1), ("saved", 2), ("replaced", 3)):
        uri = told[name]["uri"]
        assert uri == f"/rest/Co({made['key']})/image?$imageformat=best&$version={stamp + version}&$expand=image"
    assert told["query"] == {"count": 1, "keys": [made["key"]]}
    assert [len(one) for one in told["pages"]] == [2, 2]
    assert codes(told["unknown"]) == [1558]
    assert (told["without"]["uri"], told["without"]["stamp"]) == (None, stamp + 4)
    assert codes(told["gone"]) == [1543]
    assert strict.ask(told["saved"]["uri"]).status == 404
