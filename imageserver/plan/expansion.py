"""Macros and variables: the request as written → its pieces as meant.

References: r-is-http-command-macros, r-is-http-substitution-variables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from imageserver.catalog.catalogs import Catalog, Catalogs
from imageserver.commands.groups import SELECTORS, opens_request
from imageserver.config import Limits
from imageserver.errors import LimitExceeded, UnknownMacro
from imageserver.protocol.reading import read_pieces
from imageserver.protocol.request import Piece

INVOCATION = re.compile(r"\$([A-Za-z0-9._!-]+)\$")
REFERENCE = re.compile(r"\$([A-Za-z0-9._-]+)\$")


@dataclass(frozen=True, slots=True)
class Macros:
    """The macros in reach of a request."""

    catalogs: Catalogs
    main: Catalog
    limits: Limits

    def expand(self, pieces: Iterable[Piece]) -> tuple[Piece, ...]:
        """Put the commands of each macro in its place, also those of macros within macros."""
        expanded: list[Piece] = []
        length = 0
        for piece in self._expand(pieces, 0):
            expanded.append(piece)
            length += len(piece.text)
            if length > self.limits.text:
                raise LimitExceeded("limits.text", length, self.limits.text)
        return tuple(expanded)

    def _expand(self, pieces: Iterable[Piece], depth: int) -> Iterator[Piece]:
        for piece in pieces:
            invocation = INVOCATION.fullmatch(piece.name)
            if invocation is None or piece.value:
                yield piece
                continue
            name = invocation[1]
            definition = self.catalogs.macro(name, self.main)
            if definition is None:
                known = self.catalogs.macro_names(self.main)
                raise UnknownMacro(name, self.main.name, known, piece.origin)
            if depth >= self.limits.nesting:
                raise LimitExceeded(f"limits.nesting of macro ${name}$", depth + 1, self.limits.nesting)
            yield from self._expand(read_pieces(definition, f"macro ${name}$"), depth + 1)


def variables_of(pieces: Iterable[Piece], predefined: Mapping[str, str]) -> dict[str, str]:
    """Collect the variables that are defined; what is defined last holds, so a request overrides a template."""
    return {**predefined, **{variable_name(piece): piece.value or "" for piece in pieces if is_variable(piece)}}


def substitute(pieces: Iterable[Piece], variables: Mapping[str, str], limits: Limits) -> tuple[Piece, ...]:
    """Replace each `$name$` in a value by the variable's value, once; the definitions themselves go.

    Names that are no variable stay as they are. Nested requests are left for their own reading.
    """
    result = tuple(_substituted(piece, variables) for piece in pieces if not is_variable(piece))
    length = sum(len(piece.text) for piece in result)
    if length > limits.text:
        raise LimitExceeded("limits.text", length, limits.text)
    return result


def is_variable(piece: Piece) -> bool:
    """Tell whether a piece defines a variable."""
    return piece.name.startswith("$") and len(piece.name) > 1 and piece.value is not None


def variable_name(piece: Piece) -> str:
    """Give the name of the variable that a piece defines, which is not case-sensitive."""
    return piece.name.strip("$").casefold()


def _substituted(piece: Piece, variables: Mapping[str, str]) -> Piece:
    if not piece.value or "$" not in piece.value or piece.name.casefold() in SELECTORS or opens_request(piece):
        return piece
    return replace(piece, value=substituted_text(piece.value, variables), nested="")


def substituted_text(text: str, variables: Mapping[str, str]) -> str:
    """Replace each `$name$` in a text by the variable's value."""
    return REFERENCE.sub(lambda match: variables.get(match[1].casefold(), match[0]), text)
