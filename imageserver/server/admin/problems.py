"""Errors → problem documents, RFC 9457."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import ClientError, web
from aiohttp.http_exceptions import HttpProcessingError

from imageserver.errors import ImageServerError, Overloaded
from imageserver.server.attempts import TooManyAttempts
from imageserver.store.errors import EditError, InvalidEdit, NotStored, StaleEdit

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger("imageserver.admin")


@dataclass(eq=False)
class Refused(ImageServerError):
    """A request that the API does not take, and why; `headers` go with the reply."""

    status: int = 400
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:  # type: ignore[override]
        """What HTTP calls it."""
        return HTTPStatus(self.status).phrase.casefold()

    def __str__(self) -> str:
        return self.reason


def problem(error: Exception) -> web.Response:
    """Tell an error as a problem document."""
    known = known_error(error)
    headers = {"Cache-Control": "no-store", **(known.headers if isinstance(known, Refused) else {})}
    if isinstance(known, Overloaded | TooManyAttempts):
        headers["Retry-After"] = str(known.retry_after)
    members = {
        "type": type_of(known),
        "title": known.title,
        "status": int(known.status),
        "detail": " ".join(str(known).split()) or known.title,
        **more_of(known),
    }
    text = json.dumps(members)
    return web.Response(text=text, status=int(known.status), content_type=MEDIA_TYPE, headers=headers)


def known_error(error: Exception) -> ImageServerError:
    """Give the error as one that may be told; the log has those that may not."""
    if isinstance(error, Refused | EditError | Overloaded | TooManyAttempts):
        return error
    if isinstance(error, web.HTTPException):
        return Refused(error.status, error.reason)
    if isinstance(error, ConnectionError | ClientError | HttpProcessingError):
        return Refused(HTTPStatus.BAD_REQUEST, "the body ended too early, or is not what its headers say")
    if isinstance(error, OSError):
        log.error("cannot be stored", exc_info=error)
        return NotStored("the upload", error.strerror or "the disk refuses")
    log.error("unexpected", exc_info=error)
    return ImageServerError()


def type_of(error: ImageServerError) -> str:
    """Name the kind of a problem; one that only repeats the status has none of its own."""
    if isinstance(error, EditError):
        words = re.findall("[A-Z][a-z]*", type(error).__name__)
        return "urn:imageserver:problem:" + "-".join(words).casefold()
    return "about:blank"


def more_of(error: ImageServerError) -> dict[str, str | int]:
    """Give the facts of an error that a program may want."""
    match error:
        case InvalidEdit(where=where):
            return {"where": where}
        case StaleEdit(actual=actual):
            return {"revision": actual}
        case _:
            return {}
