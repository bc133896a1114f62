"""Texts to be set in the built-in face, and its own measures, asked of HarfBuzz."""

from __future__ import annotations

import uharfbuzz as hb

from imageserver.commands.text import TextAttributes
from imageserver.plan.faces import BUILT_IN, built_in_face
from imageserver.plan.text import FaceUse, TextBlock
from imageserver.richtext.document import Dialect, Look, Paragraph, ParagraphStyle, RichText, Span, TextBox
from imageserver.typeset.fonts import hb_font, metrics
from imageserver.typeset.result import Typeset

FACES = tuple(FaceUse("", one.bold, one.italic, built_in_face(one)) for one in BUILT_IN if one.name == "FiraGO")
FACE = FACES[0].face
FONT = hb_font(FACE)
EM = FONT.face.upem
ASCENT = metrics(FACE).ascent
DESCENT = metrics(FACE).descent
HEIGHT = metrics(FACE).line_height
CELL = FONT.get_glyph_extents(FONT.get_nominal_glyph(ord("d"))).y_bearing / EM
SIZE = 20.0
LOOK = Look(size=SIZE)
PLAIN = ParagraphStyle()
BARE = TextBox()


def advance(text: str, size: float = SIZE) -> float:
    """Give the width of a text by itself, in points."""
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    hb.shape(FONT, buffer)
    return float(sum(position.x_advance for position in buffer.glyph_positions) * size / EM)


def glyph_of(letter: str) -> int:
    """Give a letter's glyph."""
    return int(FONT.get_nominal_glyph(ord(letter)))


def paragraph(*spans: str | tuple[str, Look], style: ParagraphStyle = PLAIN, mark: Look = LOOK) -> Paragraph:
    """Give a paragraph of texts, those without a look being of `LOOK`."""
    looks = (one if isinstance(one, tuple) else (one, LOOK) for one in spans)
    return Paragraph(tuple(Span(text, look) for text, look in looks if text), style, mark)


def block(*paragraphs: str | Paragraph, dialect: Dialect = "textPs", box: TextBox = BARE) -> TextBlock:
    """Give a text of paragraphs."""
    found = tuple(paragraph(one) if isinstance(one, str) else one for one in paragraphs)
    return TextBlock(dialect, RichText(found, box), FACES, attributes=TextAttributes())


def whole(text: TextBlock) -> str:
    """Give the characters of a text, with a line feed between paragraphs, as offsets count them."""
    return "\n".join("".join(span.text for span in one.spans) for one in text.text.paragraphs)


def written(text: TextBlock, found: Typeset) -> list[str]:
    """Give what stands on each line."""
    return [whole(text)[line.start : line.stop] for line in found.lines]
