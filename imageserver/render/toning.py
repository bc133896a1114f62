"""The meaning of the `op_*` that the reference does not have: they are there for other URL languages."""

from __future__ import annotations

from collections.abc import Callable

from imageserver.commands.adjust import Fade, KeyColor, ReplaceColor
from imageserver.protocol.color import Color
from imageserver.render.alpha import (
    OPAQUE,
    alpha,
    as_gray,
    colors,
    has_alpha,
    premultiplied,
    unpremultiplied,
    with_alpha,
)
from imageserver.render.engine import Image

SEPIA = Image.new_from_array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])
DARKEST, BRIGHTEST = 1, 99
"""Percentiles between which automatic levels are spread."""


def recolored(image: Image, change: Callable[[Image], Image]) -> Image:
    """Change the colours and keep the alpha; what leaves 0-255 is cut off."""
    changed = change(colors(image)).rint().cast("uchar").copy(interpretation="srgb")
    return with_alpha(changed, alpha(image)) if has_alpha(image) else changed


def gamma(image: Image, exponent: float) -> Image:
    """Lighten or darken the middle, and leave black and white alone."""
    return recolored(image, lambda rgb: (rgb / OPAQUE) ** (1 / exponent) * OPAQUE)


def auto_levels(image: Image, _: bool) -> Image:
    """Spread each component over the full range."""
    return recolored(image, spread)


def spread(rgb: Image) -> Image:
    """Spread the components of an image without alpha."""
    bands = []
    for band in rgb.bandsplit():
        low, high = band.percent(DARKEST), band.percent(BRIGHTEST)
        bands.append((band - low) * (OPAQUE / max(1, high - low)))
    return bands[0].bandjoin(bands[1:])


def vibrance(image: Image, percent: int) -> Image:
    """Move components away from the luma of the pixel or towards it, the more the paler it is."""

    def change(rgb: Image) -> Image:
        gray = as_gray(rgb)
        paleness = 1 - (brightest(rgb) - darkest(rgb)) / OPAQUE
        return (rgb - gray) * (paleness * (percent / 100) + 1) + gray

    return recolored(image, change)


def brightest(rgb: Image) -> Image:
    """Give the largest component of each pixel."""
    return rgb[0].bandrank([rgb[1], rgb[2]], index=2)


def darkest(rgb: Image) -> Image:
    """Give the smallest component of each pixel."""
    return rgb[0].bandrank([rgb[1], rgb[2]], index=0)


def sepia(image: Image, percent: int) -> Image:
    """Mix with the brown of an old photograph."""
    share = percent / 100
    return recolored(image, lambda rgb: rgb * (1 - share) + rgb.recomb(SEPIA) * share)


def threshold(image: Image, percent: int) -> Image:
    """Make everything black or white."""
    return recolored(image, lambda rgb: three((as_gray(rgb) >= percent / 100 * OPAQUE).ifthenelse(OPAQUE, 0)))


def three(band: Image) -> Image:
    """Give one band three times."""
    return band.bandjoin([band, band])


def distance(rgb: Image, color: Color) -> Image:
    """Tell how different each pixel is from a colour, in percent of the way from black to white."""
    return (((rgb - list(color.rgb)) ** 2).bandmean() ** 0.5) * (100 / OPAQUE)


def replace_color(image: Image, wanted: ReplaceColor) -> Image:
    """Move what is like a colour by what lies between that colour and another."""
    moved = [new - old for new, old in zip(wanted.replacement.rgb, wanted.color.rgb, strict=True)]

    def change(rgb: Image) -> Image:
        far = distance(rgb, wanted.color) / max(1, wanted.tolerance)
        share = (far < 1).ifthenelse(1 - far * far, 0)
        return rgb + three(share) * moved

    return recolored(image, change)


def key_color(image: Image, wanted: KeyColor) -> Image:
    """Make what is like a colour transparent."""
    kept = (distance(colors(image), wanted.color) > wanted.tolerance).ifthenelse(alpha(image), 0)
    return with_alpha(image, kept)


def median(image: Image, radius: float) -> Image:
    """Put the median of a square in place of each pixel."""
    reach = max(1, round(radius))
    width = 2 * reach + 1
    framed = image.embed(reach, reach, image.width + 2 * reach, image.height + 2 * reach, extend="copy")
    return framed.median(width).crop(reach, reach, image.width, image.height)


def pixelate(image: Image, side: int) -> Image:
    """Give squares the mean of what they cover."""
    wide, tall = -(-image.width // side), -(-image.height // side)
    framed = premultiplied(image).embed(0, 0, wide * side, tall * side, extend="copy")
    large = framed.shrink(side, side).zoom(side, side).crop(0, 0, image.width, image.height)
    return unpremultiplied(large).copy(interpretation=image.interpretation)


def vignette(image: Image, percent: int) -> Image:
    """Darken with the square of the distance from the middle."""
    place = Image.xyz(image.width, image.height)
    across = (place[0] + 0.5) / (image.width / 2) - 1
    down = (place[1] + 0.5) / (image.height / 2) - 1
    share = 1 - (across * across + down * down) / 2 * (percent / 100)
    return recolored(image, lambda rgb: rgb * share)


def fade(image: Image, wanted: Fade) -> Image:
    """Let through towards the edges."""
    place = Image.xyz(image.width, image.height)
    across, down = (place[0] + 0.5) / image.width, (place[1] + 0.5) / image.height
    edges = ((across, wanted.left), (down, wanted.top), (1 - across, wanted.right), (1 - down, wanted.bottom))
    kept = alpha(image)
    for distance_to, reach in edges:
        if reach:
            share = distance_to / reach
            kept = kept * ((share < 1).ifthenelse(share, 1) ** wanted.power)
    return with_alpha(colors(image), kept.rint().cast("uchar"))
