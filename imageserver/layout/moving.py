"""Points carried along with the pixels: from a layer's source to the composite, and from there into the reply."""

from __future__ import annotations

from imageserver.commands.layer import Flip
from imageserver.layout.embedded_paths import Move, Point
from imageserver.layout.layers import Geometry, Placed, carried
from imageserver.layout.layout import Loop
from imageserver.plan.picture import Picture, PlannedLayer
from imageserver.protocol.values import Size

Matrix = tuple[float, float, float, float, float, float, float, float, float]


def source_to_composite(layer: PlannedLayer, placed: Placed, corners: Loop = ()) -> Move:
    """Give the way of a point of the source to the composite; a perspective leads to `corners` of that."""
    shape, offset, flip = placed.shape, placed.offset, layer.commands.flip

    def warp(point: Point) -> Point:
        x, y = (point[0] - shape.crop.x) / shape.crop.width, (point[1] - shape.crop.y) / shape.crop.height
        return projected(matrix, (1 - x if "lr" in flip else x, 1 - y if "ud" in flip else y))

    def move(point: Point) -> Point:
        x, y = carried(point, layer, shape)
        return x + offset.x, y + offset.y

    if not corners:
        return move
    matrix = homography(1, 1, corners)
    return warp


def flipped(flip: Flip, size: Size) -> Move:
    """Give the way of a point of the composite when that is mirrored."""

    def move(point: Point) -> Point:
        return size.width - point[0] if "lr" in flip else point[0], size.height - point[1] if "ud" in flip else point[1]

    return move


def composite_to_reply(picture: Picture, geometry: Geometry) -> Move:
    """Give the way of a point of the composite into the reply."""
    view, mirrored = geometry.view, flipped(picture.composite.flip, geometry.composite)

    def move(point: Point) -> Point:
        x, y = mirrored(point)
        return view.left + x * view.scale_x - view.window.x, view.top + y * view.scale_y - view.window.y

    return move


def corners_of(layer: PlannedLayer, placed: Placed, geometry: Geometry) -> Loop:
    """Give the corners of a layer's perspective in pixels of the composite; none without one."""
    perspective = layer.commands.perspective
    if perspective is None:
        return ()
    whole = geometry.layers[0].shape.size if layer.number else placed.shape.size
    unit = (whole.width, whole.height) if perspective.normalised else (1, 1)
    return tuple((placed.offset.x + x * unit[0], placed.offset.y + y * unit[1]) for x, y in perspective.corners)


def homography(width: int, height: int, corners: Loop) -> Matrix:
    """Give the map from an image to a quadrangle, row by row. Derived by Heckbert for the unit square."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    dx1, dx2, dx3 = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, dy3 = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    base = dx1 * dy2 - dx2 * dy1
    g, h = (dx3 * dy2 - dx2 * dy3) / base, (dx1 * dy3 - dx3 * dy1) / base
    return (
        (x1 - x0 + g * x1) / width,
        (x3 - x0 + h * x3) / height,
        x0,
        (y1 - y0 + g * y1) / width,
        (y3 - y0 + h * y3) / height,
        y0,
        g / width,
        h / height,
        1.0,
    )


def projected(matrix: Matrix, point: Point) -> Point:
    """Give where a homography leads a point; one on the horizon goes far away."""
    a, b, c, d, e, f, g, h, i = matrix
    x, y = point
    weight = g * x + h * y + i or 1e-9
    return (a * x + b * y + c) / weight, (d * x + e * y + f) / weight
