"""Where lines may stand: boxes and shapes, turned so that lines run along their first axis. Lengths are in points."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from imageserver.commands.loops import flattened
from imageserver.commands.paths import Path

Point = tuple[float, float]
Loop = tuple[Point, ...]
Interval = tuple[float, float]
Edge = tuple[float, float, float, float]
"""x, y of its upper end, then of its lower one."""
SCANS = 64
BANDS = 128
HAIR = 1e-7


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle whose right and bottom may be free; `tight` boxes begin with the character cell (textPs=)."""

    left: float
    top: float
    right: float = math.inf
    bottom: float = math.inf
    tight: bool = False

    def intervals(self, top: float, bottom: float) -> tuple[Interval, ...]:
        """Give where a line may stand, from left to right."""
        del top, bottom  # it is as wide everywhere
        return ((self.left, self.right),)


@dataclass(frozen=True, slots=True)
class Edges:
    """Edges of loops in a number of bands of equal heights, so that few of them have to be looked at for a line."""

    bands: tuple[tuple[Edge, ...], ...]
    top: float
    height: float

    def band(self, y: float) -> int:
        """Give the band that a height is in, or the nearest one."""
        return min(len(self.bands) - 1, max(0, int((y - self.top) / self.height))) if self.height else 0

    def insides(self, y: float) -> list[Interval]:
        """Give what is inside at a height, by the even-odd rule."""
        return spans(crossings(self.bands[self.band(y)], y))

    def covered(self, top: float, bottom: float) -> list[Interval]:
        """Give what the parts of edges between two heights cover."""
        bands = self.bands[self.band(top) : self.band(bottom) + 1]
        return [one for band in bands for one in covered(band, top, bottom)]


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """Loops, what lies in two of them being outside, without the loops that are excluded.

    It is compared by identity: what is known about it is found fast.
    """

    edges: Edges
    excluded: Edges
    top: float
    bottom: float

    def intervals(self, top: float, bottom: float) -> tuple[Interval, ...]:
        """Give where the whole height of a line is inside, from left to right."""
        middle = (top + bottom) / 2
        taken = self.excluded.insides(middle)
        for edges in (self.edges, self.excluded):
            taken += edges.covered(top + HAIR, bottom - HAIR)
        return tuple(without(self.edges.insides(middle), sorted(taken)))


Region = Box | Shape


def shapes(inside: Path, excluded: Path | None, scale: float, angle: float) -> tuple[Shape, ...]:
    """Give the regions of a path in the order of its subpaths; loops that overlap make up one."""
    loops = [turned(loop, scale, angle) for loop in flattened(inside, 1.0)]
    others = [turned(loop, scale, angle) for loop in flattened(excluded, 1.0)] if excluded else []
    holes = in_bands(others)
    return tuple(shape_of(group, holes) for group in groups(loops))


def box_region(left: float, top: float, right: float, bottom: float, *, tight: bool, angle: float) -> Region:
    """Give the region of a box in which lines run at an angle."""
    match angle % 360:
        case 0:
            return Box(left, top, right, bottom, tight)
        case 90:
            return Box(top, -right, bottom, -left, tight)
        case 180:
            return Box(-right, -bottom, -left, -top, tight)
        case 270:
            return Box(-bottom, left, -top, right, tight)
    return shape_of([turned(((left, top), (right, top), (right, bottom), (left, bottom)), 1.0, angle)], in_bands(()))


def shape_of(loops: Sequence[Loop], holes: Edges) -> Shape:
    """Give the shape that loops enclose."""
    ys = [y for loop in loops for _, y in loop]
    return Shape(in_bands(loops), holes, min(ys), max(ys))


def in_bands(loops: Sequence[Loop]) -> Edges:
    """Sort the edges of loops into bands."""
    edges = [edge for loop in loops for edge in edges_of(loop)]
    top, bottom = min((one[1] for one in edges), default=0.0), max((one[3] for one in edges), default=0.0)
    height = (bottom - top) / BANDS
    bands: list[list[Edge]] = [[] for _ in range(BANDS)]
    empty = Edges(((),) * BANDS, top, height)
    for edge in edges:
        for i in range(empty.band(edge[1]), empty.band(edge[3]) + 1):
            bands[i].append(edge)
    return Edges(tuple(map(tuple, bands)), top, height)


def turned(loop: Sequence[Point], scale: float, angle: float) -> Loop:
    """Give points as seen by somebody who is turned clockwise by an angle."""
    cosine, sine = direction(angle)
    return tuple(((x * cosine + y * sine) * scale, (y * cosine - x * sine) * scale) for x, y in loop)


def direction(angle: float) -> tuple[float, float]:
    """Give cosine and sine of an angle in degrees, exact for quarter turns."""
    if angle % 90 == 0:
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(angle // 90) % 4]
    return math.cos(math.radians(angle)), math.sin(math.radians(angle))


def edges_of(loop: Loop) -> Iterator[Edge]:
    """Give the edges of a closed loop, from top to bottom."""
    for (x0, y0), (x1, y1) in zip(loop, (*loop[1:], loop[0]), strict=True):
        yield (x0, y0, x1, y1) if y0 <= y1 else (x1, y1, x0, y0)


def crossings(edges: Sequence[Edge], y: float) -> list[float]:
    """Give where edges cross a height, from left to right."""
    return sorted(x0 + (x1 - x0) * (y - y0) / (y1 - y0) for x0, y0, x1, y1 in edges if y0 <= y < y1)


def spans(crossed: Sequence[float]) -> list[Interval]:
    """Give the insides between crossings, by the even-odd rule."""
    return list(zip(crossed[::2], crossed[1::2], strict=True))


def covered(edges: Sequence[Edge], top: float, bottom: float) -> list[Interval]:
    """Give what the parts of edges between two heights cover."""
    found = []
    for x0, y0, x1, y1 in edges:
        if y1 > top and y0 < bottom:
            slope = (x1 - x0) / (y1 - y0) if y1 > y0 else 0.0
            first = x0 + slope * (top - y0) if y0 < top else x0
            last = x0 + slope * (bottom - y0) if y1 > bottom else x1
            found.append((first, last) if first <= last else (last, first))
    return found


def without(free: Sequence[Interval], taken: Sequence[Interval]) -> Iterator[Interval]:
    """Give what is left of intervals when others are taken away; both are sorted."""
    for left, right in free:
        start = left
        for begin, end in taken:
            if begin >= right:
                break
            if begin > start:
                yield start, begin
            start = max(start, end)
        if start < right:
            yield start, right


def groups(loops: Sequence[Loop]) -> list[list[Loop]]:
    """Gather loops that overlap, in the order of the first one of each."""
    found: list[list[Loop]] = []
    for loop in loops:
        touching = [group for group in found if any(overlap(loop, other) for other in group)]
        if not touching:
            found.append([loop])
            continue
        first, *rest = touching
        first.append(loop)
        for group in rest:
            first.extend(group)
            found.remove(group)
    return found


def overlap(one: Loop, other: Loop) -> bool:
    """Tell whether loops have something in common, as seen at a number of heights."""
    if any(max(p[axis] for p in one) <= min(p[axis] for p in other) for axis in (0, 1)):
        return False
    if any(max(p[axis] for p in other) <= min(p[axis] for p in one) for axis in (0, 1)):
        return False
    top = max(min(y for _, y in one), min(y for _, y in other))
    bottom = min(max(y for _, y in one), max(y for _, y in other))
    ours, theirs = tuple(edges_of(one)), tuple(edges_of(other))
    for i in range(SCANS):
        y = top + (bottom - top) * (i + 0.5) / SCANS
        if intersect(spans(crossings(ours, y)), spans(crossings(theirs, y))):
            return True
    return False


def intersect(some: Sequence[Interval], others: Sequence[Interval]) -> bool:
    """Tell whether any of some sorted intervals overlaps any of the others."""
    ends = [end for _, end in others]
    for left, right in some:
        i = bisect_left(ends, left + HAIR)
        if i < len(others) and others[i][0] < right - HAIR:
            return True
    return False


@lru_cache(256)
def widest(region: Shape, height: float) -> float:
    """Give the length of the longest line of a height that a shape has room for."""
    way = max(0.0, region.bottom - region.top - height)
    tops = [region.top + way * i / (2 * SCANS) for i in range(2 * SCANS + 1)]
    return max((right - left for top in tops for left, right in region.intervals(top, top + height)), default=0.0)
