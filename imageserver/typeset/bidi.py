"""The order of characters that run in both directions (UAX 9).

python-bidi resolves embeddings and the types of characters. Isolates and pairs of brackets, which it does not know,
stand here: what an isolate holds is resolved by itself, as one sign of the text around it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import bidi
from bidi import algorithm

from imageserver.richtext.document import Paragraph
from imageserver.typeset.brackets import Char, pair_brackets
from imageserver.typeset.clusters import Cluster

MOST_NESTED = 60
"""How deep isolates nest; what is deeper counts as a sign without direction."""
INITIATORS = {"\u2066": 0, "\u2067": 1, "\u2068": None}
PDI = "\u2069"
OBJECT = "\ufffc"
ISOLATING = frozenset({"LRI", "RLI", "FSI", "PDI"})
CALLS_FOR_ORDER = re.compile(
    "[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
"""Characters without which all of a text runs from left to right."""
TRAILING = frozenset({"WS", "S", "B", "BN", "LRI", "RLI", "FSI", "PDI", "LRE", "RLE", "LRO", "RLO", "PDF"})


def base_level(paragraph: Paragraph) -> int:
    """Give 1 for a paragraph that runs from right to left, else 0: as its first span says, else its first letter."""
    spans = [span for span in paragraph.spans if span.text]
    if spans and spans[0].look.right_to_left:
        return 1
    return _first_strong("".join(span.text for span in spans))


def embedding_levels(paragraph: Paragraph, base: int) -> list[int]:
    """Give each character's level.

    Those under the command rtlch are an isolate from right to left in which letters of any script run so; their numbers
    stay readable.
    """
    text = "".join(span.text for span in paragraph.spans)
    turned = any(span.look.right_to_left and span.text for span in paragraph.spans)
    levels = [base] * len(text)
    if not base and not turned and not CALLS_FOR_ORDER.search(text):
        return levels
    waiting = [(_nested(paragraph), base)]
    for isolate, level in waiting:
        waiting.extend(_resolve(isolate, level, text, levels))
    return levels


def visual_order(levels: Sequence[int]) -> list[int]:
    """Give the places of a line's parts from left to right (L2); see `line_levels` for the levels of a line."""
    order = list(range(len(levels)))
    odd = [level for level in levels if level % 2]
    for least in range(max(levels, default=0), min(odd, default=1) - 1, -1):
        start = 0
        while start < len(order):
            stop = start
            while stop < len(order) and levels[order[stop]] >= least:
                stop += 1
            order[start:stop] = reversed(order[start:stop])
            start = stop + 1
    return order


def line_levels(line: Sequence[Cluster], base: int) -> list[int]:
    """Give the levels of a line's clusters: white space at its end and before a tab has the paragraph's own (L1)."""
    levels = [cluster.level for cluster in line]
    at_end = True
    for place in range(len(line) - 1, -1, -1):
        text = line[place].text
        at_end = text == "\t" or (at_end and all(unicodedata.bidirectional(char) in TRAILING for char in text))
        if at_end:
            levels[place] = base
    return levels


@dataclass
class _Isolate:
    """A stretch that is resolved by itself: places of characters, and isolates within.

    `direction` None is that of the first strong letter; letters that are `turned` run from right to left.
    """

    direction: int | None
    turned: bool = False
    parts: list[int | _Isolate] = field(default_factory=list)


def _nested(paragraph: Paragraph) -> _Isolate:
    """Give the tree of a paragraph's isolates (BD9)."""
    top = _Isolate(0)
    open_ones = [top]
    place = 0
    for turned, spans in groupby(paragraph.spans, lambda span: span.look.right_to_left):
        text = "".join(span.text for span in spans)
        if turned:
            inner = _Isolate(1, turned=True)
            open_ones[-1].parts.append(inner)
            _nest(text, place, [inner])
        else:
            _nest(text, place, open_ones)
        place += len(text)
    match top.parts:
        case [_Isolate() as only]:
            return only
    return top


def _nest(text: str, start: int, open_ones: list[_Isolate]) -> None:
    """Put characters into the innermost isolate that is open, and open and close those that the text asks for."""
    for place, char in enumerate(text, start):
        if char == PDI and len(open_ones) > 1:
            open_ones.pop()
        open_ones[-1].parts.append(place)
        if char in INITIATORS and len(open_ones) < MOST_NESTED:
            part = _Isolate(INITIATORS[char])
            open_ones[-1].parts.append(part)
            open_ones.append(part)


def _resolve(isolate: _Isolate, base: int, text: str, levels: list[int]) -> Iterator[tuple[_Isolate, int]]:
    """Set the levels of an isolate's own characters; yield the isolates within, each with its level."""
    chars = [_char(part, text, isolate) for part in isolate.parts]
    storage: dict[str, Any] = {"base_level": base, "base_dir": "LR"[base % 2], "chars": chars, "runs": deque()}
    algorithm.explicit_embed_and_overrides(storage)
    inner = [(char["part"], char["level"]) for char in chars if isinstance(char["part"], _Isolate)]
    algorithm.resolve_weak_types(storage)
    left = storage["chars"]
    for run in storage["runs"]:
        pair_brackets(left[run["start"] : run["start"] + run["length"]], run["sor"])
    algorithm.resolve_neutral_types(storage, debug=False)
    algorithm.resolve_implicit_levels(storage, debug=False)
    level = base
    for char in chars:
        if char["orig"] not in algorithm.X9_REMOVED:
            level = char["level"]
        if not isinstance(char["part"], _Isolate):
            levels[char["part"]] = level
    for part, outer in inner:
        if part.turned:
            yield part, outer | 1
        else:
            yield part, _next_level(outer, _direction(part, text))


def _char(part: int | _Isolate, text: str, isolate: _Isolate) -> Char:
    """Give a character, or the sign that stands for an isolate, as python-bidi wants it."""
    char = OBJECT if isinstance(part, _Isolate) else text[part]
    kind = unicodedata.bidirectional(char) or "L"
    if kind in ISOLATING:
        kind = "ON"
    elif kind == "L" and isolate.turned:
        kind = "R"
    return {"part": part, "ch": char, "type": kind, "orig": kind, "level": 0}


def _direction(isolate: _Isolate, text: str) -> int:
    """Give the direction of what an isolate holds, apart from the isolates within it (P2, P3)."""
    if isolate.direction is not None:
        return isolate.direction
    return _first_strong("".join(text[part] for part in isolate.parts if isinstance(part, int)))


def _next_level(level: int, direction: int) -> int:
    """Give the next level above one that has a direction."""
    return level + 1 if (level + 1) % 2 == direction else level + 2


def _first_strong(text: str) -> int:
    """Give the direction of the first letter that has one, else 0 (P2, P3)."""
    whole = text.encode("utf-8", "replace").decode()
    return int(bidi.get_base_level(whole)) if whole else 0
