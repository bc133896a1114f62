"""Layout → the finished picture: each layer drawn, laid over one another, and put into the reply."""

from __future__ import annotations

from dataclasses import replace

from imageserver.commands.delivery import ResMode
from imageserver.commands.layer import Flip
from imageserver.layout.layout import Box, LaidLayer, LaidSource, Layout, Turn
from imageserver.protocol.color import Color
from imageserver.protocol.values import Rect, Size, rounded
from imageserver.render.adjust import adjusted
from imageserver.render.alpha import (
    OPAQUE,
    alpha,
    as_gray,
    as_rgb,
    colors,
    faded,
    filled,
    has_alpha,
    on_color,
    over,
    plane,
    premultiplied,
    unpremultiplied,
    with_alpha,
)
from imageserver.render.engine import Image, interpolator
from imageserver.render.resample import INTERPOLATORS, resample
from imageserver.render.sources import Opened, open_source

CLEAR = (0, 0, 0, 0)
BLACK = Color("rgb", (0, 0, 0))


def compose(layout: Layout) -> Image:
    """Draw the composite and cut the reply out of the view; the result has alpha where it is not covered."""
    canvas = layout.canvas
    size = Size(canvas.width, canvas.height)
    image = flattened_layers(layout, size)
    image = adjusted(mirrored(image, layout.flip), layout.adjust)
    image = faded(image, layout.opacity)
    window = layout.window
    return placed(image, canvas.x - window.x, canvas.y - window.y, Size(window.width, window.height))


def flattened_layers(layout: Layout, size: Size) -> Image:
    """Lay all layers over one another, on a canvas of this size."""
    drawn = [draw_layer(layer, layout, size) for layer in layout.layers]
    image = drawn[0]
    for layer in drawn[1:]:
        image = over(as_rgb(layer), with_opaque_alpha(as_rgb(image)))
    return image


def with_opaque_alpha(image: Image) -> Image:
    """Give an image with an alpha band."""
    return image if has_alpha(image) else with_alpha(image, filled(image, (OPAQUE,)))


def draw_layer(layer: LaidLayer, layout: Layout, size: Size) -> Image:
    """Draw one layer on a canvas of this size."""
    image = mirrored(masked(layer, layout), layer.flip)
    image = faded(adjusted(image, layer.adjust), layer.opacity)
    image = on_color(as_rgb(image), layer.color) if layer.color.alpha else image
    image = turned(image, layer, layout.res_mode)
    image = placed(image, layer.box.x - layer.rect.x, layer.box.y - layer.rect.y, size_of(layer.rect))
    image = on_color(as_rgb(image), layer.bg_color) if layer.bg_color.alpha else image
    return placed(image, layer.rect.x, layer.rect.y, size)


def size_of(rect: Rect) -> Size:
    """Give the size of a rectangle."""
    return Size(rect.width, rect.height)


def masked(layer: LaidLayer, layout: Layout) -> Image:
    """Draw a layer's source with its mask, used as `maskUse=` says; where the source ends, nothing is."""
    if not layer.source.rect.width or not layer.source.rect.height:
        return plane(layer.image, CLEAR)
    sequential = streams(layer, layout)
    hidden_matters = layer.mask is not None or (layer.mask_use != "norm" and not layer.source.premultiplied)
    image = fetched(layer, layer.source, layout.res_mode, sequential=sequential, hidden_matters=hidden_matters)
    if layer.mask is not None:
        mask = fetched(layer, layer.mask, layout.res_mode, sequential=sequential, hidden_matters=True)
        image = with_alpha(image, alpha(mask) if has_alpha(mask) else as_gray(mask))
    if layer.mask_use == "off":
        image = on_color(image, BLACK) if layer.source.premultiplied else colors(image)
    elif layer.mask_use == "invert":
        image = with_alpha(image, alpha(image).invert())
    box = between(layer.target, layer.image)
    return placed(image, box.x, box.y, layer.image)


def streams(layer: LaidLayer, layout: Layout) -> bool:
    """Tell whether the source is read once from top to bottom, so that it need not be kept whole."""
    upside_down = "ud" in layer.flip or "ud" in layout.flip
    counts = any(adjust.colorize and adjust.colorize.normalise for adjust in (layer.adjust, layout.adjust))
    return not layer.angle and not upside_down and not counts


def fetched(layer: LaidLayer, source: LaidSource, mode: ResMode, *, sequential: bool, hidden_matters: bool) -> Image:
    """Read the part of a source that falls onto the layer's whole pixels; `hidden_matters` keeps invisible colours."""
    target, rect = layer.target, source.rect
    scale = max((target.right - target.left) / rect.width, (target.bottom - target.top) / rect.height)
    opened = open_source(source, scale, sequential=sequential)
    box = between(target, layer.image)
    if has_alpha(opened.image) and not hidden_matters:
        image = cut(replace(opened, image=premultiplied(opened.image)), rect, target, box, mode)
        return unpremultiplied(image).copy(interpretation=opened.image.interpretation)
    return cut(opened, rect, target, box, mode).rint().cast("uchar")


def between(target: Box, size: Size) -> Rect:
    """Give the whole pixels of an image on which a target lands, at least one each way."""
    left, top = min(max(0, rounded(target.left)), size.width - 1), min(max(0, rounded(target.top)), size.height - 1)
    right, bottom = min(size.width, rounded(target.right)), min(size.height, rounded(target.bottom))
    return Rect(left, top, max(1, right - left), max(1, bottom - top))


def cut(opened: Opened, rect: Rect, target: Box, box: Rect, mode: ResMode) -> Image:
    """Resample the part of a source that falls onto the pixels of `box`, when `rect` falls onto `target`."""
    unit_x = rect.width / max(1e-9, target.right - target.left)
    unit_y = rect.height / max(1e-9, target.bottom - target.top)
    shrink = opened.shrink
    left, top = rect.x + (box.x - target.left) * unit_x, rect.y + (box.y - target.top) * unit_y
    right, bottom = left + box.width * unit_x, top + box.height * unit_y
    source = Box(left / shrink, top / shrink, right / shrink, bottom / shrink)
    within = Box(rect.x / shrink, rect.y / shrink, (rect.x + rect.width) / shrink, (rect.y + rect.height) / shrink)
    return resample(opened.image, source, within, size_of(box), mode)


def turned(image: Image, layer: LaidLayer, mode: ResMode) -> Image:
    """Turn a layer's image clockwise: by quarters exactly, by other angles with interpolated edges."""
    if not layer.angle:
        return image
    if layer.turn is None:
        return image.rot(f"d{round(layer.angle)}")
    return rotated(with_opaque_alpha(as_rgb(image)), layer.turn, layer.box, mode)


def rotated(image: Image, turn: Turn, box: Rect, mode: ResMode) -> Image:
    """Map an image about its centre into a box."""
    middle_x, middle_y = image.width / 2, image.height / 2
    result = premultiplied(image).affine(
        (turn.a, turn.b, turn.c, turn.d),
        interpolate=interpolator(INTERPOLATORS[mode]),
        idx=0.5,
        idy=0.5,
        odx=box.width / 2 - (turn.a * middle_x + turn.b * middle_y) - 0.5,
        ody=box.height / 2 - (turn.c * middle_x + turn.d * middle_y) - 0.5,
        oarea=[0, 0, box.width, box.height],
        extend="background",
        background=[0],
    )
    return unpremultiplied(result).copy(interpretation="srgb")


def mirrored(image: Image, flip: Flip) -> Image:
    """Mirror an image."""
    if "lr" in flip:
        image = image.fliphor()
    return image.flipver() if "ud" in flip else image


def placed(image: Image, x: int, y: int, size: Size) -> Image:
    """Put an image on a transparent canvas; what lies outside is cut off."""
    if x >= size.width or y >= size.height or x <= -image.width or y <= -image.height:
        return plane(size, CLEAR)
    if x <= 0 and y <= 0 and image.width + x >= size.width and image.height + y >= size.height:
        covers = (x, y, image.width, image.height) == (0, 0, size.width, size.height)
        return image if covers else image.crop(-x, -y, size.width, size.height)
    return with_opaque_alpha(image).embed(x, y, size.width, size.height)
