"""Lists of addresses: who may ask for a catalog, which proxies are believed. Reference: r-clientaddressfilter.

A list has addresses and networks, `192.168.12.0/23` or `2001:db8::/32`, separated by commas.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from imageserver.errors import Mismatch
from imageserver.protocol.grammar import split_list

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
EVERYBODY = ip_network("0.0.0.0/0")
"""How the reference says that access is not restricted, so it holds for IPv6 as well."""


@dataclass(frozen=True, slots=True)
class AddressList:
    """Reads a list of addresses and networks; an empty one restricts nothing."""

    expected: str = "addresses with optional netmasks, such as 192.168.12.0/23, separated by commas"

    def parse(self, text: str) -> str:
        """Read the text, or raise `Mismatch`."""
        try:
            networks_of(text)
        except ValueError as error:
            raise Mismatch(f"{self.expected} ({error})") from error
        return text


@lru_cache(256)
def networks_of(text: str) -> tuple[Network, ...]:
    """Read a list; an address is the network of itself. Raises `ValueError`."""
    words = split_list(text)
    if any("%" in word for word in words):
        raise ValueError("an address without a zone")
    return tuple(ip_network("".join(word.split()), strict=False) for word in words)


@lru_cache(1024)
def address_of(text: str) -> Address | None:
    """Read one address; an IPv4 address within an IPv6 one is an IPv4 address. None for anything else."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def is_listed(address: Address | None, networks: Iterable[Network]) -> bool:
    """Tell whether an address is in a list; one that is not known is in none but that of everybody."""
    return any(one == EVERYBODY or (address is not None and address in one) for one in networks)
