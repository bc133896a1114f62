"""What glyphs and underlines cover, and how points of lines become pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imageserver.plan.text import Face
from imageserver.typeset.fonts import hb_font
from imageserver.typeset.regions import direction
from imageserver.typeset.result import Bar, Extent, GlyphRun

Bounds = tuple[float, float, float, float]
"""Left, top, right and bottom."""


@dataclass(frozen=True, slots=True)
class Frame:
    """How points of lines become pixels: scaled, turned clockwise by an angle, and moved.

    In downward flow lines run at an angle of 90 degrees more, but characters that stand upright do not.
    """

    scale: float = 1.0
    angle: float = 0.0
    x: float = 0.0
    y: float = 0.0
    downwards: bool = False

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Give the pixel of a point."""
        if not self.angle:
            return self.x + x * self.scale, self.y + y * self.scale
        cosine, sine = direction(self.angle)
        return self.x + (x * cosine - y * sine) * self.scale, self.y + (x * sine + y * cosine) * self.scale

    def extent(self, left: float, top: float, right: float, bottom: float) -> Extent:
        """Give the bounds in pixels of a rectangle of points."""
        corners = [self.point(x, y) for x in (left, right) for y in (top, bottom)]
        xs, ys = zip(*corners, strict=True)
        return Extent(min(xs), min(ys), max(xs), max(ys))


def corners_of(bar: Bar) -> tuple[tuple[float, float], ...]:
    """Give the corners of an underline, one after the other."""
    frame = Frame(1.0, bar.angle, bar.x, bar.y)
    along = ((0.0, 0.0), (bar.length, 0.0), (bar.length, bar.thickness), (0.0, bar.thickness))
    return tuple(frame.point(x, y) for x, y in along)


def ink_of(runs: Sequence[GlyphRun], bars: Sequence[Bar]) -> Extent | None:
    """Give the bounds of everything that is drawn, or None if nothing is."""
    found = [bounds for run in runs for bounds in inked(run)]
    for xs, ys in (zip(*corners_of(bar), strict=True) for bar in bars):
        found.append((min(xs), min(ys), max(xs), max(ys)))
    if not found:
        return None
    lefts, tops, rights, bottoms = zip(*found, strict=True)
    return Extent(min(lefts), min(tops), max(rights), max(bottoms))


def inked(run: GlyphRun) -> Iterator[Bounds]:
    """Give the bounds of the glyphs of a run that show something."""
    boxes: dict[int, Bounds | None] = {}
    wide = run.size * run.stretch
    for glyph in run.glyphs:
        if glyph.glyph_id not in boxes:
            boxes[glyph.glyph_id] = glyph_box(run.face, glyph.glyph_id)
        box = boxes[glyph.glyph_id]
        if box is None:
            continue
        left, top, right, bottom = box
        if glyph.angle:
            extent = Frame(run.size, glyph.angle, glyph.x, glyph.y).extent(
                left * run.stretch, top, right * run.stretch, bottom
            )
            yield extent.bounds
        else:
            yield (
                glyph.x + left * wide,
                glyph.y + top * run.size,
                glyph.x + right * wide,
                glyph.y + bottom * run.size,
            )


def glyph_box(face: Face, index: int) -> Bounds | None:
    """Give the left, top, right and bottom of a glyph in ems, y downwards, or None if it is empty."""
    font = hb_font(face)
    extents = font.get_glyph_extents(index)
    if extents is None or not extents.width or not extents.height:
        return None
    unit = font.face.upem
    return (
        extents.x_bearing / unit,
        -extents.y_bearing / unit,
        (extents.x_bearing + extents.width) / unit,
        -(extents.y_bearing + extents.height) / unit,
    )
