"""Pieces → layers: which commands belong to which layer, and which to the composite. References: r-layer, r-effect."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from imageserver.commands.declare import Comp
from imageserver.commands.groups import SELECTORS, is_command, landing
from imageserver.config import Limits
from imageserver.errors import BadValue, LimitExceeded, NotSupported
from imageserver.protocol.request import Piece

COMP = "comp"
NUMBER = re.compile(r"[0-9]{1,9}")
EXPECTED = "a layer number of 0 or more with an optional name, comp, or the name of a layer"


@dataclass
class Segments:
    """The commands of a request by layer; the same command in the same layer: the last one wins.

    `anywhere` are those of the view and of the request, which belong to no layer wherever they stand.
    """

    limits: Limits
    composite: list[Piece] = field(default_factory=list)
    layers: dict[int, list[Piece]] = field(default_factory=lambda: {0: []})
    anywhere: list[Piece] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)

    def add(self, pieces: Iterable[Piece]) -> None:
        """Add the pieces of a request or modifier, which starts as if with `layer=comp`."""
        current: int | None = None
        for piece in pieces:
            name = piece.name.casefold()
            if name == "layer" and piece.value:
                current = self._select(piece)
            elif name == "effect" and piece.value:
                raise NotSupported(piece.text, "layer effects are not supported yet")
            elif is_command(piece) and name not in SELECTORS:
                self._add(piece, current)

    def _add(self, piece: Piece, layer: int | None) -> None:
        match landing(piece):
            case Comp.ANYWHERE:
                self.anywhere.append(piece)
            case Comp.COMPOSITE if layer is None:
                self.composite.append(piece)
            case _:
                self.layers[layer or 0].append(piece)

    def _select(self, piece: Piece) -> int | None:
        word, _, name = (part.strip() for part in (piece.value or "").partition(","))
        if word.casefold() == COMP:
            return None
        if NUMBER.fullmatch(word):
            return self._open(int(word), name, piece)
        if name or word not in self.names:
            raise BadValue("layer", piece.value or "", EXPECTED, piece.origin)
        return self.names[word]

    def _open(self, number: int, name: str, piece: Piece) -> int:
        if name and (name.casefold() == COMP or self.names.get(name, number) != number):
            raise BadValue("layer", piece.value or "", "a name that no other layer has, and not comp", piece.origin)
        if name:
            self.names[name] = number
        self.layers.setdefault(number, [])
        if len(self.layers) > self.limits.layers:
            raise LimitExceeded("limits.layers", len(self.layers), self.limits.layers)
        return number
