"""Clusters → measured paragraphs: widths and heights in points at any size, without shaping again.

Sizes that may grow do so by one `share` from 0 to 1 (r-copy-fitting), so every width is a fixed part and a part that
grows with it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

from imageserver.plan.text import Face, TextBlock
from imageserver.richtext.document import SOFT_HYPHEN, Look, Paragraph, ParagraphStyle, Span
from imageserver.typeset.bidi import base_level
from imageserver.typeset.breaking import LINE_ENDS
from imageserver.typeset.clusters import Cluster
from imageserver.typeset.fonts import hb_font, metrics
from imageserver.typeset.shaping import hyphen, shape

TAB = "\t"


@dataclass(frozen=True, slots=True)
class Metrics:
    """How far a line reaches above and below its baseline, and what it keeps free below.

    `cell` is the height of the character cell that textPs= aligns with the top of its box.
    """

    ascent: float
    descent: float
    gap: float
    cell: float

    @property
    def height(self) -> float:
        """What is taken of a line's place by its characters."""
        return self.ascent + self.descent


@dataclass(frozen=True, slots=True)
class Strip:
    """Clusters of one face and look: where they start, their size and growth in points, and their heights in ems."""

    start: int
    look: Look
    ascent: float
    descent: float
    gap: float
    cell: float
    rise: float

    def at(self, share: float) -> Metrics:
        """Give the heights in points."""
        size = size_of(self.look, share)
        return Metrics(
            max(0.0, self.ascent * size + self.rise),
            max(0.0, self.descent * size - self.rise),
            self.gap * size,
            self.cell * size,
        )


def start_of(strip: Strip) -> int:
    """Give the cluster that a strip starts with."""
    return strip.start


@dataclass(frozen=True, slots=True)
class Galley:
    """A paragraph that is shaped; what says how to break and to measure it at any size.

    `offset` is where it starts in the whole text. `last_break[n]` is the last place up to n where a line may end, and
    `next_break[n]` the first one from n on; `ends` are places where it has to.
    """

    clusters: tuple[Cluster, ...]
    style: ParagraphStyle
    offset: int
    base: int
    strips: tuple[Strip, ...]
    mark: Strip
    fixed: tuple[float, ...]
    growing: tuple[float, ...]
    last_break: tuple[int, ...]
    next_break: tuple[int, ...]
    ends: tuple[int, ...]
    tabs: tuple[int, ...]
    hyphens: dict[int, Cluster]

    @property
    def length(self) -> int:
        """How many characters the paragraph has."""
        return self.clusters[-1].stop if self.clusters else 0


@dataclass(frozen=True, slots=True)
class Measured:
    """A paragraph at a share of its growth.

    `widths[n]` is the width of its first n clusters, and `visible[n]` the one without blanks that hang at the end;
    tabs have none. `heights` are those of the strips.
    """

    galley: Galley
    share: float
    widths: Sequence[float]
    visible: Sequence[float]
    heights: tuple[Metrics, ...]

    def metrics(self, start: int, stop: int) -> Metrics:
        """Give the heights of a line: the largest of what stands on it; an empty one has those of the end mark."""
        if start >= stop:
            return self.galley.mark.at(self.share)
        strips = self.galley.strips
        first = bisect_right(strips, start, key=start_of) - 1
        return highest(self.heights[first : bisect_left(strips, stop, key=start_of)])


def highest(several: Sequence[Metrics]) -> Metrics:
    """Give heights that hold all of several."""
    if len(several) == 1:
        return several[0]
    ascent = max(one.ascent for one in several)
    descent = max(one.descent for one in several)
    return Metrics(
        ascent,
        descent,
        max(one.descent + one.gap for one in several) - descent,
        max(one.cell for one in several),
    )


def measure(galley: Galley, share: float) -> Measured:
    """Measure a paragraph at a share of its growth."""
    if share:
        widths: Sequence[float] = [a + share * b for a, b in zip(galley.fixed, galley.growing, strict=True)]
    else:
        widths = galley.fixed
    ends = (end if not cluster.blank else 0.0 for cluster, end in zip(galley.clusters, widths[1:], strict=True))
    visible = list(accumulate(ends, max, initial=0.0))
    return Measured(galley, share, widths, visible, tuple(strip.at(share) for strip in galley.strips))


def gather(block: TextBlock) -> tuple[Galley, ...]:
    """Shape all paragraphs of a text."""
    galleys = []
    offset = 0
    for paragraph in block.text.paragraphs:
        galleys.append(make_galley(shape(paragraph, block), paragraph, offset, block))
        offset += sum(len(span.text) for span in paragraph.spans) + 1
    return tuple(galleys)


def make_galley(clusters: tuple[Cluster, ...], paragraph: Paragraph, offset: int, block: TextBlock) -> Galley:
    """Give the galley of a paragraph's clusters."""
    last, following = break_places(clusters)
    return Galley(
        clusters=clusters,
        style=paragraph.style,
        offset=offset,
        base=base_level(paragraph),
        strips=tuple(strips_of(clusters, block)),
        mark=strip_of(mark_cluster(clusters, paragraph.mark, block), 0, block),
        fixed=tuple(accumulate((advance_of(one, 0.0) for one in clusters), initial=0.0)),
        growing=tuple(accumulate((one.advance * growth_of(one.look) * width(one) for one in clusters), initial=0.0)),
        last_break=last,
        next_break=following,
        ends=tuple(i + 1 for i, one in enumerate(clusters) if ends_line(one, i + 1 == len(clusters))),
        tabs=tuple(i for i, one in enumerate(clusters) if one.text == TAB),
        hyphens={i: hyphen(one, block) for i, one in enumerate(clusters) if one.text == SOFT_HYPHEN},
    )


def shortened(galley: Galley, kept: list[int]) -> Galley:
    """Keep some clusters only; line breaks at the end go with what followed them."""
    count = len(galley.clusters)
    while kept and kept[-1] + 1 < count and galley.clusters[kept[-1]].text in LINE_ENDS:
        kept = kept[:-1]
    places = {old: new for new, old in enumerate(kept)}
    clusters = tuple(galley.clusters[i] for i in kept)
    last, following = break_places(clusters)
    return replace(
        galley,
        clusters=clusters,
        strips=tuple(
            replace(strip, start=bisect_left(kept, strip.start))
            for strip, stop in zip(galley.strips, [*(one.start for one in galley.strips[1:]), count], strict=True)
            if bisect_left(kept, strip.start) < bisect_left(kept, stop)
        ),
        fixed=tuple(accumulate((galley.fixed[i + 1] - galley.fixed[i] for i in kept), initial=0.0)),
        growing=tuple(accumulate((galley.growing[i + 1] - galley.growing[i] for i in kept), initial=0.0)),
        last_break=last,
        next_break=following,
        ends=tuple(places[i - 1] + 1 for i in galley.ends if i - 1 in places),
        tabs=tuple(places[i] for i in galley.tabs if i in places),
        hyphens={places[i]: one for i, one in galley.hyphens.items() if i in places},
    )


def ends_line(cluster: Cluster, is_last: bool) -> bool:
    """Tell whether a line has to end here; the end of a paragraph is no such place."""
    return cluster.text in LINE_ENDS if is_last else cluster.break_after == "must"


def break_places(clusters: Sequence[Cluster]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Give, for each place, the last one up to it and the first one from it where a line may end; 0 for none."""
    count = len(clusters)
    may = [False, *(one.break_after != "no" for one in clusters)]
    last = tuple(accumulate((i if may[i] else 0 for i in range(count + 1)), max))
    following = list(accumulate((i if may[i] else count for i in range(count, -1, -1)), min))
    return last, tuple(reversed(following))


def mark_cluster(clusters: Sequence[Cluster], look: Look, block: TextBlock) -> Cluster:
    """Give what an empty line at a paragraph's end looks like; where there is none, any of its clusters will do."""
    if clusters and clusters[-1].text not in LINE_ENDS:
        return clusters[-1]
    return shape(Paragraph((Span(" ", look),)), block)[0]


def strips_of(clusters: Sequence[Cluster], block: TextBlock) -> Iterator[Strip]:
    """Give the stretches of clusters that are as high as one another."""
    before: Cluster | None = None
    for i, one in enumerate(clusters):
        if before is None or not is_alike(before, one):
            yield strip_of(one, i, block)
        before = one


def is_alike(one: Cluster, other: Cluster) -> bool:
    """Tell whether two clusters are of the same face and look."""
    return (
        (one.look is other.look or one.look == other.look)
        and (one.face is other.face or one.face == other.face)
        and (one.scale, one.shift, one.upright) == (other.scale, other.shift, other.upright)
    )


def strip_of(cluster: Cluster, start: int, block: TextBlock) -> Strip:
    """Give the heights of clusters that are like this one.

    With text=, raised characters and stretched ones take more height; textPs= keeps its lines where they are
    (r-text-positioning, r-advanced-text-formatting). Columns run along the middle of their characters.
    """
    face, look = metrics(cluster.face), cluster.look
    ascent, descent, gap, rise = face.ascent, face.descent, face.gap, 0.0
    if block.dialect == "text":
        tall = abs(look.scale_y)
        ascent = (ascent * cluster.scale) * tall - cluster.shift
        descent = (descent * cluster.scale) * tall + cluster.shift
        gap, rise = gap * tall, look.rise
    cell = cell_height(cluster.face)
    if block.text.box.downwards:
        ascent = descent = cell = (face.ascent + face.descent) / 2
    return Strip(start, look, ascent, descent, gap, cell, rise)


@lru_cache(maxsize=1024)
def cell_height(face: Face) -> float:
    """Give the height of a face's tall letters, as that of d, in ems: there textPs= has its first baseline.

    Photoshop does; in the reference's pictures (r-text-positioning) textPs= is that tightly aligned.
    """
    font = hb_font(face)
    glyph = font.get_nominal_glyph(ord("d"))
    extents = font.get_glyph_extents(glyph) if glyph else None
    if extents and extents.y_bearing > 0:
        return float(extents.y_bearing / font.face.upem)
    measures = metrics(face)
    return measures.cap_height or measures.ascent


def growth_of(look: Look) -> float:
    """Give by how many points a size may grow; a largest size that is no larger allows nothing."""
    return max(0.0, look.fit.largest - look.size) if look.fit else 0.0


def limits_of(look: Look) -> tuple[int, int]:
    """Give the limits on lines of what may grow, soft and hard, 0 for none."""
    return (look.fit.lines, look.fit.most_lines) if look.fit and growth_of(look) else (0, 0)


def size_of(look: Look, share: float) -> float:
    """Give the size of characters at a share of their growth."""
    return look.size + share * growth_of(look) if share else look.size


def width(cluster: Cluster) -> float:
    """Give what an advance in ems is multiplied by, beside the size."""
    return cluster.scale * abs(cluster.look.scale_y if cluster.upright else cluster.look.scale_x)


def advance_of(cluster: Cluster, share: float) -> float:
    """Give how far a cluster moves the pen, in points."""
    spacing = 0.0 if is_silent(cluster) else cluster.look.spacing
    return cluster.advance * size_of(cluster.look, share) * width(cluster) + spacing


def is_silent(cluster: Cluster) -> bool:
    """Tell whether a cluster shows nothing and moves nothing: a line break, a soft hyphen, a tab by itself."""
    return cluster.text in LINE_ENDS or cluster.text in {SOFT_HYPHEN, TAB}
