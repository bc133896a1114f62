"""Foreign images are fetched: from allowed hosts and addresses, within limits, once at a time, and not without need."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import socket
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from imageserver.admission.foreign import allows_address, connects_to
from imageserver.config import Sources
from imageserver.errors import BadSource, LimitExceeded, NotFound
from imageserver.server.foreign_files import Kept, drafting, lock, read_kept, sweep, write_kept
from imageserver.server.freshness import freshness

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 3
GONE = frozenset({404, 410})
OK, NOT_MODIFIED, SERVER_ERROR = 200, 304, 500
CHUNK = 2**16
AGAIN = 10.0
"""Seconds after which a server that did not answer is asked again."""
SWEEPING = 60.0
CONNECTIONS = 16
PAUSE = 0.05
TYPES = ("image/", "application/octet-stream", "binary/octet-stream")
HEADERS = {"User-Agent": "imageserver", "Accept": "image/*", "Accept-Encoding": "identity"}
log = logging.getLogger("imageserver.foreign")


class Unanswered(BadSource):
    """A server does not answer, or says that it cannot; what was fetched before may do."""


class Fetcher:
    """Fetches foreign images, or files of other media types, into the folder `sources.path`, which processes share."""

    def __init__(self, sources: Sources, media_types: tuple[str, ...] = TYPES) -> None:
        self._sources = sources
        self._media_types = media_types
        self._fetching: dict[str, asyncio.Task[float]] = {}
        self._session: aiohttp.ClientSession | None = None
        self._swept = -SWEEPING

    async def bring(self, wanted: Iterable[tuple[str, Path]]) -> float | None:
        """Have images in their files; gives the time until which none of them changes, None when there are none."""
        found = await asyncio.gather(*(self._one(url, path) for url, path in wanted))
        return min(found, default=None)

    async def _one(self, url: str, path: Path) -> float:
        kept = read_kept(path)
        if kept is not None and is_fresh(kept, time.time()):
            return kept.fresh_until
        task = self._fetching.get(url)
        if task is None:
            task = self._fetching[url] = asyncio.ensure_future(self._refresh(url, path))
            task.add_done_callback(lambda done: self._done(url, done))
        return await asyncio.shield(task)

    def _done(self, url: str, done: asyncio.Task[float]) -> None:
        del self._fetching[url]
        if not done.cancelled():
            done.exception()  # it is told to those who wait; there may be nobody left

    async def _refresh(self, url: str, path: Path) -> float:
        """Fetch an image, or ask whether it has changed; another process may just have done so."""
        begin = time.time()
        try:
            held = await turn(path)
        except OSError as error:
            raise BadSource(url, f"sources.path cannot be written: {error.strerror}") from error
        with held:
            kept = read_kept(path)
            now = time.time()
            if kept is None or not (is_fresh(kept, now) or begin <= kept.fetched <= now):
                kept = await self._fetched(url, path, kept)
        if time.monotonic() > self._swept + SWEEPING:
            self._swept = time.monotonic()
            await asyncio.to_thread(sweep, path.parent, self._sources.max_size, time.time())
        return kept.fresh_until

    async def _fetched(self, url: str, path: Path, kept: Kept | None) -> Kept:
        """Fetch; where there is no answer, what was fetched before is used for a while."""
        try:
            async with asyncio.timeout(self._sources.timeout):
                return await self._follow(url, path, kept)
        except (Unanswered, TimeoutError) as error:
            known = isinstance(error, Unanswered)
            seconds = f"it took longer than {self._sources.timeout:g} s (sources.timeout)"
            told = error if known else Unanswered(url, seconds)
            now = time.time()
            if kept is None or kept.usable_until <= now:
                raise told from error
            log.warning("%s; the image of before is used", told)
            again = replace(kept, fetched=min(kept.fetched, now), fresh_until=min(now + AGAIN, kept.usable_until))
            write_kept(path, again)
            return again

    async def _follow(self, url: str, path: Path, kept: Kept | None) -> Kept:
        """Ask a server, and follow it to other URLs of its own."""
        place = URL(url, encoded=True)
        for _ in range(MOST_REDIRECTS + 1):
            try:
                async with self._opened().get(place, headers=asking(kept), allow_redirects=False) as reply:
                    if reply.status not in REDIRECTS:
                        return await self._read(url, path, kept, reply)
                    target = URL(urljoin(str(place), reply.headers.get("Location", "")))
            except (aiohttp.ClientError, OSError, ValueError) as error:
                if isinstance(error, TimeoutError):
                    raise
                raise Unanswered(url, reason_of(error)) from error
            if is_elsewhere(target, place):
                raise BadSource(url, "redirects elsewhere are not followed")
            place = target
        raise BadSource(url, f"more than {MOST_REDIRECTS} redirects")

    def _opened(self) -> aiohttp.ClientSession:
        """Give the session, which is opened when it is first used."""
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=CONNECTIONS, use_dns_cache=False, force_close=True, socket_factory=self._socket
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                timeout=aiohttp.ClientTimeout(total=None),
            )
        return self._session

    def _socket(self, info: Any) -> socket.socket:  # noqa: ANN401, what getaddrinfo gives
        """Open a socket for the very address that is connected to next; raises `PermissionError` for a private one."""
        family, kind, protocol, _, place = info
        if not allows_address(connects_to(place[0]), place[1], self._sources.allow_hosts):
            raise PermissionError("its address is not public, and not one of sources.allow_hosts")
        opened = socket.socket(family, kind, protocol)
        opened.setblocking(False)
        return opened

    async def _read(self, url: str, path: Path, kept: Kept | None, reply: aiohttp.ClientResponse) -> Kept:
        """Take what a server answers."""
        now = time.time()
        if reply.status == NOT_MODIFIED and kept is not None:
            fresh = freshness({"ETag": kept.etag, **reply.headers}, now, self._sources)
            again = replace(kept, fetched=now, fresh_until=fresh.until, usable_until=fresh.at_worst)
            write_kept(path, again)
            return again
        if reply.status in GONE:
            raise NotFound("foreign image", url, f"its server answers {reply.status}")
        if reply.status != OK:
            kind = Unanswered if reply.status >= SERVER_ERROR else BadSource
            raise kind(url, f"its server answers {reply.status}")
        check_kind(url, reply, self._media_types)
        fresh = freshness(reply.headers, now, self._sources)
        digest = await self._store(url, path, kept, reply)
        new = Kept(
            url,
            digest,
            reply.headers.get("ETag", ""),
            reply.headers.get("Last-Modified", ""),
            now,
            fresh.until,
            fresh.at_worst,
        )
        write_kept(path, new)
        return new

    async def _store(self, url: str, path: Path, kept: Kept | None, reply: aiohttp.ClientResponse) -> str:
        """Store the body; the same bytes as before leave the file as it is. Gives their hash."""
        most, digest, length = self._sources.file_size, hashlib.sha256(), 0
        if (reply.content_length or 0) > most:
            raise LimitExceeded("sources.file_size", reply.content_length or 0, most)
        with drafting(path) as (draft, file):
            async for chunk in reply.content.iter_chunked(CHUNK):
                length += len(chunk)
                if length > most:
                    raise LimitExceeded("sources.file_size", length, most)
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            if not length:
                raise BadSource(url, "its server answers nothing")
            if kept is None or kept.digest != digest.hexdigest():
                draft.replace(path)
        return digest.hexdigest()

    async def close(self) -> None:
        """End what is being fetched."""
        for task in self._fetching.values():
            task.cancel()
        await asyncio.gather(*self._fetching.values(), return_exceptions=True)
        if self._session is not None:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                await self._session.close()


async def turn(path: Path) -> BinaryIO:
    """Wait while another process fetches an image."""
    path.parent.mkdir(parents=True, exist_ok=True)
    held = lock(path)
    while held is None:
        await asyncio.sleep(PAUSE)
        held = lock(path)
    return held


def is_fresh(kept: Kept, now: float) -> bool:
    """Tell whether an image is used without a question; not where the clock was ahead when it was fetched."""
    return kept.fetched <= now < kept.fresh_until


def asking(kept: Kept | None) -> dict[str, str]:
    """Give the headers of a question, with the validators of what is there."""
    conditions = {"If-None-Match": kept.etag, "If-Modified-Since": kept.last_modified} if kept else {}
    return HEADERS | {name: value for name, value in conditions.items() if value}


def check_kind(url: str, reply: aiohttp.ClientResponse, media_types: tuple[str, ...]) -> None:
    """Refuse what does not come as one of some media types, or comes compressed; what it is, is looked at later."""
    if reply.headers.get("Content-Encoding", "identity").casefold() not in {"identity", ""}:
        raise BadSource(url, "it is compressed, though that was not asked for")
    if "Content-Type" in reply.headers and not reply.content_type.casefold().startswith(media_types):
        raise BadSource(url, f"its server sends {reply.content_type[:80]}, and no image")


def reason_of(error: BaseException) -> str:
    """Say why there is no answer, without what a library adds."""
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
        return "the connection ended too early"
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error) if isinstance(error, PermissionError) and error.errno is None else "it cannot be reached"


def is_elsewhere(target: URL, place: URL) -> bool:
    """Tell whether a URL leads to another server than the one that named it."""
    try:
        return target.origin() != place.origin()
    except ValueError:
        return True
