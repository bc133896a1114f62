"""Thumbnails: the canvas is the view, and the image is scaled into it by catalog::ThumbType.

References: r-thumbnail-scaling, r-thumbnail-rules, r-view-transform-for-thumbnails.
"""

from __future__ import annotations

from imageserver.commands.view import Align
from imageserver.layout.facts import FactsOf
from imageserver.layout.layers import LayerShape, inner_scale, outer_scale, shape_layer, shown_window
from imageserver.layout.view import ViewLayout, finish, with_device_pixels
from imageserver.plan.picture import Picture, Thumbnail
from imageserver.protocol.values import Point, Rect, Size, at_least_one, rounded

Thumb = tuple[tuple[LayerShape, ...], Size, Point, ViewLayout]


def lay_out_thumbnail(picture: Picture, thumbnail: Thumbnail, facts: FactsOf) -> Thumb:
    """Give the shapes of the layers, the canvas, the place of layer 0 on it, and the view."""
    view = with_device_pixels(picture.view, picture.rules)
    wanted = Size(view.wid or thumbnail.default_size.width, view.hei or thumbnail.default_size.height)
    rect = view_rect(picture, wanted, facts)
    asked = picture.layers[0].commands.size
    canvas = fill_in(asked, rect) if isinstance(asked, Size) and (asked.width or asked.height) else rect
    shapes = tuple(shape_layer(layer, facts, thumbnail, canvas) for layer in picture.layers)
    size = shapes[0].size
    offset = Point(
        rounded((canvas.width - size.width) * (thumbnail.horizontal + 1) / 2),
        rounded((canvas.height - size.height) * (thumbnail.vertical + 1) / 2),
    )
    scale = composite_scale(thumbnail, canvas, rect)
    scaled = Size(at_least_one(canvas.width * scale), at_least_one(canvas.height * scale))
    align = Align(thumbnail.horizontal, thumbnail.vertical)
    whole = Rect(0, 0, canvas.width, canvas.height)
    return shapes, canvas, offset, finish(view, whole, scaled, rect, align=align, rules=picture.rules)


def view_rect(picture: Picture, wanted: Size, facts: FactsOf) -> Size:
    """Give the thumbnail's rectangle; a side that is free follows the image."""
    width, height = wanted.width, wanted.height
    if width and height:
        return wanted
    window = shown_window(picture.layers[0].source, facts)
    scale = width / window.width if width else height / window.height if height else 1.0
    return Size(width or at_least_one(window.width * scale), height or at_least_one(window.height * scale))


def fill_in(size: Size, rect: Size) -> Size:
    """Give `size=` with the thumbnail's own side where one is left free."""
    return Size(size.width or rect.width, size.height or rect.height)


def composite_scale(thumbnail: Thumbnail, canvas: Size, rect: Size) -> float:
    """Find the scale from canvas to thumbnail; a texture keeps its resolution."""
    if canvas == rect or thumbnail.kind == "texture":
        return 1.0
    return outer_scale(canvas, rect) if thumbnail.kind == "crop" else inner_scale(canvas, rect)
