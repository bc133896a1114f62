"""Public clients of the protocol, unmodified, as npm brings them: what they ask for, and what a browser then shows."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Tab, browsing, needs_browser
from conftest import HERE
from PIL import Image, ImageChops
from remote import Remote, remote_server
from serving import Client, serving
from sites import QUIET

FOLDER = HERE / "clients"
MODULES = FOLDER / "node_modules"
pytestmark = pytest.mark.skipif(
    not (shutil.which("node") and MODULES.exists()) and not os.environ.get("CI"),
    reason="needs node, and `npm ci` in tests/clients",
)
WIDTH, HEIGHT = 1024, 768
SCREEN = (600, 400)
SCRIPTS = {
    "/openseadragon.js": MODULES / "openseadragon/build/openseadragon/openseadragon.min.js",
    "/lazysizes.js": MODULES / "lazysizes/lazysizes.min.js",
    "/rias.js": MODULES / "lazysizes/plugins/rias/ls.rias.min.js",
}
ASKED: list[tuple[dict[str, object], tuple[int, int], str]] = [
    ({"width": 320, "height": 200}, (320, 200), "JPEG"),
    ({"width": 320}, (320, 240), "JPEG"),
    ({"height": 240}, (320, 240), "JPEG"),
    ({"width": 200, "height": 200, "format": "webp", "quality": 60}, (200, 200), "WEBP"),
    ({"width": 64, "height": 64, "format": "png"}, (64, 64), "PNG"),
    ({"width": 64, "height": 48, "format": "avif"}, (64, 48), "AVIF"),
    ({"width": 64, "height": 48, "format": "jpg", "fit": "fit,1"}, (64, 48), "JPEG"),
]
"""What unpic is asked for, the size of the image that has to come, and its format."""
PAGES = ("viewer", "lazy")


def blocks() -> Image.Image:
    """Blocks of 8x8 pixels, each of its own colour, so that every place is known by what it shows."""
    small = Image.new("RGB", (WIDTH // 8, HEIGHT // 8))
    small.putdata(
        [(x * 2 % 256, y * 2, (x * 37 + y * 91) % 256) for y in range(HEIGHT // 8) for x in range(WIDTH // 8)]
    )
    return small.resize((WIDTH, HEIGHT), Image.Resampling.NEAREST)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("clients")
    images = folder / "catalogs" / "Co" / "images"
    images.mkdir(parents=True)
    blocks().save(images / "blocks.png")
    (images.parent / "catalog.yaml").write_text(
        "attributes: {root_path: images}\nimages: {blocks: {path: blocks.png}}\n"
    )
    with serving(folder, environment=QUIET) as client:
        yield client


def unpic(*calls: tuple[str, object]) -> list[Any]:
    """Call functions of unpic, each given with its arguments."""
    command = [shutil.which("node") or "node", "urls.mjs"]
    written = json.dumps(calls)
    done = subprocess.run(command, cwd=FOLDER, input=written, stdout=subprocess.PIPE, text=True, timeout=60, check=True)  # noqa: S603
    return list(json.loads(done.stdout))


def shown(client: Client, url: str) -> Image.Image:
    """Ask for what a client asks for."""
    reply = client.ask(url.removeprefix(address(client)))
    assert reply.status == 200, reply.text
    return reply.image


def address(client: Client) -> str:
    return f"http://127.0.0.1:{client.port}"


def test_unpic_takes_urls_for_its_own(client: Client) -> None:
    url = f"{address(client)}/is/image/Co/blocks"
    provider, parsed = unpic(("getProviderForUrl", url), ("parseUrl", f"{url}?wid=300&hei=200&qlt=80&fmt=webp"))
    assert provider == "scene7"
    assert parsed["src"] == url
    assert parsed["operations"] == {"width": 300, "height": 200, "quality": 80, "format": "webp"}


@pytest.fixture(scope="module")
def transformed(client: Client) -> list[str]:
    """What unpic makes of each row of `ASKED`."""
    src = f"{address(client)}/is/image/Co/blocks"
    return unpic(*(("transformUrl", {"url": src, **operations}) for operations, *_ in ASKED))


@pytest.mark.parametrize("row", range(len(ASKED)), ids=[str(operations) for operations, *_ in ASKED])
def test_what_unpic_asks_for_is_what_it_gets(client: Client, transformed: list[str], row: int) -> None:
    _, size, kind = ASKED[row]
    image = shown(client, transformed[row])
    assert (image.size, image.format) == (size, kind)


def test_each_candidate_of_unpic_is_as_wide_as_it_says(client: Client) -> None:
    src = f"{address(client)}/is/image/Co/blocks"
    layouts: list[dict[str, object]] = [
        {"layout": "constrained"},
        {"layout": "fixed"},
        {"layout": "fullWidth", "breakpoints": [320, 640, 1280]},
    ]
    made = unpic(*(("transformProps", {"src": src, "width": 300, "height": 225, **layout}) for layout in layouts))
    candidates = [one.strip().rpartition(" ") for props in made for one in re.split(r",\s", props["srcset"])]
    assert len(candidates) == 7
    for url, _, width in dict.fromkeys(candidates):
        assert f"{shown(client, url).width}w" == width


@pytest.fixture
def pages(client: Client) -> Iterator[Remote]:
    """Another server, whose pages hold the clients and show our images, as those of a shop do."""
    with remote_server() as pages:
        for name in PAGES:
            text = (FOLDER / f"{name}.html").read_text().replace("{server}", address(client))
            pages.bodies[f"/{name}"], pages.headers[f"/{name}"] = text.encode(), {"Content-Type": "text/html"}
        for path, file in SCRIPTS.items():
            pages.bodies[path], pages.headers[path] = file.read_bytes(), {"Content-Type": "text/javascript"}
        yield pages


async def shows(tab: Tab, box: tuple[int, int, int, int], wanted: Image.Image, tolerance: int = 0) -> None:
    """Wait until a part of the viewer shows that; a tolerance is for small pictures of both."""

    def is_right(screen: Image.Image) -> bool:
        parts = screen.crop(box), wanted
        if tolerance:
            parts = parts[0].resize((32, 24), Image.Resampling.BOX), wanted.resize((32, 24), Image.Resampling.BOX)
        return furthest(*parts) <= tolerance

    await tab.looks(is_right)


def furthest(image: Image.Image, other: Image.Image) -> int:
    """The most that any two values differ."""
    assert image.size == other.size
    return max(int(high) for _, high in ImageChops.difference(image, other).getextrema())  # type: ignore[misc]


@needs_browser
async def test_openseadragon_shows_the_source_at_every_zoom(pages: Remote, tmp_path: Path) -> None:
    async with browsing(pages.url("/viewer"), tmp_path) as tab:
        await tab.until("typeof settled === 'function' && settled()")
        for x, y in ((512, 384), (300, 200), (724, 568)):
            await tab.ask(f"move(1, {x}, {y})")
            await tab.until("settled()")
            left, top = x - SCREEN[0] // 2, y - SCREEN[1] // 2
            wanted = blocks().crop((left, top, left + SCREEN[0], top + SCREEN[1]))
            await shows(tab, (0, 0, *SCREEN), wanted)
        await tab.ask("move(0.25, 512, 384)")
        await tab.until("settled()")
        small = blocks().resize((WIDTH // 4, HEIGHT // 4), Image.Resampling.BOX)
        left, top = (SCREEN[0] - small.width) // 2, (SCREEN[1] - small.height) // 2
        await shows(tab, (left, top, left + small.width, top + small.height), small, tolerance=8)
        assert await tab.ask("failed") == []


@needs_browser
async def test_lazysizes_asks_for_the_width_that_it_needs(client: Client, pages: Remote, tmp_path: Path) -> None:
    async with browsing(pages.url("/lazy"), tmp_path) as tab:
        seen = await tab.until("(i => i?.complete && i.naturalWidth && i.currentSrc)(document.querySelector('img'))")
        assert seen == f"{address(client)}/is/image/Co/blocks?wid=320&fmt=png"
        assert await tab.ask("createImageBitmap(document.querySelector('img')).then(bitmap => bitmap.width)") == 320
