"""Takes the pictures of docs/screenshots: `make screenshots`. Each row of `PAGES` is one of them.

The demo is served as `make run` serves it, by a server of its own, and shown in Debian's chromium.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from browser import Tab, browsing
from serving import serving
from sites import QUIET

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "screenshots"
TOKEN = "screenshots"  # noqa: S105, of a server that is gone when the pictures are taken
LAYERS = "samples/shoe?wid=600&bgc=ffd9a0&layer=1&src=samples/badge&size=480,480&pos=600,-420&op_brightness=10"
VIEWER = "document.querySelector('#zoom is-viewer')"
LOADED = "[...document.querySelectorAll('.stage')].slice(0, 2).every(stage => !stage.ariaBusy)"
OPEN = (
    "document.querySelector('.card[data-base$=\"/{0}\"]').scrollIntoView({{behavior: 'instant'}}), "
    "document.querySelector('.card[data-base$=\"/{0}\"] .magnify')?.hidden === false"
)
PRESS = "document.querySelector('.card[data-base$=\"/{0}\"] .magnify').click()"
SETTLED = f"{VIEWER}.shadowRoot.querySelector('.stage')?.ariaBusy === 'false' && {VIEWER}.item !== null"


@dataclass(frozen=True, slots=True)
class Page:
    """A page, what is done there, one after the other as soon as it is true, and how large its window is."""

    name: str
    path: str
    steps: Sequence[str] = ()
    size: tuple[int, int] = (1280, 860)
    is_dark: bool = False
    quality: int = 80


def preview(record: str, *steps: str) -> tuple[str, ...]:
    """Open a record of the gallery in the viewer."""
    return (OPEN.format(record), f"({PRESS.format(record)}, true)", SETTLED, *steps, SETTLED)


PAGES = (
    Page("gallery", "/?catalog=samples", (LOADED,), (1280, 1150)),
    Page("gallery-dark", "/?catalog=samples", (LOADED,), (1280, 1150), is_dark=True),
    Page("viewer", "/?catalog=samples", preview("shoe", f"{VIEWER}.shadowRoot.querySelector('.target') !== null")),
    Page(
        "viewer-zoom",
        "/?catalog=samples",
        preview("mountains", f"({VIEWER}.show({{x: 900, y: 2700, width: 800, height: 560}}), true)"),
    ),
    Page("viewer-set", "/?catalog=samples", preview("showcase", f"({VIEWER}.select([2]), true)"), (900, 700)),
    Page("viewer-phone", "/?catalog=samples", preview("cloth"), (390, 700)),
    Page(
        "console-record",
        "/console/catalogs/samples/images/shoe",
        (
            "(document.querySelector('[data-mode=crops]').click(), true)",
            "document.querySelector('.canvas.sized img')?.naturalWidth > 0",
            "!document.querySelector('.canvas').ariaBusy",
            "document.querySelectorAll('.shape')[2].dispatchEvent(new PointerEvent('pointerdown', {bubbles: true}))",
        ),
    ),
    Page(
        "console-playground",
        f"/console/playground?url={quote(LAYERS)}",
        (
            "document.querySelector('.answer img').naturalWidth === 600",
            "(document.querySelector('.outlines input').click(), true)",
        ),
        is_dark=True,
    ),
)


async def enter(tab: Tab, server: str) -> None:
    """Log in to the console."""
    await tab.open(f"{server}/console")
    await tab.fill("#token", TOKEN)
    await tab.press("Enter")
    await tab.until("location.pathname === '/console' && document.readyState === 'complete'")


async def take(tab: Tab, page: Page, server: str) -> None:
    """Show a page, and keep what is seen."""
    scheme = "dark" if page.is_dark else "light"
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    await tab.call("Emulation.setEmulatedMedia", features=features)
    width, height = page.size
    await tab.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
    await tab.call("Emulation.setScrollbarsHidden", hidden=True)
    await tab.open(server + page.path)
    for step in page.steps:
        await tab.until(step)
    await asyncio.sleep(1)  # pictures fade in
    picture = await tab.screen()
    picture.save(FOLDER / f"{page.name}.webp", quality=page.quality, method=6)


async def take_all(server: str, names: Sequence[str]) -> None:
    """Take all pictures, or those that are named."""
    with tempfile.TemporaryDirectory() as profile:
        async with browsing("about:blank", Path(profile)) as tab:
            await enter(tab, server)
            for page in PAGES:
                if not names or page.name in names:
                    await take(tab, page, server)
                    print(FOLDER / f"{page.name}.webp")  # noqa: T201, a program


def main(names: Sequence[str]) -> None:
    """Paint the demo, serve it, and take its pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    script = ROOT / "catalogs" / "samples" / "make_pictures.py"
    subprocess.run([sys.executable, str(script)], check=True, stdout=subprocess.DEVNULL)  # noqa: S603, our own script
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "catalogs").symlink_to(ROOT / "catalogs")
        with serving(Path(folder), environment={**QUIET, "IMAGESERVER_ADMIN__TOKEN": TOKEN}) as client:
            asyncio.run(take_all(f"http://127.0.0.1:{client.port}", names))


if __name__ == "__main__":
    main(sys.argv[1:])
