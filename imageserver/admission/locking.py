"""Locks and obfuscation of requests. References: r-request-locking, r-request-obfuscation."""

from __future__ import annotations

import base64
import binascii
import re

from imageserver.protocol.reading import decoded

LOCK = re.compile(r"(?s)(.*)&([0-9A-Fa-f]{4})")
MULTIPLIER, MASK = 131, 0xFFFF
HIGH = 0x80


def lock_value(modifiers: str) -> int:
    """Compute the checksum of modifiers as they are sent; a byte above 127 counts as a negative `char`, as in C++."""
    total = 0
    for byte in modifiers.encode("utf-8", "surrogateescape"):
        total = (total * MULTIPLIER + (byte - 2 * HIGH if byte >= HIGH else byte)) & MASK
    return total


def locked(modifiers: str) -> str:
    """Append its lock to modifiers."""
    return f"{modifiers}&{lock_value(modifiers):04x}"


def is_locked(modifiers: str) -> bool:
    """Tell whether modifiers end in their lock."""
    match = LOCK.fullmatch(modifiers)
    return match is not None and int(match[2], 16) == lock_value(match[1])


def obfuscated(modifiers: str) -> str:
    """Write modifiers in base64."""
    return base64.b64encode(modifiers.encode("utf-8", "surrogateescape")).decode()


def revealed(modifiers: str) -> str | None:
    """Read modifiers that are in base64, of which `=` and `/` may be percent-encoded; None for any others."""
    try:
        return base64.b64decode(decoded(modifiers).encode(), validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return None
