"""How often somebody may try to log in: after a few failures an address has to wait. Each process counts for itself."""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address, ip_network
from math import ceil

from imageserver.catalog.addresses import Address

MOST_FAILURES = 5
WINDOW = 60.0
"""Seconds in which that many may fail."""
MOST_ADDRESSES = 10_000


class Attempts:
    """The logins that failed within the last minute, by network."""

    def __init__(self) -> None:
        self._failed: OrderedDict[str, list[float]] = OrderedDict()

    def wait(self, address: Address | None, now: float) -> int:
        """Tell for how many seconds an address has to wait; 0 is not at all."""
        recent = self._recent(network_of(address), now)
        return ceil(recent[0] + WINDOW - now) if len(recent) >= MOST_FAILURES else 0

    def fail(self, address: Address | None, now: float) -> None:
        """Note a failure."""
        network = network_of(address)
        self._failed[network] = [*self._recent(network, now), now]
        self._failed.move_to_end(network)
        while len(self._failed) > MOST_ADDRESSES:
            self._failed.popitem(last=False)

    def _recent(self, network: str, now: float) -> list[float]:
        return [one for one in self._failed.get(network, ()) if now - WINDOW < one <= now]


def network_of(address: Address | None) -> str:
    """Name what counts as one address: of version 6 a network of 64 bits, which is what one household has."""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address)
