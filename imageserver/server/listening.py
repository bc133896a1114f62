"""The socket on which all processes of a server listen."""

from __future__ import annotations

import socket
from pathlib import Path

from imageserver.config import Server
from imageserver.errors import ConfigError

BACKLOG = 1024


def listening(server: Server) -> socket.socket:
    """Open the socket; raises `ConfigError` when the address is taken or makes no sense."""
    where = f"unix:{server.socket}" if server.socket else f"{server.host}:{server.port}"
    try:
        return unix_socket(Path(server.socket)) if server.socket else tcp_socket(server.host, server.port)
    except OSError as error:
        raise ConfigError(where, f"cannot listen: {error.strerror or error}") from error


def tcp_socket(host: str, port: int) -> socket.socket:
    """Open a TCP socket at the first address of a host."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened


def unix_socket(path: Path) -> socket.socket:
    """Open a Unix socket in place of one that a server has left behind."""
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket():
            path.unlink()
        opened.bind(str(path))
        opened.listen(BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened


def url_of(opened: socket.socket, server: Server) -> str:
    """Give the URL of a socket, with the port that it was given; that of a Unix socket is its path."""
    if server.socket:
        return f"unix:{server.socket}"
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"http://{host}:{opened.getsockname()[1]}/"
