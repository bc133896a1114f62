"""The order of characters that run in both directions; `bidi.get_display`, which gives no levels, is the judge."""

from __future__ import annotations

import bidi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typefaces import block, paragraph

from imageserver.richtext.document import Look, Paragraph, Span
from imageserver.typeset.bidi import base_level, embedding_levels, line_levels, visual_order
from imageserver.typeset.shaping import shape

TURNED = Look(right_to_left=True)
SIGNS = "abc אבג بت 12٣٤ ()[]<>,.+-%$!\u0301\u05b4\u2066\u2067\u2068\u2069〈〉\t"


def shown(one: Paragraph) -> str:
    """Give a paragraph's characters from left to right, brackets as they are written."""
    base = base_level(one)
    line = shape(one, block())
    order = visual_order(line_levels(line, base))
    return "".join(line[place].text for place in order)


@pytest.mark.parametrize(
    ("text", "base", "expected"),
    [
        ("abc", 0, "abc"),
        ("אבג", 1, "גבא"),
        ("אב 12 ג", 1, "ג 12 בא"),
        ("abc אב 12 ג def", 0, "abc ג 12 בא def"),
        ("אב abc def ג", 1, "ג abc def בא"),
        ("אב (abc) ג", 1, "ג )abc( בא"),
        ("abc (אב) def", 0, "abc (בא) def"),
        ("א (ב) 12%", 1, "12% )ב( א"),
        ("سلم 1-2", 1, "2-1 ملس"),
        ("אב ", 1, " בא"),
        ("abc אב ", 0, "abc בא "),
        ("א \u2066b, c\u2069 ד", 1, "ד \u2069b, c\u2066 א"),
        ("a \u2067b ב\u2069 c", 0, "a \u2067ב b\u2069 c"),
        ("\u2068א\u2069 b", 0, "\u2068א\u2069 b"),
        ("א\tב", 1, "ב\tא"),
        ("12 !", 0, "12 !"),
    ],
)
def test_order(text: str, base: int, expected: str) -> None:
    assert base_level(paragraph(text)) == base
    assert shown(paragraph(text)) == expected


@settings(deadline=None)  # no assertion about time
@given(st.text(st.sampled_from(SIGNS), min_size=1, max_size=14))
def test_order_is_that_of_unicode(text: str) -> None:
    base = base_level(paragraph(text))
    levels = embedding_levels(paragraph(text), base)
    ends = len(text.rstrip(" \t\u2066\u2067\u2068\u2069"))
    levels[ends:] = [base] * (len(text) - ends)
    for place in range(ends):
        follows = text[place:ends].lstrip(" \u2066\u2067\u2068\u2069")
        if follows.startswith("\t"):
            levels[place] = base
    assert "".join(text[place] for place in visual_order(levels)) == bidi.get_display(text)


@pytest.mark.parametrize(
    ("spans", "base", "expected"),
    [
        ([("desrever", TURNED)], 1, "reversed"),
        ([("ab", TURNED), ("cd", Look(right_to_left=True, bold=True))], 1, "dcba"),
        ([("one ", Look()), ("owt", TURNED), (" three", Look())], 0, "one two three"),
        ([("one ", Look()), ("!owt", TURNED), (" three", Look())], 0, "one two! three"),
        ([("אב 12", TURNED)], 1, "12 בא"),
        ([("a\u2067", Look()), ("cb", TURNED), ("\u2069 d", Look())], 0, "a\u2067bc\u2069 d"),
        ([("a", TURNED), ("b", Look())], 1, "ba"),
        ([("", TURNED), ("ab", Look())], 0, "ab"),
    ],
)
def test_letters_under_rtlch_run_from_right_to_left(spans: list[tuple[str, Look]], base: int, expected: str) -> None:
    one = Paragraph(tuple(Span(text, look) for text, look in spans))
    assert base_level(one) == base
    assert shown(one) == expected


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([], []),
        ([0, 0], [0, 1]),
        ([1, 1, 1], [2, 1, 0]),
        ([0, 1, 1, 0], [0, 2, 1, 3]),
        ([1, 2, 2, 1], [3, 1, 2, 0]),
        ([0, 1, 2, 2, 1, 0, 1], [0, 4, 2, 3, 1, 5, 6]),
        ([2, 2], [0, 1]),
    ],
)
def test_visual_order(levels: list[int], expected: list[int]) -> None:
    assert visual_order(levels) == expected


@pytest.mark.parametrize("part", ["א a", "\u2067", "\u2067a\u2069", "([{", "()", "\u202b", "\u202e1", "(א)[a]"])
def test_a_long_text(part: str) -> None:
    """What takes the square of the time would not come back, and what nests deeply would raise."""
    text = part * (60_000 // len(part))
    levels = embedding_levels(paragraph(text), 1)
    assert sorted(visual_order(levels)) == list(range(len(text)))
