"""What setting a text gives: glyphs, underlines and lines in pixels of the layer, before the layer is scaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from imageserver.plan.text import Face
from imageserver.protocol.color import Color


@dataclass(frozen=True, slots=True)
class Extent:
    """A rectangle with fractions of pixels; y counts downwards."""

    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """The left, top, right and bottom."""
        return self.left, self.top, self.right, self.bottom


class Glyph(NamedTuple):
    """A glyph by its number in its face, and the place of its origin; `angle` turns it clockwise there, in degrees.

    There are thousands, which have to be made and sent to a renderer quickly. `cluster` is the offset of its first
    character in the whole text, paragraphs counted with one character between.
    """

    glyph_id: int
    x: float
    y: float
    angle: float = 0.0
    cluster: int = 0


@dataclass(frozen=True, slots=True)
class GlyphRun:
    """Glyphs of one face, size and colour; `size` is the height of the em in pixels, `stretch` its relative width."""

    face: Face
    size: float
    stretch: float
    color: Color
    glyphs: tuple[Glyph, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A filled rectangle, such as an underline: from its left end along `angle`, `thickness` downwards from there."""

    x: float
    y: float
    length: float
    thickness: float
    angle: float
    color: Color


@dataclass(frozen=True, slots=True)
class SetLine:
    """A line of text: its characters by offset (see `Glyph.cluster`), where its baseline starts, and how long it is."""

    start: int
    stop: int
    x: float
    y: float
    width: float
    ascent: float
    descent: float


@dataclass(frozen=True, slots=True)
class Typeset:
    """A text that is set. The layer's rectangle is `extent`; (0,0) is its corner, or the origin that paths count from.

    `ink` holds all that is drawn, which may reach beyond. `resolution` is the one that it was set at, and `complete`
    says that nothing was left out, nor is longer than its line.
    """

    extent: Extent
    ink: Extent
    runs: tuple[GlyphRun, ...]
    bars: tuple[Bar, ...]
    lines: tuple[SetLine, ...]
    resolution: float
    complete: bool
