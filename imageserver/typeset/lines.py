"""Where lines end: as many clusters as there is room for, in points."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Literal

from imageserver.typeset.breaking import LINE_ENDS
from imageserver.typeset.clusters import Cluster
from imageserver.typeset.measuring import Measured, advance_of

TAB_STOPS = 36.0
"""Points from one tab stop to the next, as in RTF."""
TOLERANCE = 1e-6

Overlong = Literal["break", "keep", "refuse"]
"""What becomes of a word that is longer than the line: broken, kept whole, or not set here."""
Ending = Literal["wrap", "line", "paragraph"]


@dataclass(frozen=True, slots=True)
class Room:
    """How long a line may be, how far it is indented from where tab stops count, and what wraps."""

    width: float
    indent: float = 0.0
    overlong: Overlong = "break"
    wraps: bool = True


@dataclass(frozen=True, slots=True)
class Piece:
    """Clusters that stand in a row, `shown` without the blanks that hang at their end.

    `tabs` are the widths of tabs in their order.
    """

    start: int
    stop: int
    shown: int
    width: float
    ending: Ending
    tabs: tuple[float, ...] = ()
    hyphen: Cluster | None = None


def break_line(measured: Measured, start: int, room: Room) -> Piece | None:
    """Give what stands in a line that starts at a cluster, or None if the first word is to be refused."""
    end = end_of_line(measured, start)
    fitting, tabs = reach(measured, start, end, room if room.wraps else Room(math.inf, room.indent))
    if fitting >= end:
        return piece(measured, start, end, tabs, ending=ending_at(measured, start, end))
    place = last_place(measured, start, fitting, room.width, tabs)
    if place > start:
        return piece(measured, start, place, tabs)
    match room.overlong:
        case "refuse":
            return None
        case "keep":
            place = min(end, measured.galley.next_break[start + 1])
            tabs = reach(measured, start, place, Room(math.inf, room.indent))[1]
        case "break":
            place = max(fitting, start + 1)
    if place >= end:
        return piece(measured, start, end, tabs, ending=ending_at(measured, start, end))
    return piece(measured, start, place, tabs, breaks_word=room.overlong == "break")


def end_of_line(measured: Measured, start: int) -> int:
    """Give where the line ends at the latest."""
    ends = measured.galley.ends
    i = bisect_right(ends, start)
    return ends[i] if i < len(ends) else len(measured.galley.clusters)


def ending_at(measured: Measured, start: int, end: int) -> Ending:
    """Say what a line that has room enough ends with; behind a line break at the end, an empty line follows."""
    clusters = measured.galley.clusters
    if end < len(clusters) or (start < end and clusters[-1].text in LINE_ENDS):
        return "line"
    return "paragraph"


def reach(measured: Measured, start: int, end: int, room: Room) -> tuple[int, tuple[float, ...]]:
    """Give how far clusters fit into the room, and the widths of the tabs among them."""
    tabs: list[float] = []
    used = 0.0
    here = start
    galley_tabs = measured.galley.tabs
    for tab in (*galley_tabs[bisect_left(galley_tabs, start) : bisect_left(galley_tabs, end)], end):
        limit = measured.widths[start] + room.width - used + TOLERANCE
        fitting = max(here, bisect_right(measured.visible, limit, here, tab + 1) - 1)
        if fitting < tab or tab == end:
            return fitting, tuple(tabs)
        at = measured.widths[tab] - measured.widths[start] + used
        tabs.append(min(to_next_stop(at + room.indent), max(0.0, room.width - at)))
        used += tabs[-1]
        here = tab + 1
    raise AssertionError("the last of the tabs is the end")


def to_next_stop(at: float) -> float:
    """Give the way from a place to the next tab stop."""
    return (math.floor(at / TAB_STOPS + TOLERANCE) + 1) * TAB_STOPS - at


def last_place(measured: Measured, start: int, fitting: int, width: float, tabs: tuple[float, ...]) -> int:
    """Give the last place up to `fitting` where the line may end, with its hyphen if it shows one; 0 for none."""
    galley = measured.galley
    place = galley.last_break[fitting]
    while place > start and place - 1 in galley.hyphens:
        own = advance_of(galley.hyphens[place - 1], measured.share)
        own += sum(tabs_between(measured, start, place, tabs))
        if measured.widths[place] - measured.widths[start] + own <= width + TOLERANCE:
            break
        place = galley.last_break[place - 1]
    return place if place > start else 0


def tabs_between(measured: Measured, start: int, stop: int, tabs: tuple[float, ...]) -> tuple[float, ...]:
    """Give those tabs of a line that stand before a place."""
    places = measured.galley.tabs
    return tabs[: bisect_left(places, stop) - bisect_left(places, start)]


def piece(
    measured: Measured,
    start: int,
    stop: int,
    tabs: tuple[float, ...],
    *,
    ending: Ending = "wrap",
    breaks_word: bool = False,
) -> Piece:
    """Give the piece that ends at a place."""
    clusters = measured.galley.clusters
    shown = stop
    while shown > start and (clusters[shown - 1].blank or clusters[shown - 1].text in LINE_ENDS):
        shown -= 1
    hyphens = measured.galley.hyphens if ending == "wrap" and not breaks_word and shown == stop else {}
    hyphen = hyphens.get(shown - 1)
    tabs = tabs_between(measured, start, shown, tabs)
    width = measured.widths[shown] - measured.widths[start] + sum(tabs)
    if hyphen:
        width += advance_of(hyphen, measured.share)
    return Piece(start, stop, shown, width, ending, tabs, hyphen)
