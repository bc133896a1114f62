"""Conditions: `if_w_gt_300_and_!sale!_in_tags`, judged from left to right."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from operator import eq, ge, gt, le, lt, ne

from imageserver.dialects.cloudinary.language.facts import BadTransformation
from imageserver.dialects.cloudinary.language.numbers import DECIMAL, INTEGER, evaluate
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
WORD = re.compile(r"(?:[a-z]+:)?![^!]*!|[^_]+")
"""A part of a condition: a text may have what stands between parts."""
SETS = re.compile(r"tags|ctx|md(?::![^!]+!)?")
"""What a text may be in: `md` alone are the names of fields, with a name the values of that field."""
TAGS, CONTEXT, METADATA, FACES = "tags", "ctx", "md", "fc"


@dataclass(frozen=True, slots=True)
class About:
    """What is said of a picture beside its pixels; a field of metadata may have several values.

    `faces` are those whose coordinates somebody has given.
    """

    tags: frozenset[str] = frozenset()
    context: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    faces: int = 0

    def value(self, kind: str, name: str) -> str:
        """Give a value of the context or the metadata; one that is not there is empty."""
        return self.context.get(name, "") if kind == CONTEXT else ":".join(self.metadata.get(name, ()))

    def names(self, where: str) -> Collection[str]:
        """Give what may be in the tags, in the context, in the metadata, or in one field of that."""
        kind, _, name = where.partition(":")
        if name:
            return self.metadata.get(name.strip("!"), ())
        return {TAGS: self.tags, CONTEXT: self.context}.get(kind, self.metadata)


NOTHING = About()


def kinds_in(text: str) -> set[str]:
    """Say of what kinds the words of a condition, or of an expression, are."""
    return {word.partition(":")[0] for word in WORD.findall(text)}


def asks_about(text: str) -> bool:
    """Tell whether more than sizes and pages decides a condition."""
    return not kinds_in(text).isdisjoint({TAGS, CONTEXT, METADATA, FACES})


def holds(text: str, picture: Picture, about: About = NOTHING) -> bool:
    """Tell whether a condition is true of a picture; raises `BadTransformation`."""
    found = WORD.findall(text)
    if "_".join(found) != text:
        raise wrong(text)
    result, words, joint = True, list[str](), "and"
    for word in (*found, "and"):
        if word not in {"and", "or"}:
            words.append(word)
            continue
        one = judged(words, text, picture, about)
        result = (result and one) if joint == "and" else (result or one)
        words, joint = [], word
    return result


def judged(words: Sequence[str], text: str, picture: Picture, about: About) -> bool:
    """Judge one comparison, of numbers, of texts, or of a text with those that there are."""
    match words:
        case [one, "in" | "nin" as operator, where] if "!" in one and SETS.fullmatch(where):
            known = frozenset(about.names(where))
            names = frozenset(one.strip("!").split(":"))
            return names <= known if operator == "in" else names.isdisjoint(known)
        case [one, operator, other] if operator in COMPARISONS and "!" in one + other:
            return compared(value_of(one, text, about), operator, value_of(other, text, about), text)
    at = next((i for i, word in enumerate(words) if word in COMPARISONS), 0)
    if not at or at == len(words) - 1:
        raise wrong(text)
    left = evaluate("condition", "_".join(words[:at]), picture)
    right = evaluate("condition", "_".join(words[at + 1 :]), picture)
    return COMPARISONS[words[at]](left, right)


def value_of(word: str, text: str, about: About) -> str:
    """Read a text, or a value of the context or the metadata."""
    kind, colon, rest = ("", "", word) if word.startswith("!") else word.partition(":")
    if not colon:
        return word.strip("!")
    if kind not in {CONTEXT, METADATA}:
        raise wrong(text)
    return about.value(kind, rest.strip("!"))


def compared(one: str, operator: str, other: str, text: str) -> bool:
    """Compare texts, which are only equal or not, unless both are numbers."""
    if is_number(one) and is_number(other):
        return COMPARISONS[operator](float(one), float(other))
    if operator in {"eq", "ne"}:
        return (one == other) == (operator == "eq")
    if not one or not other:  # nothing is neither more nor less
        return False
    raise wrong(text)


def is_number(text: str) -> bool:
    """Tell whether a text is a number."""
    return bool(INTEGER.fullmatch(text) or DECIMAL.fullmatch(text))


def wrong(text: str) -> BadTransformation:
    """Say that a condition makes no sense."""
    return BadTransformation(f"Invalid condition in transformation: {text}")
