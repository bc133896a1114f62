"""Conditions: `if_w_gt_300_and_ar_lt_1.5`, judged from left to right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt, ne

from imageserver.dialects.cloudinary.language.facts import BadTransformation
from imageserver.dialects.cloudinary.language.numbers import evaluate
from imageserver.dialects.cloudinary.language.picture import Picture

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "eq": eq,
    "ne": ne,
    "lt": lt,
    "gt": gt,
    "lte": le,
    "gte": ge,
}
ELSE, END = "else", "end"


def holds(text: str, picture: Picture) -> bool:
    """Tell whether a condition is true of a picture; raises `BadTransformation`."""
    result, words, joint = True, [], "and"
    for word in (*text.split("_"), "and"):
        if word not in {"and", "or"}:
            words.append(word)
            continue
        one = compared(words, text, picture)
        result = (result and one) if joint == "and" else (result or one)
        words, joint = [], word
    return result


def compared(words: list[str], text: str, picture: Picture) -> bool:
    """Judge one comparison."""
    at = next((i for i, word in enumerate(words) if word in COMPARISONS), 0)
    if not at or at == len(words) - 1:
        raise BadTransformation(f"Invalid condition in transformation: {text}")
    one = evaluate("condition", "_".join(words[:at]), picture)
    other = evaluate("condition", "_".join(words[at + 1 :]), picture)
    return COMPARISONS[words[at]](one, other)
