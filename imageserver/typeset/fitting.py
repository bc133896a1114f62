"""How large text may be: copy-fitting (r-copy-fitting) and fitting by resolution (r-textattr).

Both lay out again at each size that they try, from widths that are known: nothing is shaped twice.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import TypeVar

from imageserver.typeset.flowing import Flowed, Line, offsets_of
from imageserver.typeset.lines import Overlong
from imageserver.typeset.measuring import Galley, Measured, growth_of, limits_of, measure, shortened

Fit = TypeVar("Fit")
Setter = Callable[[Sequence[Measured], Overlong], Flowed]
"""Sets a measured text; the second argument says what becomes of words that are too long."""
SHARE_STEPS = 20
RESOLUTION_STEPS = 13
MOST_DOUBLINGS = 24


@dataclass(frozen=True, slots=True)
class Limited:
    """Text between two offsets that is to stand on so many lines at most; 0 lines are any number."""

    start: int
    stop: int
    lines: int
    most_lines: int


def fit_copy(galleys: Sequence[Galley], set_text: Setter) -> Flowed:
    """Set a text with its sizes grown as far as all of it fits, by one share of what each may grow.

    A word is broken only if it is too long for its line at the smallest size. Lines beyond `most_lines` are left out.
    """
    limits = tuple(limited(galleys))
    ways: tuple[Overlong, ...] = ("keep", "break") if grows(galleys) else ()
    for overlong in ways:

        def tried(share: float, overlong: Overlong = overlong) -> Flowed | None:
            flowed = set_text([measure(one, share) for one in galleys], overlong)
            return flowed if flowed.complete and keeps(limits, flowed) else None

        found = largest_share(tried)
        if found:
            return found
    smallest = set_text([measure(one, 0.0) for one in galleys], "break")
    gone = beyond(limits, smallest)
    if not gone:
        return smallest
    cut = set_text([measure(one, 0.0) for one in truncated(galleys, gone)], "break")
    return replace(cut, complete=False)


def largest_share(tried: Callable[[float], Fit | None]) -> Fit | None:
    """Give what comes of the largest share that fits, or None if none does."""
    found = tried(1.0)
    if found is not None:
        return found
    found = tried(0.0)
    return None if found is None else nearest(tried, 0.0, 1.0, found, SHARE_STEPS)[1]


def largest_resolution(tried: Callable[[float], Fit | None], start: float, grows: bool) -> tuple[float, Fit | None]:
    """Give the largest resolution that fits, and what comes of it; it exceeds the one to start from if it grows."""
    low, found = start, tried(start)
    if found is not None and not grows:
        return low, found
    high = start
    if found is None:
        for _ in range(MOST_DOUBLINGS):
            high, low = low, low / 2
            found = tried(low)
            if found is not None:
                break
    else:
        for _ in range(MOST_DOUBLINGS):
            high = low * 2
            again = tried(high)
            if again is None:
                break
            low, found = high, again
    return (low, found) if found is None else nearest(tried, low, high, found, RESOLUTION_STEPS)


def nearest(tried: Callable[[float], Fit | None], low: float, high: float, found: Fit, steps: int) -> tuple[float, Fit]:
    """Give the largest value that fits between one that does, and what came of it, and one that does not."""
    for _ in range(steps):
        middle = (low + high) / 2
        again = tried(middle)
        if again is None:
            high = middle
        else:
            low, found = middle, again
    return low, found


def grows(galleys: Sequence[Galley]) -> bool:
    """Tell whether any size of a text may grow."""
    return any(growth_of(strip.look) for galley in galleys for strip in (*galley.strips, galley.mark))


def limited(galleys: Sequence[Galley]) -> Iterator[Limited]:
    """Give the stretches of text that have the same limits on their lines."""
    breaks = written_breaks(galleys)
    for (lines, most_lines), several in groupby(limits_in(galleys), key=itemgetter(2)):
        if lines or most_lines:
            parts = list(several)
            yield with_written_lines(Limited(parts[0][0], parts[-1][1], lines, most_lines), breaks)


def limits_in(galleys: Sequence[Galley]) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Give the limits on lines of a text, from offset to offset."""
    for galley in galleys:
        starts = [galley.clusters[strip.start].start for strip in galley.strips]
        if not starts:
            yield galley.offset, galley.offset + 1, limits_of(galley.mark.look)
            continue
        for strip, start, stop in zip(galley.strips, starts, [*starts[1:], galley.length + 1], strict=True):
            yield galley.offset + start, galley.offset + stop, limits_of(strip.look)


def written_breaks(galleys: Sequence[Galley]) -> list[int]:
    """Give the offsets of line breaks and of the ends of paragraphs."""
    found: list[int] = []
    for galley in galleys:
        found.extend(galley.offset + galley.clusters[place - 1].start for place in galley.ends)
        found.append(galley.offset + galley.length)
    return found


def with_written_lines(one: Limited, breaks: Sequence[int]) -> Limited:
    """Allow as many lines as were written: explicit line breaks are always honoured."""
    count = 1 + max(0, bisect_left(breaks, one.stop - 1) - bisect_left(breaks, one.start))
    return replace(one, lines=max(one.lines, count)) if one.lines else one


def lines_within(limits: Sequence[Limited], flowed: Flowed) -> list[list[Line]]:
    """Give, for each limited stretch of text, the lines on which something of it stands."""
    starts = [offsets_of(line)[0] for line in flowed.lines]
    found = []
    for one in limits:
        first = max(0, bisect_right(starts, one.start) - 1)
        lines = flowed.lines[first : bisect_left(starts, one.stop)]
        found.append([line for line in lines if max(offsets_of(line)[1], offsets_of(line)[0] + 1) > one.start])
    return found


def rows_of(lines: Sequence[Line]) -> list[int]:
    """Give the rows of lines, from the top."""
    return sorted({line.row for line in lines})


def keeps(limits: Sequence[Limited], flowed: Flowed) -> bool:
    """Tell whether text stands on no more lines than it is to."""
    for one, lines in zip(limits, lines_within(limits, flowed), strict=True):
        most = min((limit for limit in (one.lines, one.most_lines) if limit), default=0)
        if most and len(rows_of(lines)) > most:
            return False
    return True


def beyond(limits: Sequence[Limited], flowed: Flowed) -> list[tuple[int, int]]:
    """Give from where to where text stands on lines beyond the most that it may have."""
    found = []
    for one, lines in zip(limits, lines_within(limits, flowed), strict=True):
        rows = rows_of(lines)
        if one.most_lines and len(rows) > one.most_lines:
            last = rows[one.most_lines - 1]
            found.append((max(offsets_of(line)[1] for line in lines if line.row == last), one.stop))
    return found


def truncated(galleys: Sequence[Galley], gone: Sequence[tuple[int, int]]) -> list[Galley]:
    """Leave out text between offsets."""

    def is_kept(offset: int) -> bool:
        i = bisect_left(gone, (offset + 1,)) - 1
        return i < 0 or offset >= gone[i][1]

    found = []
    for galley in galleys:
        starts = [galley.offset + one.start for one in galley.clusters]
        if any(is_kept(at) for at in starts or [galley.offset]):
            kept = [i for i, at in enumerate(starts) if is_kept(at)]
            found.append(galley if len(kept) == len(starts) else shortened(galley, kept))
    return found or [shortened(galleys[0], [])]
