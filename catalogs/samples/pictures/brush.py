"""The brushes every picture is painted with: noise, gradients and mixing, as float images."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pyvips
from PIL import Image as Pil

if TYPE_CHECKING:
    from collections.abc import Sequence

Image: TypeAlias = pyvips.Image
Colour = tuple[float, float, float]

RAMP_STEPS = 2048
GRAIN_TILE = 1024


def colour(code: str) -> Colour:
    """Read a colour written as `#rrggbb`."""
    red, green, blue = bytes.fromhex(code.removeprefix("#"))
    return (red, green, blue)


def columns(width: int, height: int, step: int = 1) -> Image:
    """Make a picture in which every pixel, or every `step`th, holds its x."""
    return (Image.xyz(-(-width // step), -(-height // step))[0] * step + (step - 1) / 2).cast("float")


def rows(width: int, height: int, step: int = 1) -> Image:
    """Make a picture in which every pixel, or every `step`th, holds its y."""
    return (Image.xyz(-(-width // step), -(-height // step))[1] * step + (step - 1) / 2).cast("float")


def enlarged(image: Image, step: int, width: int, height: int) -> Image:
    """Bring what was painted for every `step`th pixel to full size."""
    return image.resize(step, kernel="linear").crop(0, 0, width, height)


def distance(width: int, height: int, x: float, y: float) -> Image:
    """Make a picture in which every pixel holds its distance from a point."""
    across, down = columns(width, height) - x, rows(width, height) - y
    return (across * across + down * down) ** 0.5


def octaves(cell: int, count: int) -> list[tuple[int, float]]:
    """List cell sizes and weights, each half of the one before."""
    return [(max(cell >> step, 2), 0.5**step) for step in range(count)]


def clouds(width: int, height: int, cell: int, count: int, seed: int) -> Image:
    """Make soft fractal noise around 0."""
    return Image.sum(
        [
            Image.perlin(width, height, cell_size=size, seed=seed + step) * weight
            for step, (size, weight) in enumerate(octaves(cell, count))
        ]
    )


def ridges(width: int, height: int, cell: int, count: int, seed: int) -> Image:
    """Make noise with sharp crests, 0 to about 1: every octave is stronger on the crests of the last."""
    layers, weight = [], None
    for step, (size, share) in enumerate(octaves(cell, count)):
        crest = (1 - Image.perlin(width, height, cell_size=size, seed=seed + step).abs()) ** 2
        signal = crest if weight is None else crest * weight
        weight = clamp(signal * 1.6)
        layers.append(signal * share)
    return Image.sum(layers) / 1.6


def grain(width: int, height: int, strength: float, seed: int) -> Image:
    """Make film grain, which also hides the banding of smooth gradients."""
    tile = Image.gaussnoise(GRAIN_TILE, GRAIN_TILE, sigma=strength, mean=0, seed=seed).copy_memory()
    return tile.replicate(-(-width // GRAIN_TILE), -(-height // GRAIN_TILE)).crop(0, 0, width, height)


def wrapped(texture: Image, x: Image, y: Image) -> Image:
    """Read an endless texture at the given places."""
    place = x.bandjoin(y)
    size = texture.width - 1
    return texture.mapim(place - (place / size).floor() * size, extend="copy")


def clamp(image: Image, low: float = 0.0, high: float = 1.0) -> Image:
    """Limit every value to a range."""
    return image.clamp(min=low, max=high)


def smoothstep(image: Image, low: float, high: float) -> Image:
    """Rise from 0 at `low` to 1 at `high` with soft ends; `low` may be the larger."""
    position = clamp((image - low) / (high - low))
    return position * position * (3 - 2 * position)


def mix(below: Image | Colour, above: Image | Colour, mask: Image) -> Image:
    """Lay one picture or colour over another where the mask is 1."""
    if isinstance(below, tuple):
        return mask * above + (1 - mask) * below
    return below + (above - below) * mask


def ramp(image: Image, stops: Sequence[tuple[float, str]]) -> Image:
    """Colour the values 0 to 1 along a gradient."""
    steps = [_along(stops, step / (RAMP_STEPS - 1)) for step in range(RAMP_STEPS)]
    table = Image.new_from_array([[c[band] for c in steps] for band in range(3)])
    bands = [table.crop(0, band, RAMP_STEPS, 1) for band in range(3)]
    lut = bands[0].bandjoin(bands[1:]).cast("float")
    return (clamp(image) * (RAMP_STEPS - 1)).rint().cast("ushort").maplut(lut)


def _along(stops: Sequence[tuple[float, str]], position: float) -> Colour:
    """Interpolate between the two stops around a position."""
    last_at, last = stops[0][0], colour(stops[0][1])
    for at, code in stops:
        here = colour(code)
        if position <= at:
            share = 0.0 if at <= last_at else (position - last_at) / (at - last_at)
            return _between(last, here, max(share, 0.0))
        last_at, last = at, here
    return last


def _between(first: Colour, second: Colour, share: float) -> Colour:
    """Mix two colours."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return (red, green, blue)


def as_rgb(image: Image) -> Image:
    """Round a float picture to 8-bit sRGB."""
    return clamp(image, 0, 255).rint().cast("uchar").copy(interpretation="srgb")


def from_pil(picture: Pil.Image) -> Image:
    """Take over a picture drawn with PIL."""
    bands = len(picture.getbands())
    return Image.new_from_memory(picture.tobytes(), picture.width, picture.height, bands, "uchar")


def to_pil(image: Image) -> Pil.Image:
    """Hand an 8-bit picture to PIL for drawing."""
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[image.bands]
    return Pil.frombytes(mode, (image.width, image.height), bytes(image.write_to_memory()))
