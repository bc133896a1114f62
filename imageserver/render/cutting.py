"""Which pixels of a source fall onto which pixels of a layer."""

from __future__ import annotations

from dataclasses import replace

from imageserver.commands.delivery import ResMode
from imageserver.layout.layout import Box, LaidSource
from imageserver.protocol.values import Rect, Size, rounded
from imageserver.render.engine import Image
from imageserver.render.resample import part_seen, resample
from imageserver.render.sources import Opened


def size_of(rect: Rect) -> Size:
    """Give the size of a rectangle."""
    return Size(rect.width, rect.height)


def grown(part: Rect, margin: int, size: Size) -> Rect:
    """Give a part with a margin around it, within a canvas of this size; at least a pixel."""
    left, top = max(0, min(part.x - margin, size.width - 1)), max(0, min(part.y - margin, size.height - 1))
    right, bottom = min(size.width, part.x + part.width + margin), min(size.height, part.y + part.height + margin)
    return Rect(left, top, max(1, right - left), max(1, bottom - top))


def between(target: Box, size: Size) -> Rect:
    """Give the whole pixels of an image on which a target lands, at least one each way."""
    left, top = min(max(0, rounded(target.left)), size.width - 1), min(max(0, rounded(target.top)), size.height - 1)
    right, bottom = min(size.width, rounded(target.right)), min(size.height, rounded(target.bottom))
    return Rect(left, top, max(1, right - left), max(1, bottom - top))


def cut(opened: Opened, rect: Rect, target: Box, box: Rect, mode: ResMode) -> Image:
    """Resample the part of a source that falls onto the pixels of `box`, when `rect` falls onto `target`."""
    source, within = boxes_of(rect, target, box, (opened.shrink_x, opened.shrink_y))
    return resample(opened.image, source, within, size_of(box), mode)


def read_part(source: LaidSource, target: Box, box: Rect, part: Rect, size: Size) -> Rect:
    """Give the pixels that `cut` looks at for a part of a layer, in a source that is reduced to `size`."""
    inner, within = boxes_of(source.rect, target, box, (source.reduction, source.reduction))
    shown = grown(replace(part, x=part.x - box.x, y=part.y - box.y), 0, size_of(box))
    return part_seen(inner, within, size, size_of(box), shown)


def boxes_of(rect: Rect, target: Box, box: Rect, shrink: tuple[float, float]) -> tuple[Box, Box]:
    """Give what falls onto `box`, and all of `rect`, in pixels of an image that is smaller by `shrink`."""
    left, right = read_from((rect.x, rect.width), (target.left, target.right), (box.x, box.width))
    top, bottom = read_from((rect.y, rect.height), (target.top, target.bottom), (box.y, box.height))
    wide, tall = shrink
    source = Box(left / wide, top / tall, right / wide, bottom / tall)
    within = Box(rect.x / wide, rect.y / tall, (rect.x + rect.width) / wide, (rect.y + rect.height) / tall)
    return source, within


def read_from(whole: tuple[int, int], target: tuple[float, float], pixels: tuple[int, int]) -> tuple[float, float]:
    """Give the ends of what is read along one axis: the whole of it, where it makes less than a pixel."""
    (start, length), (first, last) = whole, target
    if last - first < 1:
        return start, start + length
    unit = length / (last - first)
    left = start + (pixels[0] - first) * unit
    return left, left + pixels[1] * unit
