"""The same pixels for libvips, which computes pictures, and for Pillow, which changes them in place."""

from __future__ import annotations

from PIL import Image as Pillow

from imageserver.protocol.values import Size
from imageserver.render.engine import Image

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
BANDS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}


def to_pillow(image: Image) -> Pillow.Image:
    """Compute an image of 8 bits and give it to Pillow, which shares its memory where it can."""
    size = Size(image.width, image.height)
    bands = image.bands
    data = image.write_to_memory()
    if bands == BANDS["CMYK"] and image.interpretation == "cmyk":
        return Pillow.frombuffer("CMYK", (size.width, size.height), data, "raw", "CMYK", 0, 1)
    return from_memory(data, bands, size)


def from_memory(data: bytes, bands: int, size: Size) -> Pillow.Image:
    """Give pixels of gray or RGB, with or without alpha, to Pillow."""
    mode = MODES[bands]
    return Pillow.frombuffer(mode, (size.width, size.height), data, "raw", mode, 0, 1)


def from_pillow(image: Pillow.Image) -> Image:
    """Give a gray or RGB image, with or without alpha, or one of CMYK to libvips."""
    made = to_image(image.tobytes(), BANDS[image.mode], Size(image.width, image.height))
    return made.copy(interpretation="cmyk") if image.mode == "CMYK" else made


def to_image(data: bytes, bands: int, size: Size) -> Image:
    """Give pixels of gray or RGB, with or without alpha, to libvips."""
    made = Image.new_from_memory(data, size.width, size.height, bands, "uchar")
    return made.copy(interpretation="b-w" if bands <= BANDS["LA"] else "srgb")
