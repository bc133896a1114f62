"""How long a foreign image may be used, by the headers that it came with. References: RFC 9111, RFC 5861."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from imageserver.config import Sources

DIRECTIVE = re.compile(r'([a-z-]+)\s*(?:=\s*"?([0-9]+)"?)?')
MOST = 31_536_000


@dataclass(frozen=True, slots=True)
class Freshness:
    """Until when an image is used without a question, and until when it is if there is no answer to the question."""

    until: float
    at_worst: float


def freshness(headers: Mapping[str, str], now: float, sources: Sources) -> Freshness:
    """Read the headers of a reply; without a validator and without a lifetime it is to be fetched each time."""
    directives = dict(DIRECTIVE.findall(headers.get("Cache-Control", "").casefold()))
    seconds = min(float(MOST), max(0.0, lifetime(headers, directives, now, sources)))
    if {"no-store", "no-cache"} & set(directives):
        seconds = 0.0
    strict = {"no-store", "must-revalidate", "proxy-revalidate"} & set(directives)
    return Freshness(now + seconds, now + seconds + (0 if strict else sources.stale))


def lifetime(headers: Mapping[str, str], directives: Mapping[str, str], now: float, sources: Sources) -> float:
    """Give the seconds that a reply is fresh."""
    for name in ("s-maxage", "max-age"):
        if directives.get(name):
            return float(directives[name][:10]) - age(headers)
    if "Expires" in headers:
        expires, sent = date(headers["Expires"]), date(headers.get("Date", ""))
        return 0.0 if expires is None else expires - (now if sent is None else sent)
    return sources.expiration if "ETag" in headers or "Last-Modified" in headers else 0.0


def age(headers: Mapping[str, str]) -> float:
    """Give the seconds that a reply was kept by others."""
    text = headers.get("Age", "")
    return float(text) if re.fullmatch(r"[0-9]{1,10}", text) else 0.0


def date(text: str) -> float | None:
    """Read a date of HTTP; None for any other text."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
