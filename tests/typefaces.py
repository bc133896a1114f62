"""Fonts for tests: packaged ones taken apart and put together anew, and the looks and blocks that use them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from imageserver.plan.faces import BUILT_IN, SYMBOLS, built_in_bytes, built_in_face
from imageserver.plan.text import Face, FaceUse, TextBlock
from imageserver.richtext.document import Look, Paragraph, RichText, Span, TextBox
from imageserver.typeset.clusters import Cluster
from imageserver.typeset.fonts import hb_font
from imageserver.typeset.shaping import shape

FACES = {one.code: built_in_face(one) for one in (*BUILT_IN, *SYMBOLS)}
JAPANESE = Path("/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf")
"""Of Debian's package fonts-ipafont-gothic."""
PLAIN = Look()
Tables = dict[bytes, bytes]


def block(*fallback: Face, face: Face = FACES["figo"], downwards: bool = False) -> TextBlock:
    """Give a block whose font is one face, whatever style is asked for."""
    styles = ((bold, italic) for bold in (False, True) for italic in (False, True))
    uses = tuple(FaceUse("", bold, italic, face) for bold, italic in styles)
    return TextBlock("textPs", RichText((), TextBox(downwards=downwards)), uses, fallback)


def paragraph(text: str, look: Look = PLAIN) -> Paragraph:
    return Paragraph((Span(text, look),))


def names(cluster: Cluster) -> str:
    """Give the names of a cluster's glyphs, from left to right."""
    font = hb_font(cluster.face)
    return " ".join(font.glyph_to_string(glyph.glyph_id) for glyph in cluster.glyphs)


def shaped(text: str, one: TextBlock | None = None, look: Look = PLAIN) -> tuple[str, str]:
    """Give the characters of a text's clusters, and their glyphs' names, both in logical order."""
    clusters = shape(paragraph(text, look), one or block())
    return "|".join(cluster.text for cluster in clusters), " | ".join(map(names, clusters))


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis of a variable font, and how far glyphs widen at its far end: its largest value, or its least below 0."""

    tag: str
    least: float
    default: float
    largest: float
    widening: int = 100


def tables_of(font: bytes) -> Tables:
    """Give the tables of a font file."""
    count = struct.unpack_from(">H", font, 4)[0]
    entries = (struct.unpack_from(">4sIII", font, 12 + 16 * place) for place in range(count))
    return {tag: font[start : start + length] for tag, _, start, length in entries}


def font_of(tables: Tables, at: int = 0) -> bytes:
    """Put a font file together, as it stands `at` an offset of a larger one."""
    directory = struct.pack(">IHHHH", 0x00010000, len(tables), 0, 0, 0)
    body = b""
    start = at + 12 + 16 * len(tables)
    for tag in sorted(tables):
        directory += struct.pack(">4sIII", tag, 0, start + len(body), len(tables[tag]))
        body += tables[tag] + bytes(-len(tables[tag]) % 4)
    return directory + body


def collection(*codes: str) -> bytes:
    """Give a collection of built-in faces."""
    fonts: list[bytes] = []
    starts: list[int] = []
    start = 12 + 4 * len(codes)
    for code in codes:
        starts.append(start)
        fonts.append(font_of(tables_of(built_in_bytes(code)), start))
        start += len(fonts[-1])
    return struct.pack(f">4sII{len(codes)}I", b"ttcf", 0x00010000, len(codes), *starts) + b"".join(fonts)


def variable(axis: Axis) -> bytes:
    """Give FiraGO as a variable font: its glyphs widen along an axis."""
    tables = tables_of(built_in_bytes("figo"))
    region = (-1, -1, 0) if axis.least < axis.default else (0, 1, 1)
    tag = axis.tag.encode()
    values = (round(value * 65536) for value in (axis.least, axis.default, axis.largest))
    tables[b"fvar"] = struct.pack(">8H4s3iHH", 1, 0, 16, 2, 1, 20, 0, 8, tag, *values, 0, 256)
    regions = struct.pack(">HH3h", 1, 1, *(16384 * value for value in region))
    deltas = struct.pack(">HHHHh", 1, 1, 1, 0, axis.widening)
    store = struct.pack(">HIHI", 1, 12, 1, 12 + len(regions)) + regions + deltas
    tables[b"HVAR"] = struct.pack(">HHIIII", 1, 0, 20, 20 + len(store), 0, 0) + store + struct.pack(">BBHB", 0, 0, 1, 0)
    return font_of(tables)
