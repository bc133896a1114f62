"""Paragraphs → lines in regions, row by row, region by region. Lengths are in points, y is across the lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from imageserver.richtext.document import Align, ParagraphStyle
from imageserver.typeset.lines import TOLERANCE, Overlong, Piece, Room, break_line
from imageserver.typeset.measuring import Measured, Metrics, highest
from imageserver.typeset.regions import Box, Interval, Region, Shape, widest

STEPS_PER_LINE = 8
STEPS_PER_REGION = 512
MOST_TRIES = 8
ROUGHLY = 1.1
"""Heights are rounded to its powers where that is enough, since little is to be measured often."""

Above = tuple[float, float | None]
"""How far down the lines above reach, and where the last one's baseline is; None at the top of a region."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How lines are made: whether words may break, lines wrap, be cropped at the bottom, and be justified.

    `spaces_edges`: space before the first and after the last paragraph counts (text=).
    """

    overlong: Overlong = "break"
    wraps: bool = True
    crops: bool = False
    spaces_edges: bool = False
    justifies: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """A line in its place: `x` and `y` are where its baseline starts, `stretch` is added to each of its gaps.

    Lines of one `row` stand side by side.
    """

    measured: Measured
    piece: Piece
    x: float
    y: float
    metrics: Metrics
    stretch: float
    row: int

    @property
    def width(self) -> float:
        """How long the line is."""
        if not self.stretch:
            return self.piece.width
        return self.piece.width + self.stretch * len(gaps(self.measured, self.piece))


@dataclass(frozen=True, slots=True)
class Flowed:
    """A text in lines: how it was made, whether all of it stands within its regions, and how far down it reaches."""

    text: tuple[Measured, ...]
    manner: Manner
    lines: tuple[Line, ...]
    complete: bool
    bottom: float


@dataclass(frozen=True, slots=True)
class Place:
    """How far a text has been set: the next paragraph, and its next cluster."""

    paragraph: int = 0
    cluster: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """Pieces side by side, each in its interval, and their heights."""

    pieces: tuple[tuple[Interval, Piece], ...]
    metrics: Metrics
    top: float
    baseline: float


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in a region, and how far the text has been set with it."""

    lines: tuple[Line, ...]
    place: Place
    bottom: float


def flow(text: Sequence[Measured], regions: Sequence[Region], manner: Manner, vertical: str = "top") -> Flowed:
    """Set a text into regions, one after the other."""
    lines: list[Line] = []
    place = Place()
    bottom = regions[0].top
    for region in regions:
        if place.paragraph == len(text):
            break
        filled = fill_aligned(text, place, region, manner, vertical)
        if filled.lines:
            offset = lines[-1].row + 1 if lines else 0
            lines.extend(replace(line, row=line.row + offset) if offset else line for line in filled.lines)
            bottom = filled.bottom
        place = filled.place
    complete = place.paragraph == len(text) and all(is_inside(line, regions) for line in lines)
    return Flowed(tuple(text), manner, tuple(lines), complete, bottom)


def align_vertically(flowed: Flowed, regions: Sequence[Region], vertical: str) -> Flowed:
    """Set a text anew, as low as it is to stand."""
    if vertical == "top":
        return flowed
    return replace(flow(flowed.text, regions, flowed.manner, vertical), complete=flowed.complete)


def is_inside(line: Line, regions: Sequence[Region]) -> bool:
    """Tell whether a line does not reach beyond its box; in shapes none does."""
    region = regions[0]
    if len(regions) > 1 or isinstance(region, Shape):
        return True
    return line.width <= line_room(region.left, region.right, line) + TOLERANCE and (
        line.y + line.metrics.descent <= region.bottom + TOLERANCE
    )


def line_room(left: float, right: float, line: Line) -> float:
    """Give how long a line may be between two edges."""
    before, after = indents(line.measured, line.piece.start)
    return right - left - before - after


def fill_aligned(text: Sequence[Measured], place: Place, region: Region, manner: Manner, vertical: str) -> Filled:
    """Set text into a region, its end at the bottom or in the middle if it is to stand there."""
    filled = fill(text, place, region, manner, region.top)
    if vertical == "top" or filled.place.paragraph < len(text) or not filled.lines or math.isinf(region.bottom):
        return filled
    share = 1.0 if vertical == "bottom" else 0.5
    if isinstance(region, Box):
        way = max(0.0, region.bottom - filled.bottom) * share
        return replace(filled, lines=moved(filled.lines, 0.0, way), bottom=filled.bottom + way)
    return lowest(text, place, region, manner, filled=filled, share=share)


def lowest(
    text: Sequence[Measured], place: Place, region: Shape, manner: Manner, *, filled: Filled, share: float
) -> Filled:
    """Set text as low into a shape as there is room for it, or so that as much is free above as below."""
    low, high = region.top, region.bottom
    for _ in range(20):
        middle = (low + high) / 2
        tried = fill(text, place, region, manner, middle)
        first = tried.lines[0].y - tried.lines[0].metrics.ascent if tried.lines else high
        above, below = first - region.top, region.bottom - tried.bottom
        if tried.place.paragraph == len(text) and above * (1 - share) <= below * share + TOLERANCE:
            low, filled = middle, tried
        else:
            high = middle
    return filled


def moved(lines: Sequence[Line], x: float, y: float) -> tuple[Line, ...]:
    """Move lines."""
    return tuple(replace(line, x=line.x + x, y=line.y + y) for line in lines) if x or y else tuple(lines)


def fill(text: Sequence[Measured], place: Place, region: Region, manner: Manner, top: float) -> Filled:
    """Set as much of a text into a region as there is room for, from a height on."""
    lines: list[Line] = []
    above: Above = (top, None)
    number = 0
    slid = 0.0
    step = max(TOLERANCE, (region.bottom - region.top) / STEPS_PER_REGION)
    while place.paragraph < len(text):
        measured = text[place.paragraph]
        lead = slid + space_before(text, place, above, manner)
        row = make_row(measured, place.cluster, region, lower(above, lead), manner)
        if row is None or is_out(row, region, manner):
            break
        if not row.pieces:
            slid += max(row.metrics.height / STEPS_PER_LINE, step)
            continue
        lines.extend(
            set_line(measured, one, where, row, number=number, justifies=manner.justifies) for where, one in row.pieces
        )
        above = (row.baseline + row.metrics.descent + row.metrics.gap, row.baseline)
        number, slid = number + 1, 0.0
        place = after_row(place, row.pieces[-1][1])
    return Filled(tuple(lines), place, reached(text, place, lines, region, manner))


def space_before(text: Sequence[Measured], place: Place, above: Above, manner: Manner) -> float:
    """Give the space between a line and the paragraph before; there is none at the top, but for text=."""
    if place.cluster:
        return 0.0
    before = text[place.paragraph].galley.style.before
    if above[1] is None:
        return before if manner.spaces_edges and place.paragraph == 0 else 0.0
    return before + text[place.paragraph - 1].galley.style.after


def lower(above: Above, way: float) -> Above:
    """Move down what a line is below of."""
    below, last = above
    return below + way, None if last is None else last + way


def reached(text: Sequence[Measured], place: Place, lines: Sequence[Line], region: Region, manner: Manner) -> float:
    """Give how far down lines reach."""
    bottom = max((line.y + line.metrics.descent for line in lines), default=region.top)
    if manner.spaces_edges and lines and place.paragraph == len(text):
        bottom += lines[-1].measured.galley.style.after
    return bottom


def is_out(row: Row, region: Region, manner: Manner) -> bool:
    """Tell whether a row is below what its region shows."""
    if manner.crops:
        return row.top >= region.bottom
    return row.baseline + row.metrics.descent > region.bottom + TOLERANCE


def after_row(place: Place, last: Piece) -> Place:
    """Give where the text goes on."""
    if last.ending == "paragraph":
        return Place(place.paragraph + 1)
    return replace(place, cluster=last.stop)


def make_row(measured: Measured, start: int, region: Region, above: Above, manner: Manner) -> Row | None:
    """Give the pieces that stand side by side below what is there, none if no word fits, or None below the region.

    The taller the row, the less room there may be, so it is made again as long as it grows.
    """
    metrics = measured.metrics(start, start + 1 if start < len(measured.galley.clusters) else start)
    for _ in range(MOST_TRIES):
        top, baseline = baseline_of(measured.galley.style, metrics, region, above)
        if isinstance(region, Shape) and baseline + metrics.descent > region.bottom + TOLERANCE:
            return None
        pieces = pieces_between(measured, start, region, (top, baseline + metrics.descent), manner)
        found = highest([metrics, *(measured.metrics(one.start, one.stop) for _, one in pieces)])
        if found == metrics:
            break
        metrics = found
    top, baseline = baseline_of(measured.galley.style, metrics, region, above)
    return Row(tuple(pieces), metrics, top, baseline)


def baseline_of(style: ParagraphStyle, metrics: Metrics, region: Region, above: Above) -> tuple[float, float]:
    """Give where a line of a height starts, and where its baseline is, below the line before it.

    Line spacing is free place above a line; the first one of a region has none.
    """
    below, last = above
    if last is None:
        ascent = metrics.cell if isinstance(region, Box) and region.tight else metrics.ascent
        return below, below + ascent
    own = metrics.height + metrics.gap
    spacing = style.line_spacing
    match spacing.kind:
        case "multiple":
            baseline = below + metrics.ascent + own * (spacing.value - 1)
        case "least":
            baseline = below + metrics.ascent + max(0.0, spacing.value - own)
        case "exact":
            baseline = last + spacing.value
    return baseline - metrics.ascent, baseline


def pieces_between(
    measured: Measured, start: int, region: Region, band: tuple[float, float], manner: Manner
) -> list[tuple[Interval, Piece]]:
    """Fill the free intervals of a band with the text that starts at a cluster."""
    pieces: list[tuple[Interval, Piece]] = []
    here = start
    for left, right in region.intervals(*band):
        before, after = indents(measured, here)
        width = right - left - before - after
        if width <= 0 and isinstance(region, Shape):
            continue
        overlong = manner.overlong if isinstance(region, Box) else "refuse"
        piece = break_line(measured, here, Room(width, before, overlong, manner.wraps))
        if piece is None and can_break(measured, here, region, band, manner):
            piece = break_line(measured, here, Room(width, before, "break"))
        if piece is None or (isinstance(region, Shape) and piece.width > width + TOLERANCE):
            continue
        pieces.append(((left + before, right - after), piece))
        here = piece.stop
        if piece.ending != "wrap":
            break
    return pieces


def can_break(measured: Measured, start: int, region: Region, band: tuple[float, float], manner: Manner) -> bool:
    """Tell whether a word that has no room here is to be broken, since it will have none anywhere in its shape."""
    return manner.overlong == "break" and isinstance(region, Shape) and is_too_long(measured, start, region, band)


def is_too_long(measured: Measured, start: int, region: Shape, band: tuple[float, float]) -> bool:
    """Tell whether a word is longer than any line of a region, so that it has to be broken."""
    place = measured.galley.next_break[start + 1]
    long = measured.visible[place] - measured.widths[start] + sum(indents(measured, start)) - TOLERANCE
    height = band[1] - band[0]
    step = ROUGHLY ** math.floor(math.log(height, ROUGHLY)) if height > 0 else 0.0
    if long <= widest(region, step * ROUGHLY) or long > widest(region, step):
        return long > widest(region, step)
    return long > widest(region, height)


def indents(measured: Measured, start: int) -> tuple[float, float]:
    """Give by how much a line is indented at its left and right; a paragraph's first line more where it starts."""
    style = measured.galley.style
    first = style.first_indent if start == 0 else 0.0
    if measured.galley.base % 2:
        return style.left_indent, style.right_indent + first
    return style.left_indent + first, style.right_indent


def set_line(measured: Measured, piece: Piece, interval: Interval, row: Row, *, number: int, justifies: bool) -> Line:
    """Put a piece into its interval as its paragraph is aligned."""
    left, right = interval
    align = align_of(measured.galley.style, piece, justifies)
    stretch = 0.0
    if align == "justify":
        count = len(gaps(measured, piece))
        free = right - left - piece.width
        stretch = free / count if count and 0 < free < math.inf else 0.0
        align = "right" if measured.galley.base % 2 and not stretch else "left"
    line = Line(measured, piece, 0.0, row.baseline, row.metrics, stretch, number)
    return replace(line, x=left_of(align, left, right, line))


def align_of(style: ParagraphStyle, piece: Piece, justifies: bool) -> Align:
    """Give how a line is aligned. One that ends with a line break is not the last: Photoshop and Word stretch it."""
    if style.align != "justify":
        return style.align
    if not justifies:
        return "left"
    return style.last_line if piece.ending == "paragraph" else "justify"


def left_of(align: Align, left: float, right: float, line: Line) -> float:
    """Give where a line starts; one that is too long starts at its edge. Without an end, lines lie about the start."""
    if math.isinf(right):
        before, after = indents(line.measured, line.piece.start)
        origin = left - before
        ways = {"right": origin - after - line.width, "center": origin + (before - after - line.width) / 2}
        return ways.get(align, left)
    free = right - left - line.width
    if free < 0:
        return left + free if line.measured.galley.base % 2 else left
    return left + free * {"right": 1.0, "center": 0.5}.get(align, 0.0)


def gaps(measured: Measured, piece: Piece) -> tuple[int, ...]:
    """Give the clusters behind which a justified line is stretched: its blanks behind the last tab."""
    clusters, tabs = measured.galley.clusters, measured.galley.tabs
    start = max((tab + 1 for tab in tabs if piece.start <= tab < piece.shown), default=piece.start)
    return tuple(i for i in range(start, piece.shown) if clusters[i].blank)


def offsets_of(line: Line) -> tuple[int, int]:
    """Give where a line starts and ends in the whole text."""
    galley, piece = line.measured.galley, line.piece
    if piece.start == piece.stop:
        at = galley.offset + galley.length
        return at, at
    return galley.offset + galley.clusters[piece.start].start, galley.offset + galley.clusters[piece.stop - 1].stop
