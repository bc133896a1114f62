"""A client whose replies are timed by the kernel: when they arrived, not when the client found the time to read them.

Where the clients share their cores with the server, as they do here, most of the time that a client waits in a flood is
spent waiting for a core of its own: clients elsewhere do not.
"""

from __future__ import annotations

import re
import socket
import struct
import time
from dataclasses import dataclass, field

SO_TIMESTAMPNS = 35
STAMP = struct.Struct("@qq")
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
MOST = 2**18


@dataclass(frozen=True, slots=True)
class Arrived:
    """A reply: its status, and the seconds until its last byte was there."""

    status: int
    seconds: float


@dataclass(slots=True)
class Line:
    """A connection that is kept; it is opened anew when the server has closed it."""

    port: int
    patience: float = 60.0
    _socket: socket.socket | None = field(default=None, repr=False)

    def ask(self, url: str) -> Arrived:
        """Send a request; raises `OSError` where there is no whole reply."""
        line = self._socket or self._opened()
        self._socket = None
        start = time.time_ns()
        line.sendall(f"GET {url} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        head, stamp = self._read(line)
        if b"\r\nconnection: close" not in head.lower():
            self._socket = line
        else:
            line.close()
        return Arrived(int(head.split(b" ", 2)[1]), (stamp - start) / 1e9)

    def _opened(self) -> socket.socket:
        """Connect, and ask the kernel for stamps."""
        line = socket.create_connection(("127.0.0.1", self.port), timeout=self.patience)
        line.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return line

    @staticmethod
    def _read(line: socket.socket) -> tuple[bytes, int]:
        """Read a reply; gives its head, and the nanosecond at which its last part arrived."""
        head, behind, stamp, left = b"", b"", 0, -1
        while left:
            data, notes, _, _ = line.recvmsg(MOST, 64)
            if not data:
                raise ConnectionResetError("the reply is not complete")
            for level, kind, value in notes:
                if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                    seconds, rest = STAMP.unpack(value[: STAMP.size])
                    stamp = seconds * 1_000_000_000 + rest
            if left < 0:
                head, end, behind = (head + data).partition(b"\r\n\r\n")
                length = LENGTH.search(head) if end else None
                left = int(length[1]) - len(behind) if length else 0 if end else -1
            else:
                left -= len(data)
        return head, stamp
