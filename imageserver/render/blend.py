"""How a layer mixes with what lies below: each blend mode as its formula, and compositing with alpha on both sides.

With colours and alphas from 0 to 1, and B the formula of the mode: the result is what each shows alone where the
other is clear, and B(below, above) where both are, all weighted by their alphas.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from imageserver.commands.layer import BlendMode
from imageserver.render.alpha import alpha, colors, has_alpha, with_alpha
from imageserver.render.engine import Image

FULL = 255
HALF, QUARTER = 0.5, 0.25
GRAIN = 256
Formula = Callable[[Image, Image], Image]


def blended(above: Image, below: Image, mode: BlendMode) -> Image:
    """Mix two images of the same size by the formula of a mode, with alpha on both sides."""
    top, bottom = colors(above) / FULL, colors(below) / FULL
    mixed = FORMULAS[mode](bottom, top)
    if not has_alpha(above) and not has_alpha(below):
        return eight_bits(mixed)
    alpha_above, alpha_below = alpha(above) / FULL, alpha(below) / FULL
    both = alpha_above * alpha_below
    total = top * (alpha_above - both) + bottom * (alpha_below - both) + mixed * both
    if not has_alpha(below):
        return eight_bits(total)
    result = alpha_above + alpha_below - both
    rgb = eight_bits(total / (result > 0).ifthenelse(result, 1))
    return with_alpha(rgb, (result * FULL).rint())


def eight_bits(image: Image) -> Image:
    """Give colours from 0 to 1 as 8-bit RGB."""
    return (image * FULL).rint().cast("uchar").copy(interpretation="srgb")


def dissolved(image: Image, x: int, y: int) -> Image:
    """Make each pixel of an image at this place either opaque or clear, by chance that is the same every time."""
    source = random.Random("dissolve")  # noqa: S311, no secret: equal requests, equal pixels
    chances = bytes(value % FULL for value in source.randbytes(GRAIN * GRAIN))  # below 255, so that opaque stays opaque
    grain = Image.new_from_memory(chances, GRAIN, GRAIN, 1, "uchar")
    left, top = x % GRAIN, y % GRAIN
    grains = grain.replicate(-(-(left + image.width) // GRAIN), -(-(top + image.height) // GRAIN))
    grains = grains.crop(left, top, image.width, image.height)
    return with_alpha(image, (alpha(image) > grains).ifthenelse(FULL, 0))


def lesser(one: Image, other: Image | float) -> Image:
    """Give the smaller of two values, pixel by pixel."""
    return (one < other).ifthenelse(one, other)


def greater(one: Image, other: Image | float) -> Image:
    """Give the greater of two values, pixel by pixel."""
    return (one > other).ifthenelse(one, other)


def inside(value: Image) -> Image:
    """Cut values off at 0 and 1."""
    return greater(lesser(value, 1), 0)


def divided(one: Image, other: Image) -> Image:
    """Divide, where a divisor of 0 gives 1 for what is not 0 itself."""
    quotient = lesser(one / (other > 0).ifthenelse(other, 1), 1)
    return (other > 0).ifthenelse(quotient, (one > 0).ifthenelse(1.0, 0.0))


def dodge(below: Image, above: Image) -> Image:
    """Brighten what lies below."""
    return divided(below, 1 - above)


def burn(below: Image, above: Image) -> Image:
    """Darken what lies below."""
    return 1 - divided(1 - below, above)


def screen(below: Image, above: Image) -> Image:
    """Multiply the negatives."""
    return below + above - below * above


def hard_light(below: Image, above: Image) -> Image:
    """Multiply or screen, by whether the upper one is dark."""
    return (above <= HALF).ifthenelse(below * above * 2, screen(below, above * 2 - 1))


def soft_light(below: Image, above: Image) -> Image:
    """Darken or brighten softly, by whether the upper one is dark."""
    steep = ((below * 16 - 12) * below + 4) * below
    curve = (below <= QUARTER).ifthenelse(steep, below**0.5)
    darker = below - (1 - above * 2) * below * (1 - below)
    lighter = below + (above * 2 - 1) * (curve - below)
    return (above <= HALF).ifthenelse(darker, lighter)


def vivid_light(below: Image, above: Image) -> Image:
    """Burn or dodge, by whether the upper one is dark."""
    return (above <= HALF).ifthenelse(burn(below, above * 2), dodge(below, above * 2 - 1))


def pin_light(below: Image, above: Image) -> Image:
    """Darken or lighten, by whether the upper one is dark."""
    return (above <= HALF).ifthenelse(lesser(below, above * 2), greater(below, above * 2 - 1))


FORMULAS: Mapping[BlendMode, Formula] = {
    "lighten": greater,
    "darken": lesser,
    "mult": lambda below, above: below * above,
    "screen": screen,
    "overlay": lambda below, above: hard_light(above, below),
    "hardlight": hard_light,
    "softlight": soft_light,
    "dodge": dodge,
    "burn": burn,
    "lineardodge": lambda below, above: inside(below + above),
    "linearburn": lambda below, above: inside(below + above - 1),
    "vividlight": vivid_light,
    "linearlight": lambda below, above: inside(below + above * 2 - 1),
    "pinlight": pin_light,
    "hardmix": lambda below, above: (below + above >= 1).ifthenelse(1.0, 0.0),
    "difference": lambda below, above: (below - above).abs(),
    "exclusion": lambda below, above: below + above - below * above * 2,
    "subtract": lambda below, above: inside(below - above),
    "divide": divided,
}
