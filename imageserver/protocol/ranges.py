"""Ranges of bytes: `Range: bytes=0-99`. RFC 9110, 14.1.2."""

from __future__ import annotations

import re
from dataclasses import dataclass

from imageserver.errors import UnsatisfiableRange

RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]{0,99})\s*-\s*([0-9]{0,99})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Some bytes of a content, `length` of them from `start` on."""

    start: int
    length: int

    def header(self, whole: int) -> str:
        """Write it as `Content-Range`."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{whole}"


def read_range(header: str, whole: int) -> ByteRange | None:
    """Find which bytes of `whole` are meant; None means all.

    All are meant by several ranges, too, by ranges of something else than bytes, and by what makes no sense. Raises
    `UnsatisfiableRange` for bytes that are not there.
    """
    match = RANGE.fullmatch(header)
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        length = min(int(match[2]), whole)
        if length == 0 and whole:
            raise UnsatisfiableRange(header, whole)
        return ByteRange(whole - length, length) if length else None
    start, last = int(match[1]), int(match[2] or whole)
    if last < start and match[2]:
        return None
    if start >= whole:
        raise UnsatisfiableRange(header, whole)
    return ByteRange(start, min(last, whole - 1) - start + 1)
