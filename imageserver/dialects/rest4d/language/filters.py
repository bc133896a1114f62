"""`$filter`: a text → a condition, and whether it holds for values.

AND and EXCEPT bind closer than OR. Texts are compared without regard to case; `@` and `*` stand for any letters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from imageserver.dialects.rest4d.language.facts import BadQuery

Value = str | float | None
Kind = Literal["text", "number", "date", "any"]
ValueOf = Callable[[str], Value]
KindOf = Callable[[str], Kind]
DEEPEST = 30
MOST = 100
"""Comparisons of a filter."""
SPACE = re.compile(r"\s*")
NAME = re.compile(r"[^\W\d][\w-]*(?:\.[\w-]+)*")
OPERATOR = re.compile(r"===?|!==?|>=|<=|=|>|<|begin\b", re.IGNORECASE)
QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
PLACEHOLDER = re.compile(r":([0-9]{1,3})(?!\w)")
BARE = re.compile(r"[^\s()](?:(?!\s+(?:and|or|except)\b)[^()])*", re.IGNORECASE | re.DOTALL)
OR = re.compile(r"or\b", re.IGNORECASE)
AND = re.compile(r"(and|except)\b", re.IGNORECASE)
ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?")
WILD = re.compile(r"[@*]")
OPERATORS = {"==": "=", "===": "=", "!==": "!="}


@dataclass(frozen=True, slots=True)
class Comparison:
    """An attribute, and what its value is compared with; `pattern` is the text cut at its wildcards."""

    name: str
    operator: str
    value: Value
    pattern: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Linked:
    """Two conditions, and what links them: and, or, except."""

    first: Condition
    link: str
    second: Condition


Condition = Comparison | Linked


@dataclass(slots=True)
class Reader:
    """Where the reading of a filter is."""

    text: str
    kind_of: KindOf
    given: list[Value]
    at: int = 0
    count: int = 0

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Take what fits a pattern, behind spaces."""
        start = self.at + len(SPACE.match(self.text, self.at)[0])  # type: ignore[index]
        match = pattern.match(self.text, start)
        if match:
            self.at = match.end()
        return match

    def takes(self, letter: str) -> bool:
        """Take a letter, if it is the next one."""
        return self.take(re.compile(re.escape(letter))) is not None

    def wrong(self, expected: str) -> BadQuery:
        """Say where a filter cannot be read."""
        rest = self.text[self.at :].strip()[:40]
        return BadQuery(f"$filter: expected {expected} " + (f"before '{rest}'" if rest else "at the end"))


def read_filter(text: str, kind_of: KindOf, params: str = "") -> Condition:
    """Read a filter, with the values of its placeholders; raises `BadQuery`, also for what `kind_of` does not know."""
    reader = Reader(text, kind_of, read_params(params))
    condition = read_or(reader, 0)
    if reader.text[reader.at :].strip():
        raise reader.wrong("AND, OR, EXCEPT or nothing")
    return condition


def read_params(text: str) -> list[Value]:
    """Read `$params`, a list in JSON."""
    if not text:
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list):
        raise BadQuery(f"$params={text[:40]}: expected a list in JSON, such as ['a', 2] with double quotes")
    return [plain(one) for one in found]


def plain(value: object) -> Value:
    """Give a value of JSON as one that can be compared."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float() if abs(value) < 1e30:  # noqa: PLR2004, no number of ours is larger
            return float(value)
    raise BadQuery("$params: expected texts, numbers, true, false and null only")


def read_or(reader: Reader, depth: int) -> Condition:
    """Read conditions that OR links."""
    found = read_and(reader, depth)
    while reader.take(OR):
        found = Linked(found, "or", read_and(reader, depth))
    return found


def read_and(reader: Reader, depth: int) -> Condition:
    """Read conditions that AND and EXCEPT link."""
    found = read_one(reader, depth)
    while match := reader.take(AND):
        found = Linked(found, match[1].casefold(), read_one(reader, depth))
    return found


def read_one(reader: Reader, depth: int) -> Condition:
    """Read a comparison, or what stands in parentheses."""
    if reader.takes("("):
        if depth == DEEPEST:
            raise BadQuery(f"$filter: parentheses lie deeper than {DEEPEST} in one another")
        found = read_or(reader, depth + 1)
        if not reader.takes(")"):
            raise reader.wrong("a closing parenthesis")
        return found
    reader.count += 1
    if reader.count > MOST:
        raise BadQuery(f"$filter: more than {MOST} comparisons")
    name = reader.take(NAME)
    if name is None:
        raise reader.wrong("the name of an attribute")
    kind = reader.kind_of(name[0])
    operator = reader.take(OPERATOR)
    if operator is None:
        raise reader.wrong("= == != > >= < <= or begin")
    written = operator[0].casefold()
    value, wild = read_value(reader)
    return comparison(
        name[0], OPERATORS.get(written, written), value, kind, wild=wild and written not in {"===", "!=="}
    )


def read_value(reader: Reader) -> tuple[Value, bool]:
    """Read a value, and whether its wildcards count."""
    if match := reader.take(PLACEHOLDER):
        number = int(match[1])
        if not 1 <= number <= len(reader.given):
            raise BadQuery(f"$filter: placeholder :{number} has no value in $params, which has {len(reader.given)}")
        return reader.given[number - 1], True
    if match := reader.take(QUOTED):
        return ESCAPE.sub(unescaped, match[1] if match[1] is not None else match[2]), True
    match = reader.take(BARE)
    if match is None:
        raise reader.wrong("a value")
    text = match[0].strip()
    return (None, False) if text.casefold() == "null" else (text, True)


def unescaped(match: re.Match[str]) -> str:
    """Give what an escape stands for; half a pair of surrogates is nothing that UTF-8 has."""
    letter = chr(int(match[1], 16)) if match[1] else match[2]
    return "\ufffd" if "\ud800" <= letter <= "\udfff" else letter


def comparison(name: str, operator: str, value: Value, kind: Kind, *, wild: bool) -> Comparison:
    """Make a comparison with a value as the attribute has them; raises `BadQuery`."""
    if value is None:
        if operator not in {"=", "!="}:
            raise BadQuery(f"$filter: {name} {operator} null: expected = or !=")
        return Comparison(name, operator, None)
    if kind == "number":
        return Comparison(name, operator, number_of(name, operator, value))
    if kind == "date":
        return Comparison(name, operator, moment_of(name, str(value)))
    text = number_text(value) if isinstance(value, float) else value
    if operator == "begin":
        text, operator = f"{text}@", "="
        wild = True
    pattern = tuple(WILD.split(text.casefold())) if wild and operator in {"=", "!="} else ()
    return Comparison(name, operator, text, pattern if len(pattern) > 1 else ())


def number_text(value: float) -> str:
    """Write a number as texts have it."""
    return str(int(value)) if value.is_integer() else repr(value)


def number_of(name: str, operator: str, value: Value) -> float:
    """Read a number; raises `BadQuery`."""
    if isinstance(value, float):
        return value
    if operator == "begin" or not NUMBER.fullmatch(str(value)):
        raise BadQuery(f"$filter: {name} {operator} {str(value)[:40]}: expected a number")
    return float(str(value))


def moment_of(name: str, text: str) -> str:
    """Read a date as times are written here; raises `BadQuery`."""
    try:
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadQuery(
            f"$filter: {name}: {text[:40]}: expected a date such as 2026-01-31 or 2026-01-31T12:00:00Z"
        ) from None
    return written_moment(found)


def written_moment(moment: datetime) -> str:
    """Write a time: ISO 8601, with milliseconds and Z."""
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def holds(condition: Condition, value_of: ValueOf) -> bool:
    """Tell whether a condition holds."""
    if isinstance(condition, Comparison):
        return compares(condition, value_of(condition.name))
    first = holds(condition.first, value_of)
    match condition.link:
        case "and":
            return first and holds(condition.second, value_of)
        case "or":
            return first or holds(condition.second, value_of)
        case _:
            return first and not holds(condition.second, value_of)


def compares(wanted: Comparison, actual: Value) -> bool:
    """Tell whether a comparison holds; what has no value is different from all that has one, and in no order to it."""
    if wanted.operator in {"=", "!="}:
        return is_equal(wanted, actual) is (wanted.operator == "=")
    if actual is None or wanted.value is None:
        return False
    return ORDERS[wanted.operator](order_of(actual), order_of(wanted.value))


def is_equal(wanted: Comparison, actual: Value) -> bool:
    """Tell whether a value is the one that is wanted, or fits its pattern."""
    if actual is None or wanted.value is None:
        return actual is wanted.value
    if isinstance(actual, float) or isinstance(wanted.value, float):
        return order_of(actual) == order_of(wanted.value)
    if wanted.pattern:
        return fits(actual.casefold(), wanted.pattern)
    return actual.casefold() == wanted.value.casefold()


def fits(text: str, pattern: tuple[str, ...]) -> bool:
    """Tell whether a text has the parts of a pattern in their order, the first in front and the last at the end."""
    first, *middle, last = pattern
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def order_of(value: Value) -> tuple[int, float, str]:
    """Give by what values are ordered: nothing first, then numbers, also those that are texts, then texts."""
    if value is None:
        return 0, 0.0, ""
    if isinstance(value, float):
        return 1, value, ""
    return (1, float(value), "") if NUMBER.fullmatch(value) else (2, 0.0, value.casefold())


def names_in(condition: Condition) -> Iterator[str]:
    """Yield the attributes that a condition is about."""
    if isinstance(condition, Comparison):
        yield condition.name
    else:
        yield from names_in(condition.first)
        yield from names_in(condition.second)


def read_order(text: str, kind_of: KindOf) -> tuple[tuple[str, bool], ...]:
    """Read `$orderby`: names, and whether the largest comes first; raises `BadQuery`."""
    found = []
    for one in text.split(","):
        name, *direction = one.split()[:3] or [""]
        if not NAME.fullmatch(name) or [*map(str.casefold, direction)] not in ([], ["asc"], ["desc"]):
            raise BadQuery(f"$orderby={text[:60]}: expected names of attributes, each with asc, desc or nothing")
        kind_of(name)
        found.append((name, bool(direction) and direction[0].casefold() == "desc"))
    return tuple(found)


ORDERS: Mapping[str, Callable[[tuple[int, float, str], tuple[int, float, str]], bool]] = {
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
}
