"""Which foreign images may be fetched: URLs, hosts and addresses. References: r-rooturl, r-allowdirecturls.

A name has to be listed in `sources.allow_hosts`, and what it resolves to has to be an address of the public internet,
unless that address is listed, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, quote, unquote, urlsplit

from imageserver.catalog.addresses import Address, Network, address_of
from imageserver.catalog.catalogs import Catalog
from imageserver.config import Sources
from imageserver.errors import BadValue, Refused

PORTS = {"http": 80, "https": 443}
SAFE = "/%:@!$&'()*+,;=~-._"
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
ENTRY = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:/]+))(?::([0-9]{1,5}))?")
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?\.?")
EXPECTED = "an http or https URL without a user"
TRANSLATED = ip_network("64:ff9b::/96")
LAST_32 = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Allowed:
    """An entry of the list: a name, `*.` in front of it for all below, or a network; without a port, 80 and 443."""

    name: str
    network: Network | None
    port: int | None

    def takes(self, port: int) -> bool:
        """Tell whether it is for a port."""
        return port in PORTS.values() if self.port is None else port == self.port

    def names(self, host: str) -> bool:
        """Tell whether it is for a name."""
        if self.network is not None:
            return False
        return host.endswith(self.name[1:]) if self.name.startswith("*.") else host == self.name


@lru_cache(64)
def allowed_hosts(entries: tuple[str, ...]) -> tuple[Allowed, ...]:
    """Read the list, which the configuration has checked."""
    return tuple(read_entry(entry) for entry in entries)


def read_entry(entry: str) -> Allowed:
    """Read an entry of the list."""
    try:
        return Allowed("", ip_network(entry, strict=False), None)
    except ValueError:
        match = ENTRY.fullmatch(entry)
    if match is None:
        return Allowed("", None, 0)
    host, port = (match[1] or match[2]).casefold(), int(match[3]) if match[3] else None
    address = address_of(host)
    return Allowed(host, None if address is None else ip_network(address), port)


def foreign_url(text: str, command: str, catalog: Catalog, sources: Sources) -> str:
    """Give the absolute URL that `src=(…)` or `mask=(…)` names; raises `BadValue`, or `Refused` for one not allowed."""
    attributes = catalog.attributes
    text = text.strip()
    if SCHEME.match(text) or text.startswith("//"):
        if not attributes.allow_direct_urls:
            raise Refused(catalog.name, "absolute URLs are not allowed (allow_direct_urls)")
        url = text
    else:
        if not attributes.root_url:
            raise Refused(catalog.name, f"{command}=({text[:80]}) is relative, and there is no root_url")
        if ".." in re.split(r"[/\\]", unquote(text.partition("?")[0])):
            raise BadValue(command, text, "a URL below root_url")
        url = f"{attributes.root_url.rstrip('/')}/{text.lstrip('/')}"
    parts = checked(url, command)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    if not allows_host(host, port, sources.allow_hosts):
        raise Refused(catalog.name, f"{host}:{port} is not one of sources.allow_hosts")
    query = f"?{quote(parts.query, safe=SAFE + '?')}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc.casefold()}{quote(parts.path or '/', safe=SAFE)}{query}"


def checked(url: str, command: str) -> SplitResult:
    """Cut a URL into its parts, or raise `BadValue`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadValue(command, url, EXPECTED) from error
    plain = parts.scheme in PORTS and "@" not in parts.netloc and port != 0
    if not plain or not (NAME.fullmatch(host) or address_of(host)) or re.search(r"[\x00-\x20\\]", parts.netloc):
        raise BadValue(command, url, EXPECTED)
    return parts


def allows_host(host: str, port: int, entries: tuple[str, ...]) -> bool:
    """Tell whether a URL may name a host: one that is listed, by name or, where it is an address, in a network."""
    listed, address = allowed_hosts(entries), address_of(host)
    if address is not None:
        return in_networks(address, port, listed)
    return any(one.names(host.casefold().rstrip(".")) and one.takes(port) for one in listed)


def allows_address(address: Address, port: int, entries: tuple[str, ...]) -> bool:
    """Tell whether a connection may be made: to the public internet, or to what is listed."""
    if in_networks(address, port, allowed_hosts(entries)):
        return True
    return all(one.is_global and not (one.is_multicast or one.is_reserved) for one in (address, *within(address)))


def in_networks(address: Address, port: int, listed: Iterable[Allowed]) -> bool:
    """Tell whether an address is listed."""
    return any(one.network is not None and address in one.network and one.takes(port) for one in listed)


def within(address: Address) -> tuple[Address, ...]:
    """Give the IPv4 addresses that an IPv6 address leads to."""
    if isinstance(address, IPv4Address):
        return ()
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in TRANSLATED:
        found.append(IPv4Address(int(address) & LAST_32))
    return tuple(one for one in found if one is not None)


def connects_to(text: str) -> Address:
    """Read the address of a socket; raises `ValueError`."""
    address: Address = ip_address(text.partition("%")[0])
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
