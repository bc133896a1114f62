"""Where lines end and stand, and glyphs and underlines in them; expected numbers come from the face itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from texts import (
    ASCENT,
    CELL,
    HEIGHT,
    LOOK,
    SIZE,
    advance,
    block,
    glyph_of,
    paragraph,
    written,
)

from imageserver.commands.text import WordWrap
from imageserver.plan.text import TextBlock
from imageserver.richtext.document import (
    LINE_BREAK,
    NO_BREAK_SPACE,
    SOFT_HYPHEN,
    Align,
    Dialect,
    LineSpacing,
    Paragraph,
    ParagraphStyle,
    TextBox,
)
from imageserver.typeset.fonts import metrics
from imageserver.typeset.setting import typeset
from imageserver.typeset.shaping import shape

A_LITTLE = 0.01
TALL = 10000.0
Texts = tuple[str | Paragraph, ...]


def wrapped(text: TextBlock, wrap: WordWrap) -> TextBlock:
    return replace(text, attributes=replace(text.attributes, wrap=wrap))


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two six", advance("one two six"), ["one two six"]),
        ("one two six", advance("one two six") - A_LITTLE, ["one two ", "six"]),
        ("one two six", advance("one two"), ["one two ", "six"]),  # the blank hangs
        ("one     two", advance("one"), ["one     ", "two"]),
        (f"one{NO_BREAK_SPACE}two six", advance("one two"), [f"one{NO_BREAK_SPACE}two ", "six"]),
        ("known-well", advance("known-"), ["known-", "well"]),
        (f"one{LINE_BREAK}two", TALL, [f"one{LINE_BREAK}", "two"]),
        (f"one{LINE_BREAK}{LINE_BREAK}two", TALL, [f"one{LINE_BREAK}", LINE_BREAK, "two"]),
        (f"one{LINE_BREAK}", TALL, [f"one{LINE_BREAK}", ""]),
        ("", TALL, [""]),
        ("HHHHHHHH", advance("HHH") + A_LITTLE, ["HHH", "HHH", "HH"]),  # a word that is too long is broken
        ("a HHHHHHHH", advance("HHH") + A_LITTLE, ["a ", "HHH", "HHH", "HH"]),
        ("e\u0301" * 4, advance("e\u0301" * 2) + A_LITTLE, ["e\u0301" * 2] * 2),  # but not a letter and its accent
        ("HHH", 1, ["H", "H", "H"]),
        (f"hyphen{SOFT_HYPHEN}ation", TALL, [f"hyphen{SOFT_HYPHEN}ation"]),
        (f"hyphen{SOFT_HYPHEN}ation", advance("hyphen-"), [f"hyphen{SOFT_HYPHEN}", "ation"]),
        (f"an hyphen{SOFT_HYPHEN}ation", advance("an hyphen") + A_LITTLE, ["an ", f"hyphen{SOFT_HYPHEN}", "ation"]),
        (f"go{SOFT_HYPHEN}od\tHHH", 36 + advance("HHH") - A_LITTLE, [f"go{SOFT_HYPHEN}od\t", "HHH"]),
        (f"HHH{SOFT_HYPHEN}HHH\tH", advance("HHHHH"), [f"HHH{SOFT_HYPHEN}", "HHH\t", "H"]),
    ],
)
def test_lines_end(text: str, width: float, lines: list[str]) -> None:
    found = typeset(block(text), width, TALL)
    assert written(block(text), found) == lines
    assert found.complete == (width > 1)


@pytest.mark.parametrize(
    ("wrap", "lines", "complete"),
    [
        ("wrap", ["HH ", "HH", "HH", "H"], True),
        ("nbWrap", ["HH ", "HHHHH"], False),
        ("noWrap", ["HH HHHHH"], False),
    ],
)
def test_word_wrap(wrap: WordWrap, lines: list[str], complete: bool) -> None:
    text = wrapped(block("HH HHHHH", dialect="text"), wrap)
    found = typeset(text, advance("HH") + A_LITTLE, TALL)
    assert (written(text, found), found.complete) == (lines, complete)


def test_a_soft_hyphen_is_shown_where_the_line_ends() -> None:
    text = block(f"hyphen{SOFT_HYPHEN}ation")
    hyphens = {glyph_of("-"), glyph_of("\u2010")}
    assert not hyphens & {glyph.glyph_id for run in typeset(text, TALL, TALL).runs for glyph in run.glyphs}
    found = typeset(text, advance("hyphen-"), TALL)
    assert [glyph.cluster for run in found.runs for glyph in run.glyphs if glyph.glyph_id in hyphens] == [6]
    assert found.lines[0].width == pytest.approx(advance("hyphen") + advance("\u2010"), abs=A_LITTLE)


def spaced(kind: str, value: float, **style: float) -> ParagraphStyle:
    return ParagraphStyle(line_spacing=LineSpacing(kind, value), **style)  # type: ignore[arg-type]


LARGE = replace(LOOK, size=40)
RAISED = replace(LOOK, rise=10)
TWO = f"a{LINE_BREAK}b"


@pytest.mark.parametrize(
    ("dialect", "texts", "baselines"),
    [
        ("textPs", (TWO,), [CELL * SIZE, (CELL + HEIGHT) * SIZE]),
        ("text", (TWO,), [ASCENT * SIZE, (ASCENT + HEIGHT) * SIZE]),
        ("text", ("a", "b"), [ASCENT * SIZE, (ASCENT + HEIGHT) * SIZE]),
        ("text", (paragraph(TWO, style=spaced("multiple", 2)),), [ASCENT * SIZE, (ASCENT + 2 * HEIGHT) * SIZE]),
        ("text", (paragraph(TWO, style=spaced("least", 5)),), [ASCENT * SIZE, (ASCENT + HEIGHT) * SIZE]),
        ("text", (paragraph(TWO, style=spaced("least", 50)),), [ASCENT * SIZE, ASCENT * SIZE + 50]),
        ("text", (paragraph(TWO, style=spaced("exact", 5)),), [ASCENT * SIZE, ASCENT * SIZE + 5]),
        ("text", (paragraph("a", ("b", LARGE)),), [ASCENT * 40]),
        ("text", ("a", paragraph("a", ("b", LARGE))), [ASCENT * SIZE, HEIGHT * SIZE + ASCENT * 40]),
        ("text", (paragraph(mark=LARGE), "b"), [ASCENT * 40, HEIGHT * 40 + ASCENT * SIZE]),
        ("text", (paragraph("a", mark=LARGE), "b"), [ASCENT * SIZE, (ASCENT + HEIGHT) * SIZE]),
        ("text", (paragraph("a", ("b", RAISED)),), [ASCENT * SIZE + 10]),  # r-text-positioning, example 3
        ("textPs", (paragraph("a", ("b", RAISED)),), [CELL * SIZE]),  # and 4
        ("text", (paragraph((TWO, replace(LOOK, scale_y=2))),), [ASCENT * 2 * SIZE, (ASCENT + HEIGHT) * 2 * SIZE]),
        ("textPs", (paragraph((TWO, replace(LOOK, scale_y=2))),), [CELL * SIZE, (CELL + HEIGHT) * SIZE]),
        ("text", (paragraph("a", style=ParagraphStyle(before=7)),), [ASCENT * SIZE + 7]),
        ("textPs", (paragraph("a", style=ParagraphStyle(before=7)),), [CELL * SIZE]),
        (
            "textPs",
            (paragraph("a", style=ParagraphStyle(after=3)), paragraph("b", style=ParagraphStyle(before=7))),
            [CELL * SIZE, (CELL + HEIGHT) * SIZE + 10],
        ),
    ],
)
def test_baselines(dialect: Dialect, texts: Texts, baselines: list[float]) -> None:
    found = typeset(block(*texts, dialect=dialect), TALL, TALL)
    assert [line.y for line in found.lines] == pytest.approx(baselines)


def test_a_line_of_superscript_is_as_high_as_it_shows() -> None:
    """Of text=; textPs= keeps its lines where they are."""
    words = paragraph(("a", replace(LOOK, script="super")))
    (cluster,) = shape(words, block(words))
    assert cluster.scale < 1
    assert cluster.shift < 0
    line = typeset(block(words, dialect="text"), 100, 100).lines[0]
    assert line.y == line.ascent == pytest.approx((ASCENT * cluster.scale - cluster.shift) * SIZE)
    assert typeset(block(words), 100, 100).lines[0].ascent == pytest.approx(ASCENT * SIZE)


INDENTED = ParagraphStyle(left_indent=10, right_indent=20, first_indent=5)


@pytest.mark.parametrize(
    ("style", "box", "width", "x"),
    [
        (ParagraphStyle("left"), TextBox(), 200, 0),
        (ParagraphStyle("right"), TextBox(), 200, 200 - advance("word")),
        (ParagraphStyle("center"), TextBox(), 200, 100 - advance("word") / 2),
        (INDENTED, TextBox(), 200, 15),
        (replace(INDENTED, align="right"), TextBox(), 200, 180 - advance("word")),
        (replace(INDENTED, align="center"), TextBox(), 200, (15 + 180 - advance("word")) / 2),
        (ParagraphStyle("left"), TextBox(left=30, right=40), 200, 30),
        (ParagraphStyle("right"), TextBox(left=30, right=40), 200, 160 - advance("word")),
        (ParagraphStyle("left"), TextBox(left=30), 0, 0),  # at a point there are no margins
        (ParagraphStyle("right"), TextBox(), 0, -advance("word")),
        (ParagraphStyle("center"), TextBox(), 0, -advance("word") / 2),
        (ParagraphStyle("justify", last_line="justify"), TextBox(), 0, 0),
        (replace(INDENTED, align="right"), TextBox(), 0, -20 - advance("word")),
        (ParagraphStyle("justify"), TextBox(), 200, 0),
        (ParagraphStyle("justify", last_line="right"), TextBox(), 200, 200 - advance("word")),
        (ParagraphStyle("justify", last_line="center"), TextBox(), 200, 100 - advance("word") / 2),
    ],
)
def test_alignment(style: ParagraphStyle, box: TextBox, width: float, x: float) -> None:
    line = typeset(block(paragraph("word", style=style), box=box), width, width and 100).lines[0]
    assert (line.x, line.width) == pytest.approx((x, advance("word")))


def test_only_the_first_line_of_a_paragraph_is_indented_more() -> None:
    text = block(paragraph(f"one two{LINE_BREAK}six", style=INDENTED))
    assert [line.x for line in typeset(text, 35 + advance("one"), 200).lines] == pytest.approx([15, 10, 10])


ROOM = advance("one two") + 10


@pytest.mark.parametrize(("last_line", "width"), [("left", advance("one two")), ("justify", ROOM)])
def test_justified_lines_are_stretched_at_their_blanks(last_line: Align, width: float) -> None:
    """A line break does not make a last line: neither in Word nor in Photoshop."""
    style = ParagraphStyle("justify", last_line=last_line)
    found = typeset(block(paragraph(f"one two one two{LINE_BREAK}one two", style=style)), ROOM, TALL)
    assert [line.width for line in found.lines] == pytest.approx([ROOM, ROOM, width])
    second_word = [glyph.x for run in found.runs for glyph in run.glyphs if glyph.cluster == 4]
    assert second_word == pytest.approx([advance("one ") + 10])


@pytest.mark.parametrize(
    ("text", "x"),
    [("a\tb", 36), ("wide word\tb", 108), ("\t\tb", 72)],
)
def test_tabs_lead_to_stops(text: str, x: float) -> None:
    found = typeset(block(text), TALL, TALL)
    assert found.runs[-1].glyphs[-1].x == pytest.approx(x)
    assert found.lines[0].width == pytest.approx(x + advance("b"))


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("abc", [0, 1, 2]),
        ("\u05d0\u05d1\u05d2", [2, 1, 0]),
        ("ab \u05d0\u05d1", [0, 1, 2, 4, 3]),
        ("\u05d0\u05d1 ab", [3, 4, 2, 1, 0]),
        ("\u05d0\u05d1 12", [3, 4, 2, 1, 0]),
    ],
)
def test_lines_in_both_directions_are_reordered(text: str, order: list[int]) -> None:
    found = typeset(block(text), 0, 0)
    glyphs = sorted((glyph.x, glyph.cluster) for run in found.runs for glyph in run.glyphs)
    assert [cluster for _, cluster in glyphs] == order


@pytest.mark.parametrize(("align", "x"), [("left", 0.0), ("right", 1.0)])
def test_text_from_right_to_left_is_aligned_as_written(align: Align, x: float) -> None:
    found = typeset(block(paragraph("\u05d0\u05d1", style=ParagraphStyle(align))), 200, 100)
    assert found.lines[0].x == pytest.approx(x * (200 - found.lines[0].width))


def test_what_is_too_long_starts_where_it_is_read_from() -> None:
    assert typeset(block(paragraph("W", style=ParagraphStyle("right"))), 1, 100).lines[0].x == 0
    line = typeset(block("\u05d0"), 1, 100).lines[0]
    assert line.x == pytest.approx(1 - line.width)
    assert line.width > 1


UNDERLINED = replace(LOOK, underline=True)


def test_underlines_are_joined() -> None:
    text = block(
        paragraph(("one ", UNDERLINED), "two", (" six", UNDERLINED), ("ten", replace(UNDERLINED, script="super")))
    )
    found = typeset(text, TALL, TALL)
    face = metrics(found.runs[0].face)
    assert len(found.bars) == 2
    assert [bar.thickness for bar in found.bars] == pytest.approx([face.thickness * SIZE] * 2)
    assert [bar.y for bar in found.bars] == pytest.approx([(CELL + face.underline) * SIZE] * 2)
    assert (found.bars[0].x, found.bars[0].length) == pytest.approx((0, advance("one ")))
    assert found.bars[1].x + found.bars[1].length == pytest.approx(found.lines[0].width)


def test_runs_are_of_one_size_and_colour() -> None:
    wide = replace(LOOK, scale_x=2, spacing=3)
    found = typeset(block(paragraph("ab", ("c", wide), ("d", replace(LOOK, size=40)))), TALL, TALL)
    assert [(run.size, run.stretch, len(run.glyphs)) for run in found.runs] == [(20, 1, 2), (20, 2, 1), (40, 1, 1)]
    c, d = found.runs[1].glyphs[0], found.runs[2].glyphs[0]
    assert d.x - c.x == pytest.approx(2 * advance("c") + 3)
