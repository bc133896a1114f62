"""Icons, ICO: which of the pictures in a file is shown, and how large it is, by their own headers.

A file holds several pictures of different sizes, PNG or bitmaps; the largest is shown. What the list in front says of
sizes is not relied on, and the decoder is given that picture alone.
"""

from __future__ import annotations

import io
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as Pillow
from PIL.IcoImagePlugin import IcoFile

from imageserver.protocol.values import Size
from imageserver.render.header import Header

START, ENTRY = struct.Struct("<HHH"), struct.Struct("<BBBBHHII")
ICON = 1
"""The type of a file of icons; that of cursors is 2."""
PNG = b"\x89PNG\r\n\x1a\n"
BITMAP = struct.Struct("<IiiHH")
OLD_BITMAP, OLD_LENGTH = struct.Struct("<IHHHH"), 12
LENGTHS = frozenset({40, 52, 56, 64, 108, 124})
"""The lengths that headers of bitmaps have."""
MOST_IN_LIST = 255
TOO_SHORT = "it ends too early"


@dataclass(frozen=True, slots=True)
class Icon:
    """One of the pictures of a file: its size, the bits of a pixel, and its place."""

    size: Size
    bits: int
    place: int
    length: int

    @property
    def rank(self) -> tuple[int, int]:
        """What tells which of two is shown: pixels, and then colours."""
        return self.size.width * self.size.height, self.bits


def header_of_ico(path: Path) -> Header:
    """Read how large the picture is that is shown; raises `ValueError` for what cannot be read."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = shown(data)
    return Header(format="ICO", size=found.size, alpha="unassociated")


def shown(data: mmap.mmap) -> Icon:
    """Find the largest picture of a file, and of several the one with most colours."""
    try:
        _, kind, count = START.unpack_from(data)
        if kind != ICON or not count:
            raise ValueError("expected icons")
        found = (icon_at(data, START.size + number * ENTRY.size) for number in range(count))
        return max(found, key=lambda one: one.rank)
    except struct.error as error:
        raise ValueError(TOO_SHORT) from error


def icon_at(data: mmap.mmap, place: int) -> Icon:
    """Read the header of a picture that an entry of the list leads to."""
    length, place = ENTRY.unpack_from(data, place)[-2:]
    if place + length > len(data):
        raise ValueError(TOO_SHORT)
    if data[place : place + len(PNG)] == PNG:
        width, height, depth = struct.unpack_from(">IIB", data, place + 16)
        return Icon(Size(width, height), 4 * depth, place, length)
    (header,) = struct.unpack_from("<I", data, place)
    if header not in LENGTHS | {OLD_LENGTH}:
        raise ValueError("expected icons that are PNG or bitmaps")
    _, width, height, _, bits = (OLD_BITMAP if header == OLD_LENGTH else BITMAP).unpack_from(data, place)
    return Icon(Size(abs(width), abs(height) // 2), bits, place, length)  # below the colours is a mask, as large


def opened_ico(path: Path) -> Pillow.Image:
    """Decode the picture that is shown: alone in a file, whose list says what its header does."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = shown(data)
        picture = data[found.place : found.place + found.length]
    sides = (side if side <= MOST_IN_LIST else 0 for side in (found.size.width, found.size.height))
    entry = ENTRY.pack(*sides, 0, 0, 1, found.bits, found.length, START.size + ENTRY.size)
    image = IcoFile(io.BytesIO(START.pack(0, ICON, 1) + entry + picture)).frame(0)
    if image.size != (found.size.width, found.size.height):
        raise ValueError("its header makes no sense")
    return image
