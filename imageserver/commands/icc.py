"""The value of `icc=`: a colour profile, and how colours are brought into it. Reference: r-icc."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imageserver.protocol.grammar import FLAG, Keyword, Product, Text

Intent = Literal["perceptual", "relative", "saturation", "absolute"]
INTENT: Keyword[Intent] = Keyword(
    {"perceptual": "perceptual", "relative": "relative", "saturation": "saturation", "absolute": "absolute"},
    {"0": "perceptual", "1": "relative", "2": "saturation", "3": "absolute"},
)


@dataclass(frozen=True, slots=True)
class OutputProfile:
    """A profile by its name or file; what is left out is what the catalog says."""

    profile: str
    intent: Intent | None = None
    black_point: bool | None = None
    dither: bool | None = None


ICC = Product(OutputProfile, (Text(expected="the name of a profile"), INTENT, FLAG, FLAG))
