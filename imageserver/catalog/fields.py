"""How a catalog field is declared, and the shapes in which YAML may give its value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar, overload

from imageserver.errors import Mismatch
from imageserver.protocol.grammar import Grammar, Integer, Product, Real
from imageserver.protocol.values import Rect
from imageserver.yaml_nodes import Node

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
D = TypeVar("D")


class Shape(Protocol[T_co]):
    """Reads a YAML node as the value of a field."""

    def read(self, node: Node) -> T_co:
        """Read the node, or raise `Mismatch`."""
        ...


@dataclass(frozen=True, slots=True)
class CatalogField:
    """All that is known of an attribute or of a field of a record; `pixels` says that it changes the picture."""

    shape: Shape[Any]
    doc: str
    pixels: bool
    metadata: bool


@overload
def catalog_field(shape: Shape[T], *, default: D, doc: str, pixels: bool = ..., metadata: bool = ...) -> T | D: ...
@overload
def catalog_field(shape: Shape[T], *, doc: str, pixels: bool = ..., metadata: bool = ...) -> T | None: ...
def catalog_field(
    shape: Shape[Any], *, default: object = None, doc: str, pixels: bool = False, metadata: bool = False
) -> Any:
    """Declare a field; `pixels` and `metadata` say which version a change of it changes."""
    return field(default=default, metadata={"catalog": CatalogField(shape, doc, pixels, metadata)})


def declared(group: type) -> Iterator[tuple[str, CatalogField]]:
    """Yield the name and the declaration of each field of a group."""
    for one in fields(group):
        yield one.name, one.metadata["catalog"]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text read by a grammar of the protocol; a list is read as its items separated by commas."""

    grammar: Grammar[Any]
    null: object = ...

    def read(self, node: Node) -> Any:  # noqa: ANN401, the type of the grammar
        """Read the node, or raise `Mismatch`."""
        if node.value is None:
            if self.null is ...:
                raise Mismatch(self.grammar.expected)
            return self.null
        return self.grammar.parse(text_of(node, self.grammar.expected))


def text_of(node: Node, expected: str) -> str:
    """Give the text of a scalar, or the texts of a list of scalars separated by commas."""
    if isinstance(node.value, list):
        return ",".join(text_of(item, expected) for item in node.value)
    if not isinstance(node.value, str):
        raise Mismatch(expected)
    if "\0" in node.value:
        raise Mismatch(f"{expected}, without the character NUL")
    return node.value


def properties_in(text: str) -> tuple[tuple[str, str], ...]:
    """Read properties, of which each stands on a line of its own."""
    cut = (line.partition("=") for line in text.splitlines())
    return tuple((name.strip(), value) for name, equals, value in cut if equals)


@dataclass(frozen=True, slots=True)
class PropertyData:
    """Properties as a mapping, or as the reference's text of `name=value` lines separated by `??`."""

    def read(self, node: Node) -> str:
        """Give the properties as lines, or raise `Mismatch`."""
        expected = "a mapping of names to values, or a text of name=value separated by ??"
        if isinstance(node.value, dict):
            return "\n".join(
                f"{name}={text_of(value, expected) if value.value is not None else ''}"
                for name, value in node.value.items()
            )
        return "" if node.value is None else text_of(node, expected).replace("??", "\n")


@dataclass(frozen=True, slots=True)
class Targets:
    """Zoom targets as a list of mappings, or as property data. Reference: r-targets-cat."""

    def read(self, node: Node) -> str:
        """Give the targets as lines of properties, or raise `Mismatch`."""
        if not isinstance(node.value, list):
            return PropertyData().read(node)
        return "\n".join(line for i, item in enumerate(node.value, 1) for line in self._lines(i, item))

    @staticmethod
    def _lines(number: int, item: Node) -> Iterator[str]:
        expected = "targets of {rect: [left,top,width,height], label, frame, user_data}, rect required"
        if not isinstance(item.value, dict) or "rect" not in item.value:
            raise Mismatch(expected)
        RECT.parse(text_of(item.value["rect"], expected))
        names = {"frame": "frame", "rect": "rect", "label": "label", "user_data": "userData"}
        for key, value in item.value.items():
            if key not in names:
                raise Mismatch(expected)
            yield f"Target.{number}.{names[key]}={text_of(value, expected)}"


@dataclass(frozen=True, slots=True)
class Crops:
    """Named crops: a mapping of names to x,y,width,height."""

    def read(self, node: Node) -> tuple[tuple[str, Rect], ...]:
        """Give names and rectangles, or raise `Mismatch`."""
        expected = "a mapping of crop names to [x, y, width, height]"
        if not isinstance(node.value, dict):
            raise Mismatch(expected)
        return tuple((name, RECT.parse(text_of(rect, expected))) for name, rect in node.value.items())


RECT = Product(Rect, (Integer(), Integer(), Integer(low=1), Integer(low=1)))


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours that a reply may be kept: 0 or more, -1 for ever, and for records -2 for the catalog's value."""

    default_allowed: bool = False

    @property
    def expected(self) -> str:
        """A phrase that completes "expected …"."""
        return f"hours: 0 or more, -1 for never{', -2 for the default' if self.default_allowed else ''}"

    def parse(self, text: str) -> float | None:
        """Read the text, or raise `Mismatch`; -2 is None."""
        try:
            hours = Real().parse(text)
        except Mismatch as error:
            raise Mismatch(self.expected) from error
        if self.default_allowed and hours == -2:  # noqa: PLR2004, the reference's number
            return None
        if hours < 0 and hours != -1:
            raise Mismatch(self.expected)
        return hours


ZONES: Mapping[str, float] = {
    "GMT": 0,
    "UTC": 0,
    "Z": 0,
    "BST": 1,
    "CET": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "JST": 9,
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
}
JAVA_DATE = re.compile(
    r"(?P<month>\d\d?)/(?P<day>\d\d?)/(?P<year>\d{4}) +(?P<clock>\d\d?:\d\d:\d\d) +"
    r"(?:GMT *(?P<sign>[+-])(?P<hours>\d\d?)(?::(?P<minutes>\d\d))?|(?P<zone>[A-Za-z]{1,4}))"
)


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """A date: ISO 8601, milliseconds since 1970, or `mm/dd/yyyy hh:mm:ss zone`; read as seconds since 1970."""

    expected: str = "a date: ISO 8601, milliseconds since 1970, or mm/dd/yyyy hh:mm:ss with GMT, GMT±h[:mm] or a zone"

    def parse(self, text: str) -> float:
        """Read the text, or raise `Mismatch`."""
        text = text.strip()
        if re.fullmatch(r"\d{1,14}", text):
            return int(text) / 1000
        try:
            return self._java(text) if "/" in text else self._iso(text)
        except (ValueError, KeyError, OverflowError) as error:
            raise Mismatch(self.expected) from error

    @staticmethod
    def _iso(text: str) -> float:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()

    @staticmethod
    def _java(text: str) -> float:
        match = JAVA_DATE.fullmatch(text)
        if not match:
            raise ValueError(text)
        clock = datetime.strptime(match["clock"], "%H:%M:%S").replace(tzinfo=UTC)
        moment = clock.replace(int(match["year"]), int(match["month"]), int(match["day"]))
        if match["zone"]:
            hours = ZONES[match["zone"].upper()]
        else:
            hours = (int(match["hours"]) + int(match["minutes"] or 0) / 60) * (-1 if match["sign"] == "-" else 1)
        return (moment - timedelta(hours=hours)).timestamp()
