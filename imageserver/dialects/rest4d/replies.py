"""What is answered: JSON, and errors as `__ERROR`."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import web

from imageserver.dialects.rest4d.language.facts import BadQuery, NoSuchPath
from imageserver.errors import ImageServerError, NotFound, Overloaded, RequestError
from imageserver.errors import Refused as NotForYou
from imageserver.server.admin.problems import Refused, known_error
from imageserver.server.attempts import TooManyAttempts
from imageserver.store.errors import AlreadyThere, InvalidEdit, NoSuchRecord, StaleEdit

MISSING, NO_CLASS, NO_SET, REFUSED = 1543, 1800, 1802, 1558
NOT_NEW, OUT_OF_BOUNDS, INVALID = 1534, 1569, 1570
STAMP, NOT_SAVED, ENTITY_NOT_SAVED = 1263, 1046, 1517
QUERY = 1500
"""Ours, for what cannot be read; all other numbers are those of 4D."""
log = logging.getLogger("imageserver.rest4d")
Fault = tuple[int, str]


@dataclass(eq=False)
class Failed(ImageServerError):
    """A request that cannot be answered: the status, and the errors, the most specific first."""

    status: int = 500
    faults: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:  # type: ignore[override]
        """What HTTP calls it."""
        return HTTPStatus(self.status).phrase.casefold()

    def __str__(self) -> str:
        return "; ".join(text for _, text in self.faults)


def failed(status: int, code: int, text: str) -> Failed:
    """Give an error of one line."""
    return Failed(status, ((code, text),))


def missing(name: str) -> Failed:
    """Say that there is no such entity."""
    return failed(HTTPStatus.NOT_FOUND, MISSING, f"Cannot load the entity with the key '{name[:80]}'")


def reply(content: object, headers: Mapping[str, str] | None = None) -> web.Response:
    """Give a document."""
    own = {"Cache-Control": "private, no-cache", **(headers or {})}
    return web.Response(body=written(content), content_type="application/json", charset="utf-8", headers=own)


def written(content: object) -> bytes:
    """Write a document; half a pair of surrogates becomes a question mark."""
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


def errors(faults: Sequence[Fault]) -> list[dict[str, object]]:
    """Write errors."""
    return [{"message": text, "componentSignature": "dbmg", "errCode": code} for code, text in faults]


def failure(error: Exception) -> web.Response:
    """Tell an error."""
    known = as_failed(error)
    body = written({"__ERROR": errors(known.faults)})
    headers = {"Cache-Control": "no-store", **known.headers}
    return web.Response(
        body=body, status=known.status, content_type="application/json", charset="utf-8", headers=headers
    )


def as_failed(error: Exception) -> Failed:
    """Say an error in the numbers of 4D."""
    if isinstance(error, Failed):
        return error
    for kind, status, codes in CODES:
        if isinstance(error, kind):
            first = (codes[0], one_line(error))
            return Failed(status or status_of(error), (first, *((code, REST[code]) for code in codes[1:])))
    return otherwise(known_error(error))


def status_of(error: Exception) -> int:
    """Give the status of a request that the protocol refuses; one that only says no is an error of processing here."""
    status = int(getattr(error, "status", 0))
    return status if status > HTTPStatus.NOT_FOUND else int(HTTPStatus.INTERNAL_SERVER_ERROR)


def otherwise(known: ImageServerError) -> Failed:
    """Say an error that has no number of its own."""
    if isinstance(known, Overloaded | TooManyAttempts):
        code = REFUSED if isinstance(known, TooManyAttempts) else NOT_SAVED
        return Failed(int(known.status), ((code, one_line(known)),), {"Retry-After": str(known.retry_after)})
    if isinstance(known, Refused):
        return Failed(int(known.status), ((NOT_SAVED, one_line(known)),))
    return failed(HTTPStatus.INTERNAL_SERVER_ERROR, NOT_SAVED, one_line(known) or known.title)


def one_line(error: Exception) -> str:
    """Say an error in one line."""
    return " ".join(str(error).split())


REST = {NOT_SAVED: "The record cannot be saved", ENTITY_NOT_SAVED: "The entity cannot be saved"}
CODES: Sequence[tuple[type[Exception], int, Sequence[int]]] = (
    (BadQuery, 500, (QUERY,)),
    (NoSuchPath, 404, (NO_CLASS,)),
    (NoSuchRecord, 404, (MISSING,)),
    (AlreadyThere, 500, (NOT_NEW, ENTITY_NOT_SAVED)),
    (InvalidEdit, 500, (INVALID, ENTITY_NOT_SAVED)),
    (StaleEdit, 500, (STAMP, NOT_SAVED, ENTITY_NOT_SAVED)),
    (NotForYou, 401, (REFUSED,)),
    (NotFound, 404, (MISSING,)),
    (RequestError, 0, (NOT_SAVED,)),
)
"""Errors, the status, and the numbers, the most specific first; without a status, the error has one."""
