"""Text in boxes: those of textPs=, which have margins, and those of text=, which hold all that is drawn.

References: r-text-layers, r-text-positioning, r-textattr.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from imageserver.plan.text import TextBlock
from imageserver.typeset.fitting import fit_copy, largest_resolution
from imageserver.typeset.flowing import Flowed, Line, Manner, align_vertically, flow, moved
from imageserver.typeset.ink import Frame, ink_of
from imageserver.typeset.lines import TOLERANCE, Overlong
from imageserver.typeset.measuring import Galley, Measured, measure
from imageserver.typeset.placing import place_glyphs
from imageserver.typeset.regions import Box, Region, box_region
from imageserver.typeset.result import Extent

POINTS_PER_INCH = 72.0
MOST_NARROWINGS = 3


@dataclass(frozen=True, slots=True)
class Boxed:
    """Lines, how they become pixels, the layer's rectangle, and whether nothing was left out."""

    lines: tuple[Line, ...]
    frame: Frame
    extent: Extent
    complete: bool


def frame_of(block: TextBlock) -> Frame:
    """Give the frame whose origin is the layer's, at the resolution that was asked for."""
    downwards = block.text.box.downwards
    angle = (block.angle + (90.0 if downwards else 0.0)) % 360
    return Frame(block.attributes.resolution / POINTS_PER_INCH, angle, downwards=downwards)


def set_in_box(block: TextBlock, galleys: Sequence[Galley], width: float, height: float) -> Boxed:
    """Set text into a rectangle of pixels."""
    extent = Extent(0.0, 0.0, width, height)
    if block.dialect == "text":
        resolution, flowed = contain_at_best(block, galleys, width, height)
        return Boxed(flowed.lines, Frame(resolution / POINTS_PER_INCH), extent, flowed.complete)
    frame = frame_of(block)
    box = block.text.box
    right, bottom = width / frame.scale - box.right, height / frame.scale - box.bottom
    region = box_region(box.left, box.top, right, bottom, tight=True, angle=frame.angle)
    flowed = fit_into(galleys, (region,), box.vertical)
    return Boxed(flowed.lines, frame, extent, flowed.complete)


def fit_into(galleys: Sequence[Galley], regions: Sequence[Region], vertical: str = "top") -> Flowed:
    """Set text into regions, as large as it may be."""

    def set_text(text: Sequence[Measured], overlong: Overlong) -> Flowed:
        return flow(text, regions, Manner(overlong))

    return align_vertically(fit_copy(galleys, set_text), regions, vertical)


def set_in_column(block: TextBlock, galleys: Sequence[Galley], width: float) -> Boxed:
    """Set text into a box that is so many pixels wide, and as high as it has to be."""
    frame = frame_of(block)
    if block.dialect == "text":
        flowed = contain([measure(one, 0.0) for one in galleys], width / frame.scale, math.inf, block)
        ink = ink_of(place_glyphs(flowed.lines, Frame()), ())
        height = max(0.0, flowed.bottom, ink.bottom if ink else 0.0)
        return Boxed(flowed.lines, frame, Extent(0.0, 0.0, width, height * frame.scale), flowed.complete)
    box = block.text.box
    right = width / frame.scale - box.right
    region = box_region(box.left, box.top, right, math.inf, tight=False, angle=90.0 if frame.downwards else 0.0)
    flowed = fit_into(galleys, (region,))
    if frame.downwards:
        lines = moved(flowed.lines, box.top - min((line.x for line in flowed.lines), default=0.0), 0.0)
        height = max(0.0, max((line.x + line.width for line in lines), default=box.top) + box.bottom)
        return Boxed(lines, frame, Extent(0.0, 0.0, width, height * frame.scale), flowed.complete)
    turned = frame.extent(0.0, 0.0, width / frame.scale, max(0.0, flowed.bottom + box.bottom))
    extent = Extent(0.0, 0.0, width, turned.bottom - turned.top)
    return Boxed(flowed.lines, replace(frame, x=-turned.left, y=-turned.top), extent, flowed.complete)


def contain_at_best(block: TextBlock, galleys: Sequence[Galley], width: float, height: float) -> tuple[float, Flowed]:
    """Set text= into a box at the resolution that was asked for, or at the largest one at which all fits."""
    text = [measure(one, 0.0) for one in galleys]
    wanted = float(block.attributes.resolution)

    def at(resolution: float) -> Flowed:
        return contain(text, width * POINTS_PER_INCH / resolution, height * POINTS_PER_INCH / resolution, block)

    def contained(resolution: float) -> Flowed | None:
        flowed = at(resolution)
        return flowed if flowed.complete else None

    def with_room(resolution: float) -> Flowed | None:
        scale = POINTS_PER_INCH / resolution
        flowed = flow(text, (Box(0.0, 0.0, width * scale, height * scale),), manner_of(block))
        return flowed if flowed.complete else None

    if block.attributes.res_mode == "fixedRes":
        return wanted, at(wanted)
    # Lines have to fit before it is worth while to look at what each of them shows.
    resolution, _ = largest_resolution(with_room, wanted, grows=block.attributes.res_mode == "autoRes")
    resolution, found = largest_resolution(contained, resolution, grows=False)
    return resolution, found or at(resolution)


def manner_of(block: TextBlock) -> Manner:
    """Give the manner of text=: it crops what is too much, and wraps as it is asked to."""
    wrap = block.attributes.wrap
    return Manner(
        overlong="keep" if wrap == "nbWrap" else "break", wraps=wrap != "noWrap", crops=True, spaces_edges=True
    )


def contain(text: Sequence[Measured], width: float, height: float, block: TextBlock) -> Flowed:
    """Set text= into a box so that no glyph reaches beyond, if that can be: in shorter lines, or moved."""
    room = width
    for _ in range(MOST_NARROWINGS):
        flowed = flow(text, (Box(0.0, 0.0, room, height),), manner_of(block), block.text.box.vertical)
        ink = ink_of(place_glyphs(flowed.lines, Frame()), ())
        if ink is None:
            return flowed
        beyond = ink.right - ink.left - width
        moved_in = shifted(flowed, ink, width, height)
        if beyond <= TOLERANCE or any(line.width > room for line in flowed.lines):
            break
        room -= beyond
    return moved_in


def shifted(flowed: Flowed, ink: Extent, width: float, height: float) -> Flowed:
    """Move lines so that what is drawn lies within a box; the left and the top matter more.

    Text that is too much is cropped below.
    """
    x = inward(ink.left, ink.right, width)
    y = inward(ink.top, ink.bottom, height) if flowed.complete else max(0.0, -ink.top)
    fits = flowed.complete and ink.right + x <= width + TOLERANCE and ink.bottom + y <= height + TOLERANCE
    return replace(flowed, lines=moved(flowed.lines, x, y), bottom=flowed.bottom + y, complete=fits)


def inward(first: float, last: float, room: float) -> float:
    """Give how far something has to be moved to lie between 0 and the end of the room, or at least beyond 0."""
    if first < 0:
        return -first
    return max(room - last, -first) if last > room else 0.0
