"""Text commands: `textAttr=` and `pathAttr=`. References: r-textattr, r-pathattr."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AntiAliasing = Literal["off", "norm", "crisp", "sharp", "strong", "smooth"]
TextResMode = Literal["fixedRes", "autoRes", "maxRes"]
WordWrap = Literal["wrap", "noWrap", "nbWrap"]


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
