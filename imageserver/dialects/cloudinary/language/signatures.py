"""Signatures of URLs and of calls: keyed hashes of what was asked for, and the secret at its end."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

SHORT, LONG = 8, 32
UNSIGNED = frozenset({"file", "cloud_name", "resource_type", "api_key", "signature"})
"""Parameters of a call that its signature is not made of."""
SOMETIMES_UNSIGNED = frozenset({"notification_url", "batch_id"})
"""Those that some clients leave out of it, for some calls."""


def url_signatures(text: str, secret: str) -> Iterator[str]:
    """Yield all signatures that a URL may have, of the text as it is written and as it is decoded."""
    for written in dict.fromkeys((text, unquote(text))):
        for algorithm in ("sha1", "sha256"):
            digest = hashlib.new(algorithm, (written + secret).encode("utf-8", "surrogatepass")).digest()
            encoded = urlsafe_b64encode(digest).decode()
            yield encoded[:SHORT]
            if algorithm == "sha256":
                yield encoded[:LONG]


def signs_url(signature: str, text: str, secret: str) -> bool:
    """Tell whether a signature is one of those of a URL."""
    return bool(secret) and matches(signature, url_signatures(text, secret))


def signs_call(signature: str, parameters: Mapping[str, str], secret: str) -> bool:
    """Tell whether a signature is one of those of a call."""
    return bool(secret) and matches(signature, call_signatures(parameters, secret))


def matches(signature: str, allowed: Iterable[str]) -> bool:
    """Compare a signature with all that are right, in a time that tells nothing of them."""
    given = signature.encode("utf-8", "surrogatepass")
    found = [hmac.compare_digest(given, one.encode()) for one in allowed]
    return any(found)


def call_signatures(parameters: Mapping[str, str], secret: str) -> Iterator[str]:
    """Yield all signatures that a call may have: of both versions, by both algorithms."""
    for left_out in (UNSIGNED, UNSIGNED | SOMETIMES_UNSIGNED):
        signed = {name: value for name, value in parameters.items() if name not in left_out and value != ""}
        for escape in (True, False):
            text = call_text(signed, escape=escape) + secret
            for algorithm in ("sha1", "sha256"):
                yield hashlib.new(algorithm, text.encode("utf-8", "surrogatepass")).hexdigest()


def call_text(parameters: Mapping[str, str], *, escape: bool = True) -> str:
    """Write what a call is signed by; version 2 escapes `&`, version 1 does not."""
    pairs = (f"{name}={value}" for name, value in sorted(parameters.items()))
    return "&".join(pair.replace("&", "%26") if escape else pair for pair in pairs)


def asset_signature(public_id: str, version: int, secret: str) -> str:
    """Sign an answer, so that a server may trust what a browser says that it has uploaded."""
    text = call_text({"public_id": public_id, "version": str(version)}, escape=False)
    return hashlib.sha1((text + secret).encode(), usedforsecurity=False).hexdigest()
