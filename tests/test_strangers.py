"""Of somebody whom nobody knows yet, the doors read no more than they need: they answer while the rest is to come."""

from __future__ import annotations

import hashlib
import http.client
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping

import pytest
from conftest import QUIET
from serving import Client, Reply, serving
from sites import write_site

MIB = 2**20
PRESET = b'{"name": "open", "unsigned": true}'
BEHIND = "behind api_key and signature"
JSON, URLENCODED = "application/json", "application/x-www-form-urlencoded"
FORM = "multipart/form-data; boundary=x"
RIGHT, WRONG = (f"Basic {b64encode(one).decode()}" for one in (b"key:secret", b"key:guess"))
READER = f"Basic {b64encode(b'web:password').decode()}"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = write_site(tmp_path_factory.mktemp("strangers"), {"Co": "images: {}\n"})
    environment = {
        **QUIET,
        "IMAGESERVER_DIALECTS__CLOUDINARY__CLOUDS": "demo Co key secret",
        "IMAGESERVER_DIALECTS__REST4D__ENABLED": "on",
        "IMAGESERVER_DIALECTS__REST4D__USERS": "web password read *",
    }
    with serving(folder, environment=environment) as client:
        assert (
            client.ask(
                "/v1_1/demo/upload_presets", "POST", PRESET, {"Authorization": RIGHT, "Content-Type": JSON}
            ).status
            == 200
        )
        yield client


def begin(client: Client, path: str, length: int, body: bytes, headers: Mapping[str, str]) -> Reply:
    """Announce a body, send the beginning of it, and wait for what is answered to that."""
    there = http.client.HTTPConnection("127.0.0.1", client.port, timeout=20)
    try:
        there.request("POST", path, body, {"Content-Length": str(length), **headers})
        reply = there.getresponse()
        return Reply(reply.status, dict(reply.getheaders()), reply.read())
    finally:
        there.close()


def part(name: str, value: bytes, more: str = "") -> bytes:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"


def file(size: int) -> bytes:
    return part("file", bytes(size), '; filename="a.png"')


def signed(secret: str) -> bytes:
    stamp = str(int(time.time()))
    seal = hashlib.sha1(f"timestamp={stamp}{secret}".encode()).hexdigest()  # noqa: S324, as the service has it
    fields = {"timestamp": stamp, "api_key": "key", "signature": seal}
    return b"".join(part(name, value.encode()) for name, value in fields.items())


UPLOAD, ADMIN, UPDATE = "/v1_1/demo/image/upload", "/v1_1/demo/upload_presets", "/rest/Co?$method=update"


@pytest.mark.parametrize(
    ("path", "length", "body", "headers", "refused"),
    [
        (UPLOAD, 60 * MIB, b"{", {"Content-Type": JSON, "Authorization": WRONG}, (401, "Invalid credentials")),
        (UPLOAD, 60 * MIB, b"", {"Content-Type": FORM, "Authorization": "Bearer guess"}, (401, "no such token")),
        (UPLOAD, 2 * MIB, b"{", {"Content-Type": JSON}, (400, "limits.body_size")),
        (UPLOAD, 2 * MIB, b"file=data:", {"Content-Type": URLENCODED}, (400, "limits.body_size")),
        (
            UPLOAD,
            2 * MIB,
            part("file", bytes(3 * MIB // 2)),
            {"Content-Type": FORM},
            (400, BEHIND),
        ),
        (UPLOAD, 4096 * MIB, b"--x", {"Content-Type": FORM}, (400, "limits.file_size")),
        (
            UPLOAD,
            60 * MIB,
            part("api_key", b"other") + file(MIB),
            {"Content-Type": FORM},
            (401, "Unknown API key other"),
        ),
        (UPLOAD, 60 * MIB, file(17 * MIB), {"Content-Type": FORM}, (400, BEHIND)),
        (UPLOAD, 60 * MIB, signed("guess") + file(17 * MIB), {"Content-Type": FORM}, (401, "Invalid Signature")),
        (ADMIN, 60 * MIB, b"{", {"Content-Type": JSON}, (401, "Authorization required")),
        ("/v1_1/demo/image/sprite", 60 * MIB, b"", {"Content-Type": FORM}, (404, "not supported")),
        (UPDATE, 60 * MIB, b"{", {}, (401, "expected a session")),
        (UPDATE, 60 * MIB, b"{", {"Authorization": WRONG}, (401, "unknown credentials")),
        (UPDATE, 60 * MIB, b"{", {"Authorization": READER}, (401, "No permission to write")),
        ("/rest/$upload?$rawPict=true", 60 * MIB, b"", {}, (401, "expected a session")),
        ("/rest/Co(1)/image?$rawPict=image/png", 60 * MIB, b"", {"Authorization": READER}, (401, "No permission")),
        ("/rest/$directory/login", MIB, b"[", {}, (413, "limits.body_size")),
    ],
)
def test_strangers_are_refused_at_once(
    client: Client, path: str, length: int, body: bytes, *, headers: Mapping[str, str], refused: tuple[int, str]
) -> None:
    before = sorted((client.folder / "catalogs").rglob("*"))
    reply = begin(client, path, length, body, headers)
    assert (reply.status, refused[1] in reply.text) == (refused[0], True), reply.text
    assert sorted((client.folder / "catalogs").rglob("*")) == before


@pytest.mark.parametrize(
    "front",
    [signed("secret"), part("upload_preset", b"open"), b""],
    ids=["signed", "unsigned preset", "a header"],
)
def test_whom_it_knows_it_listens_to(client: Client, front: bytes) -> None:
    body = front + file(17 * MIB) + b"--x--\r\n"
    headers = {"Content-Type": FORM, **({} if front else {"Authorization": RIGHT})}
    reply = begin(client, UPLOAD, len(body), body, headers)
    assert (reply.status, "Invalid image file" in reply.text) == (400, True), reply.text


def test_small_files_may_stand_in_front(client: Client) -> None:
    """As forms of browsers often have them."""
    for behind in (signed("secret"), part("upload_preset", b"open")):
        body = file(MIB) + behind + b"--x--\r\n"
        reply = begin(client, UPLOAD, len(body), body, {"Content-Type": FORM})
        assert (reply.status, "Invalid image file" in reply.text) == (400, True), reply.text
