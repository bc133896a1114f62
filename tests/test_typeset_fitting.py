"""How large text becomes: copy-fitting (r-copy-fitting), and the lines that it may take."""

from __future__ import annotations

from dataclasses import replace

import pytest
from texts import ASCENT, CELL, DESCENT, HEIGHT, advance, block, paragraph, written

from imageserver.commands.paths import PathGrammar
from imageserver.plan.text import TextBlock
from imageserver.richtext.document import LINE_BREAK, CopyFit, Look
from imageserver.typeset.result import Typeset
from imageserver.typeset.setting import typeset

HALVES = 2
"""Sizes are written in half points."""


def look(size: float, largest: float = 0.0, lines: int = 0, most_lines: int = 0) -> Look:
    fit = CopyFit(largest / HALVES, lines, most_lines) if largest else None
    return Look(size=size / HALVES, fit=fit)


def sizes(found: Typeset) -> list[float]:
    """Give the sizes of a text in half points."""
    return [run.size * HALVES for run in found.runs]


def size_at(found: Typeset, offset: int) -> float:
    """Give the size of the character at an offset, in half points."""
    return next(run.size for run in found.runs if offset in {glyph.cluster for glyph in run.glyphs}) * HALVES


def mixed(outer: Look, inner: Look, words: int = 1) -> TextBlock:
    return block(paragraph(("alpha " * words, outer), ("beta " * words, inner), ("gamma " * words, outer)))


@pytest.mark.parametrize(
    ("outer", "inner", "small", "large"),
    [
        (look(10, 100), look(20, 200), (10, 20), (100, 200)),  # the same ratio throughout
        (look(10, 100), look(20, 100), (10, 20), (100, 100)),  # the same large size
        (look(10, 100), look(10, 200), (10, 10), (100, 200)),  # the same small size
        (look(10, 100), look(50, 0), (10, 50), (100, 50)),  # not fitted
        (look(10, 100), look(50, 40), (10, 50), (100, 50)),
    ],
)
def test_sizes_grow_together(outer: Look, inner: Look, small: tuple[float, float], large: tuple[float, float]) -> None:
    little = typeset(mixed(outer, inner), 2000, 500)
    assert (size_at(little, 0), size_at(little, len("alpha "))) == pytest.approx(large)
    much = typeset(mixed(outer, inner, 500), 300, 100)
    assert size_at(much, 0) == pytest.approx(small[0])
    assert not much.complete
    between = typeset(mixed(outer, inner, 5), 300, 200)
    assert between.complete
    first, second, third = (size_at(between, at) for at in (0, len("alpha " * 5), len("alpha beta " * 5)))
    share = (first - small[0]) / (large[0] - small[0])
    assert 0 < share < 1
    assert (second, third) == pytest.approx((small[1] + share * (large[1] - small[1]), first))


def test_text_grows_as_far_as_it_fits() -> None:
    words = "some words that fill a box " * 4
    found = typeset(block(paragraph((words, look(10, 400)))), 300, 200)
    assert found.complete
    assert found.lines[-1].y + found.lines[-1].descent <= 200
    size = sizes(found)[0]
    assert typeset(block(paragraph((words, look(size)))), 300, 200).complete
    larger = typeset(block(paragraph((words, look(size * 1.01)))), 300, 200)
    assert not larger.complete


def test_words_are_not_broken_to_be_larger() -> None:
    found = typeset(block(paragraph(("incomprehensible", look(10, 400)))), 200, 400)
    assert len(found.lines) == 1
    assert found.lines[0].width == pytest.approx(200, rel=1e-3)


def test_a_word_that_is_too_long_at_its_smallest_is_broken_and_grows() -> None:
    found = typeset(block(paragraph(("H" * 50, look(40, 400)))), 100, 400)
    assert found.complete
    assert sizes(found)[0] > 40


def test_without_an_area_nothing_holds_sizes_back() -> None:
    for width in (0, 4000):
        assert sizes(typeset(mixed(look(10, 100), look(20, 200)), width, 0)) == pytest.approx([100, 200, 100])


LONG = "ten words that do not fit into a single line "


@pytest.mark.parametrize(
    ("text", "fit", "lines", "complete"),
    [
        (LONG, look(10, 100, lines=1), 1, True),
        (LONG, look(10, 100, lines=2), 2, True),
        (LONG * 3, look(10, 100, lines=1), 3, True),  # overflows at its smallest
        (LONG, look(10, 100, most_lines=1), 1, True),
        (LONG * 3, look(10, 100, most_lines=1), 1, False),  # is truncated
        (LONG * 3, look(10, 100, most_lines=2), 2, False),
        (f"one{LINE_BREAK}two", look(10, 100, lines=1), 2, True),  # line breaks are honoured
        (f"one{LINE_BREAK}two", look(10, 100, most_lines=1), 1, False),  # but never beyond the most
    ],
)
def test_lines_are_limited(text: str, fit: Look, lines: int, complete: bool) -> None:
    room = advance(LONG, 5) + 5
    found = typeset(block(paragraph((text, fit))), room, 400)
    assert (len(found.lines), found.complete) == (lines, complete)
    if complete and len(text) <= len(LONG):
        assert sizes(found)[0] > 10.2
    if lines > 1 and text == LONG * 3:
        assert sizes(found)[0] == pytest.approx(10)


def test_only_the_limited_text_is_truncated() -> None:
    text = block(paragraph((LONG * 3, look(10, 20, most_lines=1))), paragraph(("after", look(10))))
    found = typeset(text, advance(LONG, 5) + 5, 400)
    first, second = written(text, found)
    assert LONG.startswith(first.strip())
    assert second == "after"
    assert second in "".join(written(text, found))


def test_limits_hold_together_over_paragraphs() -> None:
    fit = look(10, 400, most_lines=2)
    text = block(
        paragraph(("one", fit), mark=fit), paragraph(("two", fit), mark=fit), paragraph(("three", fit), mark=fit)
    )
    found = typeset(text, 300, 300)
    assert written(text, found) == ["one", "two"]


def test_small_text_leaves_room_for_what_is_not_fitted() -> None:
    text = block(paragraph(("large", look(10, 400))), paragraph(("fixed", look(40))))
    found = typeset(text, 4000, 100)
    large, fixed = sizes(found)
    assert fixed == pytest.approx(40)
    down = CELL * large / HALVES + DESCENT * large / HALVES + (ASCENT + DESCENT) * 20
    assert down == pytest.approx(100, rel=1e-3)
    assert pytest.approx(ASCENT + DESCENT) == HEIGHT


def test_text_grows_along_its_path() -> None:
    path = PathGrammar().parse("M0,0L300,0")
    found = typeset(replace(block(paragraph(("as long as it", look(10, 400)))), path=path), 0, 0)
    assert found.lines[0].width == pytest.approx(300, rel=1e-3)


def test_text_grows_into_a_shape() -> None:
    path = PathGrammar().parse("M0,0L200,0L200,100L0,100Z")
    words = paragraph(("some words that fill a shape", look(10, 400)))
    found = typeset(replace(block(words), flow_path=path), 0, 0)
    assert found.complete
    assert sizes(found)[0] > 20
    assert found.extent.bottom <= 100
    larger = replace(block(paragraph(("some words that fill a shape", look(sizes(found)[0] * 1.01)))), flow_path=path)
    assert not typeset(larger, 0, 0).complete or len(typeset(larger, 0, 0).lines) > len(found.lines)
