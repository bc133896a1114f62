"""EPS as Photoshop writes it: an image among PostScript that is never run. Else the preview is shown, if there is one.

Reference: r-ic; Encapsulated PostScript File Format Specification 3.0, 5.
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from imageserver.layout.facts import PixelType
from imageserver.protocol.values import Size
from imageserver.render.engine import Image, with_profile
from imageserver.render.header import Header
from imageserver.render.packets import packet_in
from imageserver.render.photoshop import PROFILE, Resource, first_data, paths_of, resolution_in, resources

DOS = b"\xc5\xd0\xd3\xc6"
PARTS = struct.Struct("<4s6I")
HEADER = 2**20
"""Bytes among which the comments are looked for."""
IMAGE_DATA = re.compile(rb"%ImageData:\s*(\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) \"([^\"\r\n]{1,80})\"")
PHOTOSHOP = re.compile(rb"%BeginPhotoshop:\s*(\d{1,9})\s*[\r\n]+")
END_OF_PHOTOSHOP = b"%EndPhotoshop"
NOT_HEX = re.compile(rb"[^0-9A-Fa-f]+")
BINARY, HEXADECIMAL = 1, 2
CHANNELS: Mapping[int, int] = {1: 1, 3: 3, 4: 4}
"""Bands by the number of a colour mode: gray, RGB, CMYK."""
MODES: Mapping[int, PixelType] = {1: "BW", 3: "RGB", 4: "CMYK"}
ALLOWED = "expected an EPS that Photoshop has written, uncompressed or as JPEG, or one with a preview in TIFF"
INTERPRETATIONS: Mapping[int, str] = {1: "b-w", 3: "srgb", 4: "cmyk"}
JPEG = b"\xff\xd8\xff"
MOST_SIDE = 300_000


@dataclass(frozen=True, slots=True)
class Raster:
    """An image within PostScript, and the place of its first byte.

    `padding` is the number of channels behind those of the colours; `block` bytes of one channel stand together.
    """

    size: Size
    mode: int
    padding: int
    block: int
    coding: int
    place: int


Found = Raster | slice
"""What stands for the picture; a slice is a preview in TIFF."""


@contextmanager
def mapped(path: Path) -> Iterator[mmap.mmap]:
    """Give the bytes of a file without reading all of them."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield data


def header_of_eps(path: Path) -> Header:
    """Read the header; raises `ValueError` where there is neither an image nor a preview."""
    with mapped(path) as data:
        found = find(data)
        blocks = tuple(resources(photoshop_blocks(data)))
        size, kind = described(found, data)
        return Header(
            format="EPS",
            size=size,
            pixel_type=kind,
            profile=first_data(blocks, PROFILE) if isinstance(found, Raster) else b"",
            packet=packet_in(data),
            paths=paths_of(blocks),
            print_resolution=resolution_in(blocks),
        )


def described(found: Found, data: mmap.mmap) -> tuple[Size, PixelType]:
    """Give the size and the pixel type of a picture."""
    if isinstance(found, slice):
        image = Image.tiffload_buffer(data[found])
        return Size(image.width, image.height), "BW" if image.bands <= 2 else "RGB"  # noqa: PLR2004
    return found.size, MODES[found.mode]


def read_eps(path: Path) -> Image:
    """Decode the image, or its preview; raises `ValueError` for what cannot be read."""
    with mapped(path) as data:
        found = find(data)
        if isinstance(found, slice):
            return Image.tiffload_buffer(data[found], fail_on="error")
        blocks: tuple[Resource, ...] = tuple(resources(photoshop_blocks(data)))
        return with_profile(raster(data, found), first_data(blocks, PROFILE))


def find(data: mmap.mmap) -> Found:
    """Find the image or, without one, a preview; raises `ValueError`."""
    start, tiff = 0, slice(0, 0)
    if data[:4] == DOS and len(data) > PARTS.size:
        _, start, _, _, _, place, length = PARTS.unpack_from(data)
        tiff = slice(place, place + length)
    head = data[start : start + HEADER]
    if not head.startswith(b"%!PS-Adobe-"):
        raise ValueError(ALLOWED)
    found = image_in(data, head, start)
    if found:
        return found
    if tiff.stop <= tiff.start or data[tiff][:4] not in {b"II*\0", b"MM\0*"}:
        raise ValueError(ALLOWED)
    return tiff


def image_in(data: mmap.mmap, head: bytes, start: int) -> Raster | None:
    """Find the image that the comments of Photoshop tell of."""
    told = IMAGE_DATA.search(head)
    if not told:
        return None
    width, _, depth, mode, padding, block, coding = (int(told[number]) for number in range(1, 8))
    mark = re.compile(rb"[\r\n]" + re.escape(told[8]) + rb"\r?\n?").search(data, start + told.end())
    if depth != 8 or mode not in CHANNELS or mark is None:  # noqa: PLR2004
        return None
    place = mark.end()
    is_jpeg = data[place : place + 3] == JPEG
    if not is_jpeg and (coding not in {BINARY, HEXADECIMAL} or block not in {1, width}):
        return None
    return Raster(sized(told[1], told[2]), mode, padding, block, 0 if is_jpeg else coding, place)


def sized(width: bytes, height: bytes) -> Size:
    """Read a size, which has to make sense."""
    size = Size(int(width), int(height))
    if not 0 < size.width <= MOST_SIDE or not 0 < size.height <= MOST_SIDE:
        raise ValueError("its size makes no sense")
    return size


def raster(data: mmap.mmap, found: Raster) -> Image:
    """Decode an image; each row has its channels one after the other, or pixel by pixel."""
    size, bands = found.size, CHANNELS[found.mode]
    if not found.coding:
        image = Image.jpegload_buffer(data[found.place :], fail_on="error")
        if (image.width, image.height) != (size.width, size.height):
            raise ValueError("it is of another size than it says")
        return image
    every = bands + found.padding
    need = size.width * size.height * every
    pixels = (
        unwritten(data, found.place, need) if found.coding == HEXADECIMAL else data[found.place : found.place + need]
    )
    if len(pixels) < need:
        raise ValueError("it ends too early")
    if found.block == 1:
        image = Image.new_from_memory(pixels, size.width, size.height, every, "uchar")[:bands]
    else:
        rows = Image.new_from_memory(pixels, size.width * every, size.height, 1, "uchar")
        planes = [rows.crop(number * size.width, 0, size.width, size.height) for number in range(bands)]
        image = planes[0].bandjoin(planes[1:]) if bands > 1 else planes[0]
    return image.copy(interpretation=INTERPRETATIONS[found.mode])


def unwritten(data: mmap.mmap, place: int, need: int) -> bytes:
    """Read hexadecimal numbers, until there are enough bytes or something else comes."""
    end = data.find(b"%", place)
    text = NOT_HEX.sub(b"", data[place : end if end > 0 else len(data)])[: 2 * need]
    return bytes.fromhex(text[: len(text) // 2 * 2].decode())


def photoshop_blocks(data: mmap.mmap) -> bytes:
    """Give the image resources, which stand in comments as hexadecimal numbers."""
    begin = PHOTOSHOP.search(data, 0, min(len(data), HEADER))
    end = data.find(END_OF_PHOTOSHOP, begin.end()) if begin else -1
    if not begin or end < 0:
        return b""
    text = NOT_HEX.sub(b"", data[begin.end() : end])
    return bytes.fromhex(text[: len(text) // 2 * 2].decode())[: int(begin[1])]
