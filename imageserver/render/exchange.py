"""The same pixels for libvips, which computes pictures, and for Pillow, which changes them in place."""

from __future__ import annotations

from PIL import Image as Pillow

from imageserver.render.engine import Image

BANDS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}


def to_pillow(image: Image) -> Pillow.Image:
    """Compute an image of 8 bits and give it to Pillow, which shares its memory where it can."""
    modes = {1: "L", 2: "LA", 3: "RGB", 4: "CMYK" if image.interpretation == "cmyk" else "RGBA"}
    mode = modes[image.bands]
    return Pillow.frombuffer(mode, (image.width, image.height), image.write_to_memory(), "raw", mode, 0, 1)


def from_pillow(image: Pillow.Image) -> Image:
    """Give a gray or RGB image, with or without alpha, to libvips."""
    bands = BANDS[image.mode]
    made = Image.new_from_memory(image.tobytes(), image.width, image.height, bands, "uchar")
    return made.copy(interpretation="b-w" if bands <= BANDS["LA"] else "srgb")
