"""Image files that no library at hand writes, byte by byte: planar TIFF, PSD and PSB, EPS, BMP of few bits."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from itertools import groupby

Bands = Sequence[bytes]
"""An image as its channels, row by row."""
Tag = tuple[int, int, list[int]]
"""A number, the kind of its values, and those."""


def tiff(
    bands: Bands,
    size: tuple[int, int],
    photometric: int,
    *,
    bits: int = 8,
    extra: int | None = None,
    planar: bool = True,
    order: str = "<",
    large: bool = False,
    rows: int = 5,
) -> bytes:
    """Write an uncompressed TIFF in strips of a few rows; samples of 16 bits are in its byte order."""
    width, height = size
    strips = strips_of(bands, size, bits // 8, rows, planar=planar)
    head = 16 if large else 8
    tags: list[Tag] = [
        (256, 4, [width]),
        (257, 4, [height]),
        (258, 3, [bits] * len(bands)),
        (259, 3, [1]),
        (262, 3, [photometric]),
        (273, 4, [head + sum(map(len, strips[:i])) for i in range(len(strips))]),
        (277, 3, [len(bands)]),
        (278, 4, [rows]),
        (279, 4, [len(strip) for strip in strips]),
        (284, 3, [2 if planar else 1]),
        *([(338, 3, [extra])] if extra is not None else []),
    ]
    body = b"".join(strips)
    body += b"\0" * (-len(body) % 8)
    place = head + len(body)
    mark = b"II" if order == "<" else b"MM"
    start = struct.pack(order + "HHHQ", 43, 8, 0, place) if large else struct.pack(order + "HI", 42, place)
    return mark + start + body + directory(tags, place, order, large=large)


def strips_of(bands: Bands, size: tuple[int, int], step: int, rows: int, *, planar: bool) -> list[bytes]:
    """Cut an image into strips of a few rows, of one band each or of whole pixels; a sample takes `step` bytes."""
    width, height = size
    row = width * step
    if not planar:
        pixels = b"".join(band[i : i + step] for i in range(0, len(bands[0]), step) for band in bands)
        bands, row = [pixels], row * len(bands)
    return [band[y * row : min(y + rows, height) * row] for band in bands for y in range(0, height, rows)]


def directory(tags: Sequence[Tag], place: int, order: str, *, large: bool) -> bytes:
    """Write the tags of a TIFF, as what stands at a place of it; values that are too long for a tag stand behind."""
    letters = {3: "H", 4: "I"}
    inline, count, number, entry = (8, "Q", "Q", "HHQ") if large else (4, "H", "I", "HHI")
    written, outside = struct.pack(order + count, len(tags)), b""
    start = place + len(written) + len(tags) * (4 + 2 * inline) + inline
    for name, kind, values in tags:
        data = struct.pack(f"{order}{len(values)}{letters[kind]}", *values)
        if len(data) > inline:
            data, outside = struct.pack(order + number, start + len(outside)), outside + data
        written += struct.pack(order + entry, name, kind, len(values)) + data.ljust(inline, b"\0")
    return written + bytes(inline) + outside


def packed(row: bytes) -> bytes:
    """Pack the runs of a row as PackBits does; runs of one are written as they are."""
    written = b""
    for value, run in groupby(row):
        count = len(list(run))
        while count:
            part = min(count, 128)
            written += bytes([257 - part, value]) if part > 1 else bytes([0, value])
            count -= part
    return written


def psd(
    bands: Bands,
    size: tuple[int, int],
    mode: int,
    *,
    bits: int = 8,
    method: int = 0,
    large: bool = False,
    blocks: bytes = b"",
    palette: bytes = b"",
    blended: bool = False,
) -> bytes:
    """Write a PSD or PSB with nothing but a merged image; `blended` says that it lies on white."""
    width, height = size
    row = (width * bits + 7) // 8
    head = b"8BPS" + struct.pack(">H6xHIIHH", 2 if large else 1, len(bands), height, width, bits, mode)
    length = ">Q" if large else ">I"
    layers = struct.pack(length, 2) + struct.pack(">h", -1) if blended else b""
    lines = [band[y * row : (y + 1) * row] for band in bands for y in range(height)]
    if method == 1:
        every = [packed(line) for line in lines]
        data = struct.pack(f">{len(every)}{'I' if large else 'H'}", *map(len, every)) + b"".join(every)
    else:
        data = b"".join(lines)
        data = zlib.compress(data) if method == 2 else data
    sections = struct.pack(">I", len(palette)) + palette + struct.pack(">I", len(blocks)) + blocks
    return head + sections + struct.pack(length, len(layers)) + layers + struct.pack(">H", method) + data


def eps(
    data: bytes,
    size: tuple[int, int],
    mode: int,
    *,
    padding: int = 0,
    block: int = 1,
    coding: int = 1,
    extra: bytes = b"",
) -> bytes:
    """Write an EPS as Photoshop does: the comment that tells of the image, and the image behind a word."""
    width, height = size
    text = f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 {width} {height}\n"
    told = f'%ImageData: {width} {height} 8 {mode} {padding} {block} {coding} "beginimage"\n'
    return text.encode() + extra + told.encode() + b"%%EndComments\ngsave\nbeginimage\n" + data + b"\n%%EOF\n"


def dos_eps(preview: bytes) -> bytes:
    """Write an EPS with a preview in TIFF, whose PostScript holds no image."""
    text = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n"
    return (
        b"\xc5\xd0\xd3\xc6"
        + struct.pack("<6IH", 30, len(text), 0, 0, 30 + len(text), len(preview), 0xFFFF)
        + text
        + preview
    )


def bmp(rows: Sequence[bytes], size: tuple[int, int], bits: int, *, compression: int = 0, behind: bytes = b"") -> bytes:
    """Write a BMP whose rows, from the top, are packed already; `behind` the header stand masks or colours."""
    width, height = size
    data = (
        b"".join(row + b"\0" * (-len(row) % 4) for row in reversed(rows)) if compression in {0, 3} else b"".join(rows)
    )
    colors = len(behind) // 4 if bits <= 8 else 0
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(data), 2835, 2835, colors, 0)
    place = 14 + len(head) + len(behind)
    return b"BM" + struct.pack("<IHHI", place + len(data), 0, 0, place) + head + behind + data


def icon(
    rows: Sequence[bytes], size: tuple[int, int], bits: int, mask: Sequence[bytes], *, behind: bytes = b""
) -> bytes:
    """Write a picture of an icon file: a BMP without its first header, and the rows of a mask, of one bit a pixel."""
    data = bytearray(bmp(rows, size, bits, behind=behind)[14:])
    struct.pack_into("<i", data, 8, 2 * size[1])
    return bytes(data) + b"".join(row + b"\0" * (-len(row) % 4) for row in reversed(mask))


def ico(*pictures: bytes, sides: tuple[int, int] = (16, 16), kind: int = 1) -> bytes:
    """Write an icon file; its list says of all pictures that they have these sides."""
    place = 6 + 16 * len(pictures)
    entries = []
    for picture in pictures:
        entries.append(struct.pack("<BBBBHHII", *sides, 0, 0, 1, 0, len(picture), place))
        place += len(picture)
    return struct.pack("<HHH", 0, kind, len(pictures)) + b"".join(entries) + b"".join(pictures)
