"""Plan → Layout: how many pixels go where, at the resolution of the reply."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

from imageserver.commands.adjust import Adjust, UnsharpMaskR
from imageserver.commands.delivery import ResMode
from imageserver.commands.layer import Flip, MaskUse
from imageserver.errors import IllegalSize
from imageserver.layout.facts import FactsOf
from imageserver.layout.layers import LayerShape, shape_layer, shown_window
from imageserver.layout.thumbnails import lay_out_thumbnail
from imageserver.layout.view import LARGEST_COORDINATE, ViewLayout, lay_out_view
from imageserver.plan.picture import Encoding, Picture, PlannedLayer, Source
from imageserver.protocol.color import Color
from imageserver.protocol.values import Point, Rect, Size, at_least_one, rounded


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with fractions of pixels."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Turn:
    """A linear map: x' = a·x + b·y, y' = c·x + d·y."""

    a: float
    b: float
    c: float
    d: float


@dataclass(frozen=True, slots=True)
class LaidSource:
    """A file to read and the rectangle of it that is used, in pixels as shown (`size` is all of it).

    `turned` says that its rows are not stored from top to bottom. `content_hash` stands for the file wherever equal
    pictures are recognised; the path is only where to read it.
    """

    path: Path = field(repr=False)
    content_hash: str
    size: Size
    oriented: bool
    turned: bool
    premultiplied: bool
    rect: Rect


@dataclass(frozen=True, slots=True)
class LaidLayer:
    """A layer in pixels of the canvas.

    The source's rectangle lands at `target` within an image of `image` pixels, is mirrored by `flip`, adjusted, laid
    over `color`, turned by `turn` (or by quarters, without one) into `box`. `rect` is the layer's rectangle, which
    `bg_color` fills.
    """

    source: LaidSource
    target: Box
    image: Size
    flip: Flip
    adjust: Adjust
    color: Color
    angle: float
    turn: Turn | None
    box: Rect
    rect: Rect
    bg_color: Color
    opacity: float
    mask: LaidSource | None
    mask_use: MaskUse


@dataclass(frozen=True, slots=True)
class Layout:
    """A picture in pixels: layers on a `canvas` that lies in the view, of which `window` is sent."""

    layers: tuple[LaidLayer, ...]
    canvas: Rect
    flip: Flip
    opacity: float
    adjust: Adjust
    view: Size
    window: Rect
    background: Color
    res_mode: ResMode
    encoding: Encoding
    mask_only: bool

    @property
    def reply(self) -> Size:
        """The size of what is sent."""
        return Size(self.window.width, self.window.height)


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where everything of a picture lies: the shapes of its layers, the composite and the view."""

    shapes: tuple[LayerShape, ...]
    composite: Size
    offset: Point
    view: ViewLayout


def lay_out(picture: Picture, facts: FactsOf) -> Layout:
    """Say how many pixels go where; raises `IllegalSize` when they are too many."""
    geometry = measure(picture, facts)
    view = geometry.view
    canvas = canvas_of(view, geometry.composite)
    scale = math.sqrt(view.scale_x * view.scale_y)
    return Layout(
        layers=tuple(
            lay_layer(layer, shape, geometry, canvas, facts)
            for layer, shape in zip(picture.layers, geometry.shapes, strict=True)
        ),
        canvas=canvas,
        flip=picture.composite.flip,
        opacity=picture.composite.opac.fraction,
        adjust=scaled_adjust(picture.adjust, scale, scale),
        view=view.size,
        window=view.window,
        background=picture.background,
        res_mode=picture.res_mode,
        encoding=with_print_resolution(picture, facts),
        mask_only=picture.mask_only,
    )


def measure(picture: Picture, facts: FactsOf) -> Geometry:
    """Find the shapes of the layers, the size of the composite, and its place in the view."""
    if picture.thumbnail is not None:
        shapes, composite, offset, view = lay_out_thumbnail(picture, picture.thumbnail, facts)
        return Geometry(shapes, composite, offset, view)
    shapes = tuple(shape_layer(layer, facts) for layer in picture.layers)
    composite = shapes[0].size
    if max(composite.width, composite.height) > LARGEST_COORDINATE:
        raise IllegalSize(composite.width, composite.height, f"{LARGEST_COORDINATE} pixels a side of a composite")
    return Geometry(shapes, composite, Point(0, 0), lay_out_view(picture.view, composite, picture.rules))


def canvas_of(view: ViewLayout, composite: Size) -> Rect:
    """Give the composite's rectangle in whole pixels of the view."""
    left, top = rounded(view.left), rounded(view.top)
    right = rounded(view.left + composite.width * view.scale_x)
    bottom = rounded(view.top + composite.height * view.scale_y)
    return Rect(left, top, max(1, right - left), max(1, bottom - top))


def lay_layer(layer: PlannedLayer, shape: LayerShape, geometry: Geometry, canvas: Rect, facts: FactsOf) -> LaidLayer:
    """Bring a layer into pixels of the canvas."""
    view, commands, margins = geometry.view, layer.commands, shape.margins
    left = (geometry.offset.x + margins.left) * view.scale_x + view.left - canvas.x
    top = (geometry.offset.y + margins.top) * view.scale_y + view.top - canvas.y
    scale_x, scale_y = view.scale_x, view.scale_y
    turn, image, box = turned(shape, scale_x, scale_y, left, top)
    target = landing(shape, left, top, scale_x, scale_y) if turn is None and not shape.angle else inside(shape, image)
    if turn is None and not shape.angle:
        target = Box(target.left - box.x, target.top - box.y, target.right - box.x, target.bottom - box.y)
    outer_left, outer_top = left - margins.left * scale_x, top - margins.top * scale_y
    return LaidLayer(
        source=lay_source(layer.source, shape.visible, facts),
        target=target,
        image=image,
        flip=commands.flip,
        adjust=scaled_adjust(layer.adjust, math.sqrt(scale_x * scale_y), shape.scale * math.sqrt(scale_x * scale_y)),
        color=commands.color,
        angle=shape.angle,
        turn=turn,
        box=box,
        rect=between(
            outer_left, outer_top, outer_left + shape.size.width * scale_x, outer_top + shape.size.height * scale_y
        ),
        bg_color=commands.bg_color,
        opacity=commands.opac.fraction,
        mask=lay_mask(layer, shape.visible, facts),
        mask_use=commands.mask_use,
    )


def turned(
    shape: LayerShape, scale_x: float, scale_y: float, left: float, top: float
) -> tuple[Turn | None, Size, Rect]:
    """Find how a layer is turned: the map, the size of the image before it, and its box behind it."""
    right, bottom = left + shape.turned.width * scale_x, top + shape.turned.height * scale_y
    box = between(left, top, right, bottom)
    if shape.angle % 90 == 0:
        size = Size(box.width, box.height)
        return None, Size(size.height, size.width) if shape.angle % 180 else size, box
    cosine, sine = math.cos(math.radians(shape.angle)), math.sin(math.radians(shape.angle))
    image = Size(
        at_least_one(shape.image.width * math.hypot(cosine * scale_x, sine * scale_y)),
        at_least_one(shape.image.height * math.hypot(sine * scale_x, cosine * scale_y)),
    )
    unit_x, unit_y = shape.image.width / image.width, shape.image.height / image.height
    turn = Turn(cosine * scale_x * unit_x, -sine * scale_x * unit_y, sine * scale_y * unit_x, cosine * scale_y * unit_y)
    return turn, image, box


def landing(shape: LayerShape, left: float, top: float, scale_x: float, scale_y: float) -> Box:
    """Give the box of the canvas on which the visible part of the source lands."""
    crop, visible = shape.crop, mirrored(shape)
    unit_x = shape.image.width * scale_x / crop.width
    unit_y = shape.image.height * scale_y / crop.height
    x, y = left + visible.x * unit_x, top + visible.y * unit_y
    return Box(x, y, x + visible.width * unit_x, y + visible.height * unit_y)


def inside(shape: LayerShape, image: Size) -> Box:
    """Give the box of the layer's own image on which the visible part of the source lands."""
    crop, visible = shape.crop, mirrored(shape)
    unit_x, unit_y = image.width / crop.width, image.height / crop.height
    return Box(
        visible.x * unit_x,
        visible.y * unit_y,
        (visible.x + visible.width) * unit_x,
        (visible.y + visible.height) * unit_y,
    )


def mirrored(shape: LayerShape) -> Rect:
    """Give the visible part relative to the crop."""
    return Rect(
        shape.visible.x - shape.crop.x, shape.visible.y - shape.crop.y, shape.visible.width, shape.visible.height
    )


def between(left: float, top: float, right: float, bottom: float) -> Rect:
    """Give a box in whole pixels, at least one each way."""
    x, y = rounded(left), rounded(top)
    return Rect(x, y, max(1, rounded(right) - x), max(1, rounded(bottom) - y))


def lay_source(source: Source, visible: Rect, facts: FactsOf) -> LaidSource:
    """Say which rectangle of which file is read."""
    known = facts[source.path]
    return LaidSource(
        path=source.path,
        content_hash=known.content_hash,
        size=known.shown_size(oriented=source.apply_orientation),
        oriented=source.apply_orientation,
        turned=source.apply_orientation and known.orientation > 1,
        premultiplied=known.alpha == "associated",
        rect=visible,
    )


def lay_mask(layer: PlannedLayer, visible: Rect, facts: FactsOf) -> LaidSource | None:
    """Say which rectangle of which file is the mask: that of `mask=`, or the record's own.

    A mask of another size than its image is stretched over it. A source whose alpha is premultiplied keeps it.
    """
    source = layer.source
    if layer.mask is not None:
        window = shown_window(layer.mask, facts)
        mask = layer.mask
    elif source.mask is not None and facts[source.path].alpha != "associated":
        mask = replace(source, path=source.mask, mask=None)
        size = facts[source.mask].shown_size(oriented=source.apply_orientation)
        window = Rect(0, 0, size.width, size.height)
    else:
        return None
    whole = shown_window(source, facts) if layer.mask is not None else shown_window(replace(source, crop=None), facts)
    unit_x, unit_y = window.width / whole.width, window.height / whole.height
    rect = Rect(
        window.x + rounded((visible.x - whole.x) * unit_x),
        window.y + rounded((visible.y - whole.y) * unit_y),
        at_least_one(visible.width * unit_x),
        at_least_one(visible.height * unit_y),
    )
    return lay_source(mask, rect, facts)


def scaled_adjust(adjust: Adjust, scale: float, sharpening: float) -> Adjust:
    """Bring radii from pixels of the composite, and of `op_usm` from full resolution, into pixels of the view."""
    usm = adjust.usm
    if usm is not None and not isinstance(usm, UnsharpMaskR):
        usm = replace(usm, radius=usm.radius * min(1.0, sharpening))
    return replace(adjust, usm=usm, blur=adjust.blur * scale, grow=rounded(adjust.grow * scale))


def with_print_resolution(picture: Picture, facts: FactsOf) -> Encoding:
    """Fill in the print resolution: `printRes=`, the record's, the file's, or the catalog's."""
    encoding, source = picture.encoding, picture.layers[0].source
    resolution = (
        encoding.print_resolution
        or source.print_resolution
        or facts[source.path].print_resolution
        or encoding.default_print_resolution
    )
    return replace(encoding, print_resolution=resolution)
