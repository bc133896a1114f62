"""Resampling of a rectangle with fractions onto whole pixels: antialiased, and true to an eighth of a pixel.

libvips reduces about the centre of the image that it is given. So the window that is reduced is chosen such that its
centre is where ours has to be, exactly where the rectangle is whole; pixels beyond our own are let in at the edges, for
the kernel to see, and cut off.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from imageserver.commands.delivery import ResMode
from imageserver.layout.layout import Box
from imageserver.protocol.values import Rect, Size
from imageserver.render.alpha import has_alpha
from imageserver.render.engine import Image, interpolator

KERNELS: dict[ResMode, str] = {
    "bilin": "linear",  # bilinear; antialiased when it reduces, as the reference's is not
    "bicub": "cubic",  # Catmull-Rom
    "sharp2": "lanczos3",  # the windowed sinc that the reference describes
    "bisharp": "mks2013",  # B-spline and sharpening in one kernel, as Photoshop's "bicubic sharper"
}
INTERPOLATORS: dict[ResMode, str] = {"bilin": "bilinear", "bicub": "bicubic", "sharp2": "bicubic", "bisharp": "bicubic"}
SUPPORT = 3
"""Pixels of the result that the widest kernel sees beyond its own."""
EPSILON = 1e-6
EXACT = 0.005
"""A centre that is off by less, in pixels of the source, is where it has to be."""
MOST_EXTRA = 12
"""Pixels of the result that are made in vain, at the most, to find a better centre."""
LARGEST_STEP = 8
"""Reductions beyond this are averaged first: libvips' long kernels of small numbers add up to less than one."""
LEFT_TO_DO = 4
UNKNOWN = 0
NEARLY_SAME = 1.2
"""Reductions below this alias so little that interpolation will do."""
VISIBLE = 0.02
"""Shifts below this fraction of a pixel cannot be seen."""


@dataclass(frozen=True, slots=True)
class Span:
    """One axis of a rectangle: `start` to `stop`, within `low` to `high`, onto `count` pixels."""

    start: float
    stop: float
    low: int
    high: int
    count: int

    @property
    def step(self) -> float:
        """How much of the source makes one pixel."""
        return (self.stop - self.start) / self.count


@dataclass(frozen=True, slots=True)
class Window:
    """The whole pixels `start` to `start + length` to reduce to `count`, of which the first `skip` are not wanted."""

    start: int
    length: int
    count: int
    skip: int
    error: float


@dataclass(frozen=True, slots=True)
class Cut:
    """One axis of what is taken out of an image of `length` pixels: `start` to `stop`, with `missing` before it."""

    length: int
    start: int
    stop: int
    missing: int
    wanted: int


def resample(image: Image, source: Box, within: Box, size: Size, mode: ResMode, *, length: Size | None = None) -> Image:
    """Give the rectangle `source` of an image as `size` pixels; nothing beyond `within` is seen.

    `length` is the image's own size, where that is known.
    """
    length = length or Size(image.width, image.height)
    columns = span((source.left, source.right), (within.left, within.right), length.width, size.width)
    rows = span((source.top, source.bottom), (within.top, within.bottom), length.height, size.height)
    image = taken(image, cut_of(columns, length.width), cut_of(rows, length.height))
    image = reduced(image, rows, mode, vertical=True)
    image = reduced(image, columns, mode, vertical=False)
    image = kept(image, kept_of(columns, length.width), kept_of(rows, length.height))
    return magnified(image, columns, rows, mode)


def part_seen(source: Box, within: Box, image: Size, size: Size, part: Rect) -> Rect:
    """Give the pixels of an image that `resample` looks at for a part of its result."""
    columns = span((source.left, source.right), (within.left, within.right), image.width, size.width)
    rows = span((source.top, source.bottom), (within.top, within.bottom), image.height, size.height)
    left, right = seen(columns, part.x, part.x + part.width)
    top, bottom = seen(rows, part.y, part.y + part.height)
    return Rect(left, top, right - left, bottom - top)


def exact_part(source: Box, within: Box, image: Size, size: Size, part: Rect) -> Rect | None:
    """Give the pixels of an image that are a part of what `resample` makes of it; None where it changes them."""
    columns = span((source.left, source.right), (within.left, within.right), image.width, size.width)
    rows = span((source.top, source.bottom), (within.top, within.bottom), image.height, size.height)
    if not (is_exact(columns) and is_exact(rows)):
        return None
    area = part_seen(source, within, image, size, part)
    return area if (area.width, area.height) == (part.width, part.height) else None


def is_exact(axis: Span) -> bool:
    """Tell whether each pixel along an axis is one of the source."""
    return abs(axis.step - 1) <= EPSILON and not is_interpolated(axis)


def seen(axis: Span, first: int, last: int) -> tuple[int, int]:
    """Give the ends of what is looked at along one axis for the pixels `first` to `last` of the result."""
    if is_interpolated(axis):
        start = math.floor(axis.start + first * axis.step) - SUPPORT
        stop = math.ceil(axis.start + last * axis.step) + SUPPORT
    elif axis.step <= 1 + EPSILON:
        window = best_window(axis)
        start, stop = window.start + window.skip + first, window.start + window.skip + last
    else:
        margin = (SUPPORT + 1) * axis.step + 2
        start = math.floor(axis.start + first * axis.step - margin)
        stop = math.ceil(axis.start + last * axis.step + margin)
    start = min(max(start, axis.low), axis.high - 1)
    return start, max(min(stop, axis.high), start + 1)


def span(ends: tuple[float, float], limits: tuple[float, float], length: int, count: int) -> Span:
    """Make a span that stays inside of an image of `length` pixels."""
    low, high = max(0, math.floor(limits[0] + EPSILON)), min(length, math.ceil(limits[1] - EPSILON))
    return Span(*ends, low, max(low + 1, high), count)


def cut_of(axis: Span, length: int) -> Cut:
    """Say what is taken out of an image to be reduced; what is to be magnified is left for later."""
    if is_interpolated(axis):
        return Cut(length, 0, length, 0, length)
    window = best_window(axis)
    start = min(max(window.start, axis.low), axis.high - 1)
    stop = max(min(window.start + window.length, axis.high), start + 1)
    return Cut(length, start, stop, start - window.start, window.length)


def taken(image: Image, columns: Cut, rows: Cut) -> Image:
    """Cut a window out of an image; beyond the span's limits its last pixels are repeated."""
    width, height = columns.stop - columns.start, rows.stop - rows.start
    if (width, height) != (columns.length, rows.length):
        image = image.crop(columns.start, rows.start, width, height)
    if (width, height) == (columns.wanted, rows.wanted):
        return image
    return image.embed(columns.missing, rows.missing, columns.wanted, rows.wanted, extend="copy")


def reduced(image: Image, axis: Span, mode: ResMode, *, vertical: bool) -> Image:
    """Reduce a window along one axis; what is to be magnified is left for later."""
    if is_interpolated(axis):
        return image
    step = axis.step
    if step > LARGEST_STEP:
        image, step = averaged(image, step, vertical=vertical)
    if step <= 1 + EPSILON:
        return image
    kernel = KERNELS[mode]
    return image.reducev(step, kernel=kernel) if vertical else image.reduceh(step, kernel=kernel)


def kept_of(axis: Span, length: int) -> tuple[int, int, int]:
    """Say how many pixels there are along an axis after it was reduced, and which of them are wanted."""
    if is_interpolated(axis):
        return length, 0, length
    window = best_window(axis)
    return window.count if axis.step <= LARGEST_STEP else UNKNOWN, window.skip, axis.count


def kept(image: Image, columns: tuple[int, int, int], rows: tuple[int, int, int]) -> Image:
    """Cut off what was let in at the edges for the kernel to see."""
    (across, left, width), (down, top, height) = columns, rows
    return image if (across, down) == (width, height) else image.crop(left, top, width, height)


def averaged(image: Image, step: float, *, vertical: bool) -> tuple[Image, float]:
    """Average whole groups of pixels about the centre, and give the reduction that is left to do."""
    group = int(step / LEFT_TO_DO)
    width, height = image.width, image.height
    length = height if vertical else width
    count = length // group
    start = (length - count * group) // 2
    if vertical:
        return image.crop(0, start, width, count * group).shrinkv(group), step / group
    return image.crop(start, 0, count * group, height).shrinkh(group), step / group


def is_interpolated(axis: Span) -> bool:
    """Tell whether an axis is magnified, or shifted by a fraction at nearly the same size."""
    if axis.step < 1 - EPSILON:
        return True
    return axis.step < NEARLY_SAME and best_window(axis).error > VISIBLE


@lru_cache(maxsize=1024)
def best_window(axis: Span) -> Window:
    """Choose the window whose centre is where it has to be, or nearest to that."""
    best: Window | None = None
    for window in windows(axis):
        if best is None or window.error < best.error - EPSILON:
            best = window
        if best.error < EXACT:
            break
    return best or Window(axis.low, axis.high - axis.low, UNKNOWN, 0, 0.0)


def windows(axis: Span) -> Iterator[Window]:
    """Yield windows with some pixels more than needed on each side, those with the fewest first.

    There are more on a side only as far as the kernel sees pixels there, or to move the centre.
    """
    room_left = max(0, math.floor((axis.start - axis.low) / axis.step + EPSILON))
    room_right = max(0, math.floor((axis.high - axis.stop) / axis.step + EPSILON))
    left, right = min(SUPPORT, room_left), min(SUPPORT, room_right)
    for more in range(MOST_EXTRA):
        for some in range(more + 1):
            yield from centred(axis, left + some, right + more)
            if some != more:
                yield from centred(axis, left + more, right + some)


def centred(axis: Span, left: int, right: int) -> Iterator[Window]:
    """Yield the windows of whole pixels that reduce to our pixels and `left` and `right` more."""
    step, count = axis.step, axis.count + left + right
    center = (axis.start + axis.stop + (right - left) * step) / 2
    nearest = round(count * step)
    for length in (nearest, nearest - 1, nearest + 1):
        if length >= 1 and rounds_to(length / step, count):
            start = round(center - length / 2)
            yield Window(start, length, count, left, abs(start + length / 2 - center))


def rounds_to(value: float, count: int) -> bool:
    """Tell whether libvips makes `count` pixels of it, which rounds half up."""
    return math.floor(value + 0.5) == count


def magnified(image: Image, columns: Span, rows: Span, mode: ResMode) -> Image:
    """Interpolate between the pixels' centres, along the axes that need it; with alpha the result is in fractions.

    So the ringing of kernels can be cut off behind a division by the alpha, where it leaves the colour as it is.
    """
    wide, tall = is_interpolated(columns), is_interpolated(rows)
    if not wide and not tall:
        return image
    left, top = (columns.low if wide else 0), (rows.low if tall else 0)
    width = columns.high - left if wide else image.width
    height = rows.high - top if tall else image.height
    scale_x, scale_y = (1 / columns.step if wide else 1.0), (1 / rows.step if tall else 1.0)
    offset_x = (columns.start - left) * scale_x if wide else 0.0
    offset_y = (rows.start - top) * scale_y if tall else 0.0
    part = image.crop(left, top, width, height)
    return (part.cast("float") if has_alpha(image) else part).affine(
        (scale_x, 0, 0, scale_y),
        interpolate=interpolator(INTERPOLATORS[mode]),
        idx=0.5,
        idy=0.5,
        odx=-0.5 - offset_x,
        ody=-0.5 - offset_y,
        oarea=[0, 0, columns.count, rows.count],
        extend="copy",
        premultiplied=True,
    )
