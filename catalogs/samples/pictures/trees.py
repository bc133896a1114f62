"""Conifers: a few drawn in full, then planted in every size."""

from __future__ import annotations

import math
import random
from functools import cache

from PIL import Image, ImageDraw

Mask = Image.Image

VARIANTS = 6
FULL_HEIGHT = 1600
SPREAD = 0.42  # width of the drawing by its height


@cache
def conifer(variant: int) -> Mask:
    """Draw the silhouette of one spruce, needle by needle, as a mask."""
    chance = random.Random(variant)
    height, width = FULL_HEIGHT, round(FULL_HEIGHT * SPREAD)
    middle, mask = width / 2, Image.new("L", (width, height))
    draw = ImageDraw.Draw(mask)
    draw.polygon([(middle - 1, 0), (middle + 1, 0), (middle + 13, height), (middle - 13, height)], fill=255)
    reach = width * chance.uniform(0.36, 0.46)
    level = 45.0
    while level < height * 0.95:
        share = level / height
        for side in (-1, 1):
            length = reach * share**0.8 * chance.uniform(0.55, 1.12)
            _bough(draw, (middle, level + chance.uniform(-8, 8)), side * length, chance)
        level += 9 + 26 * share
    return mask


def _bough(draw: ImageDraw.ImageDraw, root: tuple[float, float], length: float, chance: random.Random) -> None:
    """Draw one drooping bough and the twigs that hang from it."""
    x, y = root
    droop = abs(length) * chance.uniform(0.25, 0.5)
    draw.line([root, (x + length * 0.6, y + droop * 0.75), (x + length, y + droop * 0.85)], fill=255, width=5)
    twigs = 6 + int(abs(length) / 5)
    for twig in range(twigs):
        share = twig / twigs
        start = (x + length * share, y + droop * share)
        hang = (5 + abs(length) * 0.24 * (1.15 - share)) * chance.uniform(0.5, 1.2)
        lean = length * chance.uniform(-0.02, 0.14)
        draw.line([start, (start[0] + lean, start[1] + hang)], fill=255, width=4)


@cache
def halved(variant: int, times: int) -> Mask:
    """Halve a spruce so many times, that small ones are cheap to make."""
    if times == 0:
        return conifer(variant)
    return halved(variant, times - 1).reduce(2)


@cache
def conifer_of(variant: int, height: int) -> Mask:
    """Scale a spruce, from one that is two to four times as high."""
    times = max(int(math.log2(FULL_HEIGHT / height)) - 1, 0)
    width = max(round(height * SPREAD), 1)
    return halved(variant, times).resize((width, height), Image.Resampling.LANCZOS)


def plant(
    picture: Image.Image, foot: tuple[float, float], height: float, colour: tuple[int, ...], variant: int
) -> None:
    """Put a spruce of one colour with its foot at a point."""
    mask = conifer_of(variant % VARIANTS, max(round(height), 3))
    picture.paste(colour, (round(foot[0] - mask.width / 2), round(foot[1] - mask.height)), mask)
