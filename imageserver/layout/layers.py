"""The shape of a layer in the composite: crop, scale, turn, margins. Reference: r-layer-transforms."""

from __future__ import annotations

import math
from dataclasses import dataclass

from imageserver.layout.view import ViewLayout
from imageserver.plan.picture import PlannedLayer, Source, Thumbnail
from imageserver.plan.text import TextBlock
from imageserver.protocol.values import (
    Margins,
    MarginsN,
    Point,
    PointN,
    Rect,
    RectN,
    Size,
    SizeN,
    at_least_one,
    rounded,
)

QUARTER = 90
DEFAULT_RESOLUTION = 72.0
NOTHING = Size(0, 0)


@dataclass(frozen=True, slots=True)
class LayerShape:
    """A layer in pixels of the composite.

    `crop` is what is cut out of the source and `visible` the part of it that the source covers, both in source
    pixels. `image` is the scaled crop, `turned` its bounding box once it is turned by `angle`, and `margins` lie
    around that. `scale` leads from source to composite. `warped` says that a perspective leads to the composite.
    `overhang` is how far the image reaches beyond the layer's rectangle, in source pixels on each side.
    """

    crop: Rect
    visible: Rect
    scale: float
    image: Size
    angle: float
    turned: Size
    margins: Margins
    warped: bool = False
    overhang: Size = NOTHING

    @property
    def size(self) -> Size:
        """The layer's rectangle, margins included."""
        return Size(
            at_least_one(self.turned.width + self.margins.left + self.margins.right),
            at_least_one(self.turned.height + self.margins.top + self.margins.bottom),
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """A layer's shape, and the place of its rectangle on the canvas."""

    shape: LayerShape
    window: Rect
    offset: Point


@dataclass(frozen=True, slots=True)
class Geometry:
    """The layers of a picture in pixels of the composite, and the view of it."""

    layers: tuple[Placed, ...]
    composite: Size
    view: ViewLayout


@dataclass(frozen=True, slots=True)
class Frame:
    """What layers are relative to: the size of layer 0, unknown to itself, and the canvas of a thumbnail."""

    layer_0: Size | None = None
    thumbnail: Thumbnail | None = None
    canvas: Size | None = None


def shape_layer(
    layer: PlannedLayer, window: Rect, frame: Frame, overhang: Size = NOTHING, bounds: tuple[Rect, ...] = ()
) -> LayerShape:
    """Follow a layer through its transforms; `window` is the part of its source that stands for it.

    It is cut to the `bounds` of paths, too.

    A text may reach beyond that by an `overhang`; neither size nor place of the layer follow it.
    """
    commands = layer.commands
    if isinstance(layer.source, TextBlock) and commands.perspective is None:
        return shape_text(layer, window, frame, overhang)
    crop = window if isinstance(layer.source, TextBlock) else cut_to(cropped(commands.crop, window), bounds)
    if commands.perspective is not None:
        whole = frame.layer_0 or Size(crop.width, crop.height)
        return LayerShape(crop, intersection(crop, window), 1.0, whole, 0.0, whole, Margins(0, 0, 0, 0), warped=True)
    scale = scale_of(layer, Size(crop.width, crop.height), frame)
    image = Size(at_least_one(crop.width * scale), at_least_one(crop.height * scale))
    angle = commands.rotate % 360
    turned = turned_size(image, angle)
    margins = margins_of(commands.extend, turned)
    return LayerShape(crop, intersection(crop, window), scale, image, angle, turned, margins)


def shape_text(layer: PlannedLayer, window: Rect, frame: Frame, overhang: Size) -> LayerShape:
    """Give the shape of a text: its box, whose glyphs may reach beyond it, with margins that make up for that."""
    scale = scale_of(layer, Size(window.width, window.height), frame)
    crop = grown(window, overhang)
    box, image = (Size(at_least_one(one.width * scale), at_least_one(one.height * scale)) for one in (window, crop))
    angle = layer.commands.rotate % 360
    own, turned = turned_size(box, angle), turned_size(image, angle)
    margins = margins_of(layer.commands.extend, own)
    wide, tall = turned.width - own.width, turned.height - own.height
    inner = Margins(
        margins.left - wide // 2,
        margins.top - tall // 2,
        margins.right - (wide - wide // 2),
        margins.bottom - (tall - tall // 2),
    )
    return LayerShape(crop, crop, scale, image, angle, turned, inner, overhang=overhang)


def grown(rect: Rect, by: Size) -> Rect:
    """Give a rectangle that reaches further on each side."""
    return Rect(rect.x - by.width, rect.y - by.height, rect.width + 2 * by.width, rect.height + 2 * by.height)


def scale_of(layer: PlannedLayer, crop: Size, frame: Frame) -> float:
    """Find the scale from source to composite."""
    if frame.thumbnail and frame.canvas and frame.layer_0 is None:
        return thumbnail_scale(frame.thumbnail, layer, crop, frame.canvas)
    if isinstance(layer.source, TextBlock):
        return 1.0
    return layer_scale(layer, crop, frame)


def solid_window(layer: PlannedLayer, frame: Frame) -> Rect:
    """Give the rectangle of a layer that is nothing but a colour: its size, or the extent of its path."""
    size = wanted_size(layer, frame)
    if size is not None and size.width and size.height:
        return Rect(0, 0, size.width, size.height)
    if layer.commands.clip_path is not None:
        return around(*layer.commands.clip_path.extent)
    whole = frame.layer_0 or Size(1, 1)
    return Rect(0, 0, whole.width, whole.height)


def around(left: float, top: float, right: float, bottom: float) -> Rect:
    """Give the whole pixels that hold a rectangle, at least one each way."""
    x, y = math.floor(left), math.floor(top)
    return Rect(x, y, max(1, math.ceil(right) - x), max(1, math.ceil(bottom) - y))


def wanted_size(layer: PlannedLayer, frame: Frame) -> Size | None:
    """Give `size=` or `sizeN=` in pixels."""
    size = layer.commands.size
    if isinstance(size, SizeN):
        whole = frame.layer_0 or Size(1, 1)
        return Size(rounded(size.width * whole.width), rounded(size.height * whole.height))
    return size


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


def cut_to(rect: Rect, bounds: tuple[Rect, ...]) -> Rect:
    """Cut a rectangle down to others in turn; one that leaves nothing of it is passed over."""
    for one in bounds:
        less = intersection(rect, one)
        rect = less if less.width and less.height else rect
    return rect


def layer_scale(layer: PlannedLayer, crop: Size, frame: Frame) -> float:
    """Find the scale from source to composite: `size=`, else `scale=`, else `res=`, else 1."""
    commands, size = layer.commands, wanted_size(layer, frame)
    if size is not None and (size.width or size.height):
        return inner_scale(crop, size)
    if commands.scale is not None:
        return commands.scale
    return commands.res / resolution_of(layer) if commands.res is not None else 1.0


def resolution_of(layer: PlannedLayer) -> float:
    """Give the object resolution of what a layer shows."""
    return layer.source.resolution if isinstance(layer.source, Source) else DEFAULT_RESOLUTION


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
        return layer.commands.res / resolution_of(layer)
    if thumbnail.kind == "texture" and thumbnail.resolution:
        return thumbnail.resolution / resolution_of(layer)
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


def margins_of(extend: Margins | MarginsN | None, size: Size) -> Margins:
    """Give margins in pixels; normalised ones are relative to the layer once it is turned."""
    if extend is None:
        return Margins(0, 0, 0, 0)
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


def origin_of(layer: PlannedLayer, shape: LayerShape, window: Rect) -> tuple[float, float]:
    """Give the point of a layer's rectangle by which it is placed.

    References: r-origin, r-anchor, r-layer-placement.
    """
    commands, size = layer.commands, shape.size
    if shape.warped:
        return 0.0, 0.0
    if commands.origin is not None:
        return point_in(commands.origin, Rect(0, 0, size.width, size.height))
    anchor = commands.anchor
    if anchor is None and isinstance(layer.source, Source):
        anchor = layer.source.anchor
    if anchor is not None:
        return carried(point_in(anchor, window), layer, shape)
    if is_self_sized(layer):
        return carried((0.0, 0.0), layer, shape)
    return size.width / 2, size.height / 2


def is_self_sized(layer: PlannedLayer) -> bool:
    """Tell whether a layer has the size of its text, or of its path, which then count from the layer's origin."""
    commands, size = layer.commands, layer.commands.size
    if isinstance(layer.source, TextBlock):
        return size is None or not (size.width or size.height)
    return layer.source is None and layer.mask is None and commands.clip_path is not None and commands.size is None


def point_in(point: Point | PointN, rect: Rect) -> tuple[float, float]:
    """Give a point in pixels; a normalised one counts from the centre."""
    if isinstance(point, Point):
        return rect.x + point.x, rect.y + point.y
    return rect.x + (point.x + 0.5) * rect.width, rect.y + (point.y + 0.5) * rect.height


def carried(point: tuple[float, float], layer: PlannedLayer, shape: LayerShape) -> tuple[float, float]:
    """Carry a point of the source through crop, scale, flip and turn into the layer's rectangle."""
    x = (point[0] - shape.crop.x) * shape.image.width / shape.crop.width - shape.image.width / 2
    y = (point[1] - shape.crop.y) * shape.image.height / shape.crop.height - shape.image.height / 2
    x, y = (-x if "lr" in layer.commands.flip else x), (-y if "ud" in layer.commands.flip else y)
    cosine, sine = math.cos(math.radians(shape.angle)), math.sin(math.radians(shape.angle))
    return (
        shape.margins.left + shape.turned.width / 2 + x * cosine - y * sine,
        shape.margins.top + shape.turned.height / 2 + x * sine + y * cosine,
    )


def offset_of(layer: PlannedLayer, origin: tuple[float, float], base: tuple[float, float], layer_0: Size) -> Point:
    """Give the place of a layer's rectangle on the canvas: its origin lies at that of layer 0, moved by `pos=`."""
    pos = layer.commands.pos
    if pos is None:
        x, y = 0.0, 0.0
    elif isinstance(pos, Point):
        x, y = pos.x, pos.y
    else:
        x, y = pos.x * layer_0.width, pos.y * layer_0.height
    if layer.commands.perspective is not None:
        return Point(rounded(x), rounded(y))
    return Point(rounded(base[0] + x - origin[0]), rounded(base[1] + y - origin[1]))
