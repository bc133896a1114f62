"""A path and a query of 4D's REST server as values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from imageserver.dialects.rest4d.language.facts import BadQuery, NoSuchPath
from imageserver.protocol.reading import decoded

NAME = re.compile(r"(?:(?!\(|\[|%28|%5B|:|/).)*", re.IGNORECASE)
KEY = re.compile(
    r"""(?:\(|\[|%28|%5B)(?:(?P<a>"|%22)(?P<double>.*?)(?P=a)|(?P<b>'|%27)(?P<single>.*?)(?P=b)|(?P<raw>[^/]*?))"""
    r"""(?:\)|\]|%29|%5D)(?=/|$)""",
    re.IGNORECASE,
)
PIECES = re.compile(r"&(?=\$|%24|[A-Za-z]+=|&|$)")
ID = re.compile(r"[0-9A-Fa-f]{32}")
PATH_OF_SET = 2
"""Segments that lead to an entity set."""
QUOTES = ("'", '"')


@dataclass(frozen=True, slots=True)
class Address:
    """What a path names: a resource such as `$catalog` with what follows, or a dataclass and what is meant of it.

    `by` is the attribute whose value `key` is; the primary key where nothing is said. `entity_set` is in upper case.
    """

    name: str
    rest: tuple[str, ...] = ()
    key: str | None = None
    by: str = ""
    attributes: tuple[str, ...] = ()
    entity_set: str = ""


def read_address(path: str) -> Address:
    """Read the part of a path behind `/rest`; raises `NoSuchPath`."""
    text = path.strip("/")
    if text.startswith(("$", "%24")):
        name, *rest = (decoded(one) for one in text.split("/"))
        return Address(name, tuple(rest))
    match = NAME.match(text)
    name, at = (match[0], match.end()) if match else ("", 0)
    by = ""
    if text[at : at + 1] == ":":
        match = NAME.match(text, at + 1)
        by, at = (decoded(match[0]), match.end()) if match else ("", at)
    key, at = read_key(text, at)
    if by and key is None:
        raise NoSuchPath(path[:100])
    segments = [one for one in text[at:].split("/") if one]
    if not name or (text[at:] and not text[at:].startswith("/")):
        raise NoSuchPath(path[:100])
    return with_segments(Address(decoded(name), key=key, by=by), segments, path)


def read_key(text: str, at: int) -> tuple[str | None, int]:
    """Read a key in parentheses or brackets, and give where it ends."""
    match = KEY.match(text, at)
    if match is None:
        return None, at
    found = next(one for one in (match["double"], match["single"], match["raw"]) if one is not None)
    return decoded(found), match.end()


def with_segments(address: Address, segments: list[str], path: str) -> Address:
    """Read what follows a dataclass: attributes, and an entity set."""
    attributes: tuple[str, ...] = ()
    names = [decoded(one) for one in segments]
    if names and names[0].casefold() != "$entityset":
        attributes = tuple(filter(None, (one.strip() for one in names.pop(0).split(","))))
    entity_set = ""
    if len(names) == PATH_OF_SET and names[0].casefold() == "$entityset" and ID.fullmatch(names[1]):
        entity_set = names[1].upper()
    elif names:
        raise NoSuchPath(path[:100])
    return Address(address.name, key=address.key, by=address.by, attributes=attributes, entity_set=entity_set)


def read_parameters(query: str) -> Mapping[str, str]:
    """Read a query: names in lower case without `$`, values without the quotes around them; the last one wins."""
    return dict(parameters(query))


def parameters(query: str) -> Iterator[tuple[str, str]]:
    """Yield the parameters of a query."""
    for piece in PIECES.split(query):
        name, _, value = piece.partition("=")
        name = decoded(name, plus=True).strip().casefold().removeprefix("$")
        if name:
            yield name, unquoted(decoded(value, plus=True).strip())


def unquoted(text: str) -> str:
    """Take one matching pair of quotes away."""
    for quote in QUOTES:
        if len(text) > 1 and text.startswith(quote) and text.endswith(quote):
            return text[1:-1]
    return text


def words(text: str) -> tuple[str, ...]:
    """Read a list of names."""
    return tuple(word for one in text.split(",") if (word := one.strip()))


def whole(parameters: Mapping[str, str], name: str, default: int) -> int:
    """Read a whole number; raises `BadQuery`. One that is negative is as if it were not there."""
    text = parameters.get(name, "")
    if not text:
        return default
    if not re.fullmatch(r"-?[0-9]{1,12}", text):
        raise BadQuery(f"${name}={text[:40]}: expected a whole number")
    return default if text.startswith("-") else int(text)


def flag(parameters: Mapping[str, str], name: str) -> bool:
    """Read a parameter that is true or false."""
    text = parameters.get(name, "").casefold()
    if text not in {"", "true", "false", "0", "1"}:
        raise BadQuery(f"${name}={text[:40]}: expected true or false")
    return text in {"true", "1"}
