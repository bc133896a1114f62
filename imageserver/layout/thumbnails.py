"""Thumbnails: the canvas is the view, and the image is scaled into it by catalog::ThumbType.

References: r-thumbnail-scaling, r-thumbnail-rules, r-view-transform-for-thumbnails.
"""

from __future__ import annotations

from imageserver.commands.view import Align
from imageserver.layout.layers import inner_scale, outer_scale, resolution_of
from imageserver.layout.view import ViewLayout, finish, with_device_pixels
from imageserver.plan.picture import Picture, Thumbnail
from imageserver.protocol.values import Point, Rect, Size, at_least_one, rounded


def is_composition(picture: Picture) -> bool:
    """Tell whether layers lie on a layer 0 whose size is that of its image.

    Scaling that image alone would leave the others where they are, out of sight; so all of it is scaled.
    """
    return len(picture.layers) > 1 and picture.layers[0].commands.size is None


def texture_scale(picture: Picture) -> float:
    """Give the scale of a composition whose thumbnail has a resolution of its own. Reference: r-thumbnail-rules."""
    first, thumbnail = picture.layers[0], picture.thumbnail
    if thumbnail is None or thumbnail.resolution is None or first.commands.res is not None:
        return 1.0
    return thumbnail.resolution / resolution_of(first)


def thumbnail_canvas(picture: Picture, thumbnail: Thumbnail, window: Rect) -> tuple[Size, Size]:
    """Give the canvas, which `size=` of layer 0 may set, and the thumbnail's rectangle."""
    view = with_device_pixels(picture.view, picture.rules)
    wanted = Size(view.wid or thumbnail.default_size.width, view.hei or thumbnail.default_size.height)
    rect = view_rect(wanted, window)
    size = picture.layers[0].commands.size
    if isinstance(size, Size) and (size.width or size.height):
        return Size(size.width or rect.width, size.height or rect.height), rect
    return rect, rect


def thumbnail_offset(size: Size, canvas: Size, thumbnail: Thumbnail) -> Point:
    """Give the place of layer 0 on the canvas, by attribute::ThumbHorizAlign and ThumbVertAlign."""
    return Point(
        rounded((canvas.width - size.width) * (thumbnail.horizontal + 1) / 2),
        rounded((canvas.height - size.height) * (thumbnail.vertical + 1) / 2),
    )


def thumbnail_view(
    picture: Picture, thumbnail: Thumbnail, canvas: Size, rect: Size, texture: float = 1.0
) -> ViewLayout:
    """Put the canvas into the thumbnail's rectangle; that of a texture at a scale of its own."""
    scale = texture if thumbnail.kind == "texture" else composite_scale(thumbnail, canvas, rect)
    scaled = Size(at_least_one(canvas.width * scale), at_least_one(canvas.height * scale))
    align = Align(thumbnail.horizontal, thumbnail.vertical)
    whole = Rect(0, 0, canvas.width, canvas.height)
    return finish(picture.view, whole, scaled, rect, align=align, rules=picture.rules)


def view_rect(wanted: Size, window: Rect) -> Size:
    """Give the thumbnail's rectangle; a side that is free follows the image."""
    width, height = wanted.width, wanted.height
    if width and height:
        return wanted
    scale = width / window.width if width else height / window.height if height else 1.0
    return Size(width or at_least_one(window.width * scale), height or at_least_one(window.height * scale))


def composite_scale(thumbnail: Thumbnail, canvas: Size, rect: Size) -> float:
    """Find the scale from canvas to thumbnail."""
    if canvas == rect:
        return 1.0
    return outer_scale(canvas, rect) if thumbnail.kind == "crop" else inner_scale(canvas, rect)
