"""Text in shapes, around what is excluded, and along paths. References: r-textflowpath, r-textpath, r-pathattr."""

from __future__ import annotations

import cmath
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import ASCENT, CELL, DESCENT, HEIGHT, LOOK, SIZE, advance, block, glyph_of, paragraph, whole, written

from imageserver.commands.paths import Path, PathGrammar
from imageserver.commands.text import PathPlace
from imageserver.errors import BadCombination
from imageserver.plan.text import TextBlock
from imageserver.richtext.document import LINE_BREAK, Align, Look, Paragraph, ParagraphStyle, TextBox
from imageserver.typeset.result import Extent, Glyph, SetLine, Typeset
from imageserver.typeset.setting import typeset

SMALL = Look(size=8)
WORDS = "some words that flow into a shape and around what is in their way "
ROUND = 4 / 3 * math.tan(math.pi / 16)
"""Makes a curve of an eighth of a circle."""


def path(text: str) -> Path:
    return PathGrammar().parse(text)


def circle(x: float, y: float, radius: float) -> str:
    """Give a circle of eight curves, clockwise from its top."""
    text = f"M{x:.9f},{y - radius:.9f}"
    for i in range(8):
        here, there = (cmath.rect(radius, -math.pi / 2 + math.pi / 4 * k) for k in (i, i + 1))
        points = (here + here * 1j * ROUND, there - there * 1j * ROUND, there)
        text += "C" + ",".join(f"{x + one.real:.9f},{y + one.imag:.9f}" for one in points)
    return text + "Z"


def flowed(text: TextBlock, into: str, without: str = "", size: tuple[int, int] = (0, 0)) -> Typeset:
    return typeset(replace(text, flow_path=path(into), flow_x_path=path(without) if without else None), *size)


def corners(line: SetLine) -> list[tuple[float, float]]:
    """Give the corners of what a line takes."""
    return [(x, y) for x in (line.x, line.x + line.width) for y in (line.y - line.ascent, line.y + line.descent)]


@pytest.mark.parametrize("align", ["left", "right", "center", "justify"])
def test_text_stays_in_its_shape(align: Align) -> None:
    text = block(paragraph((WORDS * 40, SMALL), style=ParagraphStyle(align)))
    found = flowed(text, circle(200, 200, 150))
    assert len(found.lines) > 15
    assert not found.complete
    assert all(math.dist(corner, (200, 200)) <= 150.01 for line in found.lines for corner in corners(line))
    assert found.lines[0].y - found.lines[0].ascent < 70
    assert found.lines[-1].y > 320


def test_text_stays_off_what_is_excluded() -> None:
    text = block(paragraph((WORDS * 20, SMALL)))
    found = flowed(text, "M0,0L300,0L300,200L0,200Z", circle(150, 100, 50))
    beside = [line for line in found.lines if abs(line.y - 100) < 30]
    assert {line.x < 150 for line in beside} == {True, False}
    assert all(line.x + line.width < 150 or line.x > 150 for line in beside)
    assert all(math.dist(corner, (150, 100)) >= 49.9 for line in found.lines for corner in corners(line))
    assert "".join(written(text, found)) == whole(text)[: found.lines[-1].stop]


def test_loops_that_overlap_are_one_region_with_a_hole() -> None:
    text = block(paragraph((WORDS * 3, SMALL)))
    outer, inner = "M0,0L300,0L300,200L0,200Z", "M100,50L200,50L200,150L100,150Z"
    assert flowed(text, outer + inner).lines == flowed(text, outer, inner).lines


def test_regions_are_filled_one_after_the_other() -> None:
    text = block(paragraph((WORDS * 2, SMALL)))
    found = flowed(text, "M200,0L300,0L300,40L200,40Z M0,0L100,0L100,200L0,200Z")
    sides = [line.x >= 200 for line in found.lines]
    assert sides == sorted(sides, reverse=True)
    assert set(sides) == {True, False}
    assert found.complete
    assert "".join(written(text, found)) == whole(text)


@pytest.mark.parametrize("into", ["M0,0L100,0L100,100L0,100Z", "M0,0L100,0L100,100L0,100"])
def test_a_shape_is_closed_by_itself(into: str) -> None:
    found = flowed(block("a"), into)
    assert (found.lines[0].x, found.lines[0].y) == pytest.approx((0, ASCENT * SIZE))


def test_a_layer_is_as_large_as_its_text_or_as_it_is_told() -> None:
    text = block("one", "two")
    into = "M50,60L200,60L200,200L50,200Z"
    found = flowed(text, into)
    box = found.extent
    assert (box.left, box.top) == pytest.approx((50, 60))
    assert (box.right, box.bottom) == pytest.approx((50 + max(advance("one"), advance("two")), 60 + 2 * HEIGHT * SIZE))
    sized = flowed(text, into, size=(70, 80))
    assert sized.extent == Extent(0, 0, 70, 80)
    assert sized.lines == found.lines


@pytest.mark.parametrize(
    ("vertical", "baseline"), [("center", 50 + (ASCENT - DESCENT) * SIZE / 2), ("bottom", 100 - DESCENT * SIZE)]
)
def test_text_is_aligned_vertically_in_a_shape(vertical: str, baseline: float) -> None:
    box = TextBox(vertical=vertical)  # type: ignore[arg-type]
    found = flowed(block("a", box=box), "M0,0L100,0L100,100L0,100Z")
    assert found.lines[0].y == pytest.approx(baseline, abs=0.01)


def test_a_word_waits_for_a_place_that_is_wide_enough() -> None:
    """A triangle that stands on its side: narrow at the top."""
    found = flowed(block("wide words"), "M100,0L200,200L0,200Z")
    line = found.lines[0]
    assert line.stop >= len("wide")
    assert 2 * (line.y - line.ascent) / 2 >= advance("wide") - 1


def test_a_word_that_is_longer_than_its_shape_is_broken() -> None:
    found = flowed(block("HHHHHHHH"), "M0,0L50,0L50,200L0,200Z")
    assert [line.stop for line in found.lines] == [3, 6, 8]
    assert found.complete


def test_a_shape_without_room_stays_empty() -> None:
    found = flowed(block("word"), "M0,0L10,0L10,3L0,3Z")
    assert found.lines == ()
    assert not found.complete
    assert found.extent == Extent()


def test_margins_do_not_count_in_a_shape() -> None:
    into = "M0,0L100,0L100,100L0,100Z"
    assert flowed(block("a", box=TextBox(20, 20, 20, 20)), into) == flowed(block("a"), into)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=3, max_size=6), st.integers(0, 359))
def test_what_stands_in_any_shape_is_the_beginning_of_the_text(points: list[tuple[int, int]], angle: int) -> None:
    into = "M" + "L".join(f"{x},{y}" for x, y in points) + "Z"
    text = replace(block(paragraph((WORDS * 3, SMALL))), angle=float(angle))
    found = flowed(text, into)
    assert "".join(written(text, found)) == whole(text)[: found.lines[-1].stop if found.lines else 0]
    if found.lines:
        assert min(x for x, _ in points) - 0.01 <= found.extent.left
        assert found.extent.right <= max(x for x, _ in points) + 0.01


def along(text: TextBlock, on: str, place: PathPlace = PathPlace(), size: tuple[int, int] = (0, 0)) -> Typeset:  # noqa: B008
    return typeset(replace(text, path=path(on), place=place), *size)


def glyphs(found: Typeset) -> list[Glyph]:
    return [glyph for run in found.runs for glyph in run.glyphs]


def unkerned(text: str) -> float:
    """Give the width of letters one by one."""
    return sum(advance(letter) for letter in text)


def middle(glyph: Glyph, letter: str) -> complex:
    """Give where the middle of a glyph's width touches its baseline."""
    return complex(glyph.x, glyph.y) + cmath.rect(advance(letter) / 2, math.radians(glyph.angle))


TEXT = "around"
UNKERNED = replace(LOOK, kerning=None)
RADIUS = 100
CIRCLE = circle(0, 0, RADIUS)
LENGTH = 2 * math.pi * RADIUS


@pytest.mark.parametrize(
    ("style", "place", "start"),
    [
        (ParagraphStyle(), PathPlace(), 0),
        (ParagraphStyle(left_indent=10), PathPlace(), 10),
        (ParagraphStyle("right"), PathPlace(), LENGTH - unkerned(TEXT)),
        (ParagraphStyle("right", right_indent=10), PathPlace(), LENGTH - 10 - unkerned(TEXT)),
        (ParagraphStyle("center"), PathPlace(), (LENGTH - unkerned(TEXT)) / 2),
        (ParagraphStyle(), PathPlace(start=0.25), LENGTH / 4),
        (ParagraphStyle("right"), PathPlace(end=0.5), LENGTH / 2 - unkerned(TEXT)),
        (
            ParagraphStyle("center"),
            PathPlace(start=0.75, end=1.25),
            LENGTH - unkerned(TEXT) / 2,
        ),  # over the first vertex
    ],
)
def test_glyphs_stand_on_a_circle(style: ParagraphStyle, place: PathPlace, start: float) -> None:
    found = along(block(paragraph((TEXT, UNKERNED), style=style)), CIRCLE, place)
    assert found.complete
    way = start
    for letter, glyph in zip(TEXT, glyphs(found), strict=True):
        assert glyph.glyph_id == glyph_of(letter)
        at = middle(glyph, letter)
        angle = (way + advance(letter) / 2) / RADIUS
        expected = cmath.rect(RADIUS, angle - math.pi / 2)
        assert abs(abs(at) - RADIUS) < 0.01
        assert abs(at - expected) < 0.05
        assert cmath.phase(cmath.rect(1, math.radians(glyph.angle) - angle)) == pytest.approx(0, abs=1e-4)
        way += advance(letter)


def test_reversed_text_starts_at_the_end() -> None:
    first, *_, last = glyphs(along(block(TEXT), CIRCLE, PathPlace(reverse=True)))
    assert middle(first, TEXT[0]).real < 0
    assert middle(last, TEXT[-1]).real < middle(first, TEXT[0]).real
    assert cmath.phase(cmath.rect(1, math.radians(first.angle))) == pytest.approx(
        math.pi - advance("a") / 2 / RADIUS, abs=1e-3
    )


@pytest.mark.parametrize(
    ("text", "on", "shown", "complete"),
    [
        ("HHHHH", f"M0,0L{advance('HHH') + 1},0", "HHH", False),
        ("HH HH", f"M0,0L{advance('HH') + 1},0M0,50L{advance('HH') + 1},50", "HH HH", True),
        ("HH HHH", f"M0,0L{advance('HH') + 1},0M0,50L{advance('HH') + 1},50", "HH HH", False),
        ("HHH HH", f"M0,0L{advance('HH')},0M0,50L{advance('HHH') + 1},50", "HHH", False),  # the first has no room
        (f"HH{LINE_BREAK}HH", "M0,0L100,0", f"HH{LINE_BREAK}", True),
    ],
)
def test_text_fills_subpaths_in_order(text: str, on: str, shown: str, complete: bool) -> None:
    found = along(block(text, "never shown"), on)
    assert "".join(written(block(text), found)).rstrip(" ") == shown
    assert found.complete == complete
    assert len(glyphs(found)) == shown.count("H")


def test_a_path_that_is_not_closed_ends_at_its_end() -> None:
    square = "M0,0L50,0L50,50L0,50"
    assert len(glyphs(along(block("H" * 50), square))) < len(glyphs(along(block("H" * 50), square + "Z")))
    with pytest.raises(BadCombination, match="pathAttr, textPath: expected an end of at most 1"):
        along(block("a"), square, PathPlace(start=0.6, end=1.5))
    assert along(block("a"), square + "Z", PathPlace(start=0.6, end=1.5)).complete


def test_a_sized_layer_on_a_path_ignores_alignment() -> None:
    text = block(paragraph("a", style=ParagraphStyle("right")))
    found = along(text, "M0,50L100,50", size=(100, 60))
    assert found.extent == Extent(0, 0, 100, 60)
    assert glyphs(found)[0].x == pytest.approx(0)
    free = along(text, "M0,50L100,50")
    assert glyphs(free)[0].x == pytest.approx(100 - advance("a"))
    assert free.extent == free.ink


def test_underlines_follow_a_path() -> None:
    found = along(block(paragraph(("abc", replace(LOOK, underline=True)))), CIRCLE)
    assert [bar.angle for bar in found.bars] == [glyph.angle for glyph in glyphs(found)]
    assert sum(bar.length for bar in found.bars) == pytest.approx(advance("abc"))


def test_letters_from_right_to_left_run_backwards_along_a_path() -> None:
    found = along(block("\u05d0\u05d1"), "M0,0L100,0")
    assert [glyph.cluster for glyph in sorted(glyphs(found), key=lambda one: one.x)] == [1, 0]


def test_character_cells_of_shapes_and_boxes_differ() -> None:
    """A tight box has the tops of its letters at its own; a shape holds all of a line."""
    box = typeset(block("a"), 100, 100).lines[0]
    shape = flowed(block("a"), "M0,0L100,0L100,100L0,100Z").lines[0]
    assert (box.y, shape.y) == pytest.approx((CELL * SIZE, ASCENT * SIZE))


def test_nothing_of_an_empty_text_is_on_a_path() -> None:
    found = along(block(Paragraph(())), CIRCLE)
    assert (found.runs, found.extent, found.complete) == ((), Extent(), True)
