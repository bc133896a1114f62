"""How many pages a TIFF has that are like the first one, so that what is known of that is right for them, too.

They are counted by our own reading: a library that steps through them reads all that each of them names.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ALIKE = frozenset({256, 257, 258, 259, 262, 274, 277, 278, 284, 322, 323, 338, 339, 34675})
"""Tags that pages have in common: size, samples, compression, meaning, orientation, strips and tiles, and profile."""
LENGTHS: Mapping[int, int] = {
    **dict.fromkeys((1, 2, 6, 7), 1),
    **dict.fromkeys((3, 8), 2),
    **dict.fromkeys((4, 9, 11, 13), 4),
    **dict.fromkeys((5, 10, 12, 16, 17, 18), 8),
}
"""Bytes of a value of each type."""
MOST_TAGS, LONGEST = 256, 2**21
"""A page with more of them, or with more bytes of those that count, is taken for another one."""
BIG = 43
Look = tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Writing:
    """How numbers are written in a file: their order, a place, the number of tags, and one tag."""

    order: str
    place: str
    count: str
    tag: str

    @property
    def inline(self) -> int:
        """The bytes of values that stand in the tag itself."""
        return struct.calcsize(self.place)


def pages_in_tiff(path: Path, most: int) -> int:
    """Count the pages that are like the first, up to one that is not, such as a smaller one; raises `OSError`."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        count, first = 0, None
        for look in looks_in(data):
            first = first or look
            if look != first or count == most:
                break
            count += 1
        return max(1, count)


def looks_in(data: mmap.mmap) -> Iterator[Look]:
    """Yield how pages look, one after the other, as far as they can be read."""
    order, large = "<" if data[:2] == b"II" else ">", BIG in data[2:4]
    writing = Writing(order, *(("Q", "Q", "HHQ8s") if large else ("I", "H", "HHI4s")))
    seen = set[int]()
    try:
        (place,) = struct.unpack_from(order + writing.place, data, 8 if large else 4)
        while place and place not in seen:
            seen.add(place)
            look, place = page_at(data, place, writing)
            yield look
    except (struct.error, ValueError, OverflowError):
        return


def page_at(data: mmap.mmap, place: int, writing: Writing) -> tuple[Look, int]:
    """Read what counts of a page, and where the next one is; raises `ValueError` for what no usual page has."""
    (count,) = struct.unpack_from(writing.order + writing.count, data, place)
    if count > MOST_TAGS:
        raise ValueError("too many tags")
    place += struct.calcsize(writing.order + writing.count)
    step = struct.calcsize(writing.order + writing.tag)
    found: list[tuple[int, bytes]] = []
    left = LONGEST
    for at in range(place, place + count * step, step):
        tag, kind, number, value = struct.unpack_from(writing.order + writing.tag, data, at)
        if tag in ALIKE:
            length = LENGTHS.get(kind, 1) * number
            left -= length
            if left < 0:
                raise ValueError("too long values")
            found.append((tag, value_of(data, length, value, writing)))
    (after,) = struct.unpack_from(writing.order + writing.place, data, place + count * step)
    return tuple(found), after


def value_of(data: mmap.mmap, length: int, value: bytes, writing: Writing) -> bytes:
    """Give the bytes of a value, from the tag or from where that says they are."""
    if length <= writing.inline:
        return value[:length]
    (place,) = struct.unpack(writing.order + writing.place, value)
    return data[place : place + length]
