"""Pieces → layers: which commands belong to which layer or effect, and which to the composite.

References: r-layer, r-effect.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from imageserver.commands.declare import Comp
from imageserver.commands.groups import SELECTORS, is_command, landing
from imageserver.config import Limits
from imageserver.errors import BadValue, LimitExceeded
from imageserver.protocol.request import Piece

COMP = "comp"
NUMBER = re.compile(r"[0-9]{1,9}")
EFFECT = re.compile(r"[+-]?[0-9]{1,9}")
EXPECTED = "a layer number of 0 or more with an optional name, comp, or the name of a layer"
EXPECTED_EFFECT = "an effect number: below 0 for outer effects, above 0 for inner ones"
Layer = int | None
"""The number of a layer; None is the composite."""


@dataclass
class Segments:
    """The commands of a request by layer; the same command in the same layer: the last one wins.

    `anywhere` are those of the view and of the request, which belong to no layer wherever they stand. `effects` has
    those of each effect, under its layer and number.
    """

    limits: Limits
    composite: list[Piece] = field(default_factory=list)
    layers: dict[int, list[Piece]] = field(default_factory=lambda: {0: []})
    effects: dict[tuple[Layer, int], list[Piece]] = field(default_factory=dict)
    anywhere: list[Piece] = field(default_factory=list)
    names: dict[str, Layer] = field(default_factory=dict)

    def add(self, pieces: Iterable[Piece]) -> None:
        """Add the pieces of a request or modifier, which starts as if with `layer=comp`."""
        layer: Layer = None
        effect: list[Piece] | None = None
        for piece in pieces:
            name = piece.name.casefold()
            if name == "layer" and piece.value:
                layer, effect = self._select(piece), None
            elif name == "effect" and piece.value:
                effect = self.effects.setdefault((layer, effect_number(piece)), [])
            elif is_command(piece) and name not in SELECTORS:
                self._add(piece, layer, effect)
        count = len(self.layers) + len(self.effects)
        if count > self.limits.layers:
            raise LimitExceeded("limits.layers", count, self.limits.layers)

    def effects_of(self, layer: Layer) -> list[tuple[int, list[Piece]]]:
        """Give the effects of a layer in the order of their numbers."""
        return sorted((number, pieces) for (owner, number), pieces in self.effects.items() if owner == layer)

    def _add(self, piece: Piece, layer: Layer, effect: list[Piece] | None) -> None:
        match landing(piece):
            case Comp.ANYWHERE:
                self.anywhere.append(piece)
            case _ if effect is not None:
                effect.append(piece)
            case Comp.COMPOSITE if layer is None:
                self.composite.append(piece)
            case _:
                self.layers[layer or 0].append(piece)

    def _select(self, piece: Piece) -> Layer:
        word, _, name = (part.strip() for part in (piece.value or "").partition(","))
        if word.casefold() == COMP:
            return self._named(None, name, piece)
        if NUMBER.fullmatch(word):
            self.layers.setdefault(int(word), [])
            return self._named(int(word), name, piece)
        if name or word not in self.names:
            raise BadValue("layer", piece.value or "", EXPECTED, piece.origin)
        return self.names[word]

    def _named(self, layer: Layer, name: str, piece: Piece) -> Layer:
        if name and (name.casefold() == COMP or self.names.get(name, layer) != layer):
            raise BadValue("layer", piece.value or "", "a name that no other layer has, and not comp", piece.origin)
        if name:
            self.names[name] = layer
        return layer


def effect_number(piece: Piece) -> int:
    """Read the number of an effect."""
    text = (piece.value or "").strip()
    if not EFFECT.fullmatch(text) or int(text) == 0:
        raise BadValue("effect", piece.value or "", EXPECTED_EFFECT, piece.origin)
    return int(text)
