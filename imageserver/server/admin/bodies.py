"""What requests bring: query parameters, and JSON within limits."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from http import HTTPStatus

from aiohttp import web

from imageserver.catalog.written import Json
from imageserver.server.admin.problems import Refused

DEEPEST = 8
"""Levels of lists and mappings in a body; no field of a catalog needs more than four."""
LONGEST = 255
"""Characters of a query parameter."""
JSON_TYPES = ("application/json", "application/merge-patch+json")


def bad(reason: str) -> Refused:
    """Say what is wrong with a request."""
    return Refused(HTTPStatus.BAD_REQUEST, reason)


def query_of(request: web.Request, known: Collection[str]) -> dict[str, str]:
    """Read the query, in which nothing may stand twice, and nothing that is not known."""
    query = request.query
    for name in query:
        if name not in known:
            raise bad(f"?{name[:40]}: expected {'no parameters' if not known else 'one of ' + ', '.join(known)}")
        if len(query.getall(name)) > 1:
            raise bad(f"?{name}: it stands there twice")
        if not is_text(query[name]) or len(query[name]) > LONGEST:
            raise bad(f"?{name}: expected a text in UTF-8, up to {LONGEST} characters, without control characters")
    return dict(query)


async def bytes_of(request: web.Request, limit: int) -> bytes:
    """Read a body; raises `Refused` for one that is too large."""
    length = request.content_length
    if length is None or length <= limit:
        body = bytearray()
        async for chunk in request.content.iter_chunked(2**16):
            body += chunk
            if len(body) > limit:
                break
        else:
            return bytes(body)
    raise too_large("limits.body_size", limit)


def too_large(limit: str, allowed: int) -> Refused:
    """Name the limit that a body is beyond."""
    return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{limit}: more than the {allowed} bytes allowed")


async def json_of(request: web.Request, limit: int) -> dict[str, Json]:
    """Read a JSON object; raises `Refused`."""
    if request.content_type not in JSON_TYPES:
        raise Refused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"expected a body of {JSON_TYPES[0]}",
            {"Accept-Post": JSON_TYPES[0], "Accept-Patch": ", ".join(JSON_TYPES)},
        )
    body = await bytes_of(request, limit)
    try:
        found = json.loads(
            body.decode(), object_pairs_hook=once, parse_constant=no_number, parse_float=finite, parse_int=whole
        )
    except RecursionError as error:
        raise bad(f"the body is nested deeper than the {DEEPEST} levels allowed") from error
    except ValueError as error:
        raise bad(f"the body is no JSON: {str(error)[:120]}") from error
    if not isinstance(found, dict):
        raise bad("expected a body that is a JSON object")
    check(found, DEEPEST)
    return found


def once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Make an object, in which no name may stand twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in an object")
    return found


def no_number(text: str) -> float:
    """Refuse what JSON does not have."""
    raise ValueError(f"{text} is no number of JSON")


def finite(text: str) -> float:
    """Read a number that is not too large."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def whole(text: str) -> int:
    """Read a whole number that is not too large."""
    if len(text) > 30:  # noqa: PLR2004, more digits than anything here has
        raise ValueError("a number is too large")
    return int(text)


def check(value: Json, levels: int) -> None:
    """Raise `Refused` for what is nested too deeply, or is no text."""
    if isinstance(value, str) and not is_unicode(value):
        raise bad("the body has a text with half a surrogate pair, which UTF-8 cannot hold")
    if not isinstance(value, list | dict):
        return
    if not levels:
        raise bad(f"the body is nested deeper than the {DEEPEST} levels allowed")
    for one in value if isinstance(value, list) else (*value, *value.values()):
        check(one, levels - 1)


def is_unicode(text: str) -> bool:
    """Tell whether a text can be written in UTF-8."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def is_text(text: str) -> bool:
    """Tell whether a text is one line of Unicode."""
    return is_unicode(text) and all(letter >= " " and letter != "\x7f" for letter in text)
