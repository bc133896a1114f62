"""What is done with each request once it is answered: it is counted, and written as a line of JSON."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import blake2b
from typing import TextIO
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from imageserver.admission.signing import without_signatures
from imageserver.config import Server
from imageserver.server.clients import Clients
from imageserver.server.hits import HEAD, Ready
from imageserver.server.operations.metrics import RESULTS, Counts, Kind, Result
from imageserver.server.operations.noting import RESULT, note_of

NO_HTTP = "UNKNOWN"
"""What the HTTP library calls the method of what is no request; nothing has a route for it."""

DIALECTS = {
    "/is/image": "image",
    "/is/content": "content",
    "/admin": "admin",
    "/health": "health",
    "/metrics": "metrics",
}
"""The URL languages by the paths where they begin; the other paths are those of front doors, or pages."""
PATH_SIGNATURE = re.compile(r"/s--[^/?]+--(?=/)")
"""Where a front door has signatures in its paths: Cloudinary's."""
TOKEN_SEAL = re.compile(r"~hmac=[^&~#]*")
"""What makes a token of the same front door one, in queries."""
HASH_BYTES = 8
PAUSE = 60.0
log = logging.getLogger("imageserver.workers")
MEMORY: Result = "memory"


class Lines(logging.StreamHandler[TextIO]):
    """Writes lines; when that fails it is told once a minute, and costs nobody a reply."""

    _told = -PAUSE

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802, as the library has it
        """Tell what is wrong, without what was to be written."""
        if time.monotonic() >= self._told + PAUSE:
            self._told = time.monotonic()
            log.error("server.access_log cannot be written: %s", sys.exc_info()[1])


class Recorder:
    """Counts requests and writes them down, what they ask for as it is configured."""

    def __init__(self, server: Server, clients: Clients, counts: Counts, log: logging.Logger | None) -> None:
        self._show = SHOWN[server.access_log_query]
        self._clients = clients
        self._counts = counts
        self._log = log

    def logger(self) -> type[AbstractAccessLogger]:
        """Give the class of which the HTTP server makes an object for each connection."""
        answer, log, record = self._counts.answer, self._log, self._record

        class Recording(AbstractAccessLogger):
            def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
                if log is None and type(response) is Ready:  # the short way for what costs little else
                    answer(response.kind, response.status, MEMORY, time, response.body_length)
                else:
                    record(request, response, time)

        return Recording

    def _record(self, request: web.BaseRequest, response: web.StreamResponse, seconds: float) -> None:
        """Count a request, and write its line if there is a log."""
        if isinstance(response, Ready):
            kind, result = response.kind, MEMORY
        else:
            kind, result = kind_of(request), response.get(RESULT, "")
        size = 0 if request.method == HEAD else size_of(response)
        self._counts.answer(kind, response.status, result, seconds, size)
        if self._log is not None:
            told = {"dialect": kind[0], "req": kind[1], "status": response.status, "bytes": size}
            told |= {"seconds": round(seconds, 4), "cache": RESULTS.get(result, "")}
            self._log.info(json.dumps(self._line(request, response, told, time.time() - seconds)))

    def _line(
        self, request: web.BaseRequest, response: web.StreamResponse, told: Mapping[str, object], start: float
    ) -> dict[str, object]:
        note = note_of(request)
        request_id = response.request_id if isinstance(response, Ready) else note.request_id if note else ""
        line = {
            "time": round(start, 3),
            "id": request_id,
            "client": str(self._clients.address(request) or ""),
            "method": request.method,
            **self._show(request.raw_path),
            **told,
            "agent": request.headers.get("User-Agent", ""),
            "referer": self._referer(request.headers.get("Referer", "")),
        }
        if note and note.times:
            line["stages"] = {stage: round(one, 4) for stage, one in note.times.items()}
        return line

    def _referer(self, text: str) -> str:
        """Give where a link was followed from, without a password in it."""
        try:
            parts = urlsplit(text)
        except ValueError:
            return ""
        shown = self._show(parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl())
        return shown.get("url", shown.get("path", ""))


def size_of(response: web.StreamResponse) -> int:
    """Give the number of bytes behind the headers of a reply."""
    if isinstance(response, web.Response):
        return len(response.body) if isinstance(response.body, bytes | bytearray) else 0
    return response.body_length


def kind_of(request: web.BaseRequest) -> Kind:
    """Give the URL language of a request that is no hit, and what it asks for."""
    note, path = note_of(request), request.raw_path.partition("?")[0]
    found = (name for start, name in DIALECTS.items() if path == start or path.startswith(f"{start}/"))
    return next(found, None) or other_dialect(request) or "page", note.req if note else ""


def other_dialect(request: web.BaseRequest) -> str:
    """Name the URL language of a front door, by the folder in which its code is."""
    if not isinstance(request, web.Request) or request.method == NO_HTTP or request.match_info is None:
        return ""
    handler = request.match_info.handler
    folders = (handler.func if isinstance(handler, partial) else handler).__module__.split(".")
    return folders[2] if folders[:2] == ["imageserver", "dialects"] else ""


def unsigned(url: str) -> str:
    """Hide the signatures of a URL, those in its path and of tokens included."""
    return TOKEN_SEAL.sub("~hmac=…", PATH_SIGNATURE.sub("/s--…--", without_signatures(url)))


def shown_in_full(url: str) -> dict[str, str]:
    """Show all of a URL but its signature."""
    return {"url": unsigned(url)}


def shown_hashed(url: str) -> dict[str, str]:
    """Show of the commands of a URL only which are equal."""
    path, mark, query = unsigned(url).partition("?")
    if not mark:
        return {"url": path}
    data = query.encode("utf-8", "surrogateescape")
    return {"path": path, "query_hash": blake2b(data, digest_size=HASH_BYTES).hexdigest()}


def not_shown(url: str) -> dict[str, str]:
    """Show nothing of the commands of a URL."""
    path, mark, _ = unsigned(url).partition("?")
    return {"path": path} if mark else {"url": path}


SHOWN: dict[str, Callable[[str], dict[str, str]]] = {"full": shown_in_full, "hashed": shown_hashed, "none": not_shown}
