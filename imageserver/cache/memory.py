"""Bytes in the memory of one process; what was not used for longest goes first."""

from __future__ import annotations

from collections import OrderedDict

LARGEST_SHARE = 8
"""A single entry takes at most this part of the whole."""
OVERHEAD = 200
"""Bytes that an entry costs besides its content, about."""


class Memory:
    """Holds at most `most` bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._entries: OrderedDict[str, bytes] = OrderedDict()

    def read(self, key: str) -> bytes | None:
        """Give an entry, which is the last to go from now on."""
        body = self._entries.get(key)
        if body is not None:
            self._entries.move_to_end(key)
        return body

    def write(self, key: str, body: bytes) -> None:
        """Keep an entry, unless it is very large."""
        self.remove(key)
        if len(body) * LARGEST_SHARE > self._most:
            return
        self._entries[key] = body
        self._size += len(body) + OVERHEAD
        while self._size > self._most:
            self.remove(next(iter(self._entries)))

    def remove(self, key: str) -> None:
        """Forget an entry, if it is there."""
        body = self._entries.pop(key, None)
        if body is not None:
            self._size -= len(body) + OVERHEAD
