"""What is known of a request while it is being answered: its name, what it asks for, and how long each stage took."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count
from os import urandom

from aiohttp import web

from imageserver.server.operations.metrics import Result
from imageserver.server.operations.stages import Times

REQUEST_ID = "X-Request-Id"
PLAIN_ID = re.compile(r"[A-Za-z0-9._~+/=:@-]{1,128}")


@dataclass(slots=True)
class Note:
    """What is known of a request; `req` is what it asks for in its URL language, once that is found out."""

    request_id: str
    times: Times = field(default_factory=dict)
    req: str = ""


NOTE = web.RequestKey("note", Note)
RESULT: web.ResponseKey[Result] = web.ResponseKey("result")
"""What the cache had of a reply."""


class RequestIds:
    """Names requests: as the client does, where that is plain, or else as no other process does."""

    def __init__(self) -> None:
        self._process = urandom(6).hex()
        self._numbers = count(1)

    def of(self, request: web.BaseRequest) -> str:
        """Give the name of a request that has just come."""
        given = request.headers.get(REQUEST_ID)
        if given is not None and PLAIN_ID.fullmatch(given):
            return given
        return f"{self._process}-{next(self._numbers):x}"


def note_of(request: web.BaseRequest) -> Note | None:
    """Give what is known of a request that is no hit."""
    return request.get(NOTE)


def asks_for(request: web.BaseRequest, req: str) -> None:
    """Note what a request asks for."""
    note = note_of(request)
    if note is not None:
        note.req = req
