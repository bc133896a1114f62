"""How a command is declared: one field of a frozen dataclass, with everything that is known about it.

The parser, the typed objects, the reference table in README and the completeness tests are computed from these
declarations. Commands that exclude each other (`crop`, `cropN`) are spellings of one field, so the last one wins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum, Flag, auto
from typing import Any, TypeVar, overload

from imageserver.protocol.grammar import Grammar

T = TypeVar("T")
U = TypeVar("U")
D = TypeVar("D")
EXTENSION = "extensions"
"""In place of the page of a command that the reference does not have."""


class Comp(Enum):
    """Where a command lands that stands before any `layer=`, or under `layer=comp`."""

    LAYER_0 = "layer 0"
    COMPOSITE = "the composite"
    ANYWHERE = "the view or the request, wherever it stands"


class Trait(Flag):
    """What else holds of a command, beside what its value means."""

    NONE = 0
    CONTROL = auto()
    """It is read first, as it is written; most kinds of request obey no other."""
    OUTERMOST = auto()
    """It is ignored in nested requests, whose outer one decides."""
    FOR_DEFAULT_IMAGE = auto()
    """It holds for the default image, too, where that takes the place of the whole request."""
    HINTED = auto()
    """What it does may depend on what the client says of itself."""
    CARRIED_OUT = auto()
    """The request that `req=resolve` gives has it behind it."""
    STATIC = auto()
    """It is for static content, which obeys what is read first as well."""


@dataclass(frozen=True, slots=True)
class Command:
    """All that is known of a command; `spellings` gives each of its names a grammar."""

    spellings: Mapping[str, Grammar[Any]]
    comp: Comp
    doc: str
    page: str
    traits: Trait = Trait.NONE


@overload
def command(
    spellings: Mapping[str, Grammar[T]],
    *more: Mapping[str, Grammar[U]],
    comp: Comp = ...,
    traits: Trait = ...,
    doc: str,
    page: str,
    default: D,
) -> T | U | D: ...
@overload
def command(
    spellings: Mapping[str, Grammar[T]],
    *more: Mapping[str, Grammar[U]],
    comp: Comp = ...,
    traits: Trait = ...,
    doc: str,
    page: str,
) -> T | U | None: ...
def command(
    spellings: Mapping[str, Grammar[Any]],
    *more: Mapping[str, Grammar[Any]],
    comp: Comp = Comp.ANYWHERE,
    traits: Trait = Trait.NONE,
    doc: str,
    page: str,
    default: object = None,
) -> Any:
    """Declare a command as a field; `page` is its page in the reference, without `r-` and `.md`.

    Spellings that give values of another type stand in a mapping of their own, so that mypy can check the field.
    """
    names = {name: grammar for mapping in (spellings, *more) for name, grammar in mapping.items()}
    return field(default=default, metadata={"command": Command(names, comp, doc, page, traits)})


def declared(group: type) -> Iterator[tuple[str, Command]]:
    """Yield the field name and the declaration of each command of a group, in the order of the fields."""
    for one in fields(group):
        if "command" in one.metadata:
            yield one.name, one.metadata["command"]
