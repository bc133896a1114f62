"""Of somebody whom nobody knows yet, the doors read no more than they need: they answer while the rest is to come."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping

import pytest
from guests import READER, SECRET, Guest, basic, guest_of
from serving import Client, Reply

MIB = 2**20
PRESET = b'{"name": "open", "unsigned": true}'
BEHIND = "behind api_key and signature"
JSON, URLENCODED = "application/json", "application/x-www-form-urlencoded"
FORM = "multipart/form-data; boundary=x"
RIGHT, WRONG, READING = basic("key", SECRET), basic("key", "guess"), basic("web", READER)
UPLOAD, ADMIN, UPDATE = "/v1_1/demo/image/upload", "/v1_1/demo/upload_presets", "/rest/Co?$method=update"


@pytest.fixture(scope="module")
def guest(doors: Client) -> Guest:
    """Somebody from whose address one has come who may make a preset."""
    guest = guest_of(doors)
    assert guest.ask(ADMIN, "POST", PRESET, Authorization=RIGHT, Content_Type=JSON).status == 200
    return guest


def begin(guest: Guest, path: str, length: int, body: bytes, headers: Mapping[str, str]) -> Reply:
    """Announce a body, send the beginning of it, and wait for what is answered to that."""
    return guest.ask(path, "POST", body, Content_Length=str(length), **headers)


def part(name: str, value: bytes, more: str = "") -> bytes:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"


def file(size: int) -> bytes:
    return part("file", bytes(size), '; filename="a.png"')


def signed(secret: str) -> bytes:
    stamp = str(int(time.time()))
    seal = hashlib.sha1(f"timestamp={stamp}{secret}".encode()).hexdigest()  # noqa: S324, as the service has it
    fields = {"timestamp": stamp, "api_key": "key", "signature": seal}
    return b"".join(part(name, value.encode()) for name, value in fields.items())


@pytest.mark.parametrize(
    ("path", "length", "body", "headers", "refused"),
    [
        (UPLOAD, 60 * MIB, b"{", {"Content_Type": JSON, "Authorization": WRONG}, (401, "Invalid credentials")),
        (UPLOAD, 60 * MIB, b"", {"Content_Type": FORM, "Authorization": "Bearer guess"}, (401, "no such token")),
        (UPLOAD, 2 * MIB, b"{", {"Content_Type": JSON}, (400, "limits.body_size")),
        (UPLOAD, 2 * MIB, b"file=data:", {"Content_Type": URLENCODED}, (400, "limits.body_size")),
        (
            UPLOAD,
            2 * MIB,
            part("file", bytes(3 * MIB // 2)),
            {"Content_Type": FORM},
            (400, BEHIND),
        ),
        (UPLOAD, 4096 * MIB, b"--x", {"Content_Type": FORM}, (400, "limits.file_size")),
        (
            UPLOAD,
            60 * MIB,
            part("api_key", b"other") + file(MIB),
            {"Content_Type": FORM},
            (401, "Unknown API key other"),
        ),
        (UPLOAD, 60 * MIB, file(17 * MIB), {"Content_Type": FORM}, (400, BEHIND)),
        (UPLOAD, 60 * MIB, signed("guess") + file(17 * MIB), {"Content_Type": FORM}, (401, "Invalid Signature")),
        (ADMIN, 60 * MIB, b"{", {"Content_Type": JSON}, (401, "Authorization required")),
        ("/v1_1/demo/image/explode", 60 * MIB, b"", {"Content_Type": FORM}, (404, "not supported")),
        (UPDATE, 60 * MIB, b"{", {}, (401, "expected a session")),
        (UPDATE, 60 * MIB, b"{", {"Authorization": WRONG}, (401, "unknown credentials")),
        (UPDATE, 60 * MIB, b"{", {"Authorization": READING}, (401, "No permission to write")),
        ("/rest/$upload?$rawPict=true", 60 * MIB, b"", {}, (401, "expected a session")),
        ("/rest/Co(1)/image?$rawPict=image/png", 60 * MIB, b"", {"Authorization": READING}, (401, "No permission")),
        ("/rest/$directory/login", MIB, b"[", {}, (413, "limits.body_size")),
    ],
)
def test_strangers_are_refused_at_once(
    guest: Guest, path: str, length: int, body: bytes, *, headers: Mapping[str, str], refused: tuple[int, str]
) -> None:
    before = sorted((guest.client.folder / "catalogs").rglob("*"))
    reply = begin(guest, path, length, body, headers)
    assert (reply.status, refused[1] in reply.text) == (refused[0], True), reply.text
    assert sorted((guest.client.folder / "catalogs").rglob("*")) == before


@pytest.mark.parametrize(
    "front",
    [signed(SECRET), part("upload_preset", b"open"), b""],
    ids=["signed", "unsigned preset", "a header"],
)
def test_whom_it_knows_it_listens_to(guest: Guest, front: bytes) -> None:
    body = front + file(17 * MIB) + b"--x--\r\n"
    headers = {"Content_Type": FORM, **({} if front else {"Authorization": RIGHT})}
    reply = begin(guest, UPLOAD, len(body), body, headers)
    assert (reply.status, "Invalid image file" in reply.text) == (400, True), reply.text


def test_small_files_may_stand_in_front(guest: Guest) -> None:
    """As forms of browsers often have them."""
    for behind in (signed(SECRET), part("upload_preset", b"open")):
        body = file(MIB) + behind + b"--x--\r\n"
        reply = begin(guest, UPLOAD, len(body), body, {"Content_Type": FORM})
        assert (reply.status, "Invalid image file" in reply.text) == (400, True), reply.text
