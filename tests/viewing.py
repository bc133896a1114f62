"""Pages of another server in a browser, with the viewer on them: what they ask for, and what a person sees."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from browser import PATIENCE, Tab, browsing
from pictures import BLUE, GREEN, RED, YELLOW
from PIL import Image, ImageChops
from remote import Remote, remote_server
from serving import Client, serving
from sites import QUIET, plain

WINDOW = {"width": 900, "height": 700, "deviceScaleFactor": 1, "mobile": False}
WIDE, HIGH = 2600, 1900
AREAS = (
    '<area shape="rect" coords="200,400,900,1000" href="#left" alt="Left part">'
    '<area shape="circle" coords="1900,1000,300" href="#right" alt="Right part">'
    '<area shape="rect" coords="0,0,99,99" href="javascript:document.title=1" alt="A script">'
)
TURN = {"red": RED, "green": GREEN, "blue": BLUE, "yellow": YELLOW}
CATALOG = {
    "attributes": {"root_path": "images", "default_pix": [400, 400], "max_pix": [2000, 2000]},
    "images": {
        "detail": {"path": "detail.png", "user_data": {"title": "All the details"}},
        "aimed": {"path": "detail.png", "targets": [{"rect": [1300, 900, 200, 150], "label": "The middle"}]},
        "linked": {"path": "detail.png", "map": AREAS},
        "changing": {"path": "changing.png"},
        "cropped": {"path": "detail.png", "crops": {"tall": [100, 0, 600, 1900], "wide": [0, 500, 2600, 1000]}},
        "coming": {"path": "coming.png"},
        **{name: {"path": f"{name}.png", "user_data": {"title": name.title()}} for name in TURN},
        "marked": {"path": "red.png", "modifier": "layer=1&src=Co/blue&size=30,30"},
        "spin": {"image_set": ",".join(TURN), "asset_type": "spinset"},
        "swatches": {"image_set": "red;red,green;{0x00ff00 Grass},blue;blue", "asset_type": "imageset"},
        "mixed": {"image_set": "detail;detail;img,swatches;red;img_set,spin;blue;spin", "asset_type": "mediaset"},
        "films": {"image_set": "red,film,notes;green", "asset_type": "mediaset"},
        "pages": {"image_set": "red,green:blue,yellow", "asset_type": "ecatalog"},
    },
}
FRONT = """<!doctype html><html lang="{lang}" dir="{dir}"><head><meta charset="utf-8"><title>A page</title>
<script type="module" src="{server}/viewer/viewer.js"></script>
<script type="module" src="{server}/viewer/image.js"></script><script src="/axe.js"></script>
<link rel="stylesheet" href="/page.css"></head><body><main><h1>A page</h1>{body}</main></body></html>"""
STYLE = """body { margin: 20px } h1 { position: absolute; left: -999px } .far { height: 3000px }
is-viewer, #osd { width: 600px; height: 400px }"""
CLIENTS = Path(__file__).parent / "clients" / "node_modules"
AXE = CLIENTS / "axe-core" / "axe.min.js"
OPENSEADRAGON = CLIENTS / "openseadragon" / "build" / "openseadragon" / "openseadragon.min.js"
needs_clients = pytest.mark.skipif(
    not CLIENTS.exists() and not os.environ.get("CI"), reason="needs `npm ci` in tests/clients"
)
VIEWER = "document.querySelector('is-viewer')"
LISTEN = """globalThis.told = [];
for (const name of ['ready', 'load', 'view', 'turn', 'target', 'hotspot', 'refresh', 'error', 'spin-ready'])
  document.addEventListener(`is-${name}`, event => told.push([name, event.detail]))"""


@cache
def blocks(width: int = WIDE, height: int = HIGH, shade: int = 0) -> Image.Image:
    """Small blocks, each of a colour of its own, so that every place is known by what it shows."""
    across, down = width // 4, height // 4
    small = Image.new("RGB", (across, down))
    small.putdata(
        [((x * 5 + shade) % 256, y * 3 % 256, (x * 37 + y * 91) % 256) for y in range(down) for x in range(across)]
    )
    return small.resize((width, height), Image.Resampling.NEAREST)


@dataclass(frozen=True)
class Stand:
    """A browser, and the pages of another server that it can be sent to."""

    tab: Tab
    pages: Remote
    client: Client

    @property
    def server(self) -> str:
        return f"http://127.0.0.1:{self.client.port}"

    async def show(self, body: str, lang: str = "en", direction: str = "ltr", styles: str = "") -> Tab:
        """Open a page with this in it; `{co}` stands in front of the names of records."""
        text = body.replace("{co}", f"{self.server}/is/image/Co")
        page = FRONT.format(body=text, lang=lang, dir=direction, server=self.server)
        sources = f"script-src 'self' {self.server}; connect-src {self.server}; img-src {self.server}"
        policy = f"default-src 'none'; {sources}; style-src 'self' {styles}"
        self.pages.bodies["/"] = page.encode()
        self.pages.headers["/"] = {"Content-Type": "text/html", "Content-Security-Policy": policy}
        await self.tab.open(self.pages.url("/"))
        return self.tab

    async def view(self, name: str, attributes: str = "", until: str = "load", **page: str) -> Tab:
        """Open a page with a viewer of a record, and wait until it has told of something."""
        await self.tab.call("Page.enable")
        script = await self.tab.call("Page.addScriptToEvaluateOnNewDocument", source=LISTEN)
        tab = await self.show(f'<is-viewer src="{{co}}/{name}" commands="fmt=png" {attributes}></is-viewer>', **page)
        await self.tab.call("Page.removeScriptToEvaluateOnNewDocument", **script)
        await tab.until(f"told.some(([name]) => name === '{until}')")
        return tab

    def asked(self) -> list[str]:
        """What pages have asked the image server for, from the first on."""
        requests = [
            event["params"]["request"] for event in self.tab.events if event["method"] == "Network.requestWillBeSent"
        ]
        return [one["url"].removeprefix(self.server) for one in requests if one["url"].startswith(f"{self.server}/is/")]


def complaints(tab: Tab) -> list[Any]:
    """What the console says, and which requests failed that the page did not give up itself."""
    told = [(event["method"], event["params"]) for event in tab.events]
    return [
        params
        for method, params in told
        if method in {"Runtime.exceptionThrown", "Runtime.consoleAPICalled"}
        or (method == "Log.entryAdded" and params["entry"]["level"] in {"error", "warning"})
        or (method == "Network.loadingFailed" and not params["canceled"])
        or (method == "Network.responseReceived" and params["response"]["status"] >= 400)
    ]


def part(name: str) -> str:
    return f"{VIEWER}.shadowRoot.querySelector('[part~={name}]')"


SURFACE = part("surface")


async def settled(tab: Tab) -> None:
    """Wait until nothing is under way, and what came is drawn."""
    await tab.until(f"{part('stage')}.getAttribute('aria-busy') === 'false'")
    await tab.ask("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))")
    await tab.until(f"{part('stage')}.getAttribute('aria-busy') === 'false'")


async def scale(tab: Tab) -> float:
    value = await tab.ask(f"{VIEWER}.view.scale")
    assert isinstance(value, int | float)
    return float(value)


async def seen(tab: Tab, box: tuple[int, int, int, int] | None = None) -> Image.Image:
    """What a person sees of the surface, or of a part of it."""
    x, y = await corner(tab)
    left, top, right, bottom = box or (0, 0, 600, 400)
    return (await tab.screen()).crop((x + left, y + top, x + right, y + bottom))


async def shows(tab: Tab, box: tuple[int, int, int, int], wanted: Image.Image) -> None:
    """Wait until a part of the surface shows exactly that."""
    x, y = await corner(tab)
    left, top, right, bottom = box
    place = (x + left, y + top, x + right, y + bottom)
    await tab.looks(lambda screen: not ImageChops.difference(screen.crop(place), wanted).getbbox())


async def corner(tab: Tab) -> tuple[int, int]:
    place = await tab.ask(f"(({{x, y}}) => [x, y])({SURFACE}.getBoundingClientRect())")
    assert isinstance(place, list)
    assert place == [round(value) for value in place]
    return int(place[0]), int(place[1])


async def color(tab: Tab) -> tuple[int, ...]:
    """What is seen in the middle, a little above the controls."""
    image = await seen(tab)
    pixel = image.getpixel((300, 150))
    assert isinstance(pixel, tuple)
    return pixel


async def becomes(tab: Tab, wanted: tuple[int, ...]) -> None:
    async with asyncio.timeout(PATIENCE):
        while await color(tab) != wanted:  # noqa: ASYNC110, the screen has no event of ours
            await asyncio.sleep(0.05)


async def last(tab: Tab, name: str) -> Any:  # noqa: ANN401, whatever the event tells
    return await tab.ask(f"told.findLast(([name]) => name === '{name}')?.[1]")


@contextmanager
def serving_pictures(folder: Path) -> Iterator[Client]:
    """Run a server over pictures and sets of all kinds."""
    images = folder / "catalogs" / "Co" / "images"
    for name, hue in TURN.items():
        plain(images / f"{name}.png", hue, (300, 200))
    for name in ("detail", "changing"):
        blocks().save(images / f"{name}.png", compress_level=1)
    files = {"film": images.parent / "film.mp4", "notes": images.parent / "notes.pdf"}
    for path in files.values():
        path.write_bytes(b"nothing to be seen")
    content = {name: {"path": str(path), "user_data": {"title": name.title()}} for name, path in files.items()}
    (images.parent / "catalog.yaml").write_text(json.dumps({**CATALOG, "content": content}))
    small = {
        "attributes": {"root_path": "../Co/images", "max_pix": [500, 500]},
        "images": {"all": {"path": "detail.png"}},
    }
    (folder / "catalogs" / "Small").mkdir()
    (folder / "catalogs" / "Small" / "catalog.yaml").write_text(json.dumps(small))
    with serving(folder, environment=QUIET) as client:
        yield client


@asynccontextmanager
async def standing(client: Client, profile: Path) -> AsyncIterator[Stand]:
    """Run a browser, and a server with the pages that it is sent to."""
    with remote_server() as pages:
        pages.bodies["/page.css"], pages.headers["/page.css"] = STYLE.encode(), {"Content-Type": "text/css"}
        pages.bodies["/favicon.ico"] = b""
        for path, file in (("/axe.js", AXE), ("/openseadragon.js", OPENSEADRAGON)):
            pages.bodies[path] = file.read_bytes() if CLIENTS.exists() else b""
            pages.headers[path] = {"Content-Type": "text/javascript"}
        async with browsing("about:blank", profile) as tab:
            for domain in ("Runtime", "Log", "Network", "Page"):
                await tab.call(f"{domain}.enable")
            await tab.call("Emulation.setDeviceMetricsOverride", **WINDOW)
            yield Stand(tab, pages, client)


QUIET_PART = (20, 60, 420, 330)
