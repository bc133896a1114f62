"""How often somebody may guess at secrets: after a few failures an address has to wait, at whatever door.

Each process counts for itself, and a guess that is sent again counts once, as nobody learns anything by that. Who was
let in from an address before goes on being let in: a stranger behind the same proxy keeps nobody out.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_network
from math import ceil
from operator import itemgetter
from typing import TypeVar

from imageserver.catalog.addresses import Address
from imageserver.errors import ImageServerError

T = TypeVar("T")
MOST_FAILURES = 5
WINDOW = 60.0
"""Seconds in which that many may fail."""
MOST_ADDRESSES = 10_000
MOST_KNOWN = 10_000
log = logging.getLogger("imageserver.attempts")


@dataclass(eq=False)
class TooManyAttempts(ImageServerError):
    """Credentials that are not looked at, as too many from the same address were wrong."""

    status = 429
    title = "too many attempts"
    retry_after: int

    def __str__(self) -> str:
        return f"too many wrong credentials have come from this address: wait {self.retry_after} s"


class Attempts:
    """The credentials that were wrong within the last minute, and those that were right, by network."""

    def __init__(self) -> None:
        self._failed: OrderedDict[str, dict[bytes, float]] = OrderedDict()
        self._right: OrderedDict[tuple[str, bytes], None] = OrderedDict()

    def judge(
        self, address: Address | None, credentials: str, now: float, opens: Callable[[], T | None], *, name: str = ""
    ) -> T | None:
        """Give what credentials open, None for wrong ones; raises `TooManyAttempts` before it looks at them.

        Those that are others each time, such as signatures, have a `name` by which they are known when they were right.
        """
        network, guess = network_of(address), digest(credentials)
        known = network, digest(name) if name else guess
        wait = self.wait(network, now)
        if wait and known not in self._right:
            raise TooManyAttempts(wait)
        found = opens()
        if found is None:
            is_new = guess not in self._recent(network, now)
            self._fail(network, guess, now)
            if is_new and not wait:
                log.warning("wrong credentials from %s", address or "an unknown address")
            return None
        self._right[known] = None
        self._right.move_to_end(known)
        while len(self._right) > MOST_KNOWN:
            self._right.popitem(last=False)
        return found

    def wait(self, network: str, now: float) -> int:
        """Tell for how many seconds a network has to wait; 0 is not at all."""
        recent = self._recent(network, now)
        return ceil(min(recent.values()) + WINDOW - now) if len(recent) >= MOST_FAILURES else 0

    def _fail(self, network: str, guess: bytes, now: float) -> None:
        last = sorted((self._recent(network, now) | {guess: now}).items(), key=itemgetter(1))[-MOST_FAILURES:]
        self._failed[network] = dict(last)
        self._failed.move_to_end(network)
        while len(self._failed) > MOST_ADDRESSES:
            self._failed.popitem(last=False)

    def _recent(self, network: str, now: float) -> dict[bytes, float]:
        return {one: at for one, at in self._failed.get(network, {}).items() if now - WINDOW < at <= now}


def network_of(address: Address | None) -> str:
    """Name what counts as one address: of version 6 a network of 64 bits, which is what one household has."""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address)


def digest(text: str) -> bytes:
    """Give what is compared of a secret: all are of one length."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def is_same(one: str, other: str) -> bool:
    """Compare two texts in a time that does not tell where they differ, nor how long they are."""
    return hmac.compare_digest(digest(one), digest(other))
