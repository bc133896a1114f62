"""Effects of layers: shadows, glows and borders made of a layer's alpha. Reference: r-layer-effects."""

from __future__ import annotations

import math

from imageserver.layout.layout import LaidEffect
from imageserver.protocol.values import Rect, Size
from imageserver.render.adjust import blur, grow, noise
from imageserver.render.alpha import OPAQUE, faded, plane, with_alpha
from imageserver.render.engine import Image

SIGMAS = 4
"""How many standard deviations a Gaussian is looked at."""


def effect_reach(effect: LaidEffect) -> int:
    """Give how far around itself an effect looks."""
    offset = max(abs(effect.offset.x), abs(effect.offset.y))
    return offset + abs(effect.adjust.grow) + math.ceil(effect.adjust.blur * SIGMAS) + 1


def effect_image(effect: LaidEffect, own: Image, rect: Rect, margin: int, *, masked: bool) -> Image:
    """Draw an effect of a layer on the canvas.

    `own` is the layer's alpha on a canvas that is larger by `margin` on each side, and `rect` the layer's rectangle
    on that. An outer effect is seen where its layer is not, unless it is not `masked`; an inner one only where it is.
    """
    size = Size(own.width - 2 * margin, own.height - 2 * margin)
    shape = shaped(effect, own, rect).crop(margin, margin, size.width, size.height)
    own = own.crop(margin, margin, size.width, size.height)
    if effect.inner:
        shape = (shape * own / OPAQUE).rint().cast("uchar")
    elif masked:
        shape = (shape * own.invert() / OPAQUE).rint().cast("uchar")
    image = with_alpha(plane(size, effect.color.rgb), shape)
    if effect.adjust.noise:
        image = noise(image, effect.adjust.noise)
    return faded(image, effect.opacity * effect.color.alpha / OPAQUE)


def shaped(effect: LaidEffect, own: Image, rect: Rect) -> Image:
    """Make the shape of an effect: the layer's alpha or its inverse, shifted, grown and blurred.

    Inner effects are made of the inverse, unless `maskUse=` inverts that; for outer ones it ends at the layer's edge.
    """
    whole = plane(Size(rect.width, rect.height), (OPAQUE,)).embed(rect.x, rect.y, own.width, own.height)
    if effect.mask_use == "off":
        shape = whole
    elif effect.inner != (effect.mask_use == "invert"):
        shape = own.invert() if effect.inner else (own < whole).ifthenelse(whole - own, 0).cast("uchar")
    else:
        shape = own
    shape = moved(shape, effect)
    if effect.adjust.grow:
        shape = grow(shape, effect.adjust.grow)
    return blur(shape, effect.adjust.blur) if effect.adjust.blur else shape


def moved(shape: Image, effect: LaidEffect) -> Image:
    """Shift a mask; its edge is repeated, since its margin is wider than any shift."""
    x, y = effect.offset.x, effect.offset.y
    return shape.embed(x, y, shape.width, shape.height, extend="copy") if x or y else shape
