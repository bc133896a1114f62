"""The variables of a template as the fields of a form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from imageserver.catalog.catalogs import Catalog, Catalogs, Entry
from imageserver.commands.objects import NameGrammar, ObjectGrammar
from imageserver.config import Limits
from imageserver.errors import RequestError
from imageserver.plan.variables import Variable, template_variables
from imageserver.protocol.color import COLOR, ColorGrammar
from imageserver.protocol.grammar import LARGEST, Integer, Keyword, Real

MOST_OBJECTS = 500
"""How many records are looked at for those that are offered where an object is wanted; any other may be typed."""
MOST_STEPS = 1000
"""The widest range that a slider is of use for."""
Kind = Literal["color", "number", "object", "text"]


@dataclass(frozen=True, slots=True)
class Field:
    """A field for one variable: what it holds at first, and what is known of what fits."""

    name: str
    kind: Kind
    default: str
    swatch: str = ""
    low: str = ""
    high: str = ""
    step: str = ""
    words: tuple[str, ...] = ()

    @property
    def slides(self) -> bool:
        """Tell whether a slider is of use beside the number."""
        return bool(self.low and self.high) and float(self.high) - float(self.low) <= MOST_STEPS


def fields_of(entry: Entry, catalogs: Catalogs, limits: Limits) -> tuple[Field, ...]:
    """Give a field for each variable of a record; none for a record whose modifier cannot be read."""
    try:
        return tuple(field_of(variable) for variable in template_variables(entry, catalogs, limits))
    except RequestError:
        return ()


def field_of(variable: Variable) -> Field:
    """Choose the field in which a variable is set."""
    name, default = variable.name, variable.default
    match variable.grammar:
        case ColorGrammar():
            return Field(name, "color", default, swatch=swatch(default))
        case Integer() | Real() as grammar if default:
            return number_field(name, default, grammar)
        case ObjectGrammar() | NameGrammar():
            return Field(name, "object", default)
        case Keyword(words):
            return Field(name, "text", default, words=tuple(words))
    return Field(name, "text", default)


def number_field(name: str, default: str, grammar: Integer | Real) -> Field:
    """Make a field for a number, written as browsers read one."""
    low = "" if grammar.low <= -LARGEST else f"{grammar.low:g}"
    high = "" if grammar.high >= LARGEST else f"{grammar.high:g}"
    step = "1" if isinstance(grammar, Integer) else "any"
    return Field(name, "number", repr(grammar.parse(default)).removesuffix(".0"), low=low, high=high, step=step)


def swatch(default: str) -> str:
    """Write a colour as a colour picker has it, which knows no alpha."""
    return "#" + bytes(COLOR.parse(default).rgb).hex() if default else ""


def objects(catalogs: Catalogs, catalog: Catalog) -> tuple[str, ...]:
    """Name the records of a catalog that a layer can show: those with a picture of their own, and their crops."""
    return tuple(islice(named(catalogs, catalog), MOST_OBJECTS))


def named(catalogs: Catalogs, catalog: Catalog) -> Iterator[str]:
    """Yield names as a request writes them."""
    for record_id, record in catalog.page(0, MOST_OBJECTS):
        if record.path and catalogs.shows(catalog, record):
            name = "/".join(part for part in (catalog.name, record_id) if part)
            yield name
            yield from (f"{name}:{crop}" for crop, _ in record.crops)
