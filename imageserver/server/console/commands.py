"""The commands of the protocol as JSON, from their declarations: what the playground offers and explains."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

from imageserver.commands.adjust import Adjust
from imageserver.commands.declare import Command, Comp, declared
from imageserver.commands.delivery import Delivery
from imageserver.commands.formats import FORMATS
from imageserver.commands.groups import SELECTORS
from imageserver.commands.layer import Layer
from imageserver.commands.objects import NameGrammar, ObjectGrammar
from imageserver.commands.reply import KINDS
from imageserver.commands.view import View
from imageserver.protocol.color import ColorGrammar
from imageserver.protocol.grammar import Grammar, Integer, Keyword, Product, Real
from imageserver.server.console.fields import unmarked

GROUPS = (("View", View), ("Layer", Layer), ("Pixels", Adjust), ("Request", Delivery))
LANDING = {
    Comp.LAYER_0: "Under layer=comp it is for layer 0.",
    Comp.COMPOSITE: "Under layer=comp it is for the composite.",
}
SELECTOR_DOCS = {
    "layer": "Begins a layer, or goes on with one: what follows is about it.",
    "effect": "Begins an effect of the layer, such as a shadow or a glow.",
}


@cache
def written_commands() -> str:
    """Write all commands, and the words that stand for values."""
    return json.dumps({"commands": [*selectors(), *commands()]})


def selectors() -> Iterator[dict[str, object]]:
    """Yield the commands that select what others are about."""
    for name in sorted(SELECTORS, reverse=True):
        expected = "a number or a name, or comp for the composite" if name == "layer" else "a number"
        yield {"name": name, "group": "Layer", "doc": SELECTOR_DOCS[name], "expected": expected, "kind": "text"}


def commands() -> Iterator[dict[str, object]]:
    """Yield all declared commands by each of their names."""
    for title, group in GROUPS:
        for _, one in declared(group):
            for name, grammar in one.spellings.items():
                yield described(title, name, one, grammar)


def described(title: str, name: str, one: Command, grammar: Grammar[object]) -> dict[str, object]:
    """Describe a command."""
    found: dict[str, object] = {
        "name": name,
        "group": title,
        "doc": unmarked(one.doc),
        "expected": unmarked(grammar.expected),
        "landing": LANDING.get(one.comp, ""),
        **input_of(grammar),
    }
    words = {"req": list(KINDS), "fmt": list(FORMATS)}.get(name)
    return found | ({"words": words} if words else {})


def input_of(grammar: Grammar[object]) -> dict[str, object]:
    """Say which input fits a grammar."""
    match grammar:
        case Keyword(words) | Product(parts=[Keyword(words), *_]):
            return {"kind": "word", "words": list(words)}
        case Integer(low, high):
            return {"kind": "number", "low": low, "high": high, "step": 1}
        case Real(low, high):
            return {"kind": "number", "low": low, "high": high, "step": "any"}
        case ColorGrammar():
            return {"kind": "color"}
        case NameGrammar() | ObjectGrammar():
            return {"kind": "object"}
        case _:
            return {"kind": "text"}
