"""Pixels and colours → another colour space: by LittleCMS where both have a profile, else naively.

LittleCMS is that of Pillow, from profile to profile in one step and in 8 bits, by tables of its finest grid: that costs
no more a pixel than its coarser ones, and is nearer to what the profiles say. It does not dither.
References: r-color-management, r-is-http-color.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from PIL import ImageCms

from imageserver.commands.icc import Intent
from imageserver.errors import BadProfile
from imageserver.layout.coloring import Coloring, Lens, Passage
from imageserver.plan.profiles import Profile
from imageserver.protocol.color import Color, Space
from imageserver.protocol.values import Rect, Size
from imageserver.render.alpha import alpha, as_rgb, colors, has_alpha, plane
from imageserver.render.engine import Image
from imageserver.render.exchange import from_pillow, to_pillow
from imageserver.render.naive import INKS, in_type
from imageserver.render.profiles import profile_bytes

INTENTS: Mapping[Intent, ImageCms.Intent] = {
    "perceptual": ImageCms.Intent.PERCEPTUAL,
    "relative": ImageCms.Intent.RELATIVE_COLORIMETRIC,
    "saturation": ImageCms.Intent.SATURATION,
    "absolute": ImageCms.Intent.ABSOLUTE_COLORIMETRIC,
}
MODES: Mapping[Space, str] = {"rgb": "RGB", "gray": "L", "cmyk": "CMYK"}
MOST_TRANSFORMS = 16
MOST_COLORS = 1024


def passed(image: Image, passage: Passage) -> Image:
    """Bring an image from one colour space into another; it is looked at more than once, and its alpha stays."""
    mask = alpha(image) if has_alpha(image) else None
    bands = in_type(colors(image), passage.origin.pixel_type)
    if passage.origin != passage.target:
        bands = converted(bands, passage)
    bands = seen(bands, passage.lens)
    return bands if mask is None else bands.bandjoin(mask)


def passed_in(image: Image, passage: Passage, part: Rect) -> Image:
    """Bring an image of which only a part is going to be looked at into another colour space."""
    size = Size(image.width, image.height)
    cut = image.crop(part.x, part.y, part.width, part.height).copy_memory()
    return passed(cut, passage).embed(part.x, part.y, size.width, size.height, extend="copy")


def converted(image: Image, passage: Passage) -> Image:
    """Convert pixels without alpha; naively where one side has no profile."""
    if not (passage.origin.digest and passage.target.digest):
        return in_type(image, passage.target.pixel_type)
    transform = transform_of(replace(passage, lens=""))
    result = ImageCms.applyTransform(to_pillow(image), transform)
    assert result is not None  # noqa: S101, it is None only for conversions in place
    return from_pillow(result)


@lru_cache(MOST_TRANSFORMS)
def transform_of(passage: Passage) -> ImageCms.ImageCmsTransform:
    """Make the conversion of a passage; raises `BadProfile` for profiles that do not go together."""
    flags = ImageCms.Flags.HIGHRESPRECALC
    if passage.black_point:
        flags |= ImageCms.Flags.BLACKPOINTCOMPENSATION
    try:
        return ImageCms.buildTransform(
            opened(passage.origin),
            opened(passage.target),
            MODES[passage.origin.pixel_type],
            MODES[passage.target.pixel_type],
            INTENTS[passage.intent],
            flags,
        )
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError) as error:
        names = f"{passage.origin.name} to {passage.target.name}"
        raise BadProfile(names, str(error).strip() or "there is no way from one to the other") from error


def opened(profile: Profile) -> ImageCms.ImageCmsProfile:
    """Open a profile."""
    return ImageCms.ImageCmsProfile(io.BytesIO(profile_bytes(profile)))


def seen(image: Image, lens: Lens) -> Image:
    """Give what a lens shows of CMYK: what the inks leave of the light, so that it is merged like RGB or gray."""
    match lens:
        case "light":
            return image[:3].invert().copy(interpretation="srgb")
        case "black":
            return image[3].invert().copy(interpretation="b-w")
        case _:
            return image


def inked(light: Image, black: Image) -> Image:
    """Put together again what two lenses show, with the alpha that both have."""
    inks = colors(light).invert().bandjoin(black[0].invert()).copy(interpretation="cmyk")
    return inks.bandjoin(alpha(light)) if has_alpha(light) else inks


def color_in(color: Color, coloring: Coloring, target: Profile, lens: Lens = "") -> Color:
    """Give a colour in a colour space, as RGB whose components are those of that space, or what a lens shows of it."""
    if not color.alpha:
        return color
    origin = coloring.space_of(color)
    passage = Passage(origin, target, coloring.intent, coloring.black_point, lens)
    return replace(color, space="rgb", components=components(color.components, passage), source=False)


@lru_cache(MOST_COLORS)
def components(values: tuple[int, ...], passage: Passage) -> tuple[int, ...]:
    """Bring the components of one colour into another space, as three."""
    pixel = plane(Size(1, 1), values)
    pixel = pixel.copy(interpretation="cmyk") if len(values) == INKS else pixel
    return tuple(bytes(as_rgb(passed(pixel.copy_memory(), passage)).write_to_memory()))
