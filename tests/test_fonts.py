"""Fonts from files and packages: what cannot be used is told in one line."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest
import uharfbuzz as hb
from typefaces import FACES, Axis, block, collection, font_of, names, paragraph, shaped, tables_of, variable

from imageserver.errors import BadFont, NotFound
from imageserver.plan.faces import BUILT_IN, SUBSTITUTES, Style, built_in_bytes, in_style, styled
from imageserver.plan.text import Face
from imageserver.richtext.document import Look
from imageserver.typeset.clusters import FaceMetrics
from imageserver.typeset.fonts import hb_font, metrics
from imageserver.typeset.shaping import shape

FIRA = built_in_bytes("figo")
TABLES = tables_of(FIRA)
CFF = built_in_bytes("SourceSerifPro")
USE_TYPO_METRICS = 1 << 7


def face_of(folder: Path, data: bytes, **fields: object) -> Face:
    path = folder / "font.ttf"
    path.write_bytes(data)
    return replace(Face("Font", path), **fields)  # type: ignore[arg-type]


def width_of_h(face: Face) -> float:
    (cluster,) = shape(paragraph("H"), block(face=face))
    return cluster.advance


@pytest.mark.parametrize("one", BUILT_IN, ids=lambda one: one.code)
def test_built_in_faces_have_letters(one: object) -> None:
    face = FACES[one.code]  # type: ignore[attr-defined]
    assert len(face.digest) == 32
    assert [names(one) for one in shape(paragraph("Aé"), block(face=face))] == ["A", "eacute"]


def test_a_fallback_face_is_as_bold_as_the_text() -> None:
    assert styled(FACES["figo"], bold=True, italic=False) == FACES["figbo"]
    assert styled(FACES["symbol1"], bold=True, italic=False) == replace(FACES["symbol1"], embolden=True)
    assert styled(FACES["fimo"], bold=True, italic=True) == replace(FACES["fimbo"], slant=True)
    (cluster,) = shape(paragraph("ก", Look(bold=True)), block(FACES["figo"], face=FACES["SourceSerifPro"]))
    assert cluster.face == FACES["figbo"]


@pytest.mark.parametrize("style", SUBSTITUTES)
@pytest.mark.parametrize("there", SUBSTITUTES)
def test_any_style_is_made_of_any_other(style: Style, there: Style) -> None:
    face = Face("Font", Path("font.ttf"))
    bold, italic = style[0] and not there[0], style[1] and not there[1]
    assert in_style({there: face}, style) == replace(face, embolden=bold, slant=italic)


@pytest.mark.parametrize("data", [FIRA, CFF], ids=["TrueType", "OpenType"])
def test_a_file_of_either_flavour(tmp_path: Path, data: bytes) -> None:
    assert hb_font(face_of(tmp_path, data)).get_nominal_glyph(ord("A"))


@pytest.mark.parametrize(("index", "code"), [(0, "figo"), (1, "figbo")])
def test_a_collection_has_faces_by_number(tmp_path: Path, index: int, code: str) -> None:
    face = face_of(tmp_path, collection("figo", "figbo"), index=index)
    assert width_of_h(face) == width_of_h(FACES[code])
    assert width_of_h(FACES["figo"]) != width_of_h(FACES["figbo"])


@pytest.mark.parametrize(
    ("axis", "flags", "wider"),
    [
        (Axis("wght", 400, 400, 1000), {}, 0),
        (Axis("wght", 400, 400, 1000), {"embolden": True}, 50),  # 700 lies half the way
        (Axis("wght", 400, 400, 600), {"embolden": True}, 100),  # at most what the axis has
        (Axis("ital", 0, 0, 1), {"slant": True}, 100),
        (Axis("slnt", -15, 0, 0), {"slant": True}, 80),  # 12 of 15 degrees
        (Axis("slnt", -8, 0, 0), {"slant": True}, 100),
    ],
)
def test_a_variable_font_is_bold_and_italic_by_its_axes(
    tmp_path: Path, axis: Axis, flags: dict[str, bool], wider: int
) -> None:
    face = face_of(tmp_path, variable(axis), **flags)
    assert width_of_h(face) == pytest.approx(width_of_h(FACES["figo"]) + wider / 1000)
    assert hb_font(face).synthetic_bold[:2] == (0, 0)
    assert hb_font(face).synthetic_slant == 0


def test_other_fonts_are_made_bold_and_italic() -> None:
    plain, bold = FACES["figo"], replace(FACES["figo"], embolden=True)
    assert width_of_h(bold) == pytest.approx(width_of_h(plain) + 0.03)
    leaning = hb_font(replace(plain, slant=True))
    glyph = leaning.get_nominal_glyph(ord("H"))
    assert leaning.get_glyph_extents(glyph).width > hb_font(plain).get_glyph_extents(glyph).width + 100
    assert width_of_h(replace(plain, slant=True)) == width_of_h(plain)


def test_made_up_faces_are_drawn_so() -> None:
    def ink(face: Face) -> tuple[int, int]:
        font, raster = hb_font(face), hb.RasterDraw()
        raster.transform = (0.1, 0, 0, 0.1, 0, 0)
        raster.draw_glyph(font, font.get_nominal_glyph(ord("H")))
        image = raster.render()
        return sum(image.buffer), image.extents.width

    face = FACES["figo"]
    plain, bold, leaning = (ink(one) for one in (face, replace(face, embolden=True), replace(face, slant=True)))
    assert bold[0] > 1.2 * plain[0]
    assert leaning[0] == pytest.approx(plain[0], rel=0.01)
    assert leaning[1] > plain[1] + 10


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is not a font; expected TrueType or OpenType (.ttf, .otf, .ttc, .otc)"),
        (b"%!PS-AdobeFont-1.0", "it is not a font; expected TrueType or OpenType (.ttf, .otf, .ttc, .otc)"),
        (b"wOF2" + FIRA[4:], "it is not a font; expected TrueType or OpenType (.ttf, .otf, .ttc, .otc)"),
        (FIRA[:4], "the file is cut off or damaged"),
        (FIRA[:100], "the file is cut off or damaged"),
        (b"ttcf" + bytes(40), "it is a collection of 0 faces; expected 1 to 4096"),
        (b"ttcf" + bytes(7) + b"\x01", "the file is cut off or damaged"),
        (font_of({tag: data for tag, data in TABLES.items() if tag != b"cmap"}), "it lacks the table cmap"),
        (font_of({**TABLES, b"hmtx": b""}), "it lacks the table hmtx"),
        (font_of({**TABLES, b"head": TABLES[b"head"][:18]}), "its em has 0 units; expected 16 to 16384"),
        (
            font_of({tag: data for tag, data in TABLES.items() if tag != b"glyf"}),
            "it has no outlines, perhaps bitmaps; expected TrueType or OpenType (.ttf, .otf, .ttc, .otc)",
        ),
    ],
)
def test_a_file_that_is_no_font(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(BadFont) as caught:
        hb_font(face_of(tmp_path, data))
    assert str(caught.value) == f"font 'Font' cannot be read: {reason}"
    assert caught.value.origin == str(tmp_path / "font.ttf")


def test_a_file_that_is_cut_off_at_any_place(tmp_path: Path) -> None:
    for length in (5, 12, 300, len(FIRA) // 2, len(FIRA) - 5):
        with pytest.raises(BadFont, match="cut off"):
            hb_font(face_of(tmp_path, FIRA[:length], digest=str(length)))


def test_a_font_with_damaged_tables_is_refused_or_shapes(tmp_path: Path) -> None:
    """Whatever a damaged file holds, nothing but `BadFont` is raised."""
    refused = 0
    for place in range(200):
        data = bytearray(FIRA)
        struct.pack_into(">I", data, 12 + place * 7, 0xFFFF0000 + place)
        struct.pack_into(">I", data, len(FIRA) * place // 200, 0xFFFFFFFF)
        try:
            assert shape(paragraph("Aé ب"), block(face=face_of(tmp_path, bytes(data), digest=str(place))))
        except BadFont:
            refused += 1
    assert 0 < refused < 200


def test_a_face_that_a_collection_lacks(tmp_path: Path) -> None:
    with pytest.raises(BadFont, match="it has no face 2; expected 0 to 1"):
        hb_font(face_of(tmp_path, collection("figo", "figbo"), index=2))


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="font 'Font' not found: its file is gone"):
        hb_font(Face("Font", tmp_path / "none.ttf"))
    with pytest.raises(BadFont, match="Is a directory"):
        hb_font(Face("Font", tmp_path))


def test_a_font_that_the_block_lacks() -> None:
    with pytest.raises(NotFound, match="font 'Arial' not found"):
        shaped("a", look=Look(font="Arial"))


def test_measures_are_those_of_hhea() -> None:
    assert metrics(FACES["figo"]) == FaceMetrics(0.935, 0.265, 0, 0.075, 0.05, 0.527, 0.689)


@pytest.mark.parametrize(
    ("selection", "hhea", "expected"),
    [
        (0, (800, -200, 90), (0.8, 0.2, 0.09)),
        (USE_TYPO_METRICS, (800, -200, 90), (0.7, 0.3, 0.05)),
        (0, (0, 0, 0), (0.7, 0.3, 0.05)),
    ],
    ids=["hhea", "asked for", "no hhea"],
)
def test_which_measures_are_taken(
    tmp_path: Path, selection: int, hhea: tuple[int, int, int], expected: tuple[float, float, float]
) -> None:
    lines = bytearray(TABLES[b"hhea"])
    struct.pack_into(">hhh", lines, 4, *hhea)
    system = bytearray(TABLES[b"OS/2"])
    struct.pack_into(">H", system, 62, selection)
    struct.pack_into(">hhhHH", system, 68, 700, -300, 50, 1100, 400)
    found = metrics(face_of(tmp_path, font_of({**TABLES, b"hhea": bytes(lines), b"OS/2": bytes(system)})))
    assert (found.ascent, found.descent, found.gap) == pytest.approx(expected)
    assert found.line_height == pytest.approx(sum(expected))
