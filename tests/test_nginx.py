"""A web server in front, configured as docs/nginx.md says."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from serving import Client, serving
from sites import eventually, write_site

DOCUMENT = Path(__file__).parents[1] / "docs" / "nginx.md"
CATALOG = "attributes: {root_path: images}\nimages: {grid: {path: grid.png}, brief: {path: grid.png, expiration: 0}}\n"
QUIET = {"IMAGESERVER_SERVER__ACCESS_LOG": ""}
PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
WHOLE = """
user {user};
daemon off;
pid nginx.pid;
error_log stderr error;
events {{}}
http {{
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path a; uwsgi_temp_path b; scgi_temp_path c;
  {http}
}}
"""
URL = "/is/image/Co/grid?fmt=png"

pytestmark = pytest.mark.skipif(not PROGRAM and not os.environ.get("CI"), reason="nginx is not installed")


def configurations() -> list[str]:
    """The configurations of the document, in its order."""
    return re.findall(r"```nginx\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)


@contextmanager
def nginx(folder: Path, http: str, behind: int) -> Iterator[Client]:
    """Run nginx before the server, in a folder of its own; it takes a socket over that listens already."""
    opened, home = socket.create_server(("127.0.0.1", 0)), folder / "nginx"
    port, number = opened.getsockname()[1], opened.fileno()
    home.mkdir()
    http = http.replace("listen 80", f"listen 127.0.0.1:{port}").replace("127.0.0.1:8080", f"127.0.0.1:{behind}")
    http = http.replace("/var/cache/nginx/imageserver", str(home / "kept")).replace(
        "/var/cache/imageserver", str(folder / "cache")
    )
    (home / "nginx.conf").write_text(WHOLE.format(user=getpass.getuser(), http=http))
    assert PROGRAM, "CI installs nginx"
    command = [PROGRAM, "-p", str(home), "-c", str(home / "nginx.conf")]
    environment = {**os.environ, "NGINX": f"{number};"}
    with opened, subprocess.Popen(command, pass_fds=[number], env=environment) as process:  # noqa: S603
        try:
            opened.close()
            yield Client(port, folder)
        finally:
            process.terminate()


def test_nginx_keeps_replies(tmp_path: Path) -> None:
    write_site(tmp_path, {"Co": CATALOG})
    with serving(tmp_path, environment=QUIET) as ours, nginx(tmp_path, configurations()[0], ours.port) as front:
        direct = ours.ask(URL)
        replies = [front.ask(URL) for _ in range(3)]
        assert {reply.body for reply in replies} == {direct.body}
        assert [reply.headers["X-Cache"] for reply in replies] == ["MISS", "HIT", "HIT"]
        assert replies[2].headers["ETag"] == direct.headers["ETag"]
        assert front.ask(URL, headers={"If-None-Match": direct.headers["ETag"]}).status == 304
        assert [front.ask("/is/image/Co/brief").headers["X-Cache"] for _ in range(2)] == ["MISS", "MISS"]
        assert [front.ask("/is/image/Co/nothing").status for _ in range(2)] == [403, 403]


def test_nginx_keeps_each_format_for_clients_that_accept_it(tmp_path: Path) -> None:
    write_site(tmp_path, {"Co": CATALOG})
    with serving(tmp_path, environment=QUIET) as ours, nginx(tmp_path, configurations()[0], ours.port) as front:
        for kept in ("MISS", "HIT", "HIT"):
            for accept, sent in (("image/webp", "image/webp"), ("image/avif", "image/avif"), ("*/*", "image/jpeg")):
                reply = front.ask("/is/image/Co/grid?bfc=on&wid=200", headers={"Accept": accept})
                assert (reply.headers["X-Cache"], reply.headers["Content-Type"]) == (kept, sent)


def test_nginx_sends_files_of_the_cache(tmp_path: Path) -> None:
    write_site(tmp_path, {"Co": CATALOG})
    environment = {**QUIET, "IMAGESERVER_CACHE__ACCEL": "/kept"}
    with serving(tmp_path, environment=environment) as ours, nginx(tmp_path, configurations()[1], ours.port) as front:
        first = front.ask(URL)
        eventually(lambda: "X-Accel-Redirect" in ours.ask(URL).headers, wanted=True)
        second = front.ask(URL)
        assert second.body == first.body
        for name in ("Content-Type", "ETag", "Cache-Control", "X-Content-Type-Options", "Access-Control-Allow-Origin"):
            assert second.headers[name] == first.headers[name], name
        assert "X-Accel-Redirect" not in second.headers
        assert "Last-Modified" not in second.headers
        assert front.ask(URL, headers={"If-None-Match": first.headers["ETag"]}).status == 304
        assert front.ask(f"/kept/replies/{'0' * 3}/x").status == 404, "nobody else may ask for the files"
