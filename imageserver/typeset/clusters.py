"""The least parts of a line, as shaping gives them, and the measures of a face. Lengths are in ems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from imageserver.plan.text import Face
from imageserver.richtext.document import Look

Break = Literal["no", "may", "must"]
"""Whether a line may end, or has to end, behind a cluster (UAX 14)."""


class ShapedGlyph(NamedTuple):
    """A glyph, of which there are thousands; `advance` and the offsets are in ems of its run's size, y downwards.

    In downward flow the glyphs of an upright cluster advance downwards from the middle of their upper edge, so that `x`
    is about minus half of a glyph's width and `y` about its ascent. Others are as in a line, which is then turned.
    """

    glyph_id: int
    advance: float
    x: float
    y: float


class Cluster(NamedTuple):
    """The least part of a line: characters that share glyphs. Clusters are in logical order, glyphs in visual one.

    `start` and `stop` are offsets in the paragraph's text. `advance` is in ems and without `look.spacing`; it is 0 for
    a tab, whose `text` is a tabulator, and for a line break. `level` is the bidi embedding level. `blank` is white
    space that hangs at a line's end and is stretched when the line is justified. `scale` is of `look.size`: sub- and
    superscript and small capitals reduce it. `shift` moves the baseline downwards for sub- and superscript, in ems of
    `look.size`. `upright`: in downward flow it stands upright rather than turned by 90 degrees.
    """

    start: int
    stop: int
    text: str
    glyphs: tuple[ShapedGlyph, ...]
    face: Face
    look: Look
    advance: float
    level: int
    break_after: Break
    blank: bool
    scale: float = 1.0
    shift: float = 0.0
    upright: bool = False


@dataclass(frozen=True, slots=True)
class FaceMetrics:
    """The measures of a face in ems.

    `ascent` and `descent` are positive above and below the baseline; `gap` is between lines. `underline` is the
    distance of the underline's top below the baseline, `thickness` its height.
    """

    ascent: float
    descent: float
    gap: float
    underline: float
    thickness: float
    x_height: float
    cap_height: float

    @property
    def line_height(self) -> float:
        """The distance of baselines that the face asks for."""
        return self.ascent + self.descent + self.gap
