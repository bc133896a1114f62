"""Static content over a real socket: conditions, large files, and files that change while they are sent."""

from __future__ import annotations

import http.client
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Client, most_memory, serving
from sites import QUIET

CATALOG = """
attributes: {static_content_root_path: files}
content: {film: {path: film.mp4}, loose: {path: loose.txt}}
"""
GIGABYTE = 2**30
BLOCK = 2**20


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Client]:
    """A server of one process with static content that a test may change."""
    folder = tmp_path / "catalogs" / "Co"
    (folder / "files").mkdir(parents=True)
    (folder / "catalog.yaml").write_text(CATALOG)
    (files(tmp_path) / "film.mp4").write_bytes(b"a film")
    with serving(tmp_path, environment=QUIET) as client:
        yield client


def files(folder: Path) -> Path:
    return folder / "catalogs" / "Co" / "files"


def processes(folder: Path) -> list[int]:
    """All processes that run in a folder."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and (process / "cwd").resolve() == folder.resolve():
                found.append(int(process.name))
        except OSError:
            continue  # it ended meanwhile, or is not ours
    return found


def test_etag(shop: Client) -> None:
    """It follows from the content, and from nothing else."""
    url, film = "/is/content/Co/film", files(shop.folder) / "film.mp4"
    etag = shop.ask(url).headers["ETag"]
    assert len(etag) == len('"') + 32 + len('"')
    assert shop.ask(url, headers={"If-None-Match": f'"x", W/{etag}'}).status == 304
    assert shop.ask("/is/content/Co/film.mp4").headers["ETag"] == etag
    assert shop.ask(url, headers={"Range": "bytes=0-0", "If-Range": etag}).body == b"a"
    assert shop.ask(url, headers={"Range": "bytes=0-0", "If-Range": f"W/{etag}"}).body == b"a film"
    assert shop.ask(url, headers={"If-Match": f'{etag}, "x"'}).status == 200
    film.write_bytes(b"a flim")
    os.utime(film, (1, 1))
    changed = shop.ask(url, headers={"If-None-Match": etag, "Range": "bytes=0-0", "If-Range": etag})
    assert (changed.status, changed.body) == (200, b"a flim")
    assert changed.headers["Last-Modified"] == "Thu, 01 Jan 1970 00:00:01 GMT"
    film.write_bytes(b"a film")
    assert shop.ask(url).headers["ETag"] == etag


def test_large_file_takes_no_memory(shop: Client) -> None:
    """Here a file of a gigabyte with holes, of which little lies on the disk."""
    film = files(shop.folder) / "film.mp4"
    with film.open("wb") as stream:
        stream.truncate(GIGABYTE)
        stream.seek(GIGABYTE - 3)
        stream.write(b"end")
    assert shop.ask("/is/content/Co/film", headers={"Range": "bytes=-3"}).body == b"end"
    before = {process: most_memory(process) for process in processes(shop.folder)}
    connection = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=60)
    connection.request("GET", "/is/content/Co/film")
    reply, length, last = connection.getresponse(), 0, b""
    while block := reply.read(BLOCK):
        length += len(block)
        last = block
    connection.close()
    assert length == int(reply.headers["Content-Length"]) == GIGABYTE
    assert last.endswith(b"end")
    after = {process: most_memory(process) for process in processes(shop.folder)}
    assert sum(after.values()) - sum(before[process] for process in after) < 32 * BLOCK


def half_read(shop: Client) -> tuple[socket.socket, bytes]:
    """Ask for a film and read its beginning only."""
    client = socket.create_connection(("127.0.0.1", shop.port), timeout=60)
    client.sendall(b"GET /is/content/Co/film HTTP/1.1\r\nHost: shop\r\n\r\n")
    return client, client.recv(BLOCK)


def rest(client: socket.socket, beginning: bytes) -> bytes:
    """Read until the server is done with the reply, or gives it up; what came of its body is given."""
    received = bytearray(beginning)
    try:
        while block := client.recv(BLOCK):
            received += block
            if b"END" in received[-8:]:
                break
    except ConnectionResetError:
        pass
    client.close()
    return bytes(received).partition(b"\r\n\r\n")[2]


def test_replaced_while_it_is_sent(shop: Client) -> None:
    """Who began with the old file gets the old file."""
    film = files(shop.folder) / "film.mp4"
    old = b"o" * (64 * BLOCK) + b"END"
    film.write_bytes(old)
    client, beginning = half_read(shop)
    other = film.with_name("new")
    other.write_bytes(b"n" * len(old))
    other.rename(film)
    assert shop.ask("/is/content/Co/film", headers={"Range": "bytes=0-0"}).body == b"n"
    assert rest(client, beginning) == old


@pytest.mark.parametrize("size", [0, 80 * BLOCK])
def test_written_into_while_it_is_sent(shop: Client, size: int) -> None:
    """No reply mixes the old file and the new one into something that looks whole: it ends before its time."""
    film = files(shop.folder) / "film.mp4"
    film.write_bytes(b"o" * (64 * BLOCK) + b"END")
    client, beginning = half_read(shop)
    film.write_bytes(b"n" * size)
    body = rest(client, beginning)
    assert b"Content-Length: 67108867\r\n" in beginning
    assert len(body) < 64 * BLOCK
    assert shop.ask("/is/content/Co/film", headers={"Range": "bytes=-1"}).body == (b"n" if size else b"")


def test_a_client_that_goes_away(shop: Client) -> None:
    """It takes nothing with it."""
    film = files(shop.folder) / "film.mp4"
    film.write_bytes(b"o" * (64 * BLOCK))
    for _ in range(5):
        client, _ = half_read(shop)
        client.close()
    assert shop.ask("/is/content/Co/film", headers={"Range": "bytes=-1"}).body == b"o"
    assert "Traceback" not in (shop.folder / "server.log").read_text()


def test_a_folder_that_becomes_a_link(shop: Client) -> None:
    """A link that leads out is not followed, wherever in the path it is, but for a record's own."""
    outside = shop.folder / "outside"
    outside.mkdir()
    (outside / "loose.txt").write_text("loose")
    (files(shop.folder) / "loose.txt").symlink_to(outside / "loose.txt")
    (files(shop.folder) / "folder").symlink_to(outside)
    assert shop.ask("/is/content/Co/loose").body == b"loose"
    assert shop.ask("/is/content/Co/loose.txt").status == 403
    assert shop.ask("/is/content/Co/folder/loose.txt").status == 403


def test_what_is_no_file(shop: Client) -> None:
    """A pipe keeps nobody waiting."""
    os.mkfifo(files(shop.folder) / "loose.txt")
    assert shop.ask("/is/content/Co/loose").status == 403
    assert shop.ask("/is/content/Co/loose.txt").status == 403


def test_keep_alive(shop: Client) -> None:
    """A connection serves many files, and other requests between them."""
    connection = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=60)
    for url, body in [("film", b"a film"), ("film?req=userdata", b"\r\n"), ("film.mp4", b"a film")] * 3:
        connection.request("GET", f"/is/content/Co/{url}")
        assert connection.getresponse().read() == body
    connection.close()
