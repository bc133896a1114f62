"""Paragraph → runs: stretches that are shaped at once, as they share look, level, script, size and orientation."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import uharfbuzz as hb

from imageserver.richtext.document import Look, Paragraph
from imageserver.typeset.bidi import base_level, embedding_levels

SCRIPT_SCALE = 2 / 3
"""Of sub- and superscript, and how far they move, measured in the pictures of r-rtf-encoding-examples."""
SHIFTS = {"normal": 0.0, "super": -2 / 9, "sub": 1 / 6}
SMALL_CAPS_SCALE = 0.7
"""Of the size: what Photoshop and browsers take."""
COMMON = "Zyyy"
CONTEXT = 5
"""How many letters around a part HarfBuzz looks at."""
LONG = 128
LONGEST = 512
"""Letters of a run after which it ends at a space, or anywhere."""
ROMAN = frozenset({"Latn", "Grek", "Cyrl", "Armn", "Geor", "Copt", COMMON})
"""Scripts whose letters can stand upright in downward flow."""
WIDE = frozenset({"W", "F"})


@dataclass(frozen=True, slots=True)
class Kind:
    """What the characters of a run share. `bare` ones, such as tabs and line breaks, have no glyphs."""

    look: Look
    level: int
    script: str
    scale: float
    upright: bool
    bare: bool

    @property
    def shift(self) -> float:
        """How far the baseline lies below that of the line."""
        return SHIFTS[self.look.script]


@dataclass(frozen=True, slots=True)
class Run:
    """Letters to be shaped: capitals already, where those are wanted; `origins` are their places in the paragraph.

    Letters join with those `before` and `after` them, which are of other runs.
    """

    kind: Kind
    letters: str
    origins: tuple[int, ...]
    before: str = ""
    after: str = ""


def runs(paragraph: Paragraph, *, downwards: bool) -> Iterator[Run]:
    """Yield the runs of a paragraph in logical order."""
    parts = list(_parts(paragraph, downwards=downwards))
    text = "".join(part.letters for part in parts)
    start = 0
    for part in parts:
        stop = start + len(part.letters)
        yield replace(part, before=text[max(0, start - CONTEXT) : start], after=text[stop : stop + CONTEXT])
        start = stop


def _parts(paragraph: Paragraph, *, downwards: bool) -> Iterator[Run]:
    """Yield the runs without what is around them."""
    kind: Kind | None = None
    letters: list[str] = []
    origins: list[int] = []
    for place, (char, one) in enumerate(_kinds(paragraph, downwards=downwards)):
        if kind is not None and (one is not kind or one.bare or _is_long(len(letters), char)):
            yield Run(kind, "".join(letters), tuple(origins))
            letters, origins = [], []
        kind = one
        shown = char if one.look.caps == "none" or one.bare else char.upper()
        letters.append(shown)
        origins.extend([place] * len(shown))
    if kind is not None:
        yield Run(kind, "".join(letters), tuple(origins))


def _is_long(length: int, char: str) -> bool:
    """Tell whether a run ends before a character, as shaping takes the square of the time for some characters."""
    return length >= LONG and (char == " " or length >= LONGEST)


def _kinds(paragraph: Paragraph, *, downwards: bool) -> Iterator[tuple[str, Kind]]:
    """Yield each character with its kind; equal kinds are the same object."""
    base = base_level(paragraph)
    levels = iter(embedding_levels(paragraph, base))
    scripts = iter(_scripts("".join(span.text for span in paragraph.spans)))
    known: dict[Kind, Kind] = {}
    for span in paragraph.spans:
        quick: dict[tuple[int, str, bool, bool, bool], Kind] = {}
        look = span.look
        small_caps = look.caps == "small"
        for char, level, script in zip(span.text, levels, scripts, strict=False):
            bare = _is_bare(char)
            small = small_caps and char != char.upper()
            upright = downwards and _is_upright(char, script, rotated=look.rotated)
            key = (level, script, small, upright, bare)
            kind = quick.get(key)
            if kind is None:
                made = Kind(look, base if bare else level, script, _scale(look, small=small), upright, bare)
                kind = quick[key] = known.setdefault(made, made)
            yield char, kind


def _scale(look: Look, *, small: bool) -> float:
    return (SCRIPT_SCALE if look.script != "normal" else 1.0) * (SMALL_CAPS_SCALE if small else 1.0)


@lru_cache(2**14)
def _is_bare(char: str) -> bool:
    """Tell whether a character has no glyph: controls, tabs, ends of lines."""
    return unicodedata.category(char) in {"Cc", "Zl", "Zp"}


def _is_upright(char: str, script: str, *, rotated: bool) -> bool:
    """Tell whether a character stands upright in downward flow: one of the Far East, or a Roman one unless rotated."""
    if unicodedata.east_asian_width(char) in WIDE:
        return True
    return not rotated and script in ROMAN


def _scripts(text: str) -> list[str]:
    """Give each character's script; characters common to all take that of the letters before them, else after."""
    found: list[str] = []
    script = ""
    for char in text:
        script = _script(char) or script
        found.append(script)
    first = script and next(name for name in found if name)
    return [name or first or COMMON for name in found]


@lru_cache(2**15)
def _script(char: str) -> str:
    """Give a letter's script, "" for a character that many share."""
    buffer = hb.Buffer()
    buffer.add_str(char)
    buffer.guess_segment_properties()
    return buffer.script or ""
