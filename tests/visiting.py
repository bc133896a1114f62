"""A browser at the console, and what the tests do in it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from browser import Tab, browsing
from console import TOKENS, Guest, visitor
from serving import Client

DESKTOP = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}


PHONE = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}


READY = "document.readyState === 'complete'"


SUMMARY = "document.querySelector('[data-name=crops] .summary').textContent"


STATE = "document.querySelector('.saver .state').textContent"


BOOT = "catalogs/Co/images/boot"


@dataclass
class Stand:
    """A browser in which somebody has logged in, the server, and somebody else who edits meanwhile.

    `expected` are the statuses that a test provokes; no other request may fail.
    """

    tab: Tab
    client: Client
    other: Guest
    expected: set[int] = field(default_factory=set)

    async def open(self, page: str) -> Tab:
        """Open a page of the console, with all that its scripts bring."""
        address = f"http://127.0.0.1:{self.client.port}/console" + (f"/{page}" if page else "")
        await self.tab.ask("document.querySelector('.saver .undo')?.click()")  # else the browser asks whether to stay
        await self.tab.ask("globalThis.isOld = true")
        await self.tab.call("Page.navigate", url=address)
        await self.tab.until(f"!globalThis.isOld && {READY}")
        return self.tab

    async def type(self, selector: str, text: str) -> None:
        """Write into a field that may stand in a fold."""
        await self.tab.ask(
            f"document.querySelector({json.dumps(selector)}).closest('details')?.setAttribute('open', '')"
        )
        await self.tab.fill(selector, text)

    async def click(self, selector: str) -> None:
        """Click on an element with the mouse."""
        element = f"document.querySelector({json.dumps(selector)})"
        await self.tab.ask(f"{element}.scrollIntoView({{block: 'center'}})")
        await self.tab.click(element)

    async def save(self) -> None:
        await self.click(".saver .save")
        await self.tab.until(f"{STATE} === 'No changes.'")

    def fields(self, name: str = "boot") -> dict[str, Any]:
        """What stands in the catalog's file."""
        text = (self.client.folder / "catalogs" / "Co" / "catalog.yaml").read_text()
        found = yaml.safe_load(text)["images"][name]
        assert isinstance(found, dict)
        return found

    def edit(self, name: str = "boot", **fields: object) -> None:
        """Have somebody else change a record."""
        url = f"/console/api/catalogs/Co/images/{quote(name, safe='')}"
        etag = self.other.ask(url).headers["ETag"]
        reply = self.other.send(url, "PATCH", {"fields": fields}, If_Match=etag)
        assert reply.status == 200, reply.text

    def shows(self, url: str, at: tuple[int, int], color: tuple[int, int, int]) -> bool:
        """Whether what everybody is sent has that colour there."""
        reply = self.client.ask(f"/is/image/{url}")
        assert reply.status == 200, reply.text
        return reply.image.convert("RGB").getpixel(at) == color


def complaints(stand: Stand) -> list[Any]:
    told = [(event["method"], event["params"]) for event in stand.tab.events]
    statuses = [params["response"]["status"] for method, params in told if method == "Network.responseReceived"]
    texts = [params["entry"] for method, params in told if method == "Log.entryAdded"]
    return [
        *[params for method, params in told if method in {"Runtime.exceptionThrown", "Runtime.consoleAPICalled"}],
        *[params for method, params in told if method == "Network.loadingFailed" and not params["canceled"]],
        *[status for status in statuses if status >= 400 and status not in stand.expected],
        *[one for one in texts if one["level"] == "error" and not (one["source"] == "network" and stand.expected)],
    ]


async def enter(tab: Tab, token: str) -> None:
    await tab.until("!!document.querySelector('#token')")
    await tab.fill("#token", token)
    await tab.press("Enter")


def text(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)})?.textContent.trim()"


def value(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)}).value"


async def frame(tab: Tab) -> tuple[float, float, float]:
    """Give the corner of the stage's drawing on the screen, and how large a pixel of the source is."""
    await tab.until(
        "!document.querySelector('.canvas').ariaBusy && document.querySelector('.canvas.sized img')?.complete"
    )
    await tab.ask("document.querySelector('.canvas').scrollIntoView({block: 'center'})")
    box = await tab.ask(
        "(({x, y, width}) => [x, y, width / 200])(document.querySelector('.canvas svg').getBoundingClientRect())"
    )
    assert isinstance(box, list)
    return float(box[0]), float(box[1]), float(box[2])


@asynccontextmanager
async def standing(client: Client, profile: Path) -> AsyncIterator[Stand]:
    """A browser in which somebody has logged in who may do everything."""
    async with browsing("about:blank", profile) as tab:
        for domain in ("Runtime", "Log", "Network", "Page", "DOM"):
            await tab.call(f"{domain}.enable")
        await tab.call("Emulation.setDeviceMetricsOverride", **DESKTOP)
        stand = Stand(tab, client, visitor(client))
        await tab.call("Page.navigate", url=f"http://127.0.0.1:{client.port}/console")
        await enter(tab, TOKENS["all"])
        await tab.until(f"location.pathname === '/console' && {READY}")
        yield stand


@asynccontextmanager
async def watched(stand: Stand) -> AsyncIterator[Stand]:
    """The browser, of which the console has to stay empty, and in which no request may fail unless it is expected."""
    stand.expected = set()
    stand.tab.events.clear()
    yield stand
    await stand.tab.ask("1")
    assert not complaints(stand)
