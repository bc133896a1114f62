"""Paragraph → clusters of glyphs. Shaping is HarfBuzz's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import uharfbuzz as hb

from imageserver.errors import NotFound
from imageserver.plan.faces import styled
from imageserver.plan.text import Face, TextBlock
from imageserver.richtext.document import SOFT_HYPHEN, Look, Paragraph
from imageserver.typeset.breaking import breaks
from imageserver.typeset.clusters import Break, Cluster, ShapedGlyph
from imageserver.typeset.fonts import ascent_of_upright, has_any, hb_font
from imageserver.typeset.runs import CONTEXT, Kind, Run, runs

INVISIBLE = 0xFFFFFF
"""Stands for characters that show nothing, such as joiners; no face has so many glyphs."""
HANGING = frozenset(" \t\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u2028\u2029\u205f\u3000")
"""White space that hangs at the end of a line, and is stretched; spaces that do not break are not."""
HYPHENS = ("\u2010", "-")
PARTED = re.compile(f".?{SOFT_HYPHEN}(?:.?{SOFT_HYPHEN})*.?", re.DOTALL)
"""Letters around soft hyphens."""
Placing = Callable[[int, hb.GlyphPosition], ShapedGlyph]
Features = dict[str, bool | list[tuple[int, int, bool]]]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Letters of a run that share glyphs, from one face."""

    start: int
    stop: int
    glyphs: tuple[ShapedGlyph, ...]
    face: Face

    @property
    def is_missing(self) -> bool:
        """Whether the face lacks a glyph."""
        return any(not glyph.glyph_id for glyph in self.glyphs)

    @property
    def advance(self) -> float:
        """How far it leads on, in ems."""
        return sum(glyph.advance for glyph in self.glyphs)


def shape(paragraph: Paragraph, block: TextBlock) -> tuple[Cluster, ...]:
    """Give a paragraph's clusters in logical order; they cover its text without a gap.

    A soft hyphen has no glyph; `hyphen` gives the one for a line's end. What no face has shows the main face's sign
    for it. Raises `NotFound` for a font that the block has no face for, and `BadFont`.
    """
    text = "".join(span.text for span in paragraph.spans)
    may_end = breaks(text)
    return tuple(
        cluster
        for run in runs(paragraph, downwards=block.text.box.downwards)
        for cluster in _clusters(run, block, text, may_end)
    )


def _clusters(run: Run, block: TextBlock, text: str, may_end: Sequence[Break]) -> Iterator[Cluster]:
    pieces = _pieces(run, block)
    starts = [run.origins[piece.start] for piece in pieces]
    for piece, start, stop in zip(pieces, starts, [*starts[1:], run.origins[-1] + 1], strict=True):
        shown = text[start:stop]
        yield Cluster(
            start=start,
            stop=stop,
            text=shown,
            glyphs=piece.glyphs,
            face=piece.face,
            look=run.kind.look,
            advance=piece.advance,
            level=run.kind.level,
            break_after=may_end[stop - 1],
            blank=HANGING.issuperset(shown),
            scale=run.kind.scale,
            shift=run.kind.shift,
            upright=run.kind.upright,
        )


def hyphen(cluster: Cluster, block: TextBlock) -> Cluster:
    """Give what stands at a line's end in place of a soft hyphen's cluster."""
    font = hb_font(cluster.face)
    sign = next((sign for sign in HYPHENS if font.get_nominal_glyph(ord(sign))), HYPHENS[-1])
    kind = Kind(cluster.look, cluster.level, "Latn", cluster.scale, cluster.upright, bare=False)
    (piece,) = _pieces(Run(kind, sign, (0,)), block)
    return cluster._replace(glyphs=piece.glyphs, face=piece.face, advance=piece.advance)


def main_face(look: Look, block: TextBlock) -> Face:
    """Give the face that a look asks for; raises `NotFound`."""
    for use in block.faces:
        if (use.name, use.bold, use.italic) == (look.font, look.bold, look.italic):
            return use.face
    known = ", ".join(sorted({use.name for use in block.faces if use.name})) or "none"
    raise NotFound("font", look.font, f"expected one of: {known}")


def _pieces(run: Run, block: TextBlock) -> list[_Piece]:
    """Give a run's pieces in logical order."""
    main = main_face(run.kind.look, block)
    if run.kind.bare:
        return [_Piece(0, len(run.letters), (), main)]
    look = run.kind.look
    fallback = [styled(face, bold=look.bold, italic=look.italic) for face in block.fallback]
    return list(_covered(run, 0, len(run.letters), (main, *fallback), main))


def _covered(run: Run, start: int, stop: int, faces: Sequence[Face], main: Face) -> Iterator[_Piece]:
    """Yield the pieces of a part of a run, each from the first face that has its glyphs, else from the main one."""
    letters = run.letters[start:stop]
    faces = faces[next((place for place, face in enumerate(faces) if has_any(face, letters)), len(faces)) :]
    if not faces:
        yield from _shaped(run, start, stop, main)
        return
    for is_missing, pieces in groupby(_shaped(run, start, stop, faces[0]), lambda piece: piece.is_missing):
        if is_missing:
            part = list(pieces)
            yield from _covered(run, part[0].start, part[-1].stop, faces[1:], main)
        else:
            yield from pieces


def _shaped(run: Run, start: int, stop: int, face: Face) -> Iterator[_Piece]:
    """Yield the pieces of a part of a run, from one face."""
    font = hb_font(face)
    first, around = _around(run, start, stop)
    buffer = hb.Buffer()
    buffer.invisible_glyph = INVISIBLE
    buffer.add_codepoints([ord(letter) for letter in around], start - first, stop - start)
    buffer.script = run.kind.script
    buffer.direction = "ttb" if run.kind.upright else "rtl" if run.kind.level % 2 else "ltr"
    hb.shape(font, buffer, _features(run, first, stop))
    place_glyph = _downwards(face) if run.kind.upright else _along(font)
    glyphs: list[tuple[int, list[ShapedGlyph]]] = []
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        head = _head(run, first + info.cluster)
        if not glyphs or glyphs[-1][0] != head:
            glyphs.append((head, []))
        if info.codepoint != INVISIBLE:
            glyphs[-1][1].append(place_glyph(info.codepoint, position))
    if buffer.direction == "rtl":
        glyphs.reverse()
    heads = [head for head, _ in glyphs]
    for (_, ones), head, end in zip(glyphs, heads, [*heads[1:], stop], strict=True):
        yield _Piece(head, end, tuple(ones), face)


def _along(font: hb.Font) -> Placing:
    em = font.face.upem
    return lambda index, position: ShapedGlyph(
        index, position.x_advance / em, position.x_offset / em, -position.y_offset / em
    )


def _downwards(face: Face) -> Placing:
    """Give glyphs their places in downward flow; faces that say nothing about it keep their baseline."""
    font = hb_font(face)
    em = font.face.upem
    ascent = ascent_of_upright(face)

    def place(index: int, position: hb.GlyphPosition) -> ShapedGlyph:
        y = -position.y_offset / em
        if ascent is not None:
            y += ascent - font.get_glyph_v_origin(index)[1] / em
        return ShapedGlyph(index, -position.y_advance / em, position.x_offset / em, y)

    return place


def _around(run: Run, start: int, stop: int) -> tuple[int, str]:
    """Give the letters of a part of a run with those around it, and the place of the first of them in the run."""
    shift = len(run.before)
    first = max(0, shift + start - CONTEXT)
    whole = run.before + run.letters + run.after
    return first - shift, whole[first : shift + stop + CONTEXT]


def _head(run: Run, place: int) -> int:
    """Give the first of the letters that one character has become: ß is SS in capitals."""
    while place and run.origins[place - 1] == run.origins[place]:
        place -= 1
    return place


def _features(run: Run, first: int, stop: int) -> Features:
    """Give the features to be turned on or off.

    Letters that are spaced have no ligatures, and a soft hyphen parts those that it stands between.
    """
    look = run.kind.look
    is_kerned = look.kerning is not None and look.size >= look.kerning
    found: Features = {"kern": is_kerned, "vkrn": is_kerned}
    if look.spacing:
        return found | {"liga": False, "clig": False}
    parted = [match.span() for match in PARTED.finditer(run.letters, max(0, first), stop)]
    return found | {"liga": [(start - first, end - first, False) for start, end in parted]} if parted else found
