"""A real browser, driven over its DevTools protocol: it opens a page, acts on it as a person would, and is asked."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

COMMAND = "chromium"
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-port=0",
)
PATIENCE = 60.0
"""Seconds until a page that does not do what it should is given up, also on a machine that is very busy."""
STROKE = 0.01
"""Seconds between two parts of a gesture, as the page is told: how busy the machine is makes nobody slow of hand."""
LEFT = ("navigated or closed", "context was destroyed", "Cannot find context", "Cannot find default execution context")
"""What the browser says when the page that was asked is being left."""
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, "Space": 32, "PageDown": 34, "End": 35, "Home": 36}
KEYS |= {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "0": 48, "1": 49, "+": 187, "-": 189}
WRITTEN = {"Enter": "\r", "Space": " ", "0": "0", "1": "1", "+": "+", "-": "-"}
"""The keys that write something."""
Point = tuple[float, float]
STANDING = """(async () => {
  const box = () => (({x, y, width, height}) => [x + width / 2, y + height / 2])((%s).getBoundingClientRect());
  for (let before = box(); ; ) {
    await new Promise(requestAnimationFrame);
    const now = box();
    if (now.every((one, axis) => one === before[axis])) return now;
    before = now;
  }
})()"""
needs_browser = pytest.mark.skipif(
    not shutil.which(COMMAND) and not os.environ.get("CI"), reason=f"{COMMAND} is not installed"
)


class PageLeftError(Exception):
    """A page was left while it was asked."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab of the browser."""

    socket: aiohttp.ClientWebSocketResponse
    numbers: Iterator[int]
    events: list[dict[str, Any]] = field(default_factory=list)
    """What the browser told, of what it was asked to tell of."""

    async def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Call a method of the protocol; what the browser tells in between is kept."""
        number = next(self.numbers)
        await self.socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            told = await self.socket.receive_json(timeout=PATIENCE)
            if "method" in told:
                self.events.append(told)
            if told.get("id") == number:
                if any(text in told.get("error", {}).get("message", "") for text in LEFT):
                    raise PageLeftError(told["error"]["message"])
                assert "error" not in told, told
                return dict(told["result"])

    async def ask(self, expression: str) -> object:
        """Give the value of an expression of JavaScript."""
        told = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    async def until(self, expression: str) -> object:
        """Wait for an expression to be true, on whatever page that is by then, and give its value."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(PageLeftError):
                    if value := await self.ask(expression):
                        return value
                await asyncio.sleep(0.02)

    async def fill(self, selector: str, text: str) -> None:
        """Write into a field in place of what stands in it."""
        await self.ask(f"(e => (e.focus(), e.select()))(document.querySelector({json.dumps(selector)}))")
        await self.call("Input.insertText", text=text)

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, and let each go."""
        for key in keys:
            stroke = {"key": WRITTEN.get(key, key), "code": key, "windowsVirtualKeyCode": KEYS[key]}
            await self.call("Input.dispatchKeyEvent", type="keyDown", text=WRITTEN.get(key, ""), **stroke)
            await self.call("Input.dispatchKeyEvent", type="keyUp", **stroke)

    async def open(self, url: str) -> None:
        """Go to a page, and forget what was told of the one before, which goes on until the new one is there."""
        await self.call("Page.enable")
        await self.ask("globalThis.isOld = true")
        self.events.clear()
        loader = (await self.call("Page.navigate", url=url))["loaderId"]
        await self.until("!globalThis.isOld && document.readyState === 'complete'")
        self.events[:] = [one for one in self.events if one["params"].get("loaderId", loader) == loader]

    async def middle(self, element: str) -> Point:
        """Give the middle of what an expression of JavaScript finds, in pixels of the window, once it stands still."""
        box = await self.ask(STANDING % element)
        assert isinstance(box, list), element
        return float(box[0]), float(box[1])

    async def mouse(self, kind: str, at: Point, **more: object) -> None:
        """Tell of the mouse: `mousePressed`, `mouseMoved`, `mouseReleased` or `mouseWheel`."""
        await self.call("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], **more)

    async def click(self, element: str, clicks: int = 1) -> None:
        """Click on the middle of an element."""
        at = await self.middle(element)
        moments = self.moments()
        await self.mouse("mouseMoved", at, timestamp=next(moments))
        for click in range(1, clicks + 1):
            for kind in ("mousePressed", "mouseReleased"):
                await self.mouse(kind, at, button="left", clickCount=click, timestamp=next(moments))

    def moments(self) -> Iterator[float]:
        """Give the moments of a gesture's parts."""
        return count(time.time(), STROKE)

    async def drag(self, start: Point, end: Point, steps: int = 8) -> None:
        """Press the mouse, move it, and let go."""
        moments = self.moments()
        await self.mouse("mouseMoved", start, timestamp=next(moments))
        await self.mouse("mousePressed", start, button="left", clickCount=1, timestamp=next(moments))
        for step in range(1, steps + 1):
            at = tuple(one + (other - one) * step / steps for one, other in zip(start, end, strict=True))
            await self.mouse("mouseMoved", (at[0], at[1]), button="left", buttons=1, timestamp=next(moments))
        await self.mouse("mouseReleased", end, button="left", clickCount=1, timestamp=next(moments))

    async def touch(self, *fingers: tuple[Point, Point], steps: int = 8) -> None:
        """Put fingers down, move each from one point to another, and lift them."""
        moments = self.moments()
        for step in range(steps + 1):
            points = [
                {
                    "id": number,
                    **{axis: a + (b - a) * step / steps for axis, a, b in zip("xy", start, end, strict=True)},
                }
                for number, (start, end) in enumerate(fingers)
            ]
            kind = "touchMove" if step else "touchStart"
            await self.call("Input.dispatchTouchEvent", type=kind, touchPoints=points, timestamp=next(moments))
        await self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[], timestamp=next(moments))

    async def screen(self) -> Image.Image:
        """Give what is seen."""
        told = await self.call("Page.captureScreenshot", format="png")
        return Image.open(io.BytesIO(base64.b64decode(told["data"]))).convert("RGB")

    async def looks(self, is_right: Callable[[Image.Image], bool]) -> None:
        """Wait until what is seen is right; what a page has drawn comes to the screen when the browser finds time."""
        async with asyncio.timeout(PATIENCE):
            while not is_right(await self.screen()):  # noqa: ASYNC110, the screen has no event of ours
                await asyncio.sleep(0.02)


@asynccontextmanager
async def browsing(url: str, profile: Path) -> AsyncIterator[Tab]:
    """Open a page in a browser of its own, which ends with the block."""
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        *OPTIONS,
        f"--user-data-dir={profile}",
        url,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        port = await port_of(profile)
        async with aiohttp.ClientSession() as session:
            address = await address_of(session, port)
            async with session.ws_connect(address, max_msg_size=0) as socket:
                yield Tab(socket, count(1))
    finally:
        process.terminate()
        await process.wait()


async def port_of(profile: Path) -> int:
    """Give the port that the browser listens at, once it has written it down."""
    note = profile / "DevToolsActivePort"
    async with asyncio.timeout(PATIENCE):
        while not note.exists() or "\n" not in note.read_text():  # noqa: ASYNC110, the browser has no event of ours
            await asyncio.sleep(0.02)
    return int(note.read_text().splitlines()[0])


async def address_of(session: aiohttp.ClientSession, port: int) -> str:
    """Give the address of the tab that is open."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as reply:
                pages = [one for one in await reply.json() if one["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
            await asyncio.sleep(0.02)
