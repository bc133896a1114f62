"""Rich text: every row of `richtext/*.yaml`, what holds of any text, and that damage stops nothing and costs little."""

from __future__ import annotations

import random
import re
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from imageserver.protocol.color import COLOR, Color
from imageserver.richtext.document import (
    LINE_BREAK,
    CopyFit,
    Dialect,
    LineSpacing,
    Look,
    Paragraph,
    ParagraphStyle,
    RichText,
    Span,
    TextBox,
)
from imageserver.richtext.reading import MOST_GROUPS, MOST_REMARKS, read_rich_text
from imageserver.richtext.scanning import tokens
from imageserver.richtext.words import BOX_WORDS, CHARACTER_WORDS, ENTITIES, LOOK_WORDS, PARAGRAPH_WORDS

Row = dict[str, Any]
DIALECTS: tuple[Dialect, ...] = ("text", "textPs")
ROWS: list[Row] = [
    row
    for path in sorted((Path(__file__).parent / "richtext").glob("*.yaml"))
    for row in yaml.safe_load(path.read_text())
]
READINGS = [
    pytest.param(row, dialect, id=f"{dialect}:{row['written'][:60]!a}")
    for row in ROWS
    for dialect in ([row["only"]] if "only" in row else DIALECTS)
]
KEYS = {"name", "only", "cmyk", "written", "spans", "style", "paragraphs", "box", "remarks"}


def color_of(written: str) -> Color:
    """Read a colour, which is compared by its components."""
    return COLOR.parse(written)


def look_of(written: Row) -> Look:
    values: Row = dict(written)
    if "color" in values:
        values["color"] = color_of(values["color"])
    if "fit" in values:
        values["fit"] = CopyFit(*values["fit"])
    return replace(Look(), **values)


def style_of(written: Row) -> ParagraphStyle:
    values: Row = dict(written)
    if "line_spacing" in values:
        values["line_spacing"] = LineSpacing(*values["line_spacing"])
    return replace(ParagraphStyle(), **values)


def span_of(written: str | list[Any]) -> Span:
    return Span(written, Look()) if isinstance(written, str) else Span(written[0], look_of(written[1]))


def check_paragraph(found: Paragraph, expected: Row) -> None:
    assert found.spans == tuple(map(span_of, expected["spans"]))
    assert found.style == style_of(expected.get("style", {}))
    if "mark" in expected:
        assert found.mark == look_of(expected["mark"])


@pytest.mark.parametrize(("row", "dialect"), READINGS)
def test_row(row: Row, dialect: Dialect) -> None:
    assert set(row) <= KEYS
    found = read_rich_text(row["written"], dialect, cmyk=row.get("cmyk", False))
    paragraphs = row.get("paragraphs") or [{"spans": row["spans"], "style": row.get("style", {})}]
    assert len(found.paragraphs) == len(paragraphs)
    for paragraph, expected in zip(found.paragraphs, paragraphs, strict=True):
        check_paragraph(paragraph, expected)
    assert found.box == replace(TextBox(), **row.get("box", {}))
    expected = row.get("remarks", [])
    assert [one.offset for one in found.remarks] == [offset for offset, _ in expected], found.remarks
    for remark, (_, says) in zip(found.remarks, expected, strict=True):
        assert says in remark.says


WORDS = [*LOOK_WORDS, *CHARACTER_WORDS, *PARAGRAPH_WORDS, *BOX_WORDS, *ENTITIES]
OTHERS = """
    par line tab u uc ' ansi mac pc pca ansicpg deff bin fonttbl fcharset cpg colortbl cmykcolortbl iscolortbl red green
    blue cyan magenta yellow black stylesheet info pict header footer generator
    """.split()  # noqa: SIM905, a list of words


@pytest.mark.parametrize("word", [*WORDS, *OTHERS])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_word_has_a_row(word: str, dialect: Dialect) -> None:
    pattern = re.compile(rf"\\{re.escape(word)}" + ("(?![a-z])" if word.isalpha() else ""))
    written = [row["written"] for row in ROWS if row.get("only", dialect) == dialect]
    assert any(pattern.search(one) for one in written)


def shown(text: RichText) -> str:
    """Give the characters; the ends of paragraphs are line feeds."""
    return "\n".join("".join(span.text for span in one.spans) for one in text.paragraphs)


def escaped(text: str) -> str:
    return re.sub(r"([\\{}])", r"\\\1", text).replace("\n", "\\par ")


CHARACTERS = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\u2029")
PLAIN = st.text(st.one_of(CHARACTERS.filter(lambda one: one not in "\\{}"), st.just("\t")))
ANY = st.text(st.one_of(CHARACTERS, st.sampled_from("\\{}\t\n")))
dialects = st.sampled_from(DIALECTS)


@given(PLAIN, dialects)
def test_plain_text_is_what_it_is(text: str, dialect: Dialect) -> None:
    spans = (Span(text, Look()),) if text else ()
    assert read_rich_text(text, dialect) == RichText((Paragraph(spans),))
    assert read_rich_text(text, dialect).length == len(text)


@given(ANY, dialects)
def test_escaped_text_comes_back(text: str, dialect: Dialect) -> None:
    found = read_rich_text(escaped(text), dialect)
    assert shown(found) == text.removesuffix("\n")
    assert not found.remarks


@given(st.text(CHARACTERS), dialects)
def test_numbers_of_characters_say_the_same(text: str, dialect: Dialect) -> None:
    data = text.encode("utf-16-le")
    units = [int.from_bytes(data[place : place + 2], "little", signed=True) for place in range(0, len(data), 2)]
    assert shown(read_rich_text("".join(f"\\u{unit}?" for unit in units), dialect)) == text
    assert shown(read_rich_text("\\uc0" + "".join(f"\\u{unit} " for unit in units), dialect)) == text


@pytest.mark.parametrize(
    ("charset", "codec", "characters"),
    [
        (0, "cp1252", "äöüÄÖÜß€éèœŸ"),
        (238, "cp1250", "ąćęłńóśźżčřšž"),
        (204, "cp1251", "абвгдежзийклмнопя"),
        (161, "cp1253", "αβγδεζηθικλμω"),
        (162, "cp1254", "ğışİçö"),
        (177, "cp1255", "אבגדהוזחט"),
        (178, "cp1256", "ابتثجحخد"),
        (186, "cp1257", "ąčęėįšųūž"),
        (163, "cp1258", "ăâđêôơư"),
        (222, "cp874", "กขคงจฉช"),
        (128, "cp932", "日本語カタカナｱｲｳ表ソ"),
        (134, "cp936", "中文汉字简体"),
        (129, "cp949", "한국어글자"),
        (136, "cp950", "中文漢字繁體許功蓋"),
        (130, "johab", "한국어"),
    ],
)
def test_code_pages_are_those_of_windows(charset: int, codec: str, characters: str) -> None:
    written = "".join(f"\\'{byte:02x}" for byte in characters.encode(codec))
    found = read_rich_text(f"{{\\fonttbl{{\\f0\\fcharset{charset} A;}}}}\\f0 {written}", "text")
    assert shown(found) == characters
    assert not found.remarks


@given(st.text(st.sampled_from("\\{}';*abu01 \r\n\t-~é"), max_size=60))
def test_tokens_cover_each_character_once(text: str) -> None:
    place = 0
    for token in tokens(text):
        assert token.offset == place
        assert token.end > place or not token.text
        place = token.end
    assert place == len(text)


PIECES = [
    *(f"\\{word}" for word in WORDS),
    *("\\par", "\\line", "\\tab", "\\pard", "\\uc0", "\\uc2", "\\bin3", "\\deff1", "\\ansicpg932", "\\ansi", "\\rtf1"),
    *(
        "{\\fonttbl",
        "{\\f0\\fcharset128 A;}",
        "{\\f1\\fcharset2 B;}",
        "{\\colortbl",
        "\\red255",
        ";",
        "{\\cmykcolortbl",
    ),
    *(
        "{\\*\\iscolortbl",
        "ff0000;",
        "\\cyan9",
        "{\\*\\x",
        "{\\pict",
        "{\\info",
        "\\'e9",
        "\\'82",
        "\\'a0",
        "\\'",
        "\\'4",
    ),
    *(
        "\\u-10179?",
        "\\u-8704?",
        "\\u233",
        "{",
        "}",
        "{",
        "}",
        "\\",
        "\\\n",
        "\r\n",
        " ",
        "text",
        "é",
        "世",
        "\ud800",
        "\x00",
    ),
    *("0", "1", "-1", "99", "99999999999999999999", "-", "\\f0", "\\f1", "\\f7", "\\cf1", "\\fs0", "\u2028", "\u2029"),
]
TEXTS = 50_000


def mutated(text: str, chance: random.Random) -> str:
    """Cut, double, or overwrite a part of the text."""
    start, stop = sorted(chance.choices(range(len(text) + 1), k=2))
    return text[:start] + chance.choice(("", text[start:stop] * 2, chance.choice(PIECES))) + text[stop:]


def random_texts() -> list[str]:
    """Make texts of random pieces, and of the rows with a few mutations each."""
    chance = random.Random(6)  # noqa: S311, the same ones at each run
    written = [row["written"] for row in ROWS if len(row["written"]) < 200]
    made = ["".join(chance.choices(PIECES, k=chance.randrange(1, 14))) for _ in range(TEXTS // 2)]
    for _ in range(TEXTS - len(made)):
        text = chance.choice(written)
        for _ in range(chance.randrange(1, 4)):
            text = mutated(text, chance)
        made.append(text)
    return made


def check_sound(found: RichText, text: str) -> None:
    assert found.paragraphs
    assert len(found.remarks) <= MOST_REMARKS
    assert all(0 <= one.offset < len(text) for one in found.remarks)
    assert all(one.says.encode() and "\n" not in one.says for one in found.remarks)
    assert [one.offset for one in found.remarks] == sorted(one.offset for one in found.remarks)
    assert found.length <= len(text)
    shown(found).encode()  # no half of a surrogate pair is left
    for paragraph in found.paragraphs:
        looks = [span.look for span in paragraph.spans]
        assert all(span.text for span in paragraph.spans)
        assert all(one != other for one, other in pairwise(looks))
        assert all(look.size > 0 and look.scale_x > 0 and look.scale_y > 0 for look in (*looks, paragraph.mark))
        assert all(look.fit is None or look.fit.largest > look.size for look in looks)


@pytest.mark.slow
def test_nothing_stops_the_reading() -> None:
    understood = 0
    for number, text in enumerate(random_texts()):
        found = read_rich_text(text, DIALECTS[number % 2], cmyk=number % 3 == 0)
        check_sound(found, text)
        understood += not found.remarks
    assert TEXTS // 10 < understood < TEXTS  # the texts are neither all whole nor all damaged


def work(text: str) -> int:
    """Count the lines of Python that reading a text takes."""
    lines = 0

    def count(_frame: FrameType, event: str, _argument: object) -> Any:  # noqa: ANN401, as sys.settrace has it
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        read_rich_text(text, "textPs")
    finally:
        sys.settrace(before)
    return lines


REPEATED = [
    "a",
    "a ",
    "\\",
    "\\\\",
    "{",
    "}",
    "{}",
    "{a}",
    "{\\b a}",
    "{\\b a",
    "\\b a\\b0 b",
    "\\fs40 a\\par ",
    "\\'e9",
    "\\'82",
    "\\'zz",
    "\\u233?",
    "\\u-10179?",
    "\\f7 a",
    "{\\fonttbl{\\f0 A;}}",
    "{\\colortbl;\\red1;}",
    "{\\*\\iscolortbl;ff0000;zz;}",
    "{\\pict",
    "\\bin1",
    "\n",
    "a\n",
    "1",
    "-",
    ";",
]


@pytest.mark.parametrize(
    "opening", ["", "{\\fonttbl{\\f0 ", "{\\colortbl", "{\\*\\iscolortbl", "\\uc9999\\u1 ", "\\ansicpg932\\'82", "\\fs"]
)
@pytest.mark.parametrize("piece", REPEATED)
def test_work_grows_with_the_text(piece: str, opening: str) -> None:
    short, long = (work(opening + piece * count) for count in (40, 160))
    assert long <= 4 * short + 100


def test_a_text_is_cut_once_whatever_its_length() -> None:
    text = "{\\b a\\'e9{\\fs20 " * 20_000
    assert sum(token.end - token.offset for token in tokens(text)) == len(text)
    assert sum(1 for _ in tokens(text)) == 20_000 * 6


def test_groups_may_lie_within_one_another() -> None:
    text = "{\\b " + "{" * 50_000 + "a" + "}" * 50_000 + "}b"
    found = read_rich_text(text, "text")
    assert found.paragraphs[0].spans == (Span("a", look_of({"bold": True})), Span("b", Look()))
    assert [one.says for one in found.remarks] == [
        f"more than {MOST_GROUPS} groups within one another; the next are no groups"
    ]
    assert found.remarks[0].offset == len("{\\b ") + MOST_GROUPS - 1


def test_what_is_no_text_is_skipped_however_deep() -> None:
    assert shown(read_rich_text("{\\*\\x " + "{" * 5000 + "a" + "}" * 5000 + "}b", "text")) == "b"


def test_many_faults_give_the_first_remarks() -> None:
    found = read_rich_text("\\'zz" * 1000, "text")
    assert [one.offset for one in found.remarks] == [4 * place for place in range(MOST_REMARKS)]


def test_length_counts_what_is_shown() -> None:
    assert read_rich_text("{\\rtf1\\b ab\\par c\\line \\'e9\\u8364?}", "text").length == len("abc") + len(
        LINE_BREAK + "é€"
    )
