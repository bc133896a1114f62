"""How the value of a command or of a catalog field is read, and what is said when it cannot be.

A grammar is a value with two public things: `expected`, a phrase that completes "expected …", and `parse`, which
returns what the text means or raises `Mismatch`. Lists are separated by commas; blanks around a part and commas
behind the last are forgiven, as deployed pages have both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, Generic, Protocol, TypeVar

from imageserver.errors import Mismatch

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

LARGEST = 2**31 - 1
INTEGER = re.compile(r"[+-]?[0-9]{1,10}")
REAL = re.compile(r"[+-]?(?:[0-9]{1,15}\.?[0-9]{0,30}|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,2})?")


class Grammar(Protocol[T_co]):
    """Reads a text as a value."""

    @property
    def expected(self) -> str:
        """A phrase that completes "expected …"."""
        ...

    def parse(self, text: str) -> T_co:
        """Read the text, or raise `Mismatch`."""
        ...


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number within bounds, both included."""

    low: int = -LARGEST
    high: int = LARGEST

    @property
    def expected(self) -> str:
        """A phrase that completes "expected …"."""
        return "an integer" + bounds(self.low, self.high, LARGEST)

    def parse(self, text: str) -> int:
        """Read the text, or raise `Mismatch`."""
        text = text.strip()
        if not INTEGER.fullmatch(text) or not self.low <= int(text) <= self.high:
            raise Mismatch(self.expected)
        return int(text)


@dataclass(frozen=True, slots=True)
class Real:
    """A finite number within bounds, both included; `above` is a bound that is not."""

    low: float = -LARGEST
    high: float = LARGEST
    above: float | None = None

    @property
    def expected(self) -> str:
        """A phrase that completes "expected …"."""
        if self.above is not None:
            return f"a number greater than {self.above:g}"
        return "a number" + bounds(self.low, self.high, LARGEST)

    def parse(self, text: str) -> float:
        """Read the text, or raise `Mismatch`."""
        text = text.strip()
        if not REAL.fullmatch(text):
            raise Mismatch(self.expected)
        value = float(text)
        if not self.low <= value <= self.high or (self.above is not None and value <= self.above):
            raise Mismatch(self.expected)
        return value


@dataclass(frozen=True, slots=True)
class Keyword(Generic[T]):
    """One of some words, in any case; further `spellings` are accepted but not advertised."""

    words: Mapping[str, T]
    spellings: Mapping[str, T] | None = None

    @property
    def expected(self) -> str:
        """A phrase that completes "expected …"."""
        return "one of " + ", ".join(self.words) if len(self.words) > 1 else f"'{next(iter(self.words))}'"

    def parse(self, text: str) -> T:
        """Read the text, or raise `Mismatch`."""
        known = {**(self.spellings or {}), **self.words}
        for word, value in known.items():
            if word.casefold() == text.strip().casefold():
                return value
        raise Mismatch(self.expected)


@dataclass(frozen=True, slots=True)
class Text:
    """Any text; `empty` says that an empty one has a meaning of its own."""

    empty: bool = False
    expected: str = "a text"
    pattern: str = ""

    def parse(self, text: str) -> str:
        """Read the text, or raise `Mismatch`."""
        if (not text and not self.empty) or (self.pattern and not re.fullmatch(self.pattern, text)):
            raise Mismatch(self.expected)
        return text


@dataclass(frozen=True, slots=True)
class Product(Generic[T]):
    """Values separated by commas that make up a dataclass, field by field.

    A field with a default may be left out or left empty. The dataclass's own `ValueError` is a mismatch too.
    """

    kind: type[T]
    parts: Sequence[Grammar[Any]]

    @property
    def expected(self) -> str:
        """A phrase that completes "expected …"."""
        names = [field.name for field in fields(self.kind)]  # type: ignore[arg-type]
        needed = [field.default is MISSING for field in fields(self.kind)]  # type: ignore[arg-type]
        shape = "".join(
            ("," if i else "") + name if need else f"[,{name}]" if i else f"[{name}]"
            for i, (name, need) in enumerate(zip(names, needed, strict=True))
        )
        by_phrase: dict[str, list[str]] = {}
        for name, part in zip(names, self.parts, strict=True):
            by_phrase.setdefault(part.expected, []).append(name)
        if len(by_phrase) == 1:
            return f"{shape}, each {self.parts[0].expected}"
        return f"{shape} with " + "; ".join(f"{', '.join(group)} {phrase}" for phrase, group in by_phrase.items())

    def parse(self, text: str) -> T:
        """Read the text, or raise `Mismatch`."""
        written = split_list(text)
        if len(written) > len(self.parts):
            raise Mismatch(self.expected)
        values: dict[str, object] = {}
        try:
            for field, part, word in zip(fields(self.kind), self.parts, written, strict=False):  # type: ignore[arg-type]
                if word:
                    values[field.name] = part.parse(word)
            return self.kind(**values)
        except (Mismatch, TypeError, ValueError) as error:
            raise Mismatch(self.expected) from error


def split_list(text: str) -> list[str]:
    """Split at commas; blanks around the parts and commas behind the last part go."""
    parts = [part.strip() for part in text.split(",")]
    while parts and not parts[-1]:
        parts.pop()
    return parts


def bounds(low: float, high: float, unbounded: float) -> str:
    """Say the bounds of a number in words, leaving out those that bound nothing."""
    if low > -unbounded and high < unbounded:
        return f" from {low:g} to {high:g}"
    if low > -unbounded:
        return f" of {low:g} or more"
    return f" of at most {high:g}" if high < unbounded else ""


FLAG: Keyword[bool] = Keyword({"0": False, "1": True}, {"false": False, "true": True})
