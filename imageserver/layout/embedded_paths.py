"""Photoshop's paths within image files: records of 26 bytes ↔ paths in pixels.

A point is stored as y and x, each a share of the image as stored, with 24 binary places.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from imageserver.commands.loops import bezier
from imageserver.commands.paths import Path, Segment, Subpath
from imageserver.layout.facts import EmbeddedPath, Facts
from imageserver.protocol.values import Rect

Point = tuple[float, float]
Move = Callable[[Point], Point]
RECORD = 26
CLOSED, LINKED, UNLINKED, OPEN, OPEN_LINKED, OPEN_UNLINKED, FILL_RULE = range(7)
KNOTS = {LINKED, UNLINKED, OPEN_LINKED, OPEN_UNLINKED}
ONE = 2**24
LOWEST, HIGHEST = -(2**31), 2**31 - 1
COMBINED = 1
NEARLY = 0.01
"""By so much of a pixel a path may reach into one without taking it along."""
FLAT = 1e-12
"""What counts as no curvature at all, beside the other terms."""
UPRIGHT: Mapping[int, Callable[[float, float], Point]] = {
    1: (lambda x, y: (x, y)),
    2: (lambda x, y: (1 - x, y)),
    3: (lambda x, y: (1 - x, 1 - y)),
    4: (lambda x, y: (x, 1 - y)),
    5: (lambda x, y: (y, x)),
    6: (lambda x, y: (1 - y, x)),
    7: (lambda x, y: (1 - y, 1 - x)),
    8: (lambda x, y: (y, 1 - x)),
}
"""Where a point of an image, in shares of its sides, is shown by EXIF orientation."""


@dataclass(frozen=True, slots=True)
class Knot:
    """A point of a path, and the handles of the curves before and behind it."""

    before: Point
    place: Point
    behind: Point


def path_in_pixels(embedded: EmbeddedPath, facts: Facts, *, oriented: bool) -> Path:
    """Give an embedded path in pixels of its image as it is shown."""
    size = facts.shown_size(oriented=oriented)
    upright = UPRIGHT[facts.orientation if oriented else 1]

    def move(point: Point) -> Point:
        x, y = upright(*point)
        return x * size.width, y * size.height

    return moved(decoded(embedded.records), move)


def named(facts: Facts, names: Iterable[str]) -> Iterator[EmbeddedPath]:
    """Yield the paths that have these names, in this order; a name that no path has is passed over."""
    for name in names:
        yield from [path for path in facts.paths if path.name == name][:1]


def decoded(records: bytes) -> Path:
    """Read records; a loop that is said to be open is closed only where it is filled."""
    subpaths: list[Subpath] = []
    knots: list[Knot] = []
    closed, left = True, 0
    for start in range(0, len(records) - RECORD + 1, RECORD):
        kind, count = struct.unpack_from(">hH", records, start)
        if kind in {CLOSED, OPEN}:
            closed, left, knots = kind == CLOSED, count, []
        elif kind in KNOTS and left:
            knots.append(knot_of(records, start + 2))
            left -= 1
            if not left:
                subpaths.append(subpath_of(knots, closed=closed))
    return Path(tuple(subpaths))


def knot_of(records: bytes, start: int) -> Knot:
    """Read the three points of a record."""
    y0, x0, y1, x1, y2, x2 = (number / ONE for number in struct.unpack_from(">6i", records, start))
    return Knot((x0, y0), (x1, y1), (x2, y2))


def subpath_of(knots: list[Knot], *, closed: bool) -> Subpath:
    """Join knots by curves, or by lines where no handle bends them."""
    pairs = zip(knots, [*knots[1:], knots[0]] if closed else knots[1:], strict=closed)
    return Subpath(knots[0].place, tuple(joined(one, other) for one, other in pairs), closed)


def joined(one: Knot, other: Knot) -> Segment:
    """Give what leads from a knot to the next."""
    if one.behind == one.place and other.before == other.place:
        return Segment((other.place,))
    return Segment((one.behind, other.before, other.place))


def moved(path: Path, move: Move) -> Path:
    """Give a path whose points have all gone another place."""
    return Path(
        tuple(
            Subpath(move(one.start), tuple(Segment(tuple(map(move, part.points))) for part in one.segments), one.closed)
            for one in path.subpaths
        )
    )


def encoded(path: Path) -> bytes:
    """Write the closed loops of a path, whose points are shares of an image, as records."""
    loops = [knots_of(one) for one in path.subpaths if one.closed and one.segments]
    records = [struct.pack(">h24x", FILL_RULE)] if loops else []
    for knots in loops:
        records.append(struct.pack(">hHH20x", CLOSED, len(knots), COMBINED))
        records.extend(struct.pack(">h6i", LINKED, *numbers_of(knot)) for knot in knots)
    return b"".join(records)


def knots_of(subpath: Subpath) -> list[Knot]:
    """Give the knots of a closed loop."""
    befores, places, behinds = [], [], []
    here = subpath.start
    for segment in subpath.segments:
        bent = len(segment.points) > 1
        places.append(here)
        behinds.append(segment.points[0] if bent else here)
        here = segment.points[-1]
        befores.append(segment.points[1] if bent else here)
    if here != subpath.start:  # a line closes it
        places.append(here)
        behinds.append(here)
        befores.append(subpath.start)
    befores = [befores[-1], *befores[:-1]]
    return [Knot(*three) for three in zip(befores, places, behinds, strict=True)]


def numbers_of(knot: Knot) -> list[int]:
    """Give the numbers of a record."""
    shares = [share for x, y in (knot.before, knot.place, knot.behind) for share in (y, x)]
    return [max(LOWEST, min(HIGHEST, round(share * ONE))) for share in shares]


def bounds(path: Path) -> Rect:
    """Give the whole pixels that hold a path."""
    points = [point for one in path.subpaths for point in outermost(one)]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    left, top = math.floor(min(xs) + NEARLY), math.floor(min(ys) + NEARLY)
    return Rect(left, top, math.ceil(max(xs) - NEARLY) - left, math.ceil(max(ys) - NEARLY) - top)


def outermost(subpath: Subpath) -> Iterator[Point]:
    """Yield points of a loop that reach as far as it does: its corners, and where its curves turn back."""
    here = subpath.start
    yield here
    for segment in subpath.segments:
        if len(segment.points) > 1:
            first, second, end = segment.points
            yield from (bezier(here, first, second, end, share) for share in turns(here, first, second, end))
        here = segment.points[-1]
        yield here


def turns(start: Point, first: Point, second: Point, end: Point) -> Iterator[float]:
    """Yield the shares of a cubic curve at which it goes neither left nor right, or neither up nor down."""
    for p, q, r, s in zip(start, first, second, end, strict=True):
        a, b, c = s - 3 * r + 3 * q - p, 2 * (r - 2 * q + p), q - p
        if abs(a) < FLAT * (abs(b) + abs(c)):
            roots = [-c / b] if b else []
        else:
            square = b * b - 4 * a * c
            roots = [(-b + sign * math.sqrt(square)) / (2 * a) for sign in (1, -1)] if square >= 0 and a else []
        yield from (share for share in roots if 0 < share < 1)
