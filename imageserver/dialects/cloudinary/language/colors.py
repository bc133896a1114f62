"""Colours as Cloudinary writes them → as the protocol does: RRGGBB, with AA where they let something through."""

from __future__ import annotations

import re

from imageserver.dialects.cloudinary.language.color_names import NAMES
from imageserver.dialects.cloudinary.language.facts import invalid

HEX = re.compile(r"(?:rgb:|#)?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
TRANSPARENT = "00000000"
SHORTEST = 4


def read_color(text: str, name: str = "color") -> str:
    """Give RRGGBB or RRGGBBAA; raises `BadTransformation`."""
    word = text.strip().casefold()
    if word == "transparent":
        return TRANSPARENT
    if word in NAMES:
        return NAMES[word]
    match = HEX.fullmatch(word) if word.startswith(("rgb:", "#")) else None
    if not match:
        raise invalid(name, text)
    digits = match[1]
    return "".join(one * 2 for one in digits) if len(digits) <= SHORTEST else digits


def is_clear(color: str) -> bool:
    """Tell whether a colour cannot be seen."""
    return len(color) > len("rrggbb") and color.endswith("00")


def lets_through(color: str) -> bool:
    """Tell whether something behind a colour can be seen."""
    return len(color) > len("rrggbb") and not color.casefold().endswith("ff")
