"""Lines → glyphs and underlines in their places, in pixels of the layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from imageserver.plan.text import Face
from imageserver.protocol.color import Color
from imageserver.typeset.bidi import line_levels, visual_order
from imageserver.typeset.clusters import Cluster
from imageserver.typeset.flowing import Line, gaps, offsets_of
from imageserver.typeset.fonts import metrics
from imageserver.typeset.ink import Frame
from imageserver.typeset.lines import TOLERANCE
from imageserver.typeset.measuring import TAB, advance_of, size_of
from imageserver.typeset.result import Bar, Glyph, GlyphRun, SetLine

Brush = tuple[Face, float, float, Color]
"""Face, size, stretch and colour of glyphs."""


def walk(line: Line) -> Iterator[tuple[Cluster, float, float]]:
    """Give the clusters of a line from left to right, where each starts, and how far it goes."""
    measured, piece = line.measured, line.piece
    widths = measured.widths
    clusters = list(measured.galley.clusters[piece.start : piece.shown])
    advances = [widths[i + 1] - widths[i] for i in range(piece.start, piece.shown)]
    if piece.hyphen:
        clusters[-1], advances[-1] = piece.hyphen, advance_of(piece.hyphen, measured.share)
    tabs = iter(piece.tabs)
    for i, one in enumerate(clusters if piece.tabs else ()):
        if one.text == TAB:
            advances[i] += next(tabs, 0.0)
    for i in gaps(measured, piece) if line.stretch else ():
        advances[i - piece.start] += line.stretch
    x = line.x
    for i in order_of(clusters, measured.galley.base):
        yield clusters[i], x, advances[i]
        x += advances[i]


def order_of(clusters: Sequence[Cluster], base: int) -> Sequence[int]:
    """Give the places of a line's clusters from left to right."""
    if not base and not any(one.level for one in clusters):
        return range(len(clusters))
    return visual_order(line_levels(clusters, base))


def glyphs_of(
    cluster: Cluster, share: float, offset: int, place: tuple[float, float], frame: Frame
) -> Iterator[tuple[Brush, Glyph]]:
    """Give the glyphs of a cluster that starts at a place of its line's baseline."""
    look = cluster.look
    own = size_of(look, share)
    size = own * cluster.scale
    wide, high = size * abs(look.scale_x), size * abs(look.scale_y)
    if not high:
        return
    brush = (cluster.face, high * frame.scale, wide / high, look.color)
    x, y = place[0], place[1] + cluster.shift * own - look.rise
    angle = frame.angle - 90 if cluster.upright and frame.downwards else frame.angle
    if frame.downwards and not cluster.upright:
        y += lowering(cluster.face) * own
    pen = 0.0
    for one in cluster.glyphs:
        if cluster.upright and frame.downwards:
            at = frame.point(x + (pen + one.y) * high, y - one.x * wide)
        else:
            at = frame.point(x + (pen + one.x) * wide, y + one.y * high)
        pen += one.advance
        yield brush, Glyph(one.glyph_id, *at, angle, offset + cluster.start)


def lowering(face: Face) -> float:
    """Give how far below the middle of a column the baseline of turned characters is, in ems."""
    measures = metrics(face)
    return (measures.ascent - measures.descent) / 2


def bar_of(
    cluster: Cluster, share: float, advance: float, place: tuple[float, float], frame: Frame
) -> tuple[float, float, float, float, Color]:
    """Give the underline of a cluster in points: x, y, length, thickness and colour.

    It does not follow the smaller sizes and baselines of sub- and superscript, nor small capitals.
    """
    look = cluster.look
    measures = metrics(cluster.face)
    high = size_of(look, share) * abs(look.scale_y)
    y = place[1] - look.rise + measures.underline * high
    if frame.downwards:
        y += lowering(cluster.face) * high
    return place[0], y, advance, measures.thickness * high, look.color


def joined(
    bars: Iterable[tuple[float, float, float, float, Color]],
) -> Iterator[tuple[float, float, float, float, Color]]:
    """Join underlines that go on in one another."""
    last: tuple[float, float, float, float, Color] | None = None
    for bar in bars:
        if last and bar[1] == last[1] and bar[3:] == last[3:] and abs(last[0] + last[2] - bar[0]) < TOLERANCE:
            last = (last[0], last[1], last[2] + bar[2], *last[3:])
            continue
        if last:
            yield last
        last = bar
    if last:
        yield last


def pixels_of(bar: tuple[float, float, float, float, Color], frame: Frame) -> Bar:
    """Give an underline in pixels."""
    x, y, length, thickness, color = bar
    return Bar(*frame.point(x, y), length * frame.scale, thickness * frame.scale, frame.angle, color)


def place_glyphs(lines: Sequence[Line], frame: Frame) -> tuple[GlyphRun, ...]:
    """Give the glyphs of lines."""
    return gathered(
        drawn
        for line in lines
        for cluster, x, _ in walk(line)
        for drawn in glyphs_of(cluster, line.measured.share, line.measured.galley.offset, (x, line.y), frame)
    )


def gathered(drawn: Iterable[tuple[Brush, Glyph]]) -> tuple[GlyphRun, ...]:
    """Gather glyphs into runs of one face, size and colour."""
    return tuple(
        GlyphRun(face, size, stretch, color, tuple(glyph for _, glyph in several))
        for (face, size, stretch, color), several in groupby(drawn, key=itemgetter(0))
    )


def place_bars(lines: Sequence[Line], frame: Frame) -> tuple[Bar, ...]:
    """Give the underlines of lines."""
    return tuple(
        pixels_of(bar, frame)
        for line in lines
        if any(one.look.underline for one in line.measured.galley.clusters[line.piece.start : line.piece.shown])
        for bar in joined(
            bar_of(cluster, line.measured.share, advance, (x, line.y), frame)
            for cluster, x, advance in walk(line)
            if cluster.look.underline
        )
    )


def place_lines(lines: Sequence[Line], frame: Frame) -> tuple[SetLine, ...]:
    """Give lines in pixels."""
    return tuple(set_line(line, frame.point(line.x, line.y), frame.scale) for line in lines)


def set_line(line: Line, place: tuple[float, float], scale: float) -> SetLine:
    """Give a line in pixels whose baseline starts at a pixel."""
    return SetLine(
        *offsets_of(line),
        *place,
        line.width * scale,
        line.metrics.ascent * scale,
        line.metrics.descent * scale,
    )
