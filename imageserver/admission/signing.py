"""Signed requests: HMAC-SHA256 over path and modifiers as they are sent. `docs/signing.md` is their description."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

from imageserver.catalog.catalogs import Catalog
from imageserver.config import Key
from imageserver.errors import Refused

NAME = "signature"
SCHEME = "imageserver-1"
SIGNATURE = re.compile(rf"(?s)(?:(.*)&)?{NAME}=([^&]*)")
ANYWHERE = re.compile(rf"(?:^|&){NAME}=")
VALUE = re.compile(r"([A-Za-z0-9_-]{1,32})\.([0-9]{0,12})\.([0-9a-f]{64})")
EXPECTED = f"{NAME}=KEY.EXPIRES.MAC as the last modifier"
HIDDEN = re.compile(rf"\b{NAME}=[^&?#\s]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Signed:
    """Modifiers without their signature, the key that it was made with, and the time from which it is worth nothing."""

    modifiers: str
    key: Key | None = None
    until: float | None = None


def mac(key: Key, expires: str, path: str, modifiers: str) -> str:
    """Compute the signature of a request; `path` begins with `/is/`, and both are as they are sent."""
    text = f"{SCHEME}\n{key.id}\n{expires}\n{path}\n{modifiers}"
    data = text.encode("utf-8", "surrogateescape")
    return hmac.new(key.secret.encode("utf-8", "surrogateescape"), data, hashlib.sha256).hexdigest()


def sign(key: Key, path: str, modifiers: str, expires: int | None = None) -> str:
    """Give the modifiers with their signature behind them."""
    until = "" if expires is None else str(expires)
    piece = f"{NAME}={key.id}.{until}.{mac(key, until, path, modifiers)}"
    return f"{modifiers}&{piece}" if modifiers else piece


def read_signature(path: str, modifiers: str, catalog: Catalog, keys: Iterable[Key], now: float) -> Signed:
    """Check the signature of a request, if it has one and the catalog has keys; raises `Refused` for a wrong one."""
    known = {key.id: key for key in keys if key.reaches(catalog.name)}
    if not known or not ANYWHERE.search(modifiers):
        return Signed(modifiers)
    match = SIGNATURE.fullmatch(modifiers)
    parts = VALUE.fullmatch(match[2]) if match else None
    if match is None or parts is None:
        raise Refused(catalog.name, f"expected {EXPECTED}")
    rest, (name, expires, given) = match[1] or "", parts.groups()
    key = known.get(name)
    if key is None:
        raise Refused(catalog.name, f"expected {EXPECTED}, with a key of this catalog")
    if not hmac.compare_digest(given, mac(key, expires, path, rest)):
        raise Refused(catalog.name, "the signature does not match the request")
    if expires and int(expires) <= now:
        raise Refused(catalog.name, "the signature has expired")
    return Signed(rest, key, float(expires) if expires else None)


def without_signatures(text: str) -> str:
    """Give a text, such as a URL, with its signatures hidden, for logs."""
    return HIDDEN.sub(f"{NAME}=…", text) if NAME in text.casefold() else text
