"""A client that keeps a few connections busy, reads replies whole, and times them."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image

KEPT = 10
REPLY_WITHIN = 120.0


@dataclass(frozen=True, slots=True)
class Ask:
    """A request, and what must come back."""

    url: str
    size: tuple[int, int] | None = None
    headers: tuple[str, ...] = ()
    status: int = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for a request, and when."""

    ask: Ask
    status: int
    headers: dict[str, str]
    body: bytes
    first_byte: float
    seconds: float

    @property
    def image(self) -> Image.Image:
        """The picture, decoded."""
        image = Image.open(io.BytesIO(self.body))
        image.load()
        return image

    @property
    def problem(self) -> str:
        """What is wrong with the reply, if anything."""
        if self.status != self.ask.status:
            return f"{self.status} instead of {self.ask.status}: {self.ask.url}"
        if self.ask.size is None:
            return ""
        with Image.open(io.BytesIO(self.body)) as image:
            return "" if image.size == self.ask.size else f"{image.size} instead of {self.ask.size}: {self.ask.url}"


@dataclass(slots=True)
class Load:
    """What a server did with requests in some seconds."""

    count: int = 0
    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    first_bytes: list[float] = field(default_factory=list)
    problem: str = ""


class Connection(asyncio.Protocol):
    """One request after the other, as HTTP/1.1 with keep-alive."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.transport: asyncio.Transport | None = None
        self.waiting: asyncio.Future[Reply] | None = None
        self.ask = Ask("/")
        self.buffer = bytearray()
        self.start = self.first = 0.0
        self.body_at = 0
        self.length: int | None = 0
        self.head: dict[str, str] = {}

    async def send(self, ask: Ask) -> Reply:
        """Send a request and wait for the whole reply."""
        if self.transport is None or self.transport.is_closing():
            loop = asyncio.get_running_loop()
            self.transport, _ = await loop.create_connection(lambda: self, "127.0.0.1", self.port)
        self.waiting = asyncio.get_running_loop().create_future()
        self.ask, self.first, self.body_at = ask, 0.0, 0
        self.buffer.clear()
        lines = (f"GET {ask.url} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Accept: image/jpeg,*/*", *ask.headers)
        self.start = time.perf_counter()
        self.transport.write("\r\n".join((*lines, "", "")).encode())
        return await asyncio.wait_for(self.waiting, REPLY_WITHIN)

    def data_received(self, data: bytes) -> None:
        """Add what has come, and finish when it is all."""
        self.first = self.first or time.perf_counter()
        self.buffer += data
        if not self.body_at:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            self.body_at = end + 4
            self.head = self.read_head(bytes(self.buffer[:end]).decode("latin-1"))
        if self.is_whole() and self.waiting and not self.waiting.done():
            self.waiting.set_result(self.reply())

    def read_head(self, text: str) -> dict[str, str]:
        """Read status and headers, and know from them where the body ends."""
        first, *lines = text.split("\r\n")
        head = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        head["status"] = first.split()[1]
        without_body = head["status"] == "304"
        self.length = 0 if without_body else int(head["content-length"]) if "content-length" in head else None
        return head

    def is_whole(self) -> bool:
        """Whether the body has come to its end."""
        if self.length is None:
            return self.buffer.endswith(b"0\r\n\r\n")
        return len(self.buffer) - self.body_at >= self.length

    def reply(self) -> Reply:
        """Give the reply that has come whole."""
        now = time.perf_counter()
        body = bytes(self.buffer[self.body_at :])
        if self.length is None:
            body = without_chunks(body)
        status = int(self.head["status"])
        return Reply(self.ask, status, self.head, body, self.first - self.start, now - self.start)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the request that waits."""
        self.transport = None
        if self.waiting and not self.waiting.done():
            self.waiting.set_exception(exc or ConnectionResetError("closed before the reply was whole"))

    def close(self) -> None:
        """Close the connection."""
        if self.transport:
            self.transport.close()


def without_chunks(body: bytes) -> bytes:
    """Take the chunks of a body together."""
    parts, at = [], 0
    while at < len(body):
        end = body.index(b"\r\n", at)
        length = int(body[at:end].split(b";")[0], 16)
        parts.append(body[end + 2 : end + 2 + length])
        at = end + 4 + length
    return b"".join(parts)


def ask_one(port: int, ask: Ask) -> Reply:
    """Send one request over a connection of its own."""

    async def send() -> Reply:
        connection = Connection(port)
        try:
            return await connection.send(ask)
        finally:
            connection.close()

    return asyncio.run(send())


def ask_many(port: int, asks: Iterator[Ask], seconds: float, connections: int) -> Load:
    """Send requests over some connections, each after the last reply, until the time is over or none is left."""
    return asyncio.run(load(port, asks, seconds, connections))


async def load(port: int, asks: Iterator[Ask], seconds: float, connections: int) -> Load:
    """Do the work of `ask_many`."""
    found, kept = Load(), list[Reply]()
    start = time.perf_counter()

    async def work() -> None:
        connection = Connection(port)
        while time.perf_counter() - start < seconds and not found.problem:
            ask = next(asks, None)
            if ask is None:
                break
            try:
                reply = await connection.send(ask)
            except (OSError, TimeoutError) as error:
                found.problem = f"{type(error).__name__}: {ask.url}"
                break
            found.count += 1
            found.times.append(reply.seconds)
            found.first_bytes.append(reply.first_byte)
            if reply.status != ask.status:
                found.problem = reply.problem
            elif len(kept) < KEPT:
                kept.append(reply)
        connection.close()

    await asyncio.gather(*(work() for _ in range(connections)))
    found.seconds = time.perf_counter() - start
    found.problem = found.problem or next((one.problem for one in kept if one.problem), "")
    return found
