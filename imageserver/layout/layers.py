"""The shape of a layer in the composite: crop, scale, turn, margins. Reference: r-layer-transforms."""

from __future__ import annotations

import math
from dataclasses import dataclass

from imageserver.layout.facts import FactsOf
from imageserver.plan.picture import PlannedLayer, Source, Thumbnail
from imageserver.protocol.values import Margins, MarginsN, Rect, RectN, Size, SizeN, at_least_one, rounded

QUARTER = 90


@dataclass(frozen=True, slots=True)
class LayerShape:
    """A layer in pixels of the composite.

    `crop` is what is cut out of the source and `visible` the part of it that the source covers, both in source
    pixels. `scale` leads from source to composite, `image` is the scaled crop, `turned` its bounding box once it is
    turned by `angle`, and `margins` lie around that.
    """

    crop: Rect
    visible: Rect
    scale: float
    image: Size
    angle: float
    turned: Size
    margins: Margins

    @property
    def size(self) -> Size:
        """The layer's rectangle, margins included."""
        return Size(
            at_least_one(self.turned.width + self.margins.left + self.margins.right),
            at_least_one(self.turned.height + self.margins.top + self.margins.bottom),
        )


def shape_layer(
    layer: PlannedLayer, facts: FactsOf, thumbnail: Thumbnail | None = None, canvas: Size | None = None
) -> LayerShape:
    """Follow a layer through its transforms; a thumbnail's is scaled into `canvas` by the thumbnail rules."""
    window = shown_window(layer.source, facts)
    crop = cropped(layer.commands.crop, window)
    if thumbnail and canvas:
        scale = thumbnail_scale(thumbnail, layer, Size(crop.width, crop.height), canvas)
    else:
        scale = layer_scale(layer, Size(crop.width, crop.height))
    image = Size(at_least_one(crop.width * scale), at_least_one(crop.height * scale))
    angle = layer.commands.rotate % 360
    turned = turned_size(image, angle)
    margins = margins_of(layer.commands.extend, turned)
    return LayerShape(crop, intersection(crop, window), scale, image, angle, turned, margins)


def shown_window(source: Source, facts: FactsOf) -> Rect:
    """Give the part of the source that stands for it: all of it, or the named crop."""
    size = facts[source.path].shown_size(oriented=source.apply_orientation)
    everything = Rect(0, 0, size.width, size.height)
    if source.crop is None:
        return everything
    named = intersection(source.crop, everything)
    return named if named.width and named.height else everything


def cropped(crop: Rect | RectN | None, window: Rect) -> Rect:
    """Give the rectangle that is cut out, in source pixels; it may reach beyond the window."""
    if crop is None:
        return window
    if isinstance(crop, RectN):
        width, height = crop.width * window.width, crop.height * window.height
        crop = Rect(rounded(crop.x * window.width), rounded(crop.y * window.height), rounded(width), rounded(height))
    return Rect(
        window.x + crop.x,
        window.y + crop.y,
        crop.width or max(1, window.width - crop.x),
        crop.height or max(1, window.height - crop.y),
    )


def layer_scale(layer: PlannedLayer, crop: Size) -> float:
    """Find the scale from source to composite: `size=`, else `scale=`, else `res=`, else 1."""
    commands = layer.commands
    if commands.size and not isinstance(commands.size, SizeN) and (commands.size.width or commands.size.height):
        return inner_scale(crop, commands.size)
    if commands.scale is not None:
        return commands.scale
    return commands.res / layer.source.resolution if commands.res is not None else 1.0


def inner_scale(crop: Size, target: Size) -> float:
    """Find the scale at which `crop` just fits inside `target`, where 0 leaves a side free."""
    ratios = [target.width / crop.width] if target.width else []
    ratios += [target.height / crop.height] if target.height else []
    return min(ratios, default=1.0)


def outer_scale(crop: Size, target: Size) -> float:
    """Find the scale at which `crop` just covers `target`, where 0 leaves a side free."""
    ratios = [target.width / crop.width] if target.width else []
    ratios += [target.height / crop.height] if target.height else []
    return max(ratios, default=1.0)


def thumbnail_scale(thumbnail: Thumbnail, layer: PlannedLayer, crop: Size, canvas: Size) -> float:
    """Find the scale of a thumbnail's image. References: r-thumbnail-scaling, r-thumbnail-rules."""
    size = layer.commands.size
    if layer.commands.res is not None and size is None:
        return layer.commands.res / layer.source.resolution
    if thumbnail.kind == "texture" and thumbnail.resolution:
        return thumbnail.resolution / layer.source.resolution
    target = size if isinstance(size, Size) else canvas
    return outer_scale(crop, target) if thumbnail.kind == "crop" else inner_scale(crop, target)


def turned_size(size: Size, angle: float) -> Size:
    """Give the bounding box of a rectangle that is turned by `angle` degrees."""
    if angle % QUARTER == 0:
        return Size(size.height, size.width) if angle % 180 else size
    cosine, sine = abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle)))
    return Size(
        at_least_one(size.width * cosine + size.height * sine), at_least_one(size.width * sine + size.height * cosine)
    )


def margins_of(extend: Margins | MarginsN, size: Size) -> Margins:
    """Give margins in pixels; normalised ones are relative to the layer once it is turned."""
    if isinstance(extend, Margins):
        return extend
    return Margins(
        rounded(extend.left * size.width),
        rounded(extend.top * size.height),
        rounded(extend.right * size.width),
        rounded(extend.bottom * size.height),
    )


def intersection(one: Rect, other: Rect) -> Rect:
    """Give what two rectangles share; a width or height of 0 is nothing."""
    left, top = max(one.x, other.x), max(one.y, other.y)
    right = min(one.x + one.width, other.x + other.width)
    bottom = min(one.y + one.height, other.y + other.height)
    return Rect(left, top, max(0, right - left), max(0, bottom - top))
