"""Rich text as meant: paragraphs of spans, each with every property filled in. Lengths are in points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imageserver.protocol.color import Color

Dialect = Literal["text", "textPs"]
"""The command that the text was written for; each understands words that the other skips."""
Align = Literal["left", "right", "center", "justify"]
LINE_BREAK = "\u2028"
"""Stands within a span where `\\line` was written."""
SOFT_HYPHEN = "\u00ad"
NO_BREAK_SPACE = "\u00a0"
NO_BREAK_HYPHEN = "\u2011"
BLACK = Color("rgb", (0, 0, 0))


@dataclass(frozen=True, slots=True)
class CopyFit:
    """How far a size may grow to fill the text box, and on how many lines; 0 lines are any number."""

    largest: float
    lines: int = 0
    most_lines: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """How characters look. `font` "" is the default font; `rise` lifts the baseline; `kerning` None is off.

    `size` is the smallest one where `fit` lets it grow. `kerning` is the size from which pairs are kerned. `spacing` is
    added behind each character. `rotated` counts only where the box flows downwards. References:
    r-basic-character-formatting, r-advanced-text-formatting.
    """

    font: str = ""
    size: float = 12.0
    color: Color = BLACK
    bold: bool = False
    italic: bool = False
    underline: bool = False
    script: Literal["normal", "sub", "super"] = "normal"
    rise: float = 0.0
    kerning: float | None = 0.5
    optical: bool = False
    spacing: float = 0.0
    scale_x: float = 1.0
    scale_y: float = 1.0
    caps: Literal["none", "all", "small"] = "none"
    right_to_left: bool = False
    rotated: bool = False
    fit: CopyFit | None = None


@dataclass(frozen=True, slots=True)
class LineSpacing:
    """The distance of baselines: a multiple of the font's own, at least so many points, or exactly so many."""

    kind: Literal["multiple", "least", "exact"] = "multiple"
    value: float = 1.0


@dataclass(frozen=True, slots=True)
class ParagraphStyle:
    """How the lines of a paragraph lie; `last_line` is for justified ones. Reference: r-paragraph-formatting."""

    align: Align = "left"
    last_line: Align = "left"
    first_indent: float = 0.0
    left_indent: float = 0.0
    right_indent: float = 0.0
    line_spacing: LineSpacing = LineSpacing()
    before: float = 0.0
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Span:
    """Characters that look alike; line breaks are `LINE_BREAK`."""

    text: str
    look: Look


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Spans that follow one another; `mark` is the look of its end, which gives an empty paragraph its height."""

    spans: tuple[Span, ...]
    style: ParagraphStyle = ParagraphStyle()
    mark: Look = Look()


@dataclass(frozen=True, slots=True)
class TextBox:
    """How text lies in its box; `downwards` is the flow of the Far East. Reference: r-document-text-box-properties."""

    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0
    vertical: Literal["top", "center", "bottom"] = "top"
    downwards: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that was not understood, and where: the offset counts characters of the decoded value."""

    offset: int
    says: str


@dataclass(frozen=True, slots=True)
class RichText:
    """A text: at least one paragraph, how they lie in their box, and what was not understood."""

    paragraphs: tuple[Paragraph, ...]
    box: TextBox = TextBox()
    remarks: tuple[Remark, ...] = ()

    @property
    def length(self) -> int:
        """How many characters there are."""
        return sum(len(span.text) for paragraph in self.paragraphs for span in paragraph.spans)
