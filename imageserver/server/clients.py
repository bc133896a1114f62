"""Who sends a request: the address of the socket, or what a proxy that is trusted says. References: RFC 7239."""

from __future__ import annotations

import re

from aiohttp import web

from imageserver.catalog.addresses import Address, address_of, is_listed, networks_of
from imageserver.config import UNIX, Server

FOR = re.compile(r'(?:^|;)\s*for\s*=\s*("[^"]*"|[^;\s]*)', re.IGNORECASE)
WITH_PORT = re.compile(r"\[([^\]]+)\](?::[0-9]+)?|([0-9.]+):[0-9]+")


class Clients:
    """Finds out the address of a client."""

    def __init__(self, server: Server) -> None:
        self._networks = networks_of(",".join(one for one in server.trusted_proxies if one != UNIX))
        self._trusts_socket = UNIX in server.trusted_proxies
        self._header = server.forwarded_header

    def address(self, request: web.BaseRequest) -> Address | None:
        """Give the client's address: the last one on the way that is no trusted proxy; None where it is not known."""
        peer = address_of(request.remote or "")
        if not self._is_trusted(peer):
            return peer
        for word in reversed(self._forwarded(request)):
            peer = address_in(word)
            if peer is None or not is_listed(peer, self._networks):
                return peer
        return peer

    def trusts(self, request: web.BaseRequest) -> bool:
        """Tell whether a request comes from a proxy that is trusted."""
        return self._is_trusted(address_of(request.remote or ""))

    def is_proxy(self, host: str) -> bool:
        """Tell whether an address is that of a proxy that is trusted."""
        peer = address_of(host)
        return peer is not None and is_listed(peer, self._networks)

    def _is_trusted(self, peer: Address | None) -> bool:
        return self._trusts_socket if peer is None else is_listed(peer, self._networks)

    def _forwarded(self, request: web.BaseRequest) -> list[str]:
        """Give what proxies said, from the client on; one that is trusted writes at the end."""
        words = ",".join(request.headers.getall(self._header, [])).split(",")
        words = [word.strip() for word in words if word.strip()]
        if self._header == "forwarded":
            return [match[1] if (match := FOR.search(word)) else "" for word in words]
        return words


def address_in(text: str) -> Address | None:
    """Read an address as proxies write it, maybe with a port; None for `unknown` and the like."""
    text = text.strip('"')
    match = WITH_PORT.fullmatch(text)
    return address_of((match[1] or match[2]) if match else text)
