"""Pairs of brackets take the direction of what they hold (UAX 9, N0)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

from bidi.mirror import MIRRORED

Char = dict[str, Any]
"""A character as python-bidi keeps it: `ch`, `type`, its `orig` type, and `level`."""
MOST_OPEN = 63
STRONG = {"L": "L", "R": "R", "EN": "R", "AN": "R"}
"""Numbers count as letters from right to left here."""
OPENING = {
    unicodedata.normalize("NFC", char): unicodedata.normalize("NFC", MIRRORED[char])
    for char in MIRRORED
    if unicodedata.category(char) == "Ps"
}
CLOSING = frozenset(OPENING.values())


def pair_brackets(run: list[Char], before: str) -> None:
    """Set the types of a level run's brackets; `before` is the direction of what stands before the run."""
    if not run:
        return
    embedding = "LR"[run[0]["level"] % 2]
    seen = 0
    for opening, closing in sorted(_pairs(run)):
        for char in run[seen:opening]:
            before = STRONG.get(char["type"], before)
        seen = opening
        inside = {STRONG.get(char["type"]) for char in run[opening + 1 : closing]} - {None}
        if not inside:
            continue
        direction = before if embedding not in inside and before != embedding else embedding
        for place in (opening, closing):
            _set_type(run, place, direction)


def _pairs(run: list[Char]) -> Iterator[tuple[int, int]]:
    """Yield the places of brackets that belong together (BD16)."""
    waiting: list[tuple[str, int]] = []
    for place, char in enumerate(run):
        sign = unicodedata.normalize("NFC", char["ch"]) if char["type"] == "ON" else ""
        if sign in OPENING:
            if len(waiting) == MOST_OPEN:
                return
            waiting.append((OPENING[sign], place))
        elif sign in CLOSING:
            for depth in range(len(waiting) - 1, -1, -1):
                if waiting[depth][0] == sign:
                    yield waiting[depth][1], place
                    del waiting[depth:]
                    break


def _set_type(run: list[Char], place: int, direction: str) -> None:
    """Set a bracket's direction, and that of marks upon it."""
    run[place]["type"] = direction
    while place + 1 < len(run) and run[place + 1]["orig"] == "NSM":
        place += 1
        run[place]["type"] = direction
