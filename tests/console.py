"""A site whose catalogs are looked after at the console, and who goes there: with a client, and with a browser."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from pictures import quadrants
from serving import Client, Reply, serving
from sites import plain

TOKENS = {"all": "all-1", "reader": "read-2", "writer": "write-3"}
SETTINGS = {
    "IMAGESERVER_SERVER__ACCESS_LOG": "",
    "IMAGESERVER_SERVER__TRUSTED_PROXIES": "127.0.0.1",
    "IMAGESERVER_ADMIN__TOKEN": TOKENS["all"],
    "IMAGESERVER_ADMIN__TOKENS": f"{TOKENS['reader']} read *, {TOKENS['writer']} write Co",
    "IMAGESERVER_PYRAMIDS__BUILD": "off",
}
HOSTILE = """<b>"1"</b>'&amp; ü?#%41"""
SIGNED = "attributes: {request_signing: true}\nimages: {secret: {path: blue.png}}\n"
DEFAULT = "attributes: {resolution: 96}\nmacros: {shared: wid=50}\n"
CATALOG = f"""# Shoes.
attributes: {{root_path: images, expiration: 5}}
images:
  boot:   # warm
    path: boot.png
    tags: winter, warm
    user_data: {{color: red, sku: 4715}}
    crops: {{toe: [0, 0, 40, 30]}}   # the toe
    targets: [{{rect: [10, 10, 50, 40], label: Heel}}]
    map: '<area shape="rect" coords="0,0,100,50" href="/a" alt="Top"><area shape="default" href="/all" alt="All">'
  "summer/sandal": {{path: blue.png, tags: summer}}
  plate: {{modifier: "size=60,40&color=00ff00"}}
  pair: {{image_set: "Co/boot,Co/summer/sandal", asset_type: imageset}}
  cut: {{path: boot.png, mask_path: mask.png}}
  kept: {{path: blue.png, access: private}}
  lost: {{path: lost.png}}
  {json.dumps(HOSTILE, ensure_ascii=False)}: {{path: boot.png, user_data: {{title: {json.dumps(HOSTILE)}}}}}
macros: {{thumb: wid=100, shadow: opac=20}}
"""


def write_site(folder: Path) -> Path:
    """Write the default catalog, Co and Other, one that serves signed requests only, and one that cannot be read."""
    (folder / "catalogs").mkdir(parents=True, exist_ok=True)
    (folder / "catalogs" / "default.yaml").write_text(DEFAULT)
    broken = folder / "catalogs" / "Broken"
    broken.mkdir()
    (broken / "catalog.yaml").write_text("images: [\n")
    plain(folder / "catalogs" / "Signed" / "blue.png", (0, 0, 255))
    (folder / "catalogs" / "Signed" / "catalog.yaml").write_text(SIGNED)
    for name in ("Co", "Other"):
        images = folder / "catalogs" / name / "images"
        plain(images / "blue.png", (0, 0, 255))
        plain(images / "mask.png", (0, 0, 0), (200, 150))
        quadrants(200, 150).save(images / "boot.png")
        (images.parent / "catalog.yaml").write_text(CATALOG)
    return folder


@dataclass
class Guest:
    """Somebody with a browser's cookies, who comes from an address of their own."""

    client: Client
    address: str = "192.0.2.1"
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""
    given: list[str] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.client.port}"

    def ask(self, url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Reply:
        """Ask as a browser does; a header of which nothing is given is left out."""
        known = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "X-Forwarded-For": self.address,
            **({} if method == "GET" else {"Origin": self.origin}),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.client.port, timeout=60)
        try:
            connection.request(method, url, body, {name: value for name, value in known.items() if value})
            reply = connection.getresponse()
            self.given = reply.msg.get_all("Set-Cookie") or []
            self.keep()
            return Reply(reply.status, dict(reply.getheaders()), reply.read())
        finally:
            connection.close()

    def keep(self) -> None:
        """Keep the cookies that were given, and throw those away that were taken."""
        for name, value in (one.partition(";")[0].split("=", 1) for one in self.given):
            self.cookies[name] = value.strip('"')
            if not self.cookies[name]:
                del self.cookies[name]

    def form(self, url: str, **fields: str) -> Reply:
        """Send a form."""
        body = urlencode(fields).encode()
        return self.ask(url, "POST", body, Content_Type="application/x-www-form-urlencoded")

    def enter(self, token: str = TOKENS["all"], to: str = "") -> Reply:
        """Log in by the form."""
        return self.form("/console/login", token=token, to=to, csrf=csrf_in(self.ask("/console/login").text))

    def send(self, url: str, method: str, body: object = None, **headers: str) -> Reply:
        """Send JSON as a script of a page does."""
        data = json.dumps(body).encode() if body is not None else b""
        return self.ask(url, method, data, **{"Content_Type": "application/json", "X_CSRF_Token": self.csrf, **headers})

    def read(self, url: str) -> Any:  # noqa: ANN401, JSON
        reply = self.ask(url)
        assert reply.status == 200, reply.text
        return json.loads(reply.text)


def csrf_in(page: str) -> str:
    """Find the token of a page."""
    found = re.search(r'name="csrf" (?:value|content)="([0-9a-f]{64})"', page)
    assert found, page
    return found[1]


def visitor(client: Client, token: str = TOKENS["all"]) -> Guest:
    """Give somebody who has logged in."""
    guest = Guest(client)
    assert guest.enter(token).status == 303
    guest.csrf = csrf_in(guest.ask("/console").text)
    return guest


@contextmanager
def console(folder: Path, **environment: str) -> Iterator[Client]:
    """Run a server with the console."""
    with serving(write_site(folder), environment={**SETTINGS, **environment}) as client:
        yield client


PAGES = (
    "/console",
    "/console/catalogs/default",
    "/console/catalogs/Co",
    "/console/catalogs/Co?q=boot&kind=picture&tag=winter&wrong=1",
    "/console/catalogs/Co/macros",
    "/console/catalogs/Co/attributes",
    "/console/catalogs/Co/images/boot",
    "/console/catalogs/Co/images/summer%2Fsandal",
    "/console/catalogs/Co/images/pair",
    "/console/catalogs/Co/images/lost",
    f"/console/catalogs/Co/images/{quote(HOSTILE, safe='')}",
    "/console/catalogs/Broken",
    "/console/playground?url=Co/boot?wid=10",
    "/console/server",
)


BOOT = "/console/api/catalogs/Co/images/boot"


def fields(guest: Guest) -> object:
    return guest.read(BOOT)["fields"]


class Page(HTMLParser):
    """Collects the elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
