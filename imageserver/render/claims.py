"""How much a file says that it holds: read here, from its own bytes, before any library is given it.

Libraries tell the size that they are going to use, some of them after they have paid for it. Here the largest of all
sizes counts that a file names, and what of it would be in memory at once.
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from imageserver.config import Limits
from imageserver.errors import LimitExceeded
from imageserver.protocol.values import Size

FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers of a JPEG that tell its size."""
PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
ALONE = frozenset({0x01, *range(0xD0, 0xDA)})
"""Markers without a segment."""
START_OF_SCAN = 0xDA
SCAN = re.compile(rb"\xff\xda")
ADAM7 = 1
GIF_IMAGE, GIF_EXTENSION, GIF_END = 0x2C, 0x21, 0x3B
TABLE = 0x80
WIDTH, LENGTH, COMPRESSION, ROWS_PER_STRIP, TILE_WIDTH, TILE_LENGTH = 256, 257, 259, 278, 322, 323
UNCOMPRESSED = 1
NUMBERS: Mapping[int, str] = {1: "B", 3: "H", 4: "I", 16: "Q"}
"""The types of a tag that holds one number."""
BIG = 43
OLD_BITMAP = 12
BOXES = 2**20
"""Bytes among which the boxes are looked for that tell a size."""
CODESTREAM = b"\xff\x4f\xff\x51"
COLORS = 4
TOO_SHORT = "it ends too early"


@dataclass(frozen=True, slots=True)
class Claims:
    """The largest size that a file names, the pixels that are in memory at once, and the scans of a JPEG."""

    size: Size
    at_once: int = 0
    scans: int = 0


def claims_of(path: Path, kind: str) -> Claims:
    """Read the claims of a file of a format that stands in `READERS`; raises `ValueError` for one that is broken."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return READERS[kind](data)
        except (struct.error, IndexError, OverflowError) as error:
            raise ValueError(TOO_SHORT) from error


def check(found: Claims, limits: Limits) -> None:
    """Refuse a file that claims more than it may; raises `LimitExceeded`, or `ValueError` for no pixels at all."""
    pixels = found.size.width * found.size.height
    for name, actual, most in (
        ("limits.source_pixels", pixels, limits.source_pixels),
        ("limits.whole_pixels", found.at_once, limits.whole_pixels),
        ("limits.scans", found.scans, limits.scans),
    ):
        if actual > most:
            raise LimitExceeded(name, actual, most)
    if not pixels:
        raise ValueError("an image without pixels")


def whole(size: Size) -> Claims:
    """Claim a picture that is decoded at once."""
    return Claims(size, size.width * size.height)


def largest(sizes: Iterator[tuple[int, int]]) -> Size:
    """Give the least size that holds all others."""
    found = list(sizes)
    if not found:
        raise ValueError(TOO_SHORT)
    return Size(max(width for width, _ in found), max(height for _, height in found))


def claims_of_jpeg(data: mmap.mmap) -> Claims:
    """Read the segments up to the first scan; where one scan is not all, they are counted, and need all pixels."""
    sizes, channels, progressive, place = [], 0, False, 2
    for marker, place in segments(data):
        if marker == START_OF_SCAN:
            break
        if marker in FRAMES:
            height, width, channels = struct.unpack_from(">HHB", data, place + 3)
            sizes.append((width, height))
            progressive = progressive or marker in PROGRESSIVE
    found = Claims(largest(iter(sizes)))
    if not progressive and data[place + 2] >= channels:
        return found
    scans = sum(1 for _ in SCAN.finditer(data, place - 2))
    return replace(found, at_once=found.size.width * found.size.height, scans=scans)


def segments(data: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Yield the markers of a JPEG, each with the place behind it; what is no marker is passed over."""
    place = 2
    while (place := data.find(b"\xff", place)) >= 0:
        while data[place] == 0xFF:  # noqa: PLR2004, fill bytes
            place += 1
        marker = data[place]
        place += 1
        if not marker or marker in ALONE:
            continue
        yield marker, place
        place += struct.unpack_from(">H", data, place)[0]


def claims_of_png(data: mmap.mmap) -> Claims:
    """Read the first chunk; an interlaced picture is decoded at once."""
    kind, width, height, interlaced = struct.unpack_from(">4sII4xB", data, 12)
    if kind != b"IHDR":
        raise ValueError("its header makes no sense")
    size = Size(width, height)
    return whole(size) if interlaced == ADAM7 else Claims(size)


def claims_of_gif(data: mmap.mmap) -> Claims:
    """Read the size of the screen, and of all frames, which may be larger."""
    return whole(largest(sizes_in_gif(data)))


def sizes_in_gif(data: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Yield the size of the screen, and how far each frame reaches, as far as all is there."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    yield width, height
    place = 13 + table(flags)
    while place < len(data) and data[place] != GIF_END:
        if data[place] == GIF_IMAGE and place + 10 < len(data):
            left, top, width, height, flags = struct.unpack_from("<HHHHB", data, place + 1)
            yield left + width, top + height
            place += 11 + table(flags)
        elif data[place] == GIF_EXTENSION:
            place += 2
        else:
            return
        while place < len(data) and data[place]:
            place += 1 + data[place]
        place += 1


def table(flags: int) -> int:
    """Give the bytes of a table of colours."""
    return 3 << ((flags & 7) + 1) if flags & TABLE else 0


def claims_of_webp(data: mmap.mmap) -> Claims:
    """Read the size of the canvas and those of all frames."""
    return whole(largest(sizes_in_webp(data, 12)))


def sizes_in_webp(data: mmap.mmap, place: int) -> Iterator[tuple[int, int]]:
    """Yield the sizes that chunks name."""
    while place + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        body, place = place + 8, place + 8 + length + length % 2
        if kind == b"VP8X":
            yield short(data, body + 4) + 1, short(data, body + 7) + 1
        elif kind == b"VP8 ":
            width, height = struct.unpack_from("<HH", data, body + 6)
            yield width & 0x3FFF, height & 0x3FFF
        elif kind == b"VP8L":
            (bits,) = struct.unpack_from("<I", data, body + 1)
            yield (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        elif kind == b"ANMF":
            yield short(data, body + 6) + 1, short(data, body + 9) + 1
            place = body + 16


def short(data: mmap.mmap, place: int) -> int:
    """Read three bytes."""
    return int.from_bytes(data[place : place + 3], "little")


def claims_of_tiff(data: mmap.mmap) -> Claims:
    """Read the tags of the first page; a strip or a tile is decoded at once, unless it is there row by row."""
    tags = numbers_in_tiff(data)
    size = Size(tags.get(WIDTH, 0), tags.get(LENGTH, 0))
    if TILE_WIDTH in tags:
        return Claims(size, tags[TILE_WIDTH] * tags.get(TILE_LENGTH, 0))
    if tags.get(COMPRESSION, UNCOMPRESSED) == UNCOMPRESSED:
        return Claims(size)
    return Claims(size, size.width * min(size.height, tags.get(ROWS_PER_STRIP, size.height)))


def numbers_in_tiff(data: mmap.mmap) -> dict[int, int]:
    """Give the tags that hold one number."""
    order = "<" if data[:2] == b"II" else ">"
    large = BIG in data[2:4]
    place = struct.unpack_from(order + ("Q" if large else "I"), data, 8 if large else 4)[0]
    count = struct.unpack_from(order + ("Q" if large else "H"), data, place)[0]
    place, step = (place + 8, 20) if large else (place + 2, 12)
    found: dict[int, int] = {}
    for at in range(place, min(place + count * step, len(data) - step + 1), step):
        tag, kind = struct.unpack_from(order + "HH", data, at)
        if kind in NUMBERS and (large or kind != 16):  # noqa: PLR2004, eight bytes stand elsewhere
            found.setdefault(tag, struct.unpack_from(order + NUMBERS[kind], data, at + (12 if large else 8))[0])
    return found


def claims_of_bmp(data: mmap.mmap) -> Claims:
    """Read the header, old or new; a height below 0 says that the first row is the upper one."""
    old = struct.unpack_from("<I", data, 14)[0] == OLD_BITMAP
    width, height = struct.unpack_from("<HH" if old else "<ii", data, 18)
    return whole(Size(abs(width), abs(height)))


def claims_of_jpeg2000(data: mmap.mmap) -> Claims:
    """Read the size in the image's data and in the box before it; more channels than colours cost more."""
    place = data.find(CODESTREAM)
    if place < 0:
        raise ValueError(TOO_SHORT)
    right, bottom, left, top = struct.unpack_from(">4I", data, place + 8)
    (channels,) = struct.unpack_from(">H", data, place + 40)
    sizes, box = [(max(0, right - left), max(0, bottom - top))], data.find(b"ihdr", 0, place)
    if box > 0:
        height, width = struct.unpack_from(">II", data, box + 4)
        sizes.append((width, height))
    size = largest(iter(sizes))
    return Claims(size, size.width * size.height * -(-channels // COLORS))


def claims_of_heif(data: mmap.mmap) -> Claims:
    """Read all boxes that tell a size: of the image, its tiles and its thumbnails."""
    places = re.finditer(rb"\0\0\0\x14ispe", data[:BOXES])
    return whole(largest(struct.unpack_from(">II", data, one.end() + 4) for one in places))


READERS: Mapping[str, Callable[[mmap.mmap], Claims]] = {
    "JPEG": claims_of_jpeg,
    "PNG": claims_of_png,
    "GIF": claims_of_gif,
    "WEBP": claims_of_webp,
    "TIFF": claims_of_tiff,
    "BMP": claims_of_bmp,
    "JPEG2000": claims_of_jpeg2000,
    "AVIF": claims_of_heif,
    "HEIF": claims_of_heif,
}
"""Who reads the claims of which format; the headers of PSD, EPS, SVG, ICO and JPEG XL are read by ourselves anyway."""
