"""Effects of layers: shadows, glows and borders made of a layer's alpha. Reference: r-layer-effects."""

from __future__ import annotations

from imageserver.layout.layout import LaidEffect
from imageserver.protocol.values import Size
from imageserver.render.adjust import blur, grow, noise
from imageserver.render.alpha import OPAQUE, alpha, faded, plane, with_alpha
from imageserver.render.engine import Image


def effect_image(effect: LaidEffect, layer: Image, *, masked: bool) -> Image:
    """Draw an effect of a layer that was drawn on the canvas.

    An outer effect is seen where its layer is not, unless it is not `masked`; an inner one only where its layer is.
    """
    own = alpha(layer)
    shape = own.invert() if effect.inner != (effect.mask_use == "invert") else own
    shape = moved(shape, effect) if effect.mask_use != "off" else plane(Size(layer.width, layer.height), (OPAQUE,))
    if effect.adjust.grow:
        shape = grow(shape, effect.adjust.grow)
    if effect.adjust.blur:
        shape = blur(shape, effect.adjust.blur)
    if effect.inner:
        shape = (shape * own / OPAQUE).rint().cast("uchar")
    elif masked:
        shape = (shape * own.invert() / OPAQUE).rint().cast("uchar")
    image = with_alpha(plane(Size(layer.width, layer.height), effect.color.rgb), shape)
    if effect.adjust.noise:
        image = noise(image, effect.adjust.noise)
    return faded(image, effect.opacity * effect.color.alpha / OPAQUE)


def moved(shape: Image, effect: LaidEffect) -> Image:
    """Shift a mask; what comes in is outside of the layer."""
    x, y = effect.offset.x, effect.offset.y
    if not x and not y:
        return shape
    outside = OPAQUE if effect.inner != (effect.mask_use == "invert") else 0
    return shape.embed(x, y, shape.width, shape.height, extend="background", background=[outside])
