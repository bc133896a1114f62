"""Words set in the typeface that comes with Pillow, so that they look the same on every machine."""

from __future__ import annotations

import math
from functools import cache

from PIL import Image, ImageDraw, ImageFont

Mask = Image.Image


@cache
def typeface(size: float) -> ImageFont.FreeTypeFont:
    """Open the built-in typeface."""
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        message = "Pillow was built without FreeType"
        raise TypeError(message)
    return font


def word(text: str, size: float, weight: float = 0, spacing: float = 0) -> Mask:
    """Set a line of text as a mask that fits it tightly, thickened and spaced as asked."""
    font = typeface(size)
    pad = math.ceil(weight) + 2
    width = math.ceil(sum(font.getlength(letter) + spacing for letter in text) - spacing + 2 * pad)
    line = Image.new("L", (width, math.ceil(size * 1.5) + 2 * pad))
    draw, x = ImageDraw.Draw(line), float(pad)
    for letter in text:
        draw.text((x, pad), letter, fill=255, font=font, stroke_width=weight)
        x += font.getlength(letter) + spacing
    return line.crop(line.getbbox())


def put(picture: Image.Image, mask: Mask, centre: tuple[float, float], ink: tuple[int, ...]) -> None:
    """Print a mask in one colour around a point."""
    picture.paste(ink, (round(centre[0] - mask.width / 2), round(centre[1] - mask.height / 2)), mask)


def word_ring(text: str, size: float, radius: float) -> Mask:
    """Set text along the top of a circle, or, with a negative radius, along its bottom; the mask holds all of it."""
    font, side = typeface(size), math.ceil(2 * abs(radius) + 4 * size)
    ring, steps = Image.new("L", (side, side)), [font.getlength(letter) + size * 0.12 for letter in text]
    along = -sum(steps) / 2
    for letter, step in zip(text, steps, strict=True):
        turn = (along + step / 2) / radius
        along += step
        stamp = Image.new("L", (math.ceil(size * 2),) * 2)
        middle = (size, size)
        ImageDraw.Draw(stamp).text(middle, letter, 255, font, anchor="mm", stroke_width=size / 22)
        turned = stamp.rotate(-math.degrees(turn), Image.Resampling.BICUBIC)
        x, y = side / 2 + radius * math.sin(turn), side / 2 - radius * math.cos(turn)
        ring.paste(255, (round(x - size), round(y - size)), turned)
    return ring
