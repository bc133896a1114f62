"""Closed loops → a mask with antialiased edges: even-odd, so that loops within loops are holes."""

from __future__ import annotations

import math

from PIL import Image as Pillow
from PIL import ImageChops, ImageDraw

from imageserver.layout.layout import Clip
from imageserver.protocol.values import Rect, Size
from imageserver.render.alpha import OPAQUE, alpha, plane, with_alpha
from imageserver.render.engine import Image

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
    if box.width < 1 or box.height < 1:
        return plane(size, (0,))
    wide, tall = box.width * SAMPLES, box.height * SAMPLES
    mask = Pillow.new("1", (wide, tall))
    for loop in clip.loops:
        one = Pillow.new("1", (wide, tall))
        points = [((x - box.x) * SAMPLES - 0.5, (y - box.y) * SAMPLES - 0.5) for x, y in loop]
        ImageDraw.Draw(one).polygon(points, fill=1)
        mask = ImageChops.logical_xor(mask, one)
    small = mask.convert("L").reduce(SAMPLES)
    image = Image.new_from_memory(small.tobytes(), box.width, box.height, 1, "uchar")
    return image.embed(box.x, box.y, size.width, size.height)


def bounds(clip: Clip, part: Rect) -> Rect:
    """Give the whole pixels that loops and part share."""
    xs = [x for loop in clip.loops for x, _ in loop]
    ys = [y for loop in clip.loops for _, y in loop]
    left, top = max(part.x, math.floor(min(xs))), max(part.y, math.floor(min(ys)))
    right = min(part.x + part.width, math.ceil(max(xs)))
    bottom = min(part.y + part.height, math.ceil(max(ys)))
    return Rect(left, top, right - left, bottom - top)
