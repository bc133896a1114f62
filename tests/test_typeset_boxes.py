"""Text in boxes, at a point, at an angle and in columns; expected numbers come from the face itself."""

from __future__ import annotations

import cmath
import math
from dataclasses import replace

import pytest
from texts import (
    ASCENT,
    CELL,
    DESCENT,
    HEIGHT,
    LOOK,
    SIZE,
    advance,
    block,
    paragraph,
)

from imageserver.commands.text import TextAttributes
from imageserver.errors import BadCombination
from imageserver.richtext.document import (
    Dialect,
    Look,
    ParagraphStyle,
    TextBox,
)
from imageserver.typeset.result import Extent, Typeset
from imageserver.typeset.setting import typeset

A_LITTLE = 0.01


@pytest.mark.parametrize(
    ("dialect", "box", "baseline"),
    [
        ("text", TextBox(vertical="center"), 50 + (ASCENT - DESCENT) * SIZE / 2),
        ("text", TextBox(vertical="bottom"), 100 - DESCENT * SIZE),
        ("textPs", TextBox(vertical="center"), 50 + (CELL - DESCENT) * SIZE / 2),
        ("textPs", TextBox(vertical="bottom"), 100 - DESCENT * SIZE),
        ("textPs", TextBox(top=10), 10 + CELL * SIZE),  # r-text-positioning, example 5
        ("textPs", TextBox(bottom=10, vertical="bottom"), 90 - DESCENT * SIZE),
    ],
)
def test_vertical_alignment(dialect: Dialect, box: TextBox, baseline: float) -> None:
    assert typeset(block("a", dialect=dialect, box=box), 100, 100).lines[0].y == pytest.approx(baseline)


@pytest.mark.parametrize(("dialect", "space"), [("text", 10), ("textPs", 0)])
def test_space_after_the_last_paragraph_counts_for_text_only(dialect: Dialect, space: float) -> None:
    text = block(paragraph("a", style=ParagraphStyle(after=10)), dialect=dialect, box=TextBox(vertical="bottom"))
    assert typeset(text, 100, 100).lines[0].y == pytest.approx(100 - DESCENT * SIZE - space)


@pytest.mark.parametrize(
    ("dialect", "height", "lines"),
    [
        ("textPs", (CELL + DESCENT) * SIZE + A_LITTLE, 1),
        ("textPs", (CELL + DESCENT) * SIZE - A_LITTLE, 0),  # only complete lines
        ("textPs", (CELL + DESCENT + HEIGHT) * SIZE - A_LITTLE, 1),
        ("text", HEIGHT * SIZE + A_LITTLE, 2),  # the last one may be cropped
        ("text", HEIGHT * SIZE - A_LITTLE, 1),
    ],
)
def test_what_does_not_fit_is_left_out(dialect: Dialect, height: float, lines: int) -> None:
    found = typeset(block("a", "b", "c", dialect=dialect), 100, height)
    assert (len(found.lines), found.complete) == (lines, False)
    assert found.extent == Extent(0, 0, 100, height)


@pytest.mark.parametrize("dialect", ["text", "textPs"])
def test_point_text_stands_on_its_origin(dialect: Dialect) -> None:
    found = typeset(block("one", "three", dialect=dialect), 0, 0)
    assert [line.y for line in found.lines] == pytest.approx([0, HEIGHT * SIZE])
    assert found.extent.bounds == pytest.approx((0, -ASCENT * SIZE, advance("three"), (2 * HEIGHT - ASCENT) * SIZE))


def test_self_sized_text_is_aligned_in_one_way() -> None:
    mixed = (paragraph("a", style=ParagraphStyle("right")), "b")
    assert len(typeset(block(*mixed), 0, 0).lines) == 2
    for width in (0, 100):
        with pytest.raises(BadCombination, match="text: expected one of"):
            typeset(block(*mixed, dialect="text"), width, 0)
    assert len(typeset(block(*mixed, dialect="text"), 100, 100).lines) == 2


@pytest.mark.parametrize(
    ("dialect", "box", "height"),
    [
        ("text", TextBox(), 2 * HEIGHT * SIZE),
        ("textPs", TextBox(), 2 * HEIGHT * SIZE),
        ("textPs", TextBox(top=10, bottom=5, vertical="bottom"), 2 * HEIGHT * SIZE + 15),
    ],
)
def test_a_box_is_as_high_as_its_text(dialect: Dialect, box: TextBox, height: float) -> None:
    found = typeset(block("one two", dialect=dialect, box=box), advance("two ") + A_LITTLE, 0)
    assert found.extent.bounds == pytest.approx((0, 0, advance("two ") + A_LITTLE, height))
    assert found.lines[0].y == pytest.approx(box.top + ASCENT * SIZE)


def test_all_glyphs_of_text_are_within_its_box() -> None:
    """An italic f reaches out to the left, and accents that are stacked above the line."""
    look = Look(size=40, italic=True)
    text = block(paragraph(("fff \u1ea4\u0301\u0301 jjj", look)), dialect="text")
    loose = typeset(replace(text, dialect="textPs"), 400, 100)
    assert loose.ink.left < 0
    assert loose.ink.top < CELL * 40 - ASCENT * 40
    found = typeset(text, 400, 100)
    assert (found.ink.left, found.ink.top) == pytest.approx((0, 0))
    assert found.ink.right - found.ink.left == pytest.approx(loose.ink.right - loose.ink.left)
    assert found.lines[0].y > ASCENT * 40
    assert found.complete


def test_lines_of_text_are_shorter_where_glyphs_reach_out() -> None:
    look = Look(size=40, italic=True)
    text = block(paragraph(("fine fine f", look)), dialect="text")
    room = typeset(text, 0, 0).lines[0].width
    found = typeset(text, room, 200)
    assert len(found.lines) == 2
    assert found.complete
    assert 0 <= found.ink.left < found.ink.right <= room


@pytest.mark.parametrize(
    ("mode", "resolution", "expected"),
    [
        ("fixedRes", 100, 100),
        ("maxRes", 10, 10),
        ("maxRes", 1000, None),
        ("autoRes", 10, None),
        ("autoRes", 1000, None),
    ],
)
def test_resolution_is_as_large_as_the_box_allows(mode: str, resolution: int, expected: float | None) -> None:
    text = block("many words to be fitted into a box", "and another paragraph", dialect="text")

    def at(resolution: int, mode: str) -> Typeset:
        return typeset(replace(text, attributes=TextAttributes(resolution, res_mode=mode)), 300, 200)  # type: ignore[arg-type]

    found = at(resolution, mode)
    if expected is not None:
        assert found.resolution == expected
        return
    assert found.complete
    assert 0 <= found.ink.left < found.ink.right <= 300
    assert 0 <= found.ink.top < found.ink.bottom <= 200
    assert at(int(found.resolution), "fixedRes").complete
    assert not at(int(found.resolution * 1.01) + 1, "fixedRes").complete
    assert found.runs[0].size == pytest.approx(SIZE * found.resolution / 72)


def test_resolution_counts_pixels_per_inch() -> None:
    text = replace(block("word"), attributes=TextAttributes(144))
    found = typeset(text, 0, 0)
    assert found.extent.right == pytest.approx(2 * advance("word"))
    assert found.runs[0].size == 2 * SIZE


def test_no_size_is_looked_for_without_a_height() -> None:
    text = replace(block("word", dialect="text"), attributes=TextAttributes(100, res_mode="autoRes"))
    assert typeset(text, 0, 0).resolution == 100
    assert typeset(text, 30, 0).resolution == 100


def test_a_turned_box_is_filled_between_its_edges() -> None:
    text = replace(block("one two six ten " * 3), angle=90)
    found = typeset(text, 100, 200)
    assert all(line.x == pytest.approx(100 - (CELL + HEIGHT * i) * SIZE) for i, line in enumerate(found.lines))
    assert all(line.y == 0 and line.width <= 200 for line in found.lines)
    assert {glyph.angle for run in found.runs for glyph in run.glyphs} == {90}


@pytest.mark.parametrize("angle", [-30, 20, 45, 100, 200])
def test_lines_at_an_angle_stay_within_the_box(angle: float) -> None:
    text = replace(block("one two six ten " * 3), angle=angle)
    found = typeset(text, 250, 250)
    assert found.complete
    assert len(found.lines) > 1
    assert min(found.ink.left, found.ink.top) > 0
    assert max(found.ink.right, found.ink.bottom) < 250
    first, second = found.runs[0].glyphs[:2]
    turn = complex(second.x - first.x, second.y - first.y) / abs(complex(second.x - first.x, second.y - first.y))
    expected = cmath.rect(1, math.radians(angle))
    assert (turn.real, turn.imag) == pytest.approx((expected.real, expected.imag))


def test_columns_run_from_right_to_left() -> None:
    box = TextBox(downwards=True)
    found = typeset(block("ab", "c", box=box), 100, 100)
    half = HEIGHT * SIZE / 2
    assert [(line.x, line.y) for line in found.lines] == [
        pytest.approx((100 - half, 0)),
        pytest.approx((100 - 3 * half, 0)),
    ]
    a, b, c = (glyph for run in found.runs for glyph in run.glyphs)
    assert a.angle == b.angle == c.angle == 0
    assert b.y > a.y
    assert c.x < 100 - 2 * half < a.x < 100


def test_roman_letters_turn_with_the_column_if_asked_to() -> None:
    turned = paragraph(("ab", replace(LOOK, rotated=True)))
    found = typeset(block(turned, box=TextBox(downwards=True)), 100, 100)
    a, b = (glyph for run in found.runs for glyph in run.glyphs)
    assert a.angle == b.angle == 90
    assert a.x == b.x == pytest.approx(100 - ASCENT * SIZE)
    assert b.y - a.y == pytest.approx(advance("a"))
