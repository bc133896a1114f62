"""The commonest picture, one opaque level that is scaled and cut, without the canvas that layers are laid on.

What it gives is what `compose` gives, to the byte; but the operations that would do nothing here cost more to set up
than the pixels of a small reply.
"""

from __future__ import annotations

from dataclasses import replace

from PIL import Image as Pillow

from imageserver.commands.adjust import Adjust
from imageserver.layout.layout import LaidLayer, LaidSource, Layout
from imageserver.protocol.values import Rect, Size
from imageserver.render.cutting import between, boxes_of, size_of
from imageserver.render.exchange import from_memory
from imageserver.render.levels import facts_of, read_area, read_level
from imageserver.render.resample import exact_part, part_seen, resample

COLORED = 3
"""Bands of RGB."""
NOTHING = Adjust()


def plain_picture(layout: Layout) -> Pillow.Image | None:
    """Draw a layout that shows one opaque level in colour and nothing else; None for any other."""
    layer = layout.layers[0]
    source = layer.source
    if len(layout.layers) > 1 or not isinstance(source, LaidSource) or source.level is None:
        return None
    part = part_of(layer, layout)
    if part is None or not is_plain(layer, layout) or facts_of(source.level).bands != COLORED:
        return None
    return cut(source, layer, layout, part)


def part_of(layer: LaidLayer, layout: Layout) -> Rect | None:
    """Give the part of a layer's image that is sent; None where it does not fill the reply."""
    canvas, window, image = layout.canvas, layout.window, layer.image
    whole = Rect(0, 0, image.width, image.height)
    if layer.rect != layer.box or size_of(layer.box) != image or between(layer.target, image) != whole:
        return None
    x, y = window.x - canvas.x, window.y - canvas.y
    part = replace(window, x=x - layer.box.x, y=y - layer.box.y)
    is_covered = is_within(part, image) and is_within(replace(window, x=x, y=y), size_of(canvas))
    return part if is_covered else None


def is_within(part: Rect, size: Size) -> bool:
    """Tell whether a part lies within an image of this size."""
    inside = part.x >= 0 and part.y >= 0
    return inside and part.x + part.width <= size.width and part.y + part.height <= size.height


def is_plain(layer: LaidLayer, layout: Layout) -> bool:
    """Tell whether nothing is done to the one layer of a layout, but for scaling and cutting."""
    bent = layer.flip or layer.angle or layer.corners or layer.clips or layer.effects or layer.hidden
    masked = layer.mask is not None or layer.mask_use != "norm" or layer.mask_growth or layout.mask_only
    changed = layout.flip or layout.clips or layout.effects or layer.adjust != NOTHING or layout.adjust != NOTHING
    opaque = layer.opacity == layer.fill_opacity == layout.opacity == layout.fill_opacity == 1
    return opaque and not bent and not masked and not changed and layout.coloring is None


def cut(source: LaidSource, layer: LaidLayer, layout: Layout, part: Rect) -> Pillow.Image:
    """Scale the part of a layer's image that is sent; where a level is as large as that, its pixels are taken."""
    assert source.level is not None  # noqa: S101, what plain_picture asks for
    whole, step = Rect(0, 0, layer.image.width, layer.image.height), (source.reduction, source.reduction)
    inner, within = boxes_of(source.rect, layer.target, whole, step)
    length = facts_of(source.level).size
    area = exact_part(inner, within, length, layer.image, part)
    if area is not None:
        return read_area(source.level, area)
    image, _ = read_level(source.level, lambda size: part_seen(inner, within, size, layer.image, part))
    drawn = resample(image, inner, within, layer.image, layout.res_mode, length=length)
    if part != whole:
        drawn = drawn.crop(part.x, part.y, part.width, part.height)
    return from_memory(drawn.write_to_memory(), COLORED, size_of(part))
