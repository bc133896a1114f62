"""Closed loops → a mask with antialiased edges: even-odd, so that loops within loops are holes."""

from __future__ import annotations

import math
from collections.abc import Iterator

from PIL import Image as Pillow

from imageserver.layout.layout import Clip, Loop
from imageserver.protocol.values import Rect, Size
from imageserver.render.alpha import OPAQUE, alpha, plane, with_alpha
from imageserver.render.engine import Image
from imageserver.render.exchange import from_pillow

Point = tuple[float, float]
SAMPLES = 4
"""Samples of an edge pixel, each way."""


def clipped(image: Image, clips: tuple[Clip, ...], part: Rect) -> Image:
    """Cut an image of the canvas down to the inside of its clips; only `part` of it is going to be looked at."""
    for clip in clips:
        mask = drawn(clip, part, Size(image.width, image.height))
        mask = mask.invert() if clip.outside else mask
        image = with_alpha(image, (alpha(image) * mask / OPAQUE).rint())
    return image


def drawn(clip: Clip, part: Rect, size: Size) -> Image:
    """Draw loops as a mask of the canvas, white inside; what is not part of it stays black."""
    box = bounds(clip, part)
    on_canvas = box.x < size.width and box.y < size.height and box.x + box.width > 0 and box.y + box.height > 0
    if box.width < 1 or box.height < 1 or not on_canvas:
        return plane(size, (0,))
    crossings = crossed(clip, box)
    rows = b"".join(sampled(crossings[row], box) for row in range(box.height * SAMPLES))
    samples = Pillow.frombytes("L", (box.width * SAMPLES, box.height * SAMPLES), rows)
    return from_pillow(samples.reduce(SAMPLES)).embed(box.x, box.y, size.width, size.height)


def sampled(crossings: list[float], box: Rect) -> bytes:
    """Give a row of samples: white from each odd crossing with a loop's edge to the next even one."""
    width = box.width * SAMPLES
    crossings.sort()
    line = bytearray(width)
    for start, stop in zip(crossings[::2], crossings[1::2], strict=False):
        first = max(0, math.ceil((start - box.x) * SAMPLES - 0.5))
        last = min(width, math.ceil((stop - box.x) * SAMPLES - 0.5))
        if first < last:
            line[first:last] = b"\xff" * (last - first)
    return bytes(line)


def crossed(clip: Clip, box: Rect) -> list[list[float]]:
    """Give where edges cross each row of samples of a box; each edge holds its upper end and not its lower one."""
    rows: list[list[float]] = [[] for _ in range(box.height * SAMPLES)]
    for (x0, y0), (x1, y1) in (edge for loop in clip.loops for edge in edges(loop)):
        first, last = sorted((row_below(y0, box), row_below(y1, box)))
        for row in range(max(0, first), min(len(rows), last)):
            y = box.y + (row + 0.5) / SAMPLES
            rows[row].append(x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    return rows


def edges(loop: Loop) -> Iterator[tuple[Point, Point]]:
    """Yield the edges of a loop, the one that closes it last."""
    return zip(loop, (*loop[1:], loop[0]), strict=True)


def row_below(y: float, box: Rect) -> int:
    """Give the first row of samples at or below a height."""
    return math.ceil((y - box.y) * SAMPLES - 0.5)


def bounds(clip: Clip, part: Rect) -> Rect:
    """Give the whole pixels that loops and part share."""
    xs = [x for loop in clip.loops for x, _ in loop]
    ys = [y for loop in clip.loops for _, y in loop]
    left, top = max(part.x, math.floor(min(xs))), max(part.y, math.floor(min(ys)))
    right = min(part.x + part.width, math.ceil(max(xs)))
    bottom = min(part.y + part.height, math.ceil(max(ys)))
    return Rect(left, top, right - left, bottom - top)
