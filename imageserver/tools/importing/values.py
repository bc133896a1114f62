"""A value as the reference's text ↔ the same value in YAML, both checked by the declaration of its field.

References: c-common-data-types, r-property-data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from imageserver.catalog.extras import Expression, Words
from imageserver.catalog.fields import CatalogField, Crops, PropertyData, Scalar, Shape, Targets, TimeStamp
from imageserver.commands.groups import DECLARATIONS, read_value
from imageserver.errors import Mismatch, NotSupported, RequestError
from imageserver.protocol.color import Color, ColorGrammar
from imageserver.protocol.grammar import Grammar, Keyword, Product, Text, split_list
from imageserver.protocol.reading import read_pieces
from imageserver.tools.importing.tables import Cell
from imageserver.tools.importing.texts import NEWLINE, check
from imageserver.tools.importing.yaml_writing import Value, node_of

NUMBER = re.compile(r"[+-]?[0-9.]+")
TARGET = re.compile(r"Target\.([0-9]{1,9})\.(frame|rect|label|userData)=(.*)", re.DOTALL)
TARGET_KEYS = {"frame": "frame", "rect": "rect", "label": "label", "userData": "user_data"}
SEPARATOR = "??"
LATEST_MILLISECONDS = 10**14
SPACE_LETTERS = {"gray": "g", "rgb": "", "cmyk": "k"}
OPAQUE = 255


def in_yaml(field: CatalogField, cell: Cell) -> Value:
    """Give what a text of the reference is in YAML, or raise `Mismatch`."""
    text = check(cell.text)
    match field.shape:
        case PropertyData() | Targets():
            return properties_in_yaml(field.shape, cell)
        case Crops():
            return crops_in_yaml(field.shape, text)
        case Scalar(grammar):
            value = grammar.parse(text)
            return scalar_in_yaml(grammar, text, value)
    raise Mismatch("a field of a known kind")


def scalar_in_yaml(grammar: Grammar[Any], text: str, value: object) -> Value:
    """Write a scalar as people would: words for numbers of enumerations, lists of numbers."""
    if isinstance(grammar, Text | Expression):
        return text
    if isinstance(grammar, Keyword):
        return next((word for word, one in grammar.words.items() if one == value), text.strip())
    parts = split_list(text)
    if isinstance(grammar, Product) and len(parts) > 1 and all(NUMBER.fullmatch(part) for part in parts):
        return list(parts)
    return text.strip()


def properties_in_yaml(shape: Shape[str], cell: Cell) -> Value:
    """Write properties as targets or a mapping where that says the same, and as a text elsewhere."""
    text = cell.text if cell.marked else cell.text.replace(SEPARATOR, "\n")
    text = NEWLINE.sub("\n", text)
    for candidate in property_forms(text, targets=isinstance(shape, Targets)):
        try:
            if shape.read(node_of(candidate)) == text:
                return candidate
        except Mismatch:
            continue
    raise Mismatch("properties without ?? between quotation marks")


def property_forms(text: str, *, targets: bool) -> Iterator[Value]:
    """Yield the forms that properties may have in YAML, the best ones first."""
    lines = text.split("\n")
    found = [TARGET.fullmatch(line) for line in lines]
    if targets and all(found):
        listed: dict[str, dict[str, Value]] = {}
        for match in found:
            if match:
                listed.setdefault(match[1], {})[TARGET_KEYS[match[2]]] = (
                    in_list(match[3]) if match[2] == "rect" else match[3]
                )
        yield list(listed.values())
    if all("=" in line for line in lines):
        yield {name: value for name, _, value in (line.partition("=") for line in lines)}
    yield text


def in_list(text: str) -> Value:
    """Write numbers that are separated by commas as a list."""
    parts = text.split(",")
    return list(parts) if all(NUMBER.fullmatch(part) for part in parts) else text


def crops_in_yaml(shape: Shape[Any], text: str) -> Value:
    """Read the crops of an exported record: `name=x,y,width,height`, separated by `??`."""
    found: dict[str, Value] = {}
    for part in text.split(SEPARATOR):
        name, equals, rect = part.rpartition("=")
        if not equals:
            raise Mismatch("name=x,y,width,height separated by ??")
        found[name] = in_list(rect)
    shape.read(node_of(found))
    return found


@lru_cache(1024)
def faults(commands: str) -> tuple[str, ...]:
    """Say what a server will not do of commands that are kept as they are; variables wait for the request."""
    found = []
    for piece in read_pieces(commands):
        declaration = DECLARATIONS.get(piece.name.casefold())
        if declaration is None or "$" in (piece.value or ""):
            continue
        try:
            read_value(declaration, piece)
        except NotSupported as error:
            found.append(f"kept as text, but not supported: {error}")
        except RequestError as error:
            found.append(f"kept as text, but wrong: {error}")
    return tuple(found)


def comes_back(field: CatalogField, cell: Cell, value: object) -> bool:
    """Tell whether a cell reads as that value, or raise `Mismatch` when it cannot be read."""
    return bool(field.shape.read(node_of(in_yaml(field, cell))) == value)


def cell_of(field: CatalogField, value: Any) -> Cell:  # noqa: ANN401, the type of the field
    """Write a value as a cell; properties are separated by `??`, or by newlines where that would not read the same."""
    text = in_reference(field, value)
    if not isinstance(field.shape, PropertyData | Targets):
        return Cell(text)
    joined = text.replace("\n", SEPARATOR)
    same = joined.replace(SEPARATOR, "\n") == text and not re.search("\\A[\"']|[\t\r]", text)
    return Cell(joined) if same else Cell(text, marked=True)


def in_reference(field: CatalogField, value: Any) -> str:  # noqa: ANN401
    """Write a value as the reference does; one that is not there is an empty text."""
    if value is None:
        return ""
    match field.shape:
        case Scalar(grammar):
            return scalar_in_reference(grammar, value)
        case Crops():
            return SEPARATOR.join(f"{name}={box.x},{box.y},{box.width},{box.height}" for name, box in value)
    return str(value)


def scalar_in_reference(grammar: Grammar[Any], value: Any) -> str:  # noqa: ANN401
    """Write a scalar as the reference does: enumerations as numbers, colours in hexadecimal digits."""
    if isinstance(grammar, Keyword):
        return keyword_in_reference(grammar, value)
    match grammar:
        case Product():
            parts = (getattr(value, one.name) for one in fields(grammar.kind))
            return ",".join(scalar_in_reference(*pair) for pair in zip(grammar.parts, parts, strict=True))
        case ColorGrammar():
            return color_in_reference(value)
        case TimeStamp():
            return time_in_reference(value)
        case Words():
            return ",".join(value or grammar.words)
        case _:
            return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def keyword_in_reference(grammar: Keyword[Any], value: object) -> str:
    """Write the number of an enumeration, the newest one of several; a word where there is none."""
    known = {**(grammar.spellings or {}), **grammar.words}
    same = [word for word, one in known.items() if one == value and type(one) is type(value)]
    numbers = [word for word in same if word.isdigit()]
    return numbers[-1] if numbers else same[-1]


def color_in_reference(color: Color) -> str:
    """Write a colour as RRGGBB, or in the protocol's other forms what that cannot say."""
    alpha = () if color.alpha == OPAQUE else (color.alpha,)
    digits = bytes((*color.components, *alpha)).hex()
    if color.space == "rgb" and not color.source:
        return digits
    return f"0x{digits}{SPACE_LETTERS[color.space]}{'s' if color.source else ''}"


def time_in_reference(seconds: float) -> str:
    """Write a date as milliseconds since 1970, or in full what these cannot say."""
    milliseconds = round(seconds * 1000)
    if 0 <= milliseconds < LATEST_MILLISECONDS:
        return str(milliseconds)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment.month:02}/{moment.day:02}/{moment.year:04} {moment:%H:%M:%S} GMT"
