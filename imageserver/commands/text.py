"""Text commands: `text=`, `textPs=`, `textAttr=` and `pathAttr=`.

References: r-text, r-textps, r-textattr, r-pathattr.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from imageserver.protocol.grammar import Grammar, Integer, Keyword, Product, Real
from imageserver.richtext.document import Dialect

AntiAliasing = Literal["off", "norm", "crisp", "sharp", "strong", "smooth"]
TextResMode = Literal["fixedRes", "autoRes", "maxRes"]
WordWrap = Literal["wrap", "noWrap", "nbWrap"]
ANTI_ALIASING: Keyword[AntiAliasing] = Keyword({mode: mode for mode in get_args(AntiAliasing)})
TEXT_RES_MODE: Keyword[TextResMode] = Keyword({mode: mode for mode in get_args(TextResMode)})
WORD_WRAP: Keyword[WordWrap] = Keyword({mode: mode for mode in get_args(WordWrap)})


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of a text layer, in RTF or plain, and the command that they were written for."""

    dialect: Dialect
    written: str


@dataclass(frozen=True, slots=True)
class WordingGrammar:
    """Takes any text; an empty one is a layer that shows nothing, as templates have it whose text is left out."""

    dialect: Dialect
    expected: str = "a text, plain or in RTF"

    def parse(self, text: str) -> Wording:
        """Take the text; what cannot be understood of it is told with `req=validate`."""
        return Wording(self.dialect, text)


@dataclass(frozen=True, slots=True)
class TextAttributes:
    """Pixels per inch of the text, how its edges are smoothed, how it fits its box, and how it wraps."""

    resolution: int = 72
    anti_aliasing: AntiAliasing = "norm"
    res_mode: TextResMode = "fixedRes"
    wrap: WordWrap = "wrap"


@dataclass(frozen=True, slots=True)
class PathPlace:
    """Where on its path a text lies: `start` and `end` count in lengths of the path."""

    reverse: bool = False
    start: float = 0.0
    end: float = 1.0

    def __post_init__(self) -> None:
        if not self.start < self.end <= self.start + 1:
            raise ValueError("the end lies behind the start, by the length of the path at most")


TEXT_ATTRIBUTES: Grammar[TextAttributes] = Product(
    TextAttributes, (Integer(1, 10_000), ANTI_ALIASING, TEXT_RES_MODE, WORD_WRAP)
)
PATH_PLACE: Grammar[PathPlace] = Product(PathPlace, (Keyword({"norm": False, "reverse": True}), Real(0, 1), Real(0, 2)))
