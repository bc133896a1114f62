"""Text block → Typeset: point text, boxes, shapes and paths. Reference: r-text-layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from imageserver.commands.paths import Path
from imageserver.errors import BadCombination
from imageserver.plan.text import TextBlock
from imageserver.richtext.document import Paragraph
from imageserver.typeset.along import Riding, ridden, ridden_bars, ridden_lines, ride, tracks_of
from imageserver.typeset.boxes import POINTS_PER_INCH, Boxed, fit_into, frame_of, set_in_box, set_in_column
from imageserver.typeset.fitting import fit_copy, grows, largest_share
from imageserver.typeset.flowing import Flowed, Line, Manner, flow, moved
from imageserver.typeset.ink import Frame, ink_of
from imageserver.typeset.lines import Overlong
from imageserver.typeset.measuring import Galley, Measured, gather, measure
from imageserver.typeset.placing import gathered, place_bars, place_glyphs, place_lines
from imageserver.typeset.regions import Box, shapes
from imageserver.typeset.result import Extent, Typeset

NOTHING = Extent()


def typeset(block: TextBlock, width: float, height: float) -> Typeset:
    """Set a text into a layer of so many pixels, 0 being free.

    Raises `BadCombination` for text= without a size whose paragraphs are not aligned alike, and for a part of an open
    path beyond its end; and what `shape` raises.
    """
    is_sized = width > 0 and height > 0
    if block.path is not None:
        return set_on_path(block, block.path, Extent(0.0, 0.0, width, height) if is_sized else None)
    galleys = gather(block)
    if block.flow_path is not None:
        return in_pixels(set_in_shapes(block, block.flow_path, galleys, width, height))
    if is_sized:
        return in_pixels(set_in_box(block, galleys, width, height))
    check_alignment(block)
    if width > 0:
        return in_pixels(set_in_column(block, galleys, width))
    return in_pixels(set_at_point(block, galleys))


def check_alignment(block: TextBlock) -> None:
    """Refuse text= of free size whose paragraphs are aligned in different ways (r-text)."""
    aligns = {one.style.align for one in block.text.paragraphs if one.spans}
    if block.dialect == "text" and len(aligns) > 1:
        raise BadCombination("text", "expected one of \\ql, \\qr and \\qc for all paragraphs, or size=width,height")


def in_pixels(boxed: Boxed) -> Typeset:
    """Give what lines are in pixels."""
    lines, frame = boxed.lines, boxed.frame
    runs, bars = place_glyphs(lines, frame), place_bars(lines, frame)
    return Typeset(
        extent=boxed.extent,
        ink=ink_of(runs, bars) or NOTHING,
        runs=runs,
        bars=bars,
        lines=place_lines(lines, frame),
        resolution=frame.scale * POINTS_PER_INCH,
        complete=boxed.complete,
    )


def set_at_point(block: TextBlock, galleys: Sequence[Galley]) -> Boxed:
    """Set text about a point: its first baseline goes through the origin, and lines never wrap.

    It is as wide as its longest line, and as high as the spacing of its lines.
    """
    manner = Manner(overlong="keep", wraps=False, spaces_edges=block.dialect == "text", justifies=False)

    def set_text(text: Sequence[Measured], overlong: Overlong) -> Flowed:
        del overlong  # nothing wraps
        return flow(text, (Box(0.0, 0.0),), manner)

    flowed = fit_copy(galleys, set_text)
    baseline = flowed.lines[0].y
    lines = moved(flowed.lines, 0.0, -baseline)
    frame = frame_of(block)
    extent = frame.extent(
        min(line.x for line in lines),
        min(-baseline, *(line.y - line.metrics.ascent for line in lines)),
        max(line.x + line.width for line in lines),
        flowed.bottom - baseline + lines[-1].metrics.gap,
    )
    return Boxed(lines, frame, extent, flowed.complete)


def set_in_shapes(block: TextBlock, path: Path, galleys: Sequence[Galley], width: float, height: float) -> Boxed:
    """Set text into the regions of a path; without a size, the layer is what the lines take."""
    frame = frame_of(block)
    regions = shapes(path, block.flow_x_path, 1 / frame.scale, frame.angle)
    flowed = fit_into(galleys, regions, block.text.box.vertical)
    extent = Extent(0.0, 0.0, width, height) if width > 0 and height > 0 else around(flowed.lines, frame)
    return Boxed(flowed.lines, frame, extent, flowed.complete)


def around(lines: Sequence[Line], frame: Frame) -> Extent:
    """Give the bounds of lines in pixels."""
    if not lines:
        return NOTHING
    extents = [
        frame.extent(line.x, line.y - line.metrics.ascent, line.x + line.width, line.y + line.metrics.descent)
        for line in lines
    ]
    return Extent(
        min(one.left for one in extents),
        min(one.top for one in extents),
        max(one.right for one in extents),
        max(one.bottom for one in extents),
    )


def set_on_path(block: TextBlock, path: Path, extent: Extent | None) -> Typeset:
    """Set the first line of a text along a path; without a size, the layer is what is drawn."""
    first: Paragraph = block.text.paragraphs[0]
    box = replace(block.text.box, downwards=False)
    galleys = gather(replace(block, text=replace(block.text, paragraphs=(first,), box=box)))
    scale = block.attributes.resolution / POINTS_PER_INCH
    tracks = tracks_of(path, block.place)

    def at(share: float) -> tuple[tuple[Riding, ...], bool]:
        return ride(measure(galleys[0], share), tracks, scale, aligned=extent is None)

    def tried(share: float) -> tuple[Riding, ...] | None:
        ridings, complete = at(share)
        return ridings if complete else None

    fitting = largest_share(tried) if grows(galleys) else None
    ridings, complete = (fitting, True) if fitting is not None else at(0.0)
    runs, bars = gathered(ridden(ridings, scale)), tuple(ridden_bars(ridings, scale))
    ink = ink_of(runs, bars) or NOTHING
    return Typeset(
        extent=extent or ink,
        ink=ink,
        runs=runs,
        bars=bars,
        lines=tuple(ridden_lines(ridings, scale)),
        resolution=scale * POINTS_PER_INCH,
        complete=complete,
    )
