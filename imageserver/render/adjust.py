"""The meaning of each `op_*`, one small function each; they run in the order of the fields of `Adjust`.

All work on 8-bit RGB, with or without alpha. What only changes colours leaves the alpha alone; what looks at
neighbours works on premultiplied pixels, so that invisible colours never bleed. References: r-op-*.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from imageserver.commands.adjust import Adjust, ColorBalance, Colorize, Noise, UnsharpMask
from imageserver.protocol.values import Size
from imageserver.render.alpha import (
    OPAQUE,
    alpha,
    as_gray,
    as_rgb,
    colors,
    has_alpha,
    plane,
    premultiplied,
    unpremultiplied,
    with_alpha,
)
from imageserver.render.engine import Image, interpolator
from imageserver.render.toning import (
    auto_levels,
    fade,
    gamma,
    key_color,
    median,
    pixelate,
    recolored,
    replace_color,
    sepia,
    threshold,
    vibrance,
    vignette,
)

SIGMA_PER_RADIUS = 1.0
"""Photoshop's radius of a Gaussian blur is its standard deviation; the reference's is taken to be the same."""
LEAST_SIGMA = 0.2
"""Below this a Gaussian has no neighbours."""
WIDE, ENOUGH = 16.0, 8.0
"""Gaussians wider than the first are drawn at the scale at which they are as wide as the second."""
WORTH_KEEPING = 4_000_000
"""Pixels of a small copy that is made once; of a larger one only what is needed is made."""
MIDDLE = 127.5
FLAT = 200
"""A level at which kernels are tried."""
NOISE_TILE = 512
NOISE_DEVIATION = 3
SHARPEN = Image.new_from_array([[-2, -2, -2], [-2, 32, -2], [-2, -2, -2]], scale=16)


def adjusted(image: Image, adjust: Adjust) -> Image:
    """Carry out all operations that are asked for."""
    if adjust == Adjust():
        return image
    image = as_rgb(image)
    for apply, value, idle in steps(adjust):
        if value != idle:
            image = apply(image, value)
    return image


def steps(adjust: Adjust) -> tuple[tuple[Callable[[Image, Any], Image], object, object], ...]:
    """Give function, value and idle value of each operation, in the order of the work."""
    none = Adjust()
    return (
        (brightness, adjust.brightness, none.brightness),
        (contrast, adjust.contrast, none.contrast),
        (colorbalance, adjust.colorbalance, none.colorbalance),
        (hue, adjust.hue, none.hue),
        (saturation, adjust.saturation, none.saturation),
        (colorize, adjust.colorize, none.colorize),
        (invert, adjust.invert, none.invert),
        (gamma, adjust.gamma, none.gamma),
        (auto_levels, adjust.auto_levels, none.auto_levels),
        (vibrance, adjust.vibrance, none.vibrance),
        (sepia, adjust.sepia, none.sepia),
        (threshold, adjust.threshold, none.threshold),
        (replace_color, adjust.replace_color, none.replace_color),
        (key_color, adjust.key_color, none.key_color),
        (median, adjust.median, none.median),
        (pixelate, adjust.pixelate, none.pixelate),
        (grow, adjust.grow, none.grow),
        (blur, adjust.blur, none.blur),
        (vignette, adjust.vignette, none.vignette),
        (fade, adjust.fade, none.fade),
        (noise, adjust.noise, none.noise),
        (usm, adjust.usm, none.usm),
        (sharpen, adjust.sharpen, none.sharpen),
    )


def brightness(image: Image, percent: int) -> Image:
    """Add a share of the full range to every component."""
    return recolored(image, lambda rgb: rgb + percent / 100 * OPAQUE)


def contrast(image: Image, percent: int) -> Image:
    """Move components away from 50 % or towards it; -100 leaves nothing but gray."""
    return recolored(image, lambda rgb: (rgb - MIDDLE) * (1 + percent / 100) + MIDDLE)


def colorbalance(image: Image, balance: ColorBalance) -> Image:
    """Add a share of the full range to each component."""
    shares = [percent / 100 * OPAQUE for percent in (balance.red, balance.green, balance.blue)]
    return recolored(image, lambda rgb: rgb + shares)


def hue(image: Image, degrees: int) -> Image:
    """Turn the hue; brightest and darkest component stay what they are."""
    return recolored(image, lambda rgb: turned_hue(rgb, degrees))


def turned_hue(rgb: Image, degrees: int) -> Image:
    """Give RGB with the hue of the hexcone turned."""
    red, green, blue = rgb[0].cast("float"), rgb[1].cast("float"), rgb[2].cast("float")
    high = (red > green).ifthenelse(red, green)
    high = (high > blue).ifthenelse(high, blue)
    low = (red < green).ifthenelse(red, green)
    low = (low < blue).ifthenelse(low, blue)
    chroma = high - low
    divisor = (chroma > 0).ifthenelse(chroma, 1)
    angle = (high == red).ifthenelse(
        (green - blue) / divisor,
        (high == green).ifthenelse((blue - red) / divisor + 2, (red - green) / divisor + 4),
    )
    turned = angle + degrees / 60 + 12  # sixths of a turn, made positive for the remainder
    bands = [high - chroma * hexcone(turned + offset) for offset in (5, 3, 1)]
    return bands[0].bandjoin(bands[1:])


def hexcone(sixths: Image) -> Image:
    """Give how much a component falls short of the brightest: max(0, min(k, 4 - k, 1)) with k modulo 6."""
    k = sixths - (sixths / 6).floor() * 6
    rising = (k < 4 - k).ifthenelse(k, 4 - k)
    capped = (rising < 1).ifthenelse(rising, 1)
    return (capped > 0).ifthenelse(capped, 0)


def saturation(image: Image, percent: int) -> Image:
    """Move components away from the luma of the pixel or towards it."""
    return recolored(image, lambda rgb: (rgb - as_gray(rgb)) * (1 + percent / 100) + as_gray(rgb))


def colorize(image: Image, wanted: Colorize) -> Image:
    """Give every pixel the wanted colour, from black over the colour to white by its luma."""
    return recolored(image, lambda rgb: tinted(compensated(as_gray(rgb), image, wanted), wanted))


def compensated(luma: Image, image: Image, wanted: Colorize) -> Image:
    """Move the median luma of what is visible to 50 %, and spread its range to what is wanted."""
    if not wanted.normalise:
        return luma.cast("float")
    visible = luma if not has_alpha(image) else (alpha(image) > 0).ifthenelse(luma, int(MIDDLE))
    median = visible.percent(50)
    spread = 1.0
    if wanted.contrast:
        low, high = visible.percent(1), visible.percent(99)
        spread = wanted.contrast / 100 * OPAQUE / max(1, high - low)
    return (luma - median) * spread + MIDDLE


def tinted(luma: Image, wanted: Colorize) -> Image:
    """Map luma to black, the colour at 50 %, and white."""
    share = luma / MIDDLE
    dark = share.bandjoin([share, share]) * list(wanted.color.rgb)
    room = [OPAQUE - component for component in wanted.color.rgb]
    light = (share - 1).bandjoin([share - 1, share - 1]) * room + list(wanted.color.rgb)
    return (share < 1).ifthenelse(dark, light)


def invert(image: Image, _: bool) -> Image:
    """Make a negative."""
    return recolored(image, lambda rgb: rgb.invert())


def grow(image: Image, radius: int) -> Image:
    """Dilate or erode each component with a square, one axis after the other."""
    width = 2 * abs(radius) + 1
    rank = width - 1 if radius > 0 else 0
    reach = abs(radius)
    framed = image.embed(reach, reach, image.width + 2 * reach, image.height + 2 * reach, extend="copy")
    return framed.rank(width, 1, rank).rank(1, width, rank).crop(reach, reach, image.width, image.height)


def blur(image: Image, radius: float) -> Image:
    """Blur, transparency included."""
    return gaussian(image, radius * SIGMA_PER_RADIUS)


def gaussian(image: Image, sigma: float) -> Image:
    """Blur premultiplied pixels."""
    if sigma < LEAST_SIGMA:
        return image
    blurred = coarse(premultiplied(image), sigma) if sigma > WIDE else blurred_by(premultiplied(image), sigma)
    return unpremultiplied(blurred).copy(interpretation=image.interpretation)


def blurred_by(image: Image, sigma: float) -> Image:
    """Blur with a kernel as wide as it is."""
    width, precision = true_gaussian(round(sigma, 3))
    return image.gaussblur(width, precision=precision)


def coarse(image: Image, sigma: float) -> Image:
    """Blur a smaller copy and enlarge it again: a wide blur leaves nothing that could be lost by that."""
    factor = int(sigma / ENOUGH)
    wide, tall = -(-image.width // factor) * factor, -(-image.height // factor) * factor
    small = image.embed(0, 0, wide, tall, extend="copy").shrink(factor, factor)
    if small.width * small.height <= WORTH_KEEPING:
        small = small.copy_memory()
    return blurred_by(small, sigma / factor).affine(
        (factor, 0, 0, factor),
        interpolate=interpolator("bicubic"),
        idx=0.5,
        idy=0.5,
        odx=-0.5,
        ody=-0.5,
        oarea=[0, 0, image.width, image.height],
        extend="copy",
        premultiplied=True,
    )


@lru_cache(maxsize=1000)
def true_gaussian(sigma: float) -> tuple[float, str]:
    """Choose how to blur such that flat areas stay what they are.

    libvips is fast in whole numbers, but some kernels do not add up to one then; one that is up to 3 % wider or
    narrower does.
    """
    flat = plane(Size(8, 8), (FLAT,))
    for step in range(7):
        for near in (sigma * (1 + step / 200), sigma * (1 - step / 200)):
            if flat.gaussblur(near, precision="integer").avg() == FLAT:
                return near, "integer"
    return sigma, "float"


def noise(image: Image, wanted: Noise) -> Image:
    """Add noise that is the same at every rendering: a tile of it, repeated from the top left corner."""
    if not wanted.amount:
        return image
    grains = noise_tile(wanted).cast("float") * (wanted.amount / 100)
    grains = grains.replicate(-(-image.width // NOISE_TILE), -(-image.height // NOISE_TILE))
    return recolored(image, lambda rgb: rgb + grains.crop(0, 0, image.width, image.height))


def noise_tile(wanted: Noise) -> Image:
    """Give a tile of noise from -127.5 to 127.5, with one band or three."""
    bands = 1 if wanted.monochrome else 3
    source = random.Random(f"{wanted.distribution} {bands}")  # noqa: S311, no secret: equal requests, equal pixels
    count = NOISE_TILE * NOISE_TILE * bands
    samples = [source.randbytes(count) for _ in range(1 if wanted.distribution == "uniform" else NOISE_DEVIATION)]
    tiles = [Image.new_from_memory(one, NOISE_TILE, NOISE_TILE, bands, "uchar").cast("float") for one in samples]
    total = tiles[0]
    for tile in tiles[1:]:
        total = total + tile  # the mean of some is nearly a Gaussian
    return total / len(tiles) - MIDDLE


def usm(image: Image, mask: UnsharpMask) -> Image:
    """Add what a blur would take away, where it is more than the threshold."""
    sigma = mask.radius * SIGMA_PER_RADIUS
    if sigma < LEAST_SIGMA or not mask.amount:
        return image
    blurred = gaussian(image, sigma)
    if not mask.monochrome:
        return sharpened(image, image.cast("float") - blurred, mask)
    difference = as_gray(colors(image)).cast("float") - as_gray(colors(blurred))
    rgb = sharpened(colors(image), difference.bandjoin([difference, difference]), mask)
    return with_alpha(rgb, alpha(image)) if has_alpha(image) else rgb


def sharpened(image: Image, difference: Image, mask: UnsharpMask) -> Image:
    """Add a difference where it counts."""
    counted = (difference.abs() > mask.threshold).ifthenelse(difference, 0) if mask.threshold else difference
    return (image + counted * mask.amount).rint().cast("uchar").copy(interpretation="srgb")


def sharpen(image: Image, _: bool) -> Image:
    """Sharpen with the eight neighbours."""
    return image.conv(SHARPEN, precision="integer").cast("uchar").copy(interpretation="srgb")
