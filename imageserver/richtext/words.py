"""The words of RTF that say how text looks, with the numbers that they take. Reference: c-text-formatting.

`only` names the command that knows a word; the other one skips it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeVar

from imageserver.richtext.document import (
    LINE_BREAK,
    NO_BREAK_HYPHEN,
    NO_BREAK_SPACE,
    SOFT_HYPHEN,
    Align,
    CopyFit,
    Dialect,
    LineSpacing,
    Look,
    ParagraphStyle,
    TextBox,
)
from imageserver.richtext.scanning import LARGEST

T = TypeVar("T")
HALF_POINTS = 2
QUARTER_POINTS = 4
TWIPS = 20
PERCENT = 100
LINES = 240
LARGEST_SIZE = 2**15 - 1
LONGEST = 10**6
MOST_PERCENT = 10_000


@dataclass(frozen=True, slots=True)
class Word(Generic[T]):
    """A word that changes something by its number, from `low` to `high`; `missing` is meant where none is written."""

    change: Callable[[T, int], T]
    only: Dialect | None = None
    missing: int = 1
    low: int = -LARGEST
    high: int = LARGEST


@dataclass(frozen=True, slots=True)
class Characters:
    """What is in force for characters: a look, and what becomes part of it when text is met.

    `font` and `color` are numbers of tables; `bytes_are` says whether bytes pair up, where words say so.
    """

    look: Look = Look()
    font: int | None = None
    color: int | None = None
    fit: CopyFit = CopyFit(0)
    bytes_are: Literal["", "single", "double"] = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """What is in force for paragraphs: a style, and its line spacing as written."""

    style: ParagraphStyle = ParagraphStyle()
    spacing: int = 0
    is_multiple: bool = False

    @property
    def meant(self) -> ParagraphStyle:
        """The style with its line spacing: 0 is automatic, a positive one is the least, a negative one is exact."""
        return replace(self.style, line_spacing=self._line_spacing)

    @property
    def _line_spacing(self) -> LineSpacing:
        if not self.spacing:
            return LineSpacing()
        if self.is_multiple:
            return LineSpacing("multiple", abs(self.spacing) / LINES)
        return LineSpacing("least" if self.spacing > 0 else "exact", abs(self.spacing) / TWIPS)


@dataclass(frozen=True, slots=True)
class Entity:
    """A word or a symbol that stands for characters."""

    text: str
    only: Dialect | None = None


def _size(look: Look, half_points: int) -> Look:
    return replace(look, size=half_points / HALF_POINTS)


def _underline(look: Look, number: int) -> Look:
    return replace(look, underline=number != 0)


def _caps(kind: Literal["all", "small"]) -> Word[Look]:
    def change(look: Look, number: int) -> Look:
        if number:
            return replace(look, caps=kind)
        return replace(look, caps="none") if look.caps == kind else look

    return Word(change, "textPs")


def _script(kind: Literal["sub", "super"]) -> Word[Look]:
    def change(look: Look, number: int) -> Look:
        if number:
            return replace(look, script=kind)
        return replace(look, script="normal") if look.script == kind else look

    return Word(change)


def _kerning(look: Look, half_points: int) -> Look:
    return replace(look, kerning=half_points / HALF_POINTS if half_points else None)


def _align(align: Align, only: Dialect | None = None) -> Word[Lines]:
    return Word(lambda lines, _: replace(lines, style=replace(lines.style, align=align)), only)


def _last_line(align: Align) -> Word[Lines]:
    return Word(lambda lines, _: replace(lines, style=replace(lines.style, last_line=align)), "textPs")


def _distance(change: Callable[[ParagraphStyle, float], ParagraphStyle], only: Dialect | None, low: int) -> Word[Lines]:
    return Word(lambda lines, twips: replace(lines, style=change(lines.style, twips / TWIPS)), only, 0, low, LONGEST)


def _margin(change: Callable[[TextBox, float], TextBox]) -> Word[TextBox]:
    return Word(lambda box, twips: change(box, twips / TWIPS), "textPs", 0, -LONGEST, LONGEST)


def _fit(change: Callable[[CopyFit, int], CopyFit], high: int) -> Word[Characters]:
    return Word(lambda now, number: replace(now, fit=change(now.fit, number)), "textPs", 0, 0, high)


UNDERLINES = ("ul", "uld", "uldash", "uldashd", "uldashdd", "uldb", "ulth", "ulw", "ulwave")
LOOK_WORDS: Mapping[str, Word[Look]] = {
    "fs": Word(_size, None, 24, 1, LARGEST_SIZE),
    "b": Word(lambda look, number: replace(look, bold=number != 0)),
    "i": Word(lambda look, number: replace(look, italic=number != 0)),
    **{name: Word(_underline) for name in UNDERLINES},
    "ulnone": Word(lambda look, _: replace(look, underline=False)),
    "sub": _script("sub"),
    "super": _script("super"),
    "nosupersub": Word(lambda look, _: replace(look, script="normal")),
    "caps": _caps("all"),
    "scaps": _caps("small"),
    "up": Word(lambda look, number: replace(look, rise=number / HALF_POINTS), None, 6, -LONGEST, LONGEST),
    "dn": Word(lambda look, number: replace(look, rise=-number / HALF_POINTS), None, 6, -LONGEST, LONGEST),
    "kerning": Word(_kerning, None, 1, 0, LONGEST),
    "kerningoptical": Word(lambda look, _: replace(look, optical=True), "textPs"),
    "kerningmetric": Word(lambda look, _: replace(look, optical=False)),
    "expnd": Word(lambda look, number: replace(look, spacing=number / QUARTER_POINTS), None, 0, -LONGEST, LONGEST),
    "expndtw": Word(lambda look, number: replace(look, spacing=number / TWIPS), None, 0, -LONGEST, LONGEST),
    "charscalex": Word(lambda look, number: replace(look, scale_x=number / PERCENT), None, 100, 1, MOST_PERCENT),
    "charscaley": Word(lambda look, number: replace(look, scale_y=number / PERCENT), None, 100, 1, MOST_PERCENT),
    "ltrch": Word(lambda look, _: replace(look, right_to_left=False)),
    "rtlch": Word(lambda look, _: replace(look, right_to_left=True), "text"),
    "baselinedir": Word(lambda look, number: replace(look, rotated=number == 1), "textPs", 0, 0, 1),
}
CHARACTER_WORDS: Mapping[str, Word[Characters]] = {
    "plain": Word(lambda _now, _number: Characters(), "textPs"),
    "f": Word(lambda now, number: replace(now, font=number), None, 0, 0),
    "cf": Word(lambda now, number: replace(now, color=number), None, 0, 0),
    "copyfit": _fit(lambda fit, number: replace(fit, largest=number / HALF_POINTS), LARGEST_SIZE),
    "copyfitlines": _fit(lambda fit, number: replace(fit, lines=number), LARGEST_SIZE),
    "copyfitmaxlines": _fit(lambda fit, number: replace(fit, most_lines=number), LARGEST_SIZE),
    "loch": Word(lambda now, _: replace(now, bytes_are="single")),
    "hich": Word(lambda now, _: replace(now, bytes_are="single")),
    "dbch": Word(lambda now, _: replace(now, bytes_are="double")),
}
PARAGRAPH_WORDS: Mapping[str, Word[Lines]] = {
    "pard": Word(lambda _now, _number: Lines(), "textPs"),
    "ql": _align("left"),
    "qr": _align("right"),
    "qc": _align("center"),
    "qj": _align("justify", "textPs"),
    "lastql": _last_line("left"),
    "lastqr": _last_line("right"),
    "lastqc": _last_line("center"),
    "lastqj": _last_line("justify"),
    "fi": _distance(lambda style, points: replace(style, first_indent=points), "textPs", -LONGEST),
    "li": _distance(lambda style, points: replace(style, left_indent=points), "textPs", -LONGEST),
    "ri": _distance(lambda style, points: replace(style, right_indent=points), "textPs", -LONGEST),
    "sb": _distance(lambda style, points: replace(style, before=points), None, 0),
    "sa": _distance(lambda style, points: replace(style, after=points), None, 0),
    "sl": Word(lambda lines, number: replace(lines, spacing=number), None, 0, -LONGEST, LONGEST),
    "slmult": Word(lambda lines, number: replace(lines, is_multiple=number == 1), None, 1, 0, 1),
}
BOX_WORDS: Mapping[str, Word[TextBox]] = {
    "margl": _margin(lambda box, points: replace(box, left=points)),
    "margr": _margin(lambda box, points: replace(box, right=points)),
    "margt": _margin(lambda box, points: replace(box, top=points)),
    "margb": _margin(lambda box, points: replace(box, bottom=points)),
    "vertalt": Word(lambda box, _: replace(box, vertical="top")),
    "vertalb": Word(lambda box, _: replace(box, vertical="bottom")),
    "vertalc": Word(lambda box, _: replace(box, vertical="center")),
    "stextflow": Word(lambda box, number: replace(box, downwards=number == 1), "textPs", 0, 0, 1),
}
ENTITIES: Mapping[str, Entity] = {
    "emdash": Entity("\u2014"),
    "endash": Entity("\u2013"),
    "lquote": Entity("\u2018"),
    "rquote": Entity("\u2019"),
    "ldblquote": Entity("\u201c"),
    "rdblquote": Entity("\u201d"),
    "bullet": Entity("\u2022"),
    "emspace": Entity("\u2003"),
    "enspace": Entity("\u2002"),
    "qmspace": Entity("\u2005"),
    "zwj": Entity("\u200d"),
    "zwnj": Entity("\u200c"),
    "zwbo": Entity("\u200b"),
    "zwnbo": Entity("\u2060"),
    "ltrmark": Entity("\u200e"),
    "rtlmark": Entity("\u200f"),
    "\\": Entity("\\"),
    "{": Entity("{"),
    "}": Entity("}"),
    "~": Entity(NO_BREAK_SPACE, "textPs"),
    "_": Entity(NO_BREAK_HYPHEN, "textPs"),
    "-": Entity(SOFT_HYPHEN, "textPs"),
}
"""Words and symbols that stand for a character, and may stand in for the one of a `\\u`."""
BREAKS: Mapping[str, str] = {"line": LINE_BREAK, "tab": "\t", "\t": "\t"}
PARAGRAPH_ENDS = frozenset({"par", "\n", "\r"})
SYMBOLS_WITHOUT_MEANING = frozenset("*|:")
"""`\\*` means something only where a group begins; the others are for formulas and indexes."""
