"""Effects of layers: shadows, glows and borders made of a layer's alpha. Reference: r-layer-effects."""

from __future__ import annotations

import math

from imageserver.layout.layout import LaidEffect
from imageserver.protocol.values import Size
from imageserver.render.adjust import blur, grow, noise
from imageserver.render.alpha import OPAQUE, alpha, faded, plane, with_alpha
from imageserver.render.engine import Image


def effect_image(effect: LaidEffect, layer: Image, *, masked: bool) -> Image:
    """Draw an effect of a layer that was drawn on the canvas.

    An outer effect is seen where its layer is not, unless it is not `masked`; an inner one only where its layer is.
    """
    own, size = alpha(layer), Size(layer.width, layer.height)
    shape = shaped(effect, own)
    if effect.inner:
        shape = (shape * own / OPAQUE).rint().cast("uchar")
    elif masked:
        shape = (shape * own.invert() / OPAQUE).rint().cast("uchar")
    image = with_alpha(plane(size, effect.color.rgb), shape)
    if effect.adjust.noise:
        image = noise(image, effect.adjust.noise)
    return faded(image, effect.opacity * effect.color.alpha / OPAQUE)


def shaped(effect: LaidEffect, own: Image) -> Image:
    """Shift, grow and blur the alpha that an effect is made of.

    What lies beyond the canvas is no part of the layer, so that an inner effect follows the canvas's edge, too.
    """
    if effect.mask_use == "off":
        return plane(Size(own.width, own.height), (OPAQUE,))
    reach = abs(effect.adjust.grow) + math.ceil(effect.adjust.blur * 3) if effect.inner else 0
    shape = own.embed(reach, reach, own.width + 2 * reach, own.height + 2 * reach)
    shape = shape.invert() if is_inverted(effect) else shape
    shape = moved(shape, effect)
    if effect.adjust.grow:
        shape = grow(shape, effect.adjust.grow)
    if effect.adjust.blur:
        shape = blur(shape, effect.adjust.blur)
    return shape.crop(reach, reach, own.width, own.height)


def is_inverted(effect: LaidEffect) -> bool:
    """Tell whether an effect is made of what its layer is not: inner ones are, unless `maskUse=` inverts that."""
    return effect.inner != (effect.mask_use == "invert")


def moved(shape: Image, effect: LaidEffect) -> Image:
    """Shift a mask; what comes in is outside of the layer."""
    x, y = effect.offset.x, effect.offset.y
    if not x and not y:
        return shape
    outside = OPAQUE if is_inverted(effect) else 0
    return shape.embed(x, y, shape.width, shape.height, extend="background", background=[outside])
