"""Fonts, colour profiles and rules of a catalog; rules are read and checked, and used from a later version on.

References: c-font-map-reference, c-icc-profile-map-reference, c-rule-set-reference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from imageserver.catalog.attributes import ANY_TEXT, FLAG_FIELD
from imageserver.catalog.fields import Scalar, catalog_field
from imageserver.errors import Mismatch
from imageserver.protocol.grammar import Integer, Keyword, Text, split_list
from imageserver.yaml_nodes import Node


@dataclass(frozen=True, slots=True)
class Expression:
    """A regular expression of a rule."""

    expected: str = "a regular expression"

    def parse(self, text: str) -> str:
        """Read the text, or raise `Mismatch`."""
        try:
            re.compile(text)
        except (re.error, OverflowError, RecursionError) as error:
            raise Mismatch(f"{self.expected} ({error})") from error
        return text


@dataclass(frozen=True, slots=True)
class Words:
    """Some of a few words; none of them stands for all."""

    words: tuple[str, ...]

    @property
    def expected(self) -> str:
        """A phrase that completes "expected …"."""
        return "some of " + ", ".join(self.words)

    def parse(self, text: str) -> tuple[str, ...]:
        """Read the text, or raise `Mismatch`."""
        found = tuple(word.casefold() for word in split_list(text))
        if not set(found) <= set(self.words):
            raise Mismatch(self.expected)
        return found


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers that a rule adds or changes: a list of {name, action, value}."""

    def read(self, node: Node) -> tuple[tuple[str, str, str], ...]:
        """Read the node, or raise `Mismatch`."""
        keys = ("name", "action", "value")
        result = []
        for item in node.value if isinstance(node.value, list) else [node]:
            values = item.value if isinstance(item.value, dict) else {}
            texts = [one.value for key in keys if (one := values.get(key)) and isinstance(one.value, str)]
            if set(values) - set(keys) or len(texts) != len(keys):
                raise Mismatch("a list of {name, action, value}")
            result.append((texts[0], texts[1], texts[2]))
        return tuple(result)


@dataclass(frozen=True, slots=True)
class Font:
    """A face of a font."""

    name: str = catalog_field(Scalar(Text()), default="", doc="What text calls it.")
    path: str = catalog_field(Scalar(Text()), default="", doc="The file, relative to the catalog's folder.")
    bold: bool = catalog_field(FLAG_FIELD, default=False, doc="Whether this is the bold face.")
    italic: bool = catalog_field(FLAG_FIELD, default=False, doc="Whether this is the italic face.")
    like: str = catalog_field(
        Scalar(Text()), default="", doc="Another font that stands for this one, in place of a file."
    )
    index: int = catalog_field(Scalar(Integer(0, 999)), default=0, doc="Which face of a collection (.ttc) this is.")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that changes requests before they are read."""

    name: str = catalog_field(ANY_TEXT, default="", doc="For messages.")
    expression: str = catalog_field(Scalar(Expression()), default="", doc="What the request must match.")
    substitution: str | None = catalog_field(
        ANY_TEXT, doc="What the match is replaced by; empty removes it, and absent changes nothing."
    )
    on_match: str = catalog_field(
        Scalar(Keyword({word: word for word in ("break", "continue", "error")})),
        default="break",
        doc="What follows.",
    )
    replace: str = catalog_field(
        Scalar(Keyword({word: word for word in ("first", "all")})), default="first", doc="Which matches are replaced."
    )
    request_type: tuple[str, ...] = catalog_field(
        Scalar(Words(("is", "static", "ir"))),
        default=("is",),
        doc="Which requests it sees: those for images when it is absent, all when it is empty.",
    )
    address_filter: str = catalog_field(ANY_TEXT, default="", doc="The clients that it sees.")
    headers: tuple[tuple[str, str, str], ...] = catalog_field(Headers(), default=(), doc="Headers of the reply.")


@dataclass(frozen=True, slots=True)
class Extras:
    """What a catalog holds beside records and macros; a rule comes with the attributes that it overrides."""

    fonts: tuple[Font, ...] = ()
    profiles: tuple[tuple[str, str], ...] = ()
    rules: tuple[tuple[Rule, tuple[tuple[str, object], ...]], ...] = ()
