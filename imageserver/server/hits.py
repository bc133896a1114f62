"""Replies that were given before: recognised by the URL as it came, and sent without a look at anything but the files.

What is remembered of a URL is right for as long as the catalogs are the same state and its source files have not
changed; so each hit asks the file system for those, and for nothing else.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import HttpVersion11

from imageserver.answers.answer import Answer, Document, Drawing
from imageserver.catalog.loading import State
from imageserver.errors import BadSource
from imageserver.server.replies import Replies
from imageserver.server.sources import Version, version_of

MOST = 20_000
"""URLs that are remembered; each takes about two kilobytes."""
LARGEST = 2**18
"""Bodies up to this size are written at once, whatever the client's pace."""
METHODS = frozenset({"GET", "HEAD"})
HEAD = "HEAD"


@dataclass(frozen=True, slots=True)
class Known:
    """An answer that was given, and what it was made from; `second` is when, if it tells the time."""

    answered: Answer
    state: State
    versions: tuple[Version, ...]
    second: int


class Ready(web.StreamResponse):
    """A reply of which every byte is known, sent by one write."""

    def __init__(self, status: int, head: bytes, body: bytes) -> None:
        super().__init__(status=status)
        self["cache"] = "memory"
        self._head = head
        self._content = body

    @property
    def body_length(self) -> int:
        """The number of bytes behind the headers, for the log."""
        return len(self._content)

    @property
    def keep_alive(self) -> bool:
        """Tell that the connection stays open; only such requests are answered in this way."""
        return True

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write everything."""
        transport = request.transport
        if transport is not None:
            transport.write(self._head if request.method == HEAD else self._head + self._content)
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing more."""


class Hits:
    """Remembers the answers to URLs."""

    def __init__(self, replies: Replies, headers: Mapping[str, str]) -> None:
        self._replies = replies
        self._headers = headers
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._heads: dict[tuple[str, HTTPStatus], bytes] = {}
        self._second = 0

    def remember(self, target: str, known: Known) -> None:
        """Remember the answer to a URL, where it is one of those that can be given again."""
        answered = known.answered
        if answered.is_default_image or answered.caching.hours is None:
            return
        if isinstance(answered.content, Document | Drawing):
            self._known[target] = known
            for status in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
                self._heads.pop((target, status), None)
            while len(self._known) > MOST:
                self._known.popitem(last=False)

    def reply(self, request: web.BaseRequest, state: State) -> Ready | None:
        """Give the reply to a request that was answered before, if nothing has changed since."""
        target = request.raw_path
        known = self._known.get(target)
        if known is None or not answerable(request):
            return None
        if not self._is_right(known, state):
            self._known.pop(target, None)
            return None
        answered, headers = known.answered, request.headers
        if "If-None-Match" in headers or "If-Modified-Since" in headers:
            if not answered.caching.is_known(answered.tag, headers):
                return None
            return Ready(HTTPStatus.NOT_MODIFIED, self._head(target, HTTPStatus.NOT_MODIFIED, answered, {}), b"")
        found = self._body(answered)
        if found is None:
            return None
        body, kind = found
        described = {"Content-Type": kind, "Content-Length": str(len(body))}
        return Ready(HTTPStatus.OK, self._head(target, HTTPStatus.OK, answered, described), body)

    def _body(self, answered: Answer) -> tuple[bytes, str] | None:
        """Give bytes and content type of what can be sent at once."""
        match answered.content:
            case Document(body, kind):
                return body, kind
            case Drawing(_, kind):
                drawn = self._replies.at_hand(answered.tag)
                if drawn is not None and len(drawn) <= LARGEST and not self._replies.accel(answered.tag):
                    return drawn, kind
        return None

    def _is_right(self, known: Known, state: State) -> bool:
        """Tell whether an answer would be the same if it were made now."""
        if known.state is not state:
            return False
        answered, content = known.answered, known.answered.content
        if isinstance(content, Document) and content.dated and known.second != int(time.time()):
            return False
        if answered.tells_length_of and self._replies.length(answered.tells_length_of) != answered.length:
            return False
        try:
            return all(version_of(version[0]) == version for version in known.versions)
        except BadSource:
            return False

    def _head(self, target: str, status: HTTPStatus, answered: Answer, more: Mapping[str, str]) -> bytes:
        """Write status line and headers, which are the same for a second."""
        now = time.time()
        if int(now) != self._second:
            self._second = int(now)
            self._heads.clear()
        head = self._heads.get((target, status))
        if head is None:
            fields = {**answered.caching.headers(answered.tag, now), **self._headers, **more}
            lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
            text = f"HTTP/1.1 {status.value} {status.phrase}\r\n{lines}Date: {formatdate(now, usegmt=True)}\r\n\r\n"
            head = self._heads[target, status] = text.encode("latin-1")
        return head


def answerable(request: web.BaseRequest) -> bool:
    """Tell whether a request is one that a ready reply can answer."""
    plain = request.method in METHODS and request.version == HttpVersion11 and not request.can_read_body
    return plain and request.keep_alive
