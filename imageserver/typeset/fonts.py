"""The fonts of faces: their bytes, measures and outlines."""

from __future__ import annotations

import struct
import unicodedata
from functools import lru_cache

import uharfbuzz as hb

from imageserver.errors import BadFont, NotFound
from imageserver.plan.faces import built_in_bytes
from imageserver.plan.text import Face
from imageserver.typeset.clusters import FaceMetrics
from imageserver.typeset.font_files import fault

LINE = (
    hb.OTMetricsTag.HORIZONTAL_ASCENDER,
    hb.OTMetricsTag.HORIZONTAL_DESCENDER,
    hb.OTMetricsTag.HORIZONTAL_LINE_GAP,
)
OS2_LENGTH = 78
EM = (0.8, -0.2, 0.0)
"""Ascent, descent and gap of a font that tells nothing of them."""
KEPT = 32
"""How many fonts stay open."""
BOLD = 0.03
"""How much wider strokes of a made-up bold face are, in ems."""
SLANT = 0.2
"""How far a made-up italic face leans: 11 degrees, in rises over runs."""
BOLD_WEIGHT = 700.0
ITALIC_ANGLE = -12.0
UNDERLINE = (0.1, 0.05)
"""Where an underline starts below the baseline, and its thickness, for a face that does not say so."""


@lru_cache(KEPT)
def hb_font(face: Face) -> hb.Font:
    """Give the font that shapes and draws a face, in units of the face (`font.face.upem` to the em), y upwards.

    It is shared, so nothing about it may be changed. Raises `BadFont` or `NotFound`.
    """
    data = _bytes(face)
    reason = fault(data, face.index)
    if reason is None:
        font = hb.Font(hb.Face(data, face.index))
        if font.face.glyph_count:
            _style(font, face)
            return font
    name = face.name or (face.file.name if face.file else face.built_in)
    raise BadFont(name, reason or "the file is cut off or damaged", str(face.file or ""))


def upem(face: Face) -> int:
    """Give how many units of the face there are to the em."""
    units: int = hb_font(face).face.upem
    return units


@lru_cache(KEPT)
def _letters(face: Face) -> frozenset[str]:
    return frozenset(map(chr, hb_font(face).face.unicodes))


def has_any(face: Face, letters: str) -> bool:
    """Tell whether a face has a glyph for any of some letters, or for what these are composed of."""
    known = _letters(face)
    if not known.isdisjoint(letters):
        return True
    return not letters.isascii() and not known.isdisjoint(unicodedata.normalize("NFD", letters))


@lru_cache(KEPT)
def ascent_of_upright(face: Face) -> float | None:
    """Give how far the baseline lies below the top of a letter in downward flow; None where the face has its say."""
    return None if "vmtx" in hb_font(face).face.table_tags else metrics(face).ascent


@lru_cache(KEPT)
def metrics(face: Face) -> FaceMetrics:
    """Give the measures of a face: those of `hhea`, or of `OS/2` where a font asks for it or lacks `hhea`.

    This is the choice of browsers: the typographic measures of `OS/2` where its bit USE_TYPO_METRICS is set, else
    `hhea`'s; where these are nought, the typographic ones, then the Windows ones.
    """
    font = hb_font(face)
    tags = hb.OTMetricsTag
    ascent, descent, gap = (_measure(font, tag) for tag in LINE)
    if not ascent and not descent:
        ascent, descent, gap = _of_windows(font)
    thickness = _measure(font, tags.UNDERLINE_SIZE)
    underline = -_measure(font, tags.UNDERLINE_OFFSET)
    return FaceMetrics(
        ascent=ascent,
        descent=-descent,
        gap=gap,
        underline=underline if thickness > 0 else UNDERLINE[0],
        thickness=thickness if thickness > 0 else UNDERLINE[1],
        x_height=_measure(font, tags.X_HEIGHT),
        cap_height=_measure(font, tags.CAP_HEIGHT),
    )


def _of_windows(font: hb.Font) -> tuple[float, float, float]:
    """Give ascent, descent (negative) and gap by `OS/2`, for a font whose `hhea` is blank."""
    table = font.face.reference_table("OS/2").data
    if len(table) < OS2_LENGTH:
        return EM
    ascent, descent, gap, above, below = struct.unpack_from(">hhhHH", table, 68)
    if not ascent and not descent:
        ascent, descent, gap = above, -below, 0
    em = font.face.upem
    return (ascent / em, descent / em, gap / em) if ascent or descent else EM


def _measure(font: hb.Font, tag: hb.OTMetricsTag) -> float:
    return float(font.get_metric_position_with_fallback(tag) / font.face.upem)


def _bytes(face: Face) -> bytes:
    if face.file is None:
        return built_in_bytes(face.built_in)
    try:
        return face.file.read_bytes()
    except FileNotFoundError as error:
        raise NotFound("font", face.name or face.file.name, "its file is gone", str(face.file)) from error
    except OSError as error:
        raise BadFont(face.name or face.file.name, error.strerror or "cannot be opened", str(face.file)) from error


def _style(font: hb.Font, face: Face) -> None:
    """Make a face bold or italic: by its axes where it has those, else by drawing it so."""
    axes = {axis.tag: axis for axis in font.face.axis_infos}
    settings: dict[str, float] = {}
    if face.embolden and "wght" in axes:
        settings["wght"] = min(max(BOLD_WEIGHT, axes["wght"].default_value), axes["wght"].max_value)
    elif face.embolden:
        font.synthetic_bold = (BOLD, BOLD, False)
    if face.slant and "ital" in axes:
        settings["ital"] = axes["ital"].max_value
    elif face.slant and "slnt" in axes:
        settings["slnt"] = max(ITALIC_ANGLE, axes["slnt"].min_value)
    elif face.slant:
        font.synthetic_slant = SLANT
    if settings:
        font.set_variations(settings)
