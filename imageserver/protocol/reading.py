"""Text → Request: the grammar of a request. References: r-basic-syntax, r-http-encoding.

The text is cut into pieces first and decoded after, so that an encoded separator is a character like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from imageserver.protocol.request import Piece, Request

ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
OPENS_NESTED = re.compile(r"(?:is|ir|fxg)?([{(])")
CLOSING = {"{": "}", "(": ")"}


def read(path: str, query: str, body: str = "") -> Request:
    """Read the part of a URL behind `/is/image`, its query and, of a POST, the form body behind it."""
    return Request(read_object(path), (*read_pieces(query), *read_pieces(body)))


def read_object(path: str) -> str:
    """Decode the object's path elements one by one; empty elements go. A leading slash is kept by `src=` alone."""
    return "/".join(decoded(element) for element in path.split("/") if element)


@lru_cache(512)
def read_pieces(query: str, origin: str = "") -> tuple[Piece, ...]:
    """Cut a query, a modifier or a macro into its pieces; comments and empty ones go."""
    return tuple(
        piece
        for piece in (_read_piece(text, origin) for text in _cut(query))
        if piece.name and not piece.name.startswith(".")
    )


def decoded(text: str, *, plus: bool = False) -> str:
    """Percent-decode once; a `%` that starts no escape stays, and what is not UTF-8 is ISO-8859-1."""
    if plus:
        text = text.replace("+", " ")
    if "%" not in text and text.isascii():
        return text
    data = ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), text.encode("utf-8", "surrogateescape"))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("iso-8859-1")


def _read_piece(text: str, origin: str) -> Piece:
    name, equals, value = text.partition("=")
    name = decoded(name, plus=True).strip()
    while name.casefold().startswith("amp;"):
        name = name[len("amp;") :].strip()
    if not equals:
        return Piece(name, None, origin=origin)
    nested = value if value and nested_end(value) == len(value) else ""
    return Piece(name, decoded(value, plus=True), nested, origin)


def _cut(query: str) -> Iterator[str]:
    """Cut at `&`, and at a second `?`, but not inside a pair of brackets that opens a value."""
    start = position = 0
    in_name = True
    while position < len(query):
        character = query[position]
        if character == "=" and in_name:
            in_name = False
            position += 1 + nested_end(query[position + 1 :])
        elif character in "&?":
            yield query[start:position]
            start = position = position + 1
            in_name = True
        else:
            position += 1
    yield query[start:]


def nested_end(value: str) -> int:
    """Where the pair of brackets that opens this value ends; 0 when none opens it or the pair is not closed."""
    match = OPENS_NESTED.match(value)
    if not match:
        return 0
    opening, depth = match[1], 0
    closing = CLOSING[opening]
    for position in range(match.start(1), len(value)):
        depth += (value[position] == opening) - (value[position] == closing)
        if depth == 0:
            return position + 1
    return 0
