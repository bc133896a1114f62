"""What holds of any text that is set."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import advance, block, paragraph, whole, written

from imageserver.richtext.document import Align, CopyFit, LineSpacing, Look, Paragraph, ParagraphStyle, TextBox
from imageserver.typeset.setting import typeset

LETTERS = st.text(st.sampled_from("abc de\t-\u00ad\u05d0\u05d1 \u0e01\u0e34\u2028"), max_size=60)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(LETTERS, min_size=1, max_size=3),
    st.floats(25, 300),
    st.sampled_from(["left", "right", "center", "justify"]),
)
def test_all_of_a_text_stands_in_lines_that_are_not_too_long(texts: list[str], width: float, align: Align) -> None:
    style = ParagraphStyle(align)
    text = block(*(paragraph(one, style=style) for one in texts))
    found = typeset(text, width, 0)
    assert found.complete
    assert "".join(written(text, found)) == whole(text).replace("\n", "")
    assert all(line.width <= width + 1e-5 for line in found.lines)
    assert all(line.x >= -1e-5 and line.x + line.width <= width + 1e-5 for line in found.lines)
    assert [line.y for line in found.lines] == sorted(line.y for line in found.lines)


@settings(max_examples=50, deadline=None)
@given(st.text(st.sampled_from("abcdeWi. "), min_size=1, max_size=30), st.floats(1, 100))
def test_a_line_is_as_long_as_its_glyphs(text: str, size: float) -> None:
    shown = text.rstrip()
    found = typeset(block(paragraph((text, Look(size=size)))), 0, 0)
    assert found.lines[0].width == pytest.approx(advance(shown, size) if shown else 0)
    assert found.extent.bounds[2] == pytest.approx(found.lines[0].width)


LOOKS = st.builds(
    Look,
    size=st.sampled_from([0, 1, 12, 300]),
    bold=st.booleans(),
    underline=st.booleans(),
    script=st.sampled_from(["normal", "sub", "super"]),
    rise=st.sampled_from([0, 10, -300]),
    spacing=st.sampled_from([0, 2, -100]),
    scale_x=st.sampled_from([1, 0, -2]),
    scale_y=st.sampled_from([1, 0, -2]),
    rotated=st.booleans(),
    fit=st.none() | st.builds(CopyFit, st.sampled_from([0, 500]), st.integers(0, 2), st.integers(0, 2)),
)
LENGTHS = st.sampled_from([0, 0, 10, -10, 1000])
SPACINGS = st.builds(LineSpacing, st.sampled_from(["multiple", "least", "exact"]), st.sampled_from([1, 0, -3, 50]))
STYLES = st.builds(
    ParagraphStyle,
    *[st.sampled_from(["left", "right", "center", "justify"])] * 2,
    *[LENGTHS] * 3,
    SPACINGS,
    *[LENGTHS] * 2,
)
PARAGRAPHS = st.builds(
    lambda spans, style: paragraph(*spans, style=style), st.lists(st.tuples(LETTERS, LOOKS), max_size=3), STYLES
)
BOXES = st.builds(TextBox, *[LENGTHS] * 4, st.sampled_from(["top", "center", "bottom"]), st.booleans())
SIDES = st.sampled_from([0, 1, 50, 3000])


@settings(max_examples=150, deadline=None)
@given(st.lists(PARAGRAPHS, min_size=1, max_size=3), BOXES, SIDES, SIDES, st.sampled_from([0.0, 30.0, 90.0, -45.0]))
def test_any_text_is_set_somewhere(
    paragraphs: list[Paragraph], box: TextBox, width: float, height: float, angle: float
) -> None:
    found = typeset(replace(block(*paragraphs, box=box), angle=angle), width, height)
    for extent in (found.extent, found.ink):
        assert all(map(math.isfinite, extent.bounds))
        assert extent.left <= extent.right
        assert extent.top <= extent.bottom
    assert all(math.isfinite(line.x + line.y + line.width) for line in found.lines)
