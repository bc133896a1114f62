"""A server with all doors open, over catalogs that are not for everybody; and who comes to it."""

from __future__ import annotations

import http.client
import itertools
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from serving import Client, Reply
from sites import plain

RED = (255, 0, 0)
TOKEN, PASSWORD, SECRET, METRICS = "token-of-admin", "password-of-ann", "secret-of-cloud", "token-of-metrics"
READER = "password-of-web"
SIGNING = "0123456789abcdef"
OPEN = {
    "IMAGESERVER_SERVER__ACCESS_LOG": "",
    "IMAGESERVER_ADMIN__TOKEN": TOKEN,
    "IMAGESERVER_METRICS__TOKEN": METRICS,
    "IMAGESERVER_METRICS__ALLOW": "",
    "IMAGESERVER_SIGNING__KEYS": f"k {SIGNING} Co",
    "IMAGESERVER_DIALECTS__REST4D__ENABLED": "on",
    "IMAGESERVER_DIALECTS__REST4D__USERS": f"ann {PASSWORD} write *, web {READER} read Co Lock",
    "IMAGESERVER_DIALECTS__CLOUDINARY__CLOUDS": f"demo Co key {SECRET}, closed Sign key2 {SECRET}",
}
CO = """attributes: {root_path: images, default_ext: .png}
images:
  open: {path: open.png, user_data: 'a=1??b=2'}
  hidden: {path: hidden.png, access: private}
  short: {path: short, access: authenticated}
  masked: {path: open2.png, mask_path: mask.png, access: private}
  linked: {path: alias/far.png, access: private}
  real: {path: sub/near.png, access: private}
  typo: {path: typo.png, access: privat}
  twice: {path: twice.png}
  twice, hidden: {path: twice.png, access: private}
  later: {path: later}
"""
FILES = ("open", "open2", "hidden", "short", "mask", "typo", "twice", "later", "free", "sub/far", "sub/near")
OWN = "images: {own: {path: own.png, access: private}}\n"
CATALOGS = {
    "Co": CO,
    "Beside": "attributes: {root_path: ../Co/images}\nimages: {}\n",
    "Full": f"attributes: {{full_match: 1}}\n{OWN}",
    "Static": f"attributes: {{root_path: files, static_content_root_path: files}}\n{OWN}"
    "content: {sheet: {path: sheet.txt, access: private}}\nsvg: {drawn: {path: drawn.svg, access: private}}\n",
    "Lock": "attributes: {request_lock: 1}\nimages: {own: {path: own.png}}\n",
    "Veil": "attributes: {request_obfuscation: 1}\nimages: {own: {path: own.png}}\n",
    "Sign": "attributes: {request_signing: 1}\nimages: {own: {path: own.png}}\n",
}
ADDRESSES = (f"127.0.{77 + number // 200}.{1 + number % 200}" for number in itertools.count())


def make_guarded(folder: Path) -> Path:
    """Write the catalogs and their files."""
    for name, text in CATALOGS.items():
        (folder / "catalogs" / name).mkdir(parents=True)
        (folder / "catalogs" / name / "catalog.yaml").write_text(text)
    images = folder / "catalogs" / "Co" / "images"
    for name in FILES:
        plain(images / f"{name}.png", RED)
    (images / "alias").symlink_to("sub")
    (images / "other.png").symlink_to("hidden.png")
    for name in ("Full/own", "Lock/own", "Veil/own", "Sign/own", "Static/files/own", "Static/files/free"):
        plain(folder / "catalogs" / f"{name}.png", RED)
    for name in ("sheet.txt", "drawn.svg"):
        (folder / "catalogs" / "Static" / "files" / name).write_text(
            '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
        )
    return folder


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who comes from an address of their own."""

    client: Client
    address: str

    def ask(self, url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Reply:
        there = http.client.HTTPConnection("127.0.0.1", self.client.port, timeout=60, source_address=(self.address, 0))
        try:
            there.request(method, url, body, {name.replace("_", "-"): value for name, value in headers.items()})
            reply = there.getresponse()
            return Reply(reply.status, dict(reply.getheaders()), reply.read())
        finally:
            there.close()


def guest_of(client: Client) -> Guest:
    """Give somebody whom nobody has seen yet."""
    return Guest(client, next(ADDRESSES))


def basic(name: str, password: str) -> str:
    """Write a header."""
    return f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"
