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

from imageserver.admission.rules import Header
from imageserver.answers.answer import Answer, Document, Drawing
from imageserver.answers.caching import Caching
from imageserver.catalog.loading import State
from imageserver.errors import BadSource
from imageserver.plan.hints import Hints
from imageserver.server.clients import Clients
from imageserver.server.file_versions import Version, version_of
from imageserver.server.heading import with_rule_headers
from imageserver.server.hints import read_hints
from imageserver.server.operations.metrics import Kind
from imageserver.server.operations.noting import REQUEST_ID, RequestIds
from imageserver.server.replies import Replies

MOST = 10_000
"""URLs that are remembered; each takes about a kilobyte, and a text its own length."""
LARGEST = 2**18
"""Bodies up to this size are written at once, whatever the client's pace."""
METHODS = frozenset({"GET", "HEAD"})
HEAD = "HEAD"


@dataclass(frozen=True, slots=True)
class Known:
    """An answer that was given, without what it was made of, and what has to be as it was for it to be right again.

    `document` is the text that was sent; a picture is found by its tag. `second` is when a dated text was made, `until`
    the time from which it has to be asked for again. `headers` are those of the catalog's rules.
    It is counted as `kind`.
    """

    tag: str
    caching: Caching
    media_type: str
    document: bytes | None
    second: int | None
    tells_length_of: str
    length: int
    versions: tuple[Version, ...]
    saved: int | None = None
    until: float | None = None
    headers: tuple[Header, ...] = ()
    kind: Kind = ("", "")


def saving(saved: int | None) -> dict[str, str]:
    """Write the header that says how many bytes were saved by sending another format than was asked for."""
    return {} if saved is None else {"X-Smart-Imaging": str(saved)}


def known(answered: Answer, versions: tuple[Version, ...], second: int, saved: int | None) -> Known | None:
    """Say what is remembered of an answer; None where it cannot be given again."""
    if answered.is_default_image or answered.passing or answered.caching.hours is None:
        return None
    content = answered.content
    if not isinstance(content, Document | Drawing):
        return None
    if isinstance(content, Drawing) and content.layout.encoding.instead_of is not None and saved is None:
        return None
    text = content if isinstance(content, Document) else None
    return Known(
        tag=answered.tag,
        caching=answered.caching,
        media_type=content.media_type,
        document=text.body if text else None,
        second=second if text and text.dated else None,
        tells_length_of=answered.tells_length_of,
        length=answered.length,
        versions=versions,
        saved=saved,
        until=answered.caching.until,
    )


class Ready(web.StreamResponse):
    """A reply of which every byte is known, sent by one write; `head` ends where the name of the request goes."""

    def __init__(self, status: int, head: bytes, body: bytes, kind: Kind, request_id: str) -> None:
        super().__init__(status=status)
        self.kind = kind
        self.request_id = request_id
        self._head = b"%s%s\r\n\r\n" % (head, request_id.encode("ascii"))
        self._content = body
        self._sent = 0

    @property
    def body_length(self) -> int:
        """The number of bytes that were sent behind the headers, for the log."""
        return self._sent

    @property
    def keep_alive(self) -> bool:
        """Tell that the connection stays open; only such requests are answered in this way."""
        return True

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write everything; a client that does not read what it asked for is not sent more."""
        transport = request.transport
        if transport is not None:
            if request.method == HEAD:
                transport.write(self._head)
            else:
                self._sent = len(self._content)
                transport.write(self._head + self._content)
            await request.writer.drain()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing more."""


class Hits:
    """Remembers the answers to URLs; where one depends on the client's hints, an answer for each."""

    def __init__(self, replies: Replies, headers: Mapping[str, str], clients: Clients, ids: RequestIds) -> None:
        self._replies = replies
        self._ids = ids
        self._headers = headers
        self._clients = clients
        self._looks_at_addresses = False
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._hinted: set[str] = set()
        self._state: State | None = None
        self._heads: dict[tuple[str, HTTPStatus], bytes] = {}
        self._second = 0

    def remember(self, request: web.BaseRequest, answer: Known, state: State) -> None:
        """Remember the answer to a URL, made with this state of the catalogs; those of another state are forgotten."""
        self._follow(state)
        if answer.caching.varies:
            if len(self._hinted) >= MOST:
                self._forget()
            self._hinted.add(request.raw_path)
        target = self._target(request)
        self._known[target] = answer
        for status in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
            self._heads.pop((target, status), None)
        while len(self._known) > MOST:
            self._known.popitem(last=False)

    def reply(self, request: web.BaseRequest, state: State) -> Ready | None:
        """Give the reply to a request that was answered before, if nothing has changed since."""
        self._follow(state)
        target = self._target(request)
        answer = self._known.get(target)
        if answer is None or not answerable(request):
            return None
        if not self._is_right(answer):
            self._known.pop(target, None)
            return None
        headers = request.headers
        if "If-None-Match" in headers or "If-Modified-Since" in headers:
            if not answer.caching.is_known(answer.tag, headers):
                return None
            head = self._head(target, HTTPStatus.NOT_MODIFIED, answer, 0)
            return Ready(HTTPStatus.NOT_MODIFIED, head, b"", answer.kind, self._ids.of(request))
        body = answer.document if answer.document is not None else self._drawn(answer)
        if body is None:
            return None
        head = self._head(target, HTTPStatus.OK, answer, len(body))
        return Ready(HTTPStatus.OK, head, body, answer.kind, self._ids.of(request))

    def _target(self, request: web.BaseRequest) -> str:
        """Name what is asked for: by its URL, and where it depends on them by the client's address and hints."""
        target = request.raw_path
        if target in self._hinted:
            target = hinted(target, read_hints(request.headers))
        return f"{self._clients.address(request)} {target}" if self._looks_at_addresses else target

    def _drawn(self, answer: Known) -> bytes | None:
        """Give a picture that is at hand, is small, and is not sent by somebody else."""
        drawn = self._replies.at_hand(answer.tag)
        elsewhere = not answer.caching.varies and self._replies.accel(answer.tag)
        return None if drawn is None or len(drawn) > LARGEST or elsewhere else drawn

    def _follow(self, state: State) -> None:
        if state is not self._state:
            self._forget()
            self._state = state
            self._looks_at_addresses = state.catalogs.look_at_addresses

    def _forget(self) -> None:
        self._known.clear()
        self._hinted.clear()

    def _is_right(self, answer: Known) -> bool:
        """Tell whether an answer would be the same if it were made now."""
        now = time.time()
        if answer.second not in {None, int(now)} or (answer.until is not None and answer.until <= now):
            return False
        if answer.tells_length_of and self._replies.length(answer.tells_length_of) != answer.length:
            return False
        try:
            for version in answer.versions:
                if version_of(version[0]) != version:
                    return False
        except BadSource:
            return False
        return True

    def _head(self, target: str, status: HTTPStatus, answer: Known, length: int) -> bytes:
        """Write status line and headers, which are the same for a second, up to the name of the request."""
        now = time.time()
        if int(now) != self._second:
            self._second = int(now)
            self._heads.clear()
        head = self._heads.get((target, status))
        if head is None:
            fields = {**self._headers, **answer.caching.headers(answer.tag, now)}
            if status is HTTPStatus.OK:
                fields |= {"Content-Type": answer.media_type, "Content-Length": str(length), **saving(answer.saved)}
            named = with_rule_headers(fields, answer.headers)
            lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
            date = f"Date: {formatdate(now, usegmt=True)}\r\n"
            text = f"HTTP/1.1 {status.value} {status.phrase}\r\n{lines}{date}{REQUEST_ID}: "
            head = self._heads[target, status] = text.encode("latin-1")
        return head


def hinted(target: str, hints: Hints) -> str:
    """Name a URL together with what the client says of itself; a URL has no space in it."""
    return f"{target} {hints!r}"


def answerable(request: web.BaseRequest) -> bool:
    """Tell whether a request is one that a ready reply can answer."""
    plain = request.method in METHODS and request.version == HttpVersion11 and not request.can_read_body
    return plain and request.keep_alive
