"""Clients that are slow, many, or speak no proper HTTP: each costs what it may, and the others nothing."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from serving import Client, serving, workers
from sites import eventually, write_site

CATALOG = "attributes: {root_id: Co, root_path: images, max_pix: [6000, 6000]}\nimages: {grid: {path: grid.png}}\n"
SLOW = {
    "IMAGESERVER_SERVER__ACCESS_LOG": "",
    "IMAGESERVER_LIMITS__HEADER_SECONDS": "1",
    "IMAGESERVER_LIMITS__BODY_SECONDS": "1",
    "IMAGESERVER_LIMITS__IDLE_SECONDS": "2",
    "IMAGESERVER_LIMITS__CLIENT_CONNECTIONS": "8",
    "IMAGESERVER_LIMITS__CONNECTIONS": "20",
}
HIT = "/is/image/Co/grid?wid=20"
HEAD = b"GET " + HIT.encode() + b" HTTP/1.1\r\nHost: a\r\n"
FORM = (
    b"POST /is/image/Co/grid HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 4000\r\n\r\n"
)
LARGE = b"GET /is/image/Co/noise.png?scl=1&fmt=png HTTP/1.1\r\nHost: a\r\n\r\n"
FILE = b"GET /is/content/Co/noise.png HTTP/1.1\r\nHost: a\r\n\r\n"


def make_site(folder: Path) -> Path:
    images = write_site(folder, {"Co": CATALOG}) / "catalogs/Co/images"
    noise = Image.frombytes("RGB", (1700, 1700), os.urandom(1700 * 1700 * 3))
    noise.save(images / "noise.png", compress_level=0)
    (images.parent / "noise.png").write_bytes((images / "noise.png").read_bytes())
    return folder


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with serving(make_site(tmp_path_factory.mktemp("slow")), environment=SLOW) as client:
        assert client.ask(HIT).status == 200
        yield client


def connect(client: Client, address: str = "127.0.0.1") -> socket.socket:
    """Connect from one of the addresses of this machine, with little room for what comes back."""
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.settimeout(60)
    opened.bind((address, 0))
    opened.connect(("127.0.0.1", client.port))
    return opened


def everything(opened: socket.socket) -> bytes:
    """Read until the other side closes, or breaks off."""
    found = b""
    try:
        while part := opened.recv(65536):
            found += part
    except ConnectionResetError:
        pass
    return found


def is_open(client: Client, opened: socket.socket) -> bool:
    """Tell whether the server still has a connection, without reading from it."""
    return held(client).get(opened.getsockname()[1]) == ESTABLISHED


def held(client: Client) -> dict[int, str]:
    """The connections that the server has not closed, by the port of who has made them, each with its state."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    own = [row for row in rows if row[1].endswith(f":{client.port:04X}")]
    return {int(row[2].rpartition(":")[2], 16): row[3] for row in own if row[3] in {ESTABLISHED, CLOSE_WAIT}}


ESTABLISHED, CLOSE_WAIT = "01", "08"


KINDS: dict[str, tuple[bytes, bytes, bytes]] = {
    "nothing": (b"", b"", b""),
    "no end of the head": (HEAD, b"", b"408 Request Timeout"),
    "a head byte by byte": (HEAD, b"x", b"limits.header_seconds"),
    "no body": (FORM, b"", b"408 Request Timeout"),
    "a body byte by byte": (FORM, b"w", b"limits.body_seconds"),
    "idle after a reply": (HEAD + b"\r\n", b"", b"200 OK"),
}


def test_slow_clients_are_closed(client: Client) -> None:
    """All of them at once, while others are served; those who read nothing lose what they do not read."""
    server = server_of(client)
    before = descriptors(server)
    with ExitStack() as stack:
        slow = {name: stack.enter_context(connect(client, f"127.0.1.{n}")) for n, name in enumerate(KINDS, 1)}
        deaf = [stack.enter_context(connect(client, "127.0.2.1")) for _ in range(2)]
        for name, opened in slow.items():
            opened.sendall(KINDS[name][0])
        for opened, asked in zip(deaf, (LARGE, FILE), strict=True):
            opened.sendall(asked)
        assert all(is_open(client, opened) for opened in deaf)
        drip(slow, 3.0)
        for name, opened in slow.items():
            assert KINDS[name][2] in everything(opened), name
        assert client.ask(HIT).status == 200
        for opened in deaf:
            eventually(partial(is_open, client, opened), False)
    eventually(lambda: descriptors(server) <= before + 2, True)


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server that has patience with each, and room for as few."""
    folder = write_site(tmp_path_factory.mktemp("crowded"), {"Co": CATALOG})
    patience = {name: "60" for name in SLOW if name.endswith("_SECONDS")}
    with serving(folder, environment={**SLOW, **patience}) as client:
        yield client


def test_one_address_has_so_many_connections(crowded: Client) -> None:
    client = crowded
    with ExitStack() as stack:
        mine = [stack.enter_context(connect(client, "127.0.3.1")) for _ in range(9)]
        refused = everything(mine[-1])
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert refused.endswith(b"\r\n\r\nlimits.client_connections: there are too many connections\n")
        assert b"Retry-After: 1\r\n" in refused
        mine[0].sendall(HEAD + b"\r\n")
        assert mine[0].recv(100).startswith(b"HTTP/1.1 200 ")
        port = mine[0].getsockname()[1]
        mine[0].close()
        eventually(lambda: port in held(client), False)
        with connect(client, "127.0.3.1") as another:
            another.sendall(HEAD + b"Connection: close\r\n\r\n")
            assert everything(another).startswith(b"HTTP/1.1 200 ")


def test_all_together_have_so_many_connections(crowded: Client) -> None:
    client = crowded
    with ExitStack() as stack:
        mine = [stack.enter_context(connect(client, f"127.0.4.{n}")) for n in range(1, 22)]
        assert b"limits.connections: there are too many connections" in everything(mine[-1])
        mine[0].sendall(HEAD + b"Connection: close\r\n\r\n")
        assert everything(mine[0]).startswith(b"HTTP/1.1 200 ")
    assert client.ask(HIT).status == 200


GET = b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n"
NEXT = b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
POST = b"POST /is/image/Co/grid HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
MARKUP = b"<script>alert(1)</script>"
MALFORMED: dict[str, tuple[bytes, tuple[int, ...]]] = {
    "length and chunks": (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (400,)),
    "two lengths": (POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nwid=9&", (400,)),
    "the same length twice": (POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nwid=9", (400,)),
    "a list of lengths": (POST + b"Content-Length: 5, 5\r\n\r\nwid=9", (400,)),
    "a length with a sign": (POST + b"Content-Length: +5\r\n\r\nwid=9", (400,)),
    "a length below 0": (POST + b"Content-Length: -5\r\n\r\nwid=9", (400,)),
    "a huge length": (POST + b"Content-Length: 99999999999999999999999\r\n\r\nwid=9", (400,)),
    "two codings": (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", (400,)),
    "an unknown coding": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", (400,)),
    "a space before the colon": (POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", (400,)),
    "a control letter before a coding": (POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", (400,)),
    "chunks in HTTP/1.0": (CHUNKED.replace(b"/1.1", b"/1.0") + b"5\r\nwid=9\r\n0\r\n\r\n", (400,)),
    "no size of a chunk": (CHUNKED + b"zz\r\nwid=9\r\n0\r\n\r\n", (400,)),
    "a size below 0": (CHUNKED + b"-5\r\nwid=9\r\n0\r\n\r\n", (400,)),
    "a huge size": (CHUNKED + b"f" * 20 + b"\r\nwid=9\r\n0\r\n\r\n", (400,)),
    "a chunk that is longer": (CHUNKED + b"5\r\nwid=9xx0\r\n\r\n", (400,)),
    "bare line ends": (CHUNKED + b"5\nwid=9\n0\n\n", (400,)),
    "good chunks": (CHUNKED + b"5\r\nwid=9\r\n0\r\n\r\n", (200,)),
    "a body of GET": (GET[:-2] % HIT.encode() + b"Content-Length: 5\r\n\r\nhei=9", (200,)),
    "a compressed body": (POST + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nwid=9", (415,)),
    "a folded header": (HEAD + b"X: a\r\n b\r\n\r\n", (400,)),
    "a zero in a header": (HEAD + b"X: a\0b\r\n\r\n", (400,)),
    "a bare CR in a header": (HEAD + b"X: a\rY: b\r\n\r\n", (400,)),
    "a bare LF in a header": (HEAD + b"X: a\nY: b\r\n\r\n", (400,)),
    "a header without a name": (HEAD + b": a\r\n\r\n", (400,)),
    "two hosts": (HEAD + b"Host: b\r\n\r\n", (400,)),
    "no host": (HEAD.replace(b"Host: a\r\n", b"\r\n"), (400,)),
    "many headers": (HEAD + b"".join(b"X%d: a\r\n" % n for n in range(500)) + b"\r\n", (400,)),
    "a long header": (HEAD + b"X: " + b"a" * 100_000 + b"\r\n\r\n", (400,)),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400,)),
    "HTTP/3": (b"GET / HTTP/3.0\r\n\r\n", (400,)),
    "markup as a method": (MARKUP + b" / HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n", (400,)),
    "markup as a header": (HEAD + MARKUP + b"\x01: a\r\nAccept: text/html\r\n\r\n", (400,)),
    "markup in a bad line": (b"GET /\x01" + MARKUP + b" HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n", (400,)),
    "letters beyond ASCII": (GET % b"/is/image/Co/\xc0\xae\xc0\xae/", (400,)),
    "a tunnel": (b"CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: a\r\n\r\n", (404,)),
    "everything": (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", (404,)),
    "an expectation": (POST + b'Expect: "<b>"\r\nContent-Length: 5\r\n\r\nwid=9', (417,)),
    "a foreign host": (GET % (b"http://elsewhere" + HIT.encode()), (200,)),
    "a line end in a value": (GET % b"/is/image/Co/grid?wid=9%0d%0aX-Evil:%201", (403,)),
    "a line end in a name": (GET % b"/is/image/Co/gr%0d%0aX-Evil:%201%0d%0a%0d%0aid", (403,)),
    "a line end in a path": (GET % b"/gr%0d%0aX-Evil:%201%0d%0a%0d%0aid", (404,)),
    "a line end in an id": (GET % b"/is/image/Co/grid?req=props,json&id=a%0d%0aX-Evil:%201", (200,)),
    "a zero in a name": (GET % b"/is/image/Co/grid%00.png", (403,)),
    "overlong dots": (GET % b"/is/image/Co/%c0%ae%c0%ae%c0%af%c0%ae%c0%ae%c0%afetc/passwd", (403,)),
    "dots encoded twice": (GET % b"/is/image/Co/%252e%252e%252fcatalog.yaml", (403,)),
    "backslashes": (GET % b"/is/image/Co/..%5c..%5c..%5ccatalog.yaml", (403,)),
    "static dots": (GET % b"/is/content/Co/..%2f..%2fserver.log", (403,)),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_not_quite_http(client: Client, name: str) -> None:
    """One clear answer each; what comes behind it is answered as well, or not at all."""
    sent, statuses = MALFORMED[name]
    statuses = statuses if statuses == (400,) else (*statuses, 200)
    with connect(client, "127.0.5.1") as opened:
        opened.sendall(sent + NEXT)
        replies = everything(opened)
    heads = [part.split(b"\r\n\r\n")[0] for part in replies.split(b"HTTP/1.")[1:] if part[2:5].isdigit()]
    assert tuple(int(head[2:5]) for head in heads) == statuses, replies[:400]
    assert b"x-evil" not in replies.split(b"\r\n\r\n")[0].lower()
    assert MARKUP not in replies
    assert b"Traceback" not in replies
    assert all(b"nosniff" in head or b"404" in head[:8] or b"417" in head[:8] for head in heads)


def test_nothing_of_that_is_logged(client: Client) -> None:
    """A log that anybody can fill is of no use."""
    log = client.folder / "server.log"
    before = log.read_text()
    with connect(client) as opened:
        opened.sendall(FORM + b"wid=")
    with connect(client) as opened:
        opened.sendall(CHUNKED)
        time.sleep(0.1)
        opened.sendall(b"zz\r\n")
        assert b" 4" in everything(opened)[:20]
    with connect(client) as opened:
        opened.sendall(b"\x16\x03\x01\r\n\r\n")
        assert everything(opened).startswith(b"HTTP/1.0 400")
    assert client.ask(HIT).status == 200
    assert log.read_text() == before


def drip(slow: dict[str, socket.socket], seconds: float) -> None:
    """Send a byte now and then, for as long as the other side takes it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name, opened in slow.items():
            if KINDS[name][1]:
                try:
                    opened.send(KINDS[name][1])
                except OSError:
                    continue
        time.sleep(0.2)


def server_of(client: Client) -> int:
    """The process that answers: the parent of the one that renders."""
    (renderer,) = workers(client.folder)
    return int(Path(f"/proc/{renderer}/stat").read_text().rpartition(")")[2].split()[1])


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
