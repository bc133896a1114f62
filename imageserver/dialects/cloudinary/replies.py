"""What both APIs answer: JSON, and errors in the words of the clients."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus

from aiohttp import web

from imageserver.dialects.cloudinary.language.facts import NoSuchResource
from imageserver.errors import BadSource, NotFound, Overloaded, RequestError
from imageserver.server.admin.problems import Refused, known_error
from imageserver.server.attempts import TooManyAttempts
from imageserver.store.errors import AlreadyThere, InvalidEdit, NoSuchRecord

LONGEST = 1000
"""Letters of a header: clients and proxies take no more than some thousand of all headers together."""
HOURLY = 5000
"""How many calls an hour clients are told that they have; nobody counts them."""
log = logging.getLogger("imageserver.cloudinary")


class Failed(Refused):
    """A call that cannot be answered, and why, in the words that clients know."""


def headers() -> dict[str, str]:
    """Give the headers of every reply."""
    now = time.time()
    return {
        "Cache-Control": "no-store",
        "X-FeatureRateLimit-Limit": str(HOURLY),
        "X-FeatureRateLimit-Remaining": str(HOURLY - 1),
        "X-FeatureRateLimit-Reset": formatdate((now // 3600 + 1) * 3600, usegmt=True),
    }


def reply(content: object, status: int = HTTPStatus.OK) -> web.Response:
    """Give a document."""
    text = json.dumps(content, ensure_ascii=False)
    return web.Response(text=text, status=status, content_type="application/json", headers=headers())


def failure(error: Exception) -> web.Response:
    """Tell an error."""
    failed = as_failed(error)
    content = json.dumps({"error": {"message": failed.reason}}, ensure_ascii=False)
    own = {**headers(), **failed.headers, "X-Cld-Error": printable(failed.reason)}
    return web.Response(text=content, status=failed.status, content_type="application/json", headers=own)


def printable(text: str) -> str:
    """Give a text, or the beginning of it, as the value of a header."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text[:LONGEST])


def as_failed(error: Exception) -> Failed:
    """Say an error in the words of the clients."""
    if isinstance(error, Failed):
        return error
    for kind, reason in REASONS:
        if isinstance(error, kind):
            return Failed(404 if reason is missing else 400, reason(error))
    known = known_error(error)
    if isinstance(known, TooManyAttempts):
        return Failed(known.status, one_line(known), {"Retry-After": str(known.retry_after)})
    if isinstance(known, Refused):
        status = {401: 401, 403: 401, 404: 404}.get(int(known.status), 400)  # clients know no others
        return Failed(status, known.reason, known.headers)
    if known.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Failed(400, one_line(known))
    log.error("a call failed", exc_info=error)
    return Failed(500, one_line(known) if isinstance(known, Overloaded) else "General Error")


def missing(error: Exception) -> str:
    """Say what is not there."""
    return f"Resource not found - {getattr(error, 'public_id', '') or getattr(error, 'name', '')}"


def one_line(error: Exception) -> str:
    """Say an error in one line."""
    return " ".join(str(error).split())


def invalid_file(error: Exception) -> str:
    """Say that a file is no image, or what else does not fit."""
    return (
        f"Invalid image file: {one_line(error)}"
        if isinstance(error, BadSource) or ".path:" in str(error)
        else one_line(error)
    )


REASONS: tuple[tuple[type[Exception], Callable[[Exception], str]], ...] = (
    (NoSuchRecord, missing),
    (NoSuchResource, missing),
    (NotFound, missing),
    (AlreadyThere, lambda error: f"{getattr(error, 'name', '')} already exists"),
    (InvalidEdit, invalid_file),
    (BadSource, invalid_file),
    (RequestError, one_line),
)
