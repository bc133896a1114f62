"""Tokens: what lets in for a while, `st=…~exp=…~acl=…~hmac=…`, in a cookie or behind a URL."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from urllib.parse import unquote

NAME = "__cld_token__"
UNSAFE = re.compile(r"""[ "#%&'/:;<=>?@\[\\\]^`{|}~]""")
NUMBER = re.compile(r"[0-9]{1,15}")
MOST_PATTERNS = 20


def token_in(query: str) -> str:
    """Find a token in the query of a URL, as it is written."""
    pairs = (pair.partition("=") for pair in query.split("&"))
    return next((value for name, _, value in pairs if name == NAME), "")


def lets_in(token: str, key: str, path: str, address: str, now: float) -> bool:
    """Tell whether a token is right, now, for who asks for a path from an address."""
    signed, mark, digest = token.rpartition("~hmac=")
    if not (key and mark):
        return False
    parts = dict(part.partition("=")[::2] for part in signed.split("~"))
    text = signed if "acl" in parts else f"{signed}~url={escaped(path)}"
    wanted = hmac.new(bytes.fromhex(key), text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(digest.encode("utf-8", "surrogatepass"), wanted.encode()):
        return False
    start, end = parts.get("st", "0"), parts.get("exp", "")
    if not (NUMBER.fullmatch(start) and NUMBER.fullmatch(end)) or not int(start) <= now < int(end):
        return False
    if parts.get("ip", address) != address:
        return False
    return "acl" not in parts or any(is_like(one, pattern) for pattern in patterns(parts["acl"]) for one in names(path))


def escaped(path: str) -> str:
    """Write a path as it is signed."""
    return UNSAFE.sub(lambda match: f"%{ord(match[0]):02x}", path)


def patterns(text: str) -> list[str]:
    """Read the paths that a token is for."""
    return [unquote(one) for one in text.split("!")][:MOST_PATTERNS]


def names(path: str) -> Iterator[str]:
    """Yield a path with the name of its cloud, and as it would be on a host that belongs to the cloud."""
    yield path
    yield "/" + path.lstrip("/").partition("/")[2]


def is_like(path: str, pattern: str) -> bool:
    """Tell whether a path fits a pattern, in which `*` is anything; in linear time for each star."""
    first, *rest = pattern.split("*")
    if not rest:
        return path == pattern
    *middle, last = rest
    if not path.startswith(first):
        return False
    place = len(first)
    for part in middle:
        place = path.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return path.endswith(last) and len(path) - len(last) >= place
