"""Text along a path. References: r-textpath, r-pathattr."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from imageserver.commands.loops import bezier
from imageserver.commands.paths import Path, Subpath
from imageserver.commands.text import PathPlace
from imageserver.errors import BadCombination
from imageserver.typeset.flowing import Line, indents
from imageserver.typeset.ink import Frame
from imageserver.typeset.lines import TOLERANCE, Overlong, Piece, Room, break_line, piece, reach
from imageserver.typeset.measuring import Measured
from imageserver.typeset.placing import Brush, bar_of, glyphs_of, pixels_of, set_line, walk
from imageserver.typeset.result import Bar, Glyph, SetLine

SAMPLES = 128
"""Of each curve, for its length."""
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Track:
    """A part of a subpath that text runs along, in pixels.

    `curves` are its curves, of two or four points. `marks` are distances from the subpath's start, `places` the curves
    and shares of them that are so far away. The part is from `start` to `stop`; beyond `length`, it goes round again.
    """

    curves: tuple[tuple[Point, ...], ...]
    marks: tuple[float, ...]
    places: tuple[tuple[int, float], ...]
    start: float
    stop: float
    reverse: bool

    @property
    def length(self) -> float:
        """How long the whole subpath is."""
        return self.marks[-1]

    def at(self, way: float) -> tuple[Point, float]:
        """Give the point that is so far from where the text's part starts, and the angle of the path there."""
        distance = self.stop - way if self.reverse else self.start + way
        if self.stop > self.length:
            distance %= self.length
        number, share = self.place(distance)
        curve = self.curves[number]
        x, y = heading(curve, share)
        angle = math.degrees(math.atan2(y, x)) + (180 if self.reverse else 0)
        return point_of(curve, share), angle

    def place(self, distance: float) -> tuple[int, float]:
        """Give the curve that is so far away, and where on it."""
        i = max(1, min(bisect_right(self.marks, distance), len(self.marks) - 1))
        before, after = self.marks[i - 1], self.marks[i]
        number, last = self.places[i]
        first = last - 1 / samples_of(self.curves[number])
        share = (distance - before) / (after - before) if after > before else 1.0
        return number, first + (last - first) * share


@dataclass(frozen=True, slots=True)
class Riding:
    """A line on its track, x being the way from where the track starts; lengths are in points."""

    line: Line
    track: Track


def tracks_of(path: Path, place: PathPlace) -> tuple[Track, ...]:
    """Give the parts of subpaths that text runs along, one of each."""
    if place.end > 1 and not all(one.closed for one in path.subpaths):
        raise BadCombination("pathAttr, textPath", "expected an end of at most 1 on a path that is not closed by Z")
    found = (track_of(one, place) for one in path.subpaths)
    return tuple(one for one in found if one.stop > one.start)


def track_of(subpath: Subpath, place: PathPlace) -> Track:
    """Give the part of a subpath that text runs along."""
    curves = tuple(curves_of(subpath))
    marks, places = [0.0], [(0, 0.0)]
    for number, curve in enumerate(curves):
        before = curve[0]
        for i in range(1, samples_of(curve) + 1):
            share = i / samples_of(curve)
            here = point_of(curve, share)
            marks.append(marks[-1] + math.dist(before, here))
            places.append((number, share))
            before = here
    length = marks[-1]
    return Track(curves, tuple(marks), tuple(places), place.start * length, place.end * length, place.reverse)


def curves_of(subpath: Subpath) -> Iterator[tuple[Point, ...]]:
    """Give the lines and curves of a subpath, the line that closes it too."""
    here = subpath.start
    for segment in subpath.segments:
        yield (here, *segment.points)
        here = segment.points[-1]
    if subpath.closed and here != subpath.start:
        yield (here, subpath.start)


def samples_of(curve: Sequence[Point]) -> int:
    """Give how often a curve is looked at for its length; a line's is known."""
    return 1 if len(curve) == 2 else SAMPLES  # noqa: PLR2004  two points are a line


def point_of(curve: Sequence[Point], share: float) -> Point:
    """Give a point of a line or a curve."""
    if samples_of(curve) == 1:
        (x0, y0), (x1, y1) = curve
        return x0 + (x1 - x0) * share, y0 + (y1 - y0) * share
    first, second, third, last = curve
    return bezier(first, second, third, last, share)


def heading(curve: Sequence[Point], share: float) -> Point:
    """Give a vector along a curve; where its control points coincide, one between points nearby."""
    if samples_of(curve) > 1:
        rest = 1 - share
        weights = (rest * rest, 2 * rest * share, share * share)
        steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(curve)]
        x = sum(weight * step[0] for weight, step in zip(weights, steps, strict=True))
        y = sum(weight * step[1] for weight, step in zip(weights, steps, strict=True))
        if math.hypot(x, y) > TOLERANCE:
            return x, y
    near = 1 / SAMPLES
    before, after = point_of(curve, max(0.0, share - near)), point_of(curve, min(1.0, share + near))
    return after[0] - before[0], after[1] - before[1]


def ride(measured: Measured, tracks: Sequence[Track], scale: float, aligned: bool) -> tuple[tuple[Riding, ...], bool]:
    """Set the first line of a text along tracks, one after the other, and say whether there was room for all of it."""
    found: list[Riding] = []
    end = measured.galley.ends[0] if measured.galley.ends else len(measured.galley.clusters)
    here = 0
    for number, track in enumerate(tracks):
        before, after = indents(measured, here)
        length = (track.stop - track.start) / scale
        room = length - before - after
        shown = piece_for(measured, here, room, is_last=number + 1 == len(tracks))
        if shown is None:
            continue
        align = measured.galley.style.align if aligned else "left"
        way = {"right": 1.0, "center": 0.5}.get(align, 0.0) * max(0.0, room - shown.width)
        metrics = measured.metrics(shown.start, shown.stop)
        found.append(Riding(Line(measured, shown, before + way, 0.0, metrics, 0.0, number), track))
        here = shown.stop
        if here >= end:
            break
    return tuple(found), here >= end


def piece_for(measured: Measured, start: int, width: float, *, is_last: bool) -> Piece | None:
    """Give what a track has room for: whole words, but on the last one as many characters as go on it."""
    if not is_last:
        overlong: Overlong = "refuse"
        return break_line(measured, start, Room(width, 0.0, overlong))
    ends = measured.galley.ends
    stop, tabs = reach(measured, start, ends[0] if ends else len(measured.galley.clusters), Room(width))
    return piece(measured, start, stop, tabs, ending="line") if stop > start else None


def frame_at(riding: Riding, way: float, scale: float) -> Frame:
    """Give the frame that stands on the track at a way from its start, in points."""
    (x, y), angle = riding.track.at(way * scale)
    return Frame(scale, angle, x, y)


def ridden(ridings: Sequence[Riding], scale: float) -> Iterator[tuple[Brush, Glyph]]:
    """Give the glyphs of text on tracks: each cluster touches the path with the middle of its width."""
    for riding in ridings:
        measured = riding.line.measured
        for cluster, x, advance in walk(riding.line):
            frame = frame_at(riding, x + advance / 2, scale)
            yield from glyphs_of(cluster, measured.share, measured.galley.offset, (-advance / 2, 0.0), frame)


def ridden_bars(ridings: Sequence[Riding], scale: float) -> Iterator[Bar]:
    """Give the underlines of text on tracks, one for each cluster."""
    for riding in ridings:
        for cluster, x, advance in walk(riding.line):
            if cluster.look.underline:
                frame = frame_at(riding, x + advance / 2, scale)
                share = riding.line.measured.share
                yield pixels_of(bar_of(cluster, share, advance, (-advance / 2, 0.0), frame), frame)


def ridden_lines(ridings: Sequence[Riding], scale: float) -> Iterator[SetLine]:
    """Give the lines on tracks, each from where it starts."""
    for riding in ridings:
        yield set_line(riding.line, riding.track.at(riding.line.x * scale)[0], scale)
