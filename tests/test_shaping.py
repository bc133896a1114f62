"""Text becomes glyphs: asserted by their names in the font, and by widths that its tables tell."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typefaces import FACES, JAPANESE, PLAIN, block, names, paragraph, shaped

from imageserver.plan.text import Face, FaceUse, TextBlock
from imageserver.richtext.document import LINE_BREAK, SOFT_HYPHEN, Look, Paragraph, Span
from imageserver.typeset.clusters import Cluster
from imageserver.typeset.fonts import hb_font
from imageserver.typeset.shaping import hyphen, shape

SYMBOLS = tuple(FACES[code] for code in ("symbol1", "symbol2", "math", "music"))
IPA = Face("IPA Gothic", JAPANESE)
MONO = FACES["fimo"]
needs_japanese = pytest.mark.skipif(
    not JAPANESE.exists() and not os.environ.get("CI"), reason="fonts-ipafont-gothic is not installed"
)


def width(text: str, look: Look = PLAIN) -> int:
    """Give the width of a text in thousandths of an em."""
    return round(1000 * sum(cluster.advance for cluster in shape(paragraph(text, look), block())))


def only(text: str, one: TextBlock, look: Look = PLAIN) -> Cluster:
    (cluster,) = shape(paragraph(text, look), one)
    return cluster


@pytest.mark.parametrize(
    ("text", "clusters", "glyphs"),
    [
        # Latin: ligatures; letters with their marks
        ("fi ffi", "fi| |ffi", "fi | space | f_f_i"),
        ("e\u0301x\u0323", "e\u0301|x\u0323", "eacute | x dotbelowcomb"),
        # Arabic: initial, medial and final forms of beh; lam and alef alone and behind a letter; a mark
        ("ب", "ب", "uni0628"),
        ("ببب", "ب|ب|ب", "uniFE91 | uniFE92 | uniFE90"),
        ("لا", "لا", "uniFEFB"),
        ("سلام", "س|لا|م", "uniFEB3 | uniFEFC | uni0645"),
        ("بَّ", "بَّ", "uni0651064E uni0628"),
        # Hebrew: marks are drawn upon their letter
        ("שָׁלוֹם", "שָׁ|ל|וֹ|ם", "uni05B8 uni05C1 uni05E9 | uni05DC | uni05B9 uni05D5 | uni05DD"),
        # Thai: two marks above; SARA AM is taken apart, and its ring lies below the tone mark
        ("ที่", "ที่", "uni0E17 uni0E35 uni0E48.small"),
        ("กำ", "กำ", "uni0E01 uni0E4D uni0E32"),
        ("น้ำ", "น้ำ", "uni0E19 uni0E4D0E49 uni0E32"),
        # Devanagari: the sign i stands before its letters, conjuncts are one sign, ra becomes a mark
        ("कि", "कि", "uni093F uni0915"),
        ("क्षत्रि", "क्ष|त्रि", "uni0915094D0937 | uni093F.05 uni09240930"),
        ("र्क", "र्क", "uni0915 uni0930094D"),
        # brackets are mirrored; numbers are not turned around
        ("א(1)", "א|(|1|)", "uni05D0 | parenright | one | parenleft"),
        # what shows nothing
        ("a\u200d\ufe0f\x07b\u2060", "a\u200d\ufe0f|\x07|b|\u2060", "a |  | b | "),
        (f"f{SOFT_HYPHEN}i", f"f|{SOFT_HYPHEN}|i", "f |  | i"),
        ("a\u2011b", "a|\u2011|b", "a | uni2011 | b"),
        ("", "", ""),
    ],
)
def test_glyphs(text: str, clusters: str, glyphs: str) -> None:
    assert shaped(text) == (clusters, glyphs)


def test_marks_lie_above_their_letters() -> None:
    """Of two marks upon a Thai letter the second one lies higher; none leads on."""
    letter, vowel, tone = only("ที่", block()).glyphs
    font = hb_font(FACES["figo"])
    lower, upper = (font.get_glyph_extents(mark.glyph_id) for mark in (vowel, tone))
    assert letter.advance > 0
    assert vowel.advance == tone.advance == 0
    assert upper.y_bearing + upper.height - 1000 * tone.y >= lower.y_bearing + lower.height - 1000 * vowel.y
    assert -letter.advance <= vowel.x <= 0


def test_letters_join_across_spans() -> None:
    spans = (Span("بب", PLAIN), Span("ب", Look(underline=True)))
    assert [names(one) for one in shape(Paragraph(spans), block())] == ["uniFE91", "uniFE92", "uniFE90"]


@pytest.mark.parametrize(
    ("text", "look", "expected"),
    [
        ("A", PLAIN, 573),
        ("V", PLAIN, 556),
        ("AV", PLAIN, 573 + 556 - 14),
        ("AV", Look(kerning=None), 573 + 556),
        ("AV", Look(kerning=12.0), 573 + 556 - 14),
        ("AV", Look(kerning=12.5), 573 + 556),
        ("AV", Look(optical=True), 573 + 556 - 14),
        ("fi", PLAIN, 572),
        ("fi", Look(spacing=1.0), 335 + 276),
        ("f", PLAIN, 335),
        ("\t", PLAIN, 0),
        (LINE_BREAK, PLAIN, 0),
        (SOFT_HYPHEN, PLAIN, 0),
        ("\u200b\u0301", PLAIN, 0),
    ],
)
def test_widths(text: str, look: Look, expected: int) -> None:
    assert width(text, look) == expected


@pytest.mark.parametrize(
    ("text", "look", "expected"),
    [
        ("aß B", Look(caps="all"), [("A", 1), ("S S", 1), ("space", 1), ("B", 1)]),
        ("aß B", Look(caps="small"), [("A", 0.7), ("S S", 0.7), ("space", 1), ("B", 1)]),
        ("a", Look(script="super"), [("a", 2 / 3)]),
        ("a", Look(script="sub", caps="small"), [("A", 2 / 3 * 0.7)]),
    ],
)
def test_capitals_and_scripts(text: str, look: Look, expected: list[tuple[str, float]]) -> None:
    found = shape(paragraph(text, look), block())
    assert [(names(one), round(one.scale, 6)) for one in found] == [(name, round(scale, 6)) for name, scale in expected]
    assert "".join(one.text for one in found) == text


def test_superscript_is_raised_and_subscript_lowered() -> None:
    one = block()
    raised, plain, lowered = (only("a", one, Look(script=script)).shift for script in ("super", "normal", "sub"))
    assert raised < plain == 0 < lowered


def test_style_chooses_the_face() -> None:
    uses = (FaceUse("", False, False, FACES["figo"]), FaceUse("Serif", True, False, FACES["SourceSerifProBold"]))
    spans = (Span("a", PLAIN), Span("b", Look(font="Serif", bold=True)))
    found = shape(Paragraph(spans), replace(block(), faces=uses))
    assert [one.face.built_in for one in found] == ["figo", "SourceSerifProBold"]


@pytest.mark.parametrize(
    ("text", "faces"),
    [
        ("a☃b", ["figo", "symbol2", "figo"]),
        ("a∰b", ["figo", "math", "figo"]),
        ("♩", ["symbol1"]),
        ("𝄞", ["music"]),
        ("😀", ["figo"]),
        ("☃☃😀☃", ["symbol2", "symbol2", "figo", "symbol2"]),
    ],
)
def test_fallback_faces_give_what_the_face_lacks(text: str, faces: list[str]) -> None:
    found = shape(paragraph(text), block(*SYMBOLS))
    assert [one.face.built_in for one in found] == faces
    assert [0 in [glyph.glyph_id for glyph in one.glyphs] for one in found] == [one.text == "😀" for one in found]


def test_fallback_keeps_letters_with_their_marks_and_joined() -> None:
    """Fira Mono has no Arabic, and no Thai."""
    one = block(FACES["figo"], face=MONO)
    found = shape(paragraph("a ببب ที่"), one)
    assert [cluster.face.built_in for cluster in found] == ["fimo", "fimo", *["figo"] * 3, "fimo", "figo"]
    assert [names(cluster) for cluster in found][2:5] == ["uniFE91", "uniFE92", "uniFE90"]


def test_what_no_face_has_is_shown_as_missing() -> None:
    lone = only("漢", block(*SYMBOLS))
    assert names(lone) == ".notdef"
    assert lone.advance == pytest.approx(hb_font(FACES["figo"]).get_glyph_h_advance(0) / 1000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b", [("no", False), ("may", True), ("no", False)]),
        ("a\tb", [("no", False), ("may", True), ("no", False)]),
        ("a" + LINE_BREAK, [("no", False), ("must", True)]),
        ("a\u00a0b", [("no", False), ("no", False), ("no", False)]),
        (f"a{SOFT_HYPHEN}b", [("no", False), ("may", False), ("no", False)]),
        ("\u3000a", [("may", True), ("no", False)]),
    ],
)
def test_where_lines_end(text: str, expected: list[tuple[str, bool]]) -> None:
    assert [(one.break_after, one.blank) for one in shape(paragraph(text), block())] == expected


@pytest.mark.parametrize(
    ("face", "shown_in", "sign"),
    [
        ("figo", "figo", "uni2010"),
        ("SourceSerifPro", "SourceSerifPro", "hyphen"),
        ("symbol1", "figo", "uni2010"),  # it has none
    ],
)
def test_a_hyphen_stands_where_a_line_ends(face: str, shown_in: str, sign: str) -> None:
    one = block(FACES["figo"], face=FACES[face])
    soft = shape(paragraph(f"☃{SOFT_HYPHEN}☃"), one)[1]
    found = hyphen(soft, one)
    assert (found.face.built_in, names(found)) == (shown_in, sign)
    assert found == soft._replace(face=found.face, glyphs=found.glyphs, advance=found.advance)
    assert found.advance > 0


@needs_japanese
def test_japanese() -> None:
    """By numbers of Adobe-Japan1: a full stop, a long vowel and a bracket have forms for downward flow."""
    assert shaped("日本。ー（", block(IPA)) == ("日|本|。|ー|（", "aj3284 | aj3722 | aj635 | aj660 | aj674")
    down = block(IPA, downwards=True)
    assert shaped("日本。ー（", down) == ("日|本|。|ー|（", "aj3284 | aj3722 | aj7888 | aj7891 | aj7899")
    for one in shape(paragraph("日本"), down):
        (glyph,) = one.glyphs
        assert one.upright
        assert (one.advance, glyph.x, glyph.y) == pytest.approx((1, -0.5, 0.88), abs=0.001)


@needs_japanese
@pytest.mark.parametrize(
    ("text", "rotated", "upright"),
    [
        ("日A1", False, [True, True, True]),
        ("日A1", True, [True, False, False]),
        ("日。", True, [True, True]),
        ("日ب", False, [True, False]),
        ("日कि", False, [True, False]),
    ],
)
def test_what_stands_upright_in_downward_flow(text: str, rotated: bool, upright: list[bool]) -> None:
    found = shape(paragraph(text, Look(rotated=rotated)), block(IPA, downwards=True))
    assert [one.upright for one in found] == upright
    assert not any(one.upright for one in shape(paragraph(text), block(IPA)))


def test_roman_letters_that_stand_upright_keep_their_baseline() -> None:
    """Each leads on by the height of a line, and is drawn in the middle."""
    for one in shape(paragraph("Ax."), block(downwards=True)):
        (glyph,) = one.glyphs
        across = hb_font(one.face).get_glyph_h_advance(glyph.glyph_id) / 1000
        assert (glyph.y, one.advance) == pytest.approx((0.935, 1.2))
        assert glyph.x == pytest.approx(-across / 2, abs=0.001)


@settings(deadline=None)  # no assertion about time
@given(
    st.lists(
        st.tuples(
            st.text(st.sampled_from("fi ßA\tاב1(ที่क्षि日☃😀\u00ad\u200d\ufe0f\x00\ud800\u2028\u2067\u2069\U000e0001")),
            st.booleans(),
            st.sampled_from(["none", "all", "small"]),
            st.booleans(),
        ),
        max_size=4,
    ),
    st.booleans(),
)
def test_clusters_cover_any_text(parts: list[tuple[str, bool, str, bool]], downwards: bool) -> None:
    spans = tuple(
        Span(text, Look(right_to_left=turned, caps=caps, bold=bold))  # type: ignore[arg-type]
        for text, turned, caps, bold in parts
    )
    text = "".join(span.text for span in spans)
    found = shape(Paragraph(spans), block(*SYMBOLS, downwards=downwards))
    assert "".join(one.text for one in found) == text
    assert [one.start for one in found] == [0, *(one.stop for one in found)][: len(found)]
    assert all(one.advance == pytest.approx(sum(glyph.advance for glyph in one.glyphs)) for one in found)


@pytest.mark.parametrize("part", [SOFT_HYPHEN, "\u200d", "\u0301", f"a{SOFT_HYPHEN}", "日☃", "ب"])
def test_a_long_text(part: str) -> None:
    """What takes the square of the time would not come back."""
    text = part * (60_000 // len(part))
    assert sum(len(one.text) for one in shape(paragraph(text), block(*SYMBOLS))) == 60_000
