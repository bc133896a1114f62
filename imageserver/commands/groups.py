"""All declared commands, by name and by group; and pieces → typed objects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from imageserver.commands.adjust import Adjust
from imageserver.commands.declare import Command, Comp, Trait, declared
from imageserver.commands.delivery import Delivery
from imageserver.commands.layer import Layer
from imageserver.commands.objects import NameGrammar, ObjectGrammar
from imageserver.commands.reply import kind_named
from imageserver.commands.view import View
from imageserver.errors import BadValue, Mismatch, NotSupported
from imageserver.protocol.grammar import Grammar
from imageserver.protocol.request import Piece

REFERENCE = re.compile(r"\$[A-Za-z0-9._-]+\$")
GROUPS = (View, Layer, Adjust, Delivery)
Group = TypeVar("Group", View, Layer, Adjust, Delivery)
SELECTORS = frozenset({"layer", "effect"})
"""The commands that start a segment: they select, and so are no field of any group."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """Where a command's name was declared."""

    group: type
    field: str
    name: str
    command: Command
    grammar: Grammar[Any]


DECLARATIONS: Mapping[str, Declaration] = {
    name.casefold(): Declaration(group, field, name, one, grammar)
    for group in GROUPS
    for field, one in declared(group)
    for name, grammar in one.spellings.items()
}


def is_command(piece: Piece) -> bool:
    """Tell whether the piece's name is one of the protocol's commands."""
    return piece.name.casefold() in DECLARATIONS or piece.name.casefold() in SELECTORS


def has(piece: Piece, trait: Trait) -> bool:
    """Tell whether a trait was declared of a piece's command."""
    declaration = DECLARATIONS.get(piece.name.casefold())
    return declaration is not None and trait in declaration.command.traits


def names_object(piece: Piece) -> bool:
    """Tell whether the value of a piece is the name of a record or file, or a request in its place."""
    declaration = DECLARATIONS.get(piece.name.casefold())
    return declaration is not None and isinstance(declaration.grammar, NameGrammar | ObjectGrammar)


def opens_request(piece: Piece) -> bool:
    """Tell whether a piece holds a nested request."""
    declaration = DECLARATIONS.get(piece.name.casefold())
    return declaration is not None and isinstance(declaration.grammar, ObjectGrammar) and piece.nested.startswith("is")


def asked(pieces: Iterable[Piece], name: str) -> Piece | None:
    """Give the piece that holds of a declared command; None when there is none."""
    spelled = DECLARATIONS[name.casefold()].name.casefold()
    return next((piece for piece in reversed(tuple(pieces)) if piece.name.casefold() == spelled), None)


def asked_kind(pieces: Iterable[Piece]) -> str:
    """Give the kind of reply that is asked for, whatever else is wrong with a request; empty for an unknown one."""
    piece = asked(pieces, "req")
    return kind_named((piece and piece.value) or "")


def landing(piece: Piece) -> Comp:
    """Tell where a command lands that stands under `layer=comp`."""
    return DECLARATIONS[piece.name.casefold()].command.comp


def read_group(group: type[Group], pieces: Iterable[Piece], base: Group) -> Group:
    """Set in `base` what the pieces say of this group; the last of equals wins, an empty value says nothing."""
    values = {
        declaration.field: value
        for piece in pieces
        if (declaration := DECLARATIONS.get(piece.name.casefold())) and declaration.group is group
        for value in read_value(declaration, piece)
    }
    return replace(base, **values) if values else base


def read_value(declaration: Declaration, piece: Piece) -> tuple[Any, ...]:
    """Read the value of a piece; no value where nothing was said, or raise what is wrong with it."""
    text = piece.value or ""
    if piece.nested and isinstance(declaration.grammar, ObjectGrammar):
        text = piece.nested
    if not text and not accepts_empty(declaration.grammar):
        return ()
    try:
        return (declaration.grammar.parse(text),)
    except Mismatch as error:
        raise BadValue(declaration.name, text, error.expected + undefined(text), piece.origin) from error
    except NotSupported as error:
        raise NotSupported(what=f"{declaration.name}={error.what}", feature=error.feature) from error


def undefined(text: str) -> str:
    """Point at variables that were left in a value because nothing defines them."""
    names = REFERENCE.findall(text)
    return f"; {', '.join(names)} is not defined" if names else ""


def accepts_empty(grammar: Grammar[Any]) -> bool:
    """Tell whether an empty value has a meaning."""
    try:
        grammar.parse("")
    except (Mismatch, NotSupported):
        return False
    return True
