"""The order of characters that run in both directions (UAX 9)."""

from __future__ import annotations

from collections.abc import Sequence

from imageserver.richtext.document import Paragraph


def base_level(paragraph: Paragraph) -> int:
    """Give 1 for a paragraph that runs from right to left, else 0: as its first span says, else its first letter."""
    raise NotImplementedError


def visual_order(levels: Sequence[int]) -> list[int]:
    """Give the places of a line's parts from left to right (L2)."""
    raise NotImplementedError
