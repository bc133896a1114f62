"""A real browser, driven over its DevTools protocol: it opens a page, acts on it as a person would, and is asked."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest

COMMAND = "chromium"
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--remote-debugging-port=0",
)
PATIENCE = 30.0
"""Seconds until a page that does not do what it should is given up."""
KEYS = {"Tab": 9, "Enter": 13, "ArrowLeft": 37, "ArrowRight": 39}
needs_browser = pytest.mark.skipif(
    not shutil.which(COMMAND) and not os.environ.get("CI"), reason=f"{COMMAND} is not installed"
)


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab of the browser."""

    socket: aiohttp.ClientWebSocketResponse
    numbers: Iterator[int]

    async def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Call a method of the protocol; what the browser tells in between is passed over."""
        number = next(self.numbers)
        await self.socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            told = await self.socket.receive_json(timeout=PATIENCE)
            if told.get("id") == number:
                assert "error" not in told, told
                return dict(told["result"])

    async def ask(self, expression: str) -> object:
        """Give the value of an expression of JavaScript."""
        told = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    async def until(self, expression: str) -> object:
        """Wait for an expression to be true, and give its value."""
        async with asyncio.timeout(PATIENCE):
            while not (value := await self.ask(expression)):  # noqa: ASYNC110, the browser has no event of ours
                await asyncio.sleep(0.05)
        return value

    async def fill(self, selector: str, text: str) -> None:
        """Write into a field in place of what stands in it."""
        await self.ask(f"(e => (e.focus(), e.select()))(document.querySelector({json.dumps(selector)}))")
        await self.call("Input.insertText", text=text)

    async def press(self, key: str) -> None:
        """Press a key and let it go."""
        for kind in ("rawKeyDown", "keyUp"):
            await self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=KEYS[key])


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
        while not note.exists() or not note.read_text():  # noqa: ASYNC110, nor has its file
            await asyncio.sleep(0.05)
    return int(note.read_text().splitlines()[0])


async def address_of(session: aiohttp.ClientSession, port: int) -> str:
    """Give the address of the tab that is open."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as reply:
                pages = [one for one in await reply.json() if one["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
            await asyncio.sleep(0.05)
