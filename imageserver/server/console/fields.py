"""Declared fields as the console shows them: what fits, in which kind of input, and the value as a text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from imageserver.catalog.fields import CatalogField, Crops, PropertyData, Scalar, Targets
from imageserver.catalog.written import Json
from imageserver.plan.catalogprops import hexadecimal
from imageserver.protocol.color import Color
from imageserver.protocol.grammar import Keyword, Product

LONG = frozenset({"modifier", "post_modifier", "map", "image_set", "locale_map", "locale_str_map"})
"""Fields whose texts are long."""


@dataclass(frozen=True, slots=True)
class View:
    """A field: `kind` is text, long, word, list, properties, crops or targets; `value` is as written, None is not.

    `shown` is the same as a text, and `origin` says of an attribute where the value comes from.
    """

    name: str
    doc: str
    expected: str
    kind: str
    words: tuple[str, ...] = ()
    value: Json = None
    shown: str = ""
    is_set: bool = False
    origin: str = ""

    @property
    def json(self) -> str:
        """The value as JSON, its names in the order in which they are written."""
        return json.dumps(self.value)


def view(name: str, one: CatalogField, written: Mapping[str, Json]) -> View:
    """Describe a field of what is written."""
    shape = one.shape
    grammar = shape.grammar if isinstance(shape, Scalar) else None
    expected = grammar.expected if grammar is not None else ""
    words = tuple(grammar.words) if isinstance(grammar, Keyword) else ()
    value = written.get(name)
    known = name in written
    return View(name, unmarked(one.doc), unmarked(expected), kind_of(name, shape), words, value, text_of(value), known)


def unmarked(text: str) -> str:
    """Give a text of a declaration without the marks of code."""
    return text.replace("`", "")


def kind_of(name: str, shape: object) -> str:
    """Choose the input for a field."""
    match shape:
        case Crops():
            return "crops"
        case Targets():
            return "targets"
        case PropertyData():
            return "properties"
        case Scalar(grammar=Keyword()):
            return "word"
        case Scalar(grammar=Product()):
            return "list"
        case _:
            return "long" if name in LONG else "text"


def text_of(value: Json) -> str:
    """Write what is written of a field as a text; of a mapping, a line for each name."""
    match value:
        case None:
            return ""
        case dict(items):
            return "\n".join(f"{name}={text_of(one)}" for name, one in items.items())
        case list(items):
            return ", ".join(text_of(one) for one in items)
        case text:
            return str(text)


def typed_text(value: object, one: CatalogField) -> str:
    """Write a value that was typed already as YAML would have it."""
    grammar: Any = one.shape.grammar if isinstance(one.shape, Scalar) else None
    if isinstance(grammar, Keyword):
        return next((word for word, meant in grammar.words.items() if meant == value), str(value))
    return plain_text(value)


def plain_text(value: object) -> str:
    """Write a value of a dataclass as its parts, and any other as it is."""
    match value:
        case None:
            return ""
        case bool(flag):
            return str(int(flag))
        case Color() as color:
            return hexadecimal(color)
        case float(number):
            return f"{number:g}"
        case other if is_dataclass(other) and not isinstance(other, type):
            return ", ".join(parts(other))
        case other:
            return str(other)


def parts(value: Any) -> Iterator[str]:  # noqa: ANN401, any dataclass
    """Yield the parts of a dataclass as texts."""
    return (plain_text(getattr(value, one.name)) for one in fields(value))
