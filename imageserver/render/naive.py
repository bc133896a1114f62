"""Conversions between pixel types where no colour profile says how. Reference: r-color-management."""

from __future__ import annotations

from imageserver.protocol.color import Space
from imageserver.render.alpha import OPAQUE, as_gray, as_rgb
from imageserver.render.engine import Image

INKS = 4


def in_type(image: Image, pixel_type: Space) -> Image:
    """Convert pixels without alpha to a pixel type, naively."""
    in_inks = image.bands == INKS
    if pixel_type == "cmyk":
        return image if in_inks else as_cmyk(as_rgb(image))
    image = light_of(image) if in_inks else image
    return as_gray(image) if pixel_type == "gray" else as_rgb(image)


def as_cmyk(image: Image) -> Image:
    """Convert RGB to CMYK naively: as much black as all three inks share."""
    inks = image.invert()
    black = inks[0].bandrank([inks[1], inks[2]], index=0)
    rest = (black == OPAQUE).ifthenelse(1, OPAQUE - black)
    return ((inks - black) * OPAQUE / rest).rint().cast("uchar").bandjoin(black).copy(interpretation="cmyk")


def light_of(inks: Image) -> Image:
    """Convert CMYK to RGB naively: each ink takes its share of the light, and black of what is left."""
    light = inks.cast("uchar").invert()
    return (light[:3] * light[3] / OPAQUE).rint().cast("uchar").copy(interpretation="srgb")
