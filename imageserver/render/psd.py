"""Photoshop's own files, PSD and PSB: the header, and the merged image. Layers and further channels are ignored.

Reference: Adobe Photoshop File Formats Specification; r-ic.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image as Pillow

from imageserver.protocol.values import Size
from imageserver.render.engine import Image, with_profile
from imageserver.render.header import Header
from imageserver.render.photoshop import PROFILE, XMP, Resource, first_data, paths_of, resolution_in, resources

START = struct.Struct(">4sH6xHIIHH")
BITMAP, GRAY, INDEXED, RGB, CMYK, DUOTONE, LAB = 0, 1, 2, 3, 4, 8, 9
CHANNELS: Mapping[int, int] = {BITMAP: 1, GRAY: 1, INDEXED: 1, RGB: 3, CMYK: 4, DUOTONE: 1, LAB: 3}
NAMES = "bitmap, gray, indexed, RGB, CMYK, duotone or Lab"
DEPTHS = (1, 8, 16)
RAW, PACKED, ZIPPED = range(3)
LARGE = 2
"""The version of PSB, in which some lengths are longer."""
BYTE = 8
PALETTE = 768
MOST_SIDE = 300_000
OPAQUE = 255


@dataclass(frozen=True, slots=True)
class Start:
    """The header of a file, and the place and the properties of its merged image."""

    size: Size
    mode: int
    depth: int
    channels: int
    large: bool
    palette: bytes
    resources: tuple[Resource, ...]
    is_blended: bool
    place: int

    @property
    def has_alpha(self) -> bool:
        """Whether a channel beyond those of its colours is there; the first of them is its alpha."""
        return self.channels > CHANNELS[self.mode] and self.depth > 1

    @property
    def row(self) -> int:
        """The bytes of a row of one channel."""
        return (self.size.width * self.depth + 7) // 8


def header_of_psd(path: Path) -> Header:
    """Read the header; raises `ValueError` for what cannot be read."""
    with path.open("rb") as file:
        start = read_start(file)
    return Header(
        format="PSD",
        size=start.size,
        pixel_type="CMYK" if start.mode == CMYK else "RGB" if start.mode in {RGB, INDEXED, LAB} else "BW",
        alpha="unassociated" if start.has_alpha else "none",
        profile=first_data(start.resources, PROFILE),
        packet=first_data(start.resources, XMP),
        paths=paths_of(start.resources),
        print_resolution=resolution_in(start.resources),
    )


def read_start(file: BinaryIO) -> Start:
    """Read all that stands in front of the merged image."""
    signature, version, channels, height, width, depth, mode = START.unpack(exactly(file, START.size))
    if signature != b"8BPS" or version not in {1, LARGE}:
        raise ValueError("expected a PSD or PSB file")
    if mode not in CHANNELS or depth not in DEPTHS or (depth == 1) != (mode == BITMAP):
        raise ValueError(f"expected {NAMES} of {', '.join(map(str, DEPTHS))} bits")
    if mode == INDEXED and depth != BYTE:
        raise ValueError("expected indexed colours of 8 bits")
    if channels < CHANNELS[mode] or not 0 < width <= MOST_SIDE or not 0 < height <= MOST_SIDE:
        raise ValueError("its header makes no sense")
    palette = exactly(file, length_of(file, 4))
    blocks = exactly(file, length_of(file, 4))
    layers = length_of(file, 8 if version == LARGE else 4)
    is_blended, place = blended(file, layers, large=version == LARGE), file.tell() + layers
    found = tuple(resources(blocks))
    return Start(Size(width, height), mode, depth, channels, version == LARGE, palette, found, is_blended, place)


def blended(file: BinaryIO, length: int, *, large: bool) -> bool:
    """Tell whether the first further channel is the transparency of the merged image, which then lies on white."""
    size = 8 if large else 4
    if length < size + 2:
        return False
    head = exactly(file, size + 2)
    file.seek(-len(head), 1)
    (count,) = struct.unpack_from(">h", head, size)
    return bool(count < 0 and any(head[:size]))


def length_of(file: BinaryIO, size: int) -> int:
    """Read the length of a section."""
    return int.from_bytes(exactly(file, size))


def exactly(file: BinaryIO, count: int) -> bytes:
    """Read so many bytes, or raise `ValueError`."""
    place = file.tell()
    if place + count > file.seek(0, 2):
        raise ValueError("it ends too early")
    file.seek(place)
    return file.read(count)


def read_psd(path: Path) -> Image:
    """Decode the merged image, in 8 bits; raises `ValueError` for what cannot be read."""
    with path.open("rb") as file:
        start = read_start(file)
        file.seek(start.place)
        method = length_of(file, 2)
        if method not in READERS:
            raise ValueError("expected a merged image that is raw, packed or zipped")
        wanted = CHANNELS[start.mode] + start.has_alpha
        channels = READERS[method](file, start, wanted)
    bands = [band(one, start) for one in channels]
    image = colored(bands[: CHANNELS[start.mode]], start)
    if start.has_alpha:
        image = unblended(image, bands[-1]) if start.is_blended else image.bandjoin(bands[-1])
    profile = first_data(start.resources, PROFILE)
    return with_profile(image, profile)


def raw_channels(file: BinaryIO, start: Start, wanted: int) -> list[bytes]:
    """Read channels one after the other as they are."""
    return [exactly(file, start.row * start.size.height) for _ in range(wanted)]


def packed_channels(file: BinaryIO, start: Start, wanted: int) -> list[bytes]:
    """Read channels whose rows are packed; the lengths of all of them stand in front."""
    size, height = 4 if start.large else 2, start.size.height
    table = exactly(file, size * height * start.channels)
    lengths = struct.unpack(f">{height * start.channels}{'I' if start.large else 'H'}", table)
    found = []
    for channel in range(wanted):
        data = exactly(file, sum(lengths[channel * height : (channel + 1) * height]))
        found.append(Pillow.frombytes("L", (start.row, height), data, "packbits", "L").tobytes())
    return found


def zipped_channels(file: BinaryIO, start: Start, wanted: int) -> list[bytes]:
    """Read channels that are deflated together."""
    length = start.row * start.size.height
    unzip = zlib.decompressobj()
    try:
        data = unzip.decompress(file.read(), length * wanted)
    except zlib.error as error:
        raise ValueError("its deflated data is damaged") from error
    if len(data) < length * wanted:
        raise ValueError("it ends too early")
    return [data[channel * length : (channel + 1) * length] for channel in range(wanted)]


def band(data: bytes, start: Start) -> Image:
    """Give one channel as 8 bits; of 16, the upper ones."""
    size = (start.size.width, start.size.height)
    if start.depth == 1:
        data = Pillow.frombytes("1", size, data, "raw", "1;I").convert("L").tobytes()
    return Image.new_from_memory(data[::2] if start.depth == 16 else data, *size, 1, "uchar")  # noqa: PLR2004


def colored(bands: list[Image], start: Start) -> Image:
    """Join bands into an image of the file's colour mode."""
    image = bands[0].bandjoin(bands[1:]) if len(bands) > 1 else bands[0]
    match start.mode:
        case 4:  # of an ink, what is missing of it is stored
            return image.invert().copy(interpretation="cmyk")
        case 2:
            return image.maplut(palette(start.palette)).copy(interpretation="srgb")
        case 9:
            scaled = image.linear([100 / OPAQUE, 1, 1], [0, -128, -128]).copy(interpretation="lab")
            return scaled.colourspace("srgb")
        case 3:
            return image.copy(interpretation="srgb")
        case _:
            return image.copy(interpretation="b-w")


def palette(table: bytes) -> Image:
    """Give a table of colours, which is stored colour by colour, as an image to look up in."""
    if len(table) != PALETTE:
        raise ValueError("expected a table of 256 colours")
    entries = bytes(value for entry in zip(table[:256], table[256:512], table[512:], strict=True) for value in entry)
    return Image.new_from_memory(entries, 256, 1, 3, "uchar")


def unblended(image: Image, alpha: Image) -> Image:
    """Take the white away on which a merged image lies where it is transparent."""
    if image.interpretation == "cmyk":  # white is no ink
        free = image * OPAQUE / (alpha > 0).ifthenelse(alpha, OPAQUE)
    else:
        free = OPAQUE - (OPAQUE - image) * OPAQUE / (alpha > 0).ifthenelse(alpha, OPAQUE)
    return free.rint().cast("uchar").copy(interpretation=image.interpretation).bandjoin(alpha)


READERS: Mapping[int, Callable[[BinaryIO, Start, int], list[bytes]]] = {
    RAW: raw_channels,
    PACKED: packed_channels,
    ZIPPED: zipped_channels,
}
