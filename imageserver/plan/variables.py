"""The variables of a template: what they stand for unless a request says otherwise, and what fits in their place.

References: r-is-http-substitution-variables, c-templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from imageserver.catalog.catalogs import Catalog, Catalogs, Entry
from imageserver.commands.adjust import ColorizeGrammar
from imageserver.commands.groups import DECLARATIONS, names_object, opens_request
from imageserver.commands.objects import OBJECT
from imageserver.config import Limits
from imageserver.errors import LimitExceeded, Mismatch, NotFound, NotSupported, Refused
from imageserver.plan.expansion import (
    REFERENCE,
    Macros,
    is_variable,
    substituted_text,
    variable_name,
    variables_of,
)
from imageserver.plan.sources import modifier_pieces, post_modifier_pieces
from imageserver.protocol.color import COLOR, ColorGrammar
from imageserver.protocol.grammar import Grammar, Integer, Product, Real, Text, split_list
from imageserver.protocol.reading import read_object, read_pieces
from imageserver.protocol.request import Piece

ANYTHING = Text(empty=True)
Use = tuple[str, Grammar[Any]]
"""The name of a variable, and what has to fit where it stands."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that a template defines; `grammar` reads what fits wherever it stands, its default included."""

    name: str
    default: str
    grammar: Grammar[Any] = ANYTHING


def template_variables(entry: Entry, catalogs: Catalogs, limits: Limits) -> tuple[Variable, ...]:
    """Give the variables that the modifier of a record defines and that a request may set, in their order.

    Raises a `RequestError` for a modifier that cannot be read.
    """
    macros = Macros(catalogs, entry.catalog, limits)
    before, behind = modifier_pieces(entry, macros), post_modifier_pieces(entry, macros)
    fixed = variables_of(behind, {})
    defaults = variables_of(before, {})
    spelled = {variable_name(piece): piece.name.strip("$") for piece in before if is_variable(piece)}
    names = [name for name in spelled if name not in fixed and REFERENCE.fullmatch(f"${name}$")]
    if not names:
        return ()
    reader = Reader(catalogs, limits, {**defaults, **fixed}, {entry.record_id})
    found = list(reader.uses((*before, *behind), entry.catalog))
    return tuple(
        Variable(spelled[name], defaults[name], fitting([one for used, one in found if used == name], defaults[name]))
        for name in names
    )


@dataclass(frozen=True, slots=True)
class Reader:
    """Finds where variables stand, also in nested requests and in the records that are named; `seen` are those."""

    catalogs: Catalogs
    limits: Limits
    variables: dict[str, str]
    seen: set[str] = field(default_factory=set)

    def uses(self, pieces: Iterable[Piece], main: Catalog, depth: int = 0) -> Iterator[Use]:
        """Yield the places of variables in some pieces."""
        for piece in pieces:
            declaration = DECLARATIONS.get(piece.name.casefold())
            if declaration is None or not piece.value:
                continue
            if opens_request(piece):
                yield from self._nested(piece.nested[len("is{") : -1], main, depth + 1)
                continue
            yield from places(declaration.grammar, piece.value)
            if names_object(piece):
                yield from self._record(piece.value, main, depth + 1)

    def _nested(self, text: str, main: Catalog, depth: int) -> Iterator[Use]:
        if depth > self.limits.nesting:
            raise LimitExceeded("limits.nesting", depth, self.limits.nesting)
        path, _, query = text.partition("?")
        name = read_object(path)
        yield from places(OBJECT, name)
        governing, _ = self.catalogs.governing(substituted_text(name, self.variables))
        inner = main if governing is self.catalogs.default else governing
        pieces = Macros(self.catalogs, inner, self.limits).expand(read_pieces(query))
        own = variables_of(pieces, {})
        found = (*self.uses(pieces, inner, depth), *self._record(name, inner, depth))
        yield from (use for use in found if use[0] not in own)

    def _record(self, name: str, main: Catalog, depth: int) -> Iterator[Use]:
        try:
            entry = self.catalogs.look_up(substituted_text(name, self.variables), main)
        except (NotFound, Refused):
            return
        if entry.record is None or entry.record_id in self.seen:
            return
        self.seen.add(entry.record_id)
        macros = Macros(self.catalogs, entry.catalog, self.limits)
        pieces = (*modifier_pieces(entry, macros), *post_modifier_pieces(entry, macros))
        yield from self.uses(pieces, entry.catalog, depth)


def places(grammar: Grammar[Any], text: str) -> Iterator[Use]:
    """Yield the variables in a value, each with what has to fit in its place; text beside it leaves nothing certain."""
    words = split_list(text)
    for match in REFERENCE.finditer(text):
        alone = words.index(match[0]) if match[0] in words else None
        yield match[1].casefold(), ANYTHING if alone is None else grammar_of_word(grammar, alone, len(words))


def grammar_of_word(grammar: Grammar[Any], place: int, count: int) -> Grammar[Any]:
    """Give the grammar of one of the words of a list."""
    match grammar:
        case Product(kind, parts) if count > 1 or all(one.default is not MISSING for one in fields(kind)[1:]):
            return parts[place] if place < len(parts) else ANYTHING
        case ColorizeGrammar() if place == 0:
            return COLOR
        case ColorGrammar() if place == 0 and count <= 2:  # noqa: PLR2004, a colour and its alpha
            return COLOR
    return grammar if count == 1 else ANYTHING


def fitting(found: Sequence[Grammar[Any]], default: str) -> Grammar[Any]:
    """Give the grammar that all places of a variable agree on, unless its own default does not fit."""
    numbers = [one for one in found if isinstance(one, Integer | Real)]
    if not found:
        return ANYTHING
    agreed: Grammar[Any] = ANYTHING
    if len(numbers) == len(found):
        agreed = narrowest(numbers)
    elif all(one == found[0] for one in found):
        agreed = found[0]
    return agreed if not default or fits(agreed, default) else ANYTHING


def narrowest(numbers: Sequence[Integer | Real]) -> Integer | Real:
    """Give the grammar of what fits in several places for numbers."""
    low, high = max(one.low for one in numbers), min(one.high for one in numbers)
    if any(isinstance(one, Integer) for one in numbers):
        return Integer(int(low), int(high))
    above = [one.above for one in numbers if isinstance(one, Real) and one.above is not None]
    return Real(low, high, max(above, default=None))


def fits(grammar: Grammar[Any], text: str) -> bool:
    """Tell whether a grammar can read a text."""
    try:
        grammar.parse(text)
    except (Mismatch, NotSupported):
        return False
    return True
