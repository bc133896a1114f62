"""`$filter` of 4D: what is written is read as it was meant, and whatever else comes is refused with one clear line."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imageserver.dialects.rest4d.language.address import read_address, read_parameters
from imageserver.dialects.rest4d.language.facts import BadQuery, NoSuchPath
from imageserver.dialects.rest4d.language.filters import (
    Comparison,
    Condition,
    Kind,
    Linked,
    Value,
    holds,
    order_of,
    read_filter,
    read_order,
)

KINDS: dict[str, Kind] = {"name": "text", "size": "number", "day": "date", "data.x": "any"}


def kind_of(name: str) -> Kind:
    if name not in KINDS:
        raise BadQuery(f"{name}: unknown")
    return KINDS[name]


texts = st.text(st.characters(exclude_characters="@*", exclude_categories=["Cs"]), max_size=12)
numbers = st.integers(-(10**9), 10**9).map(float)
days = st.dates().map(lambda day: f"{day}T00:00:00.000Z")
comparisons = st.one_of(
    st.builds(
        Comparison, st.sampled_from(["name", "data.x"]), st.sampled_from(["=", "!=", ">", ">=", "<", "<="]), texts
    ),
    st.builds(Comparison, st.just("size"), st.sampled_from(["=", "!=", ">", ">=", "<", "<="]), numbers),
    st.builds(Comparison, st.just("day"), st.sampled_from(["=", "!=", ">", "<"]), days),
    st.builds(Comparison, st.sampled_from(["name", "size"]), st.sampled_from(["=", "!="]), st.none()),
)
conditions = st.recursive(
    comparisons, lambda inner: st.builds(Linked, inner, st.sampled_from(["and", "or", "except"]), inner), max_leaves=6
)


def written(condition: Condition) -> str:
    """Write a condition so that nothing depends on what binds closer."""
    if isinstance(condition, Linked):
        return f"({written(condition.first)} {condition.link.upper()} {written(condition.second)})"
    value = condition.value
    if value is None:
        shown = "null"
    elif isinstance(value, float):
        shown = str(int(value))
    else:
        shown = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{condition.name} {condition.operator} {shown}"


@given(conditions)
def test_what_is_written_is_read(condition: Condition) -> None:
    assert read_filter(written(condition), kind_of) == condition


@given(comparisons, texts | numbers | st.none())
def test_opposites(condition: Comparison, value: Value) -> None:
    value_of = {condition.name: value}.__getitem__
    if condition.operator in {"=", "!="}:
        other = Comparison(condition.name, {"=": "!=", "!=": "="}[condition.operator], condition.value)
        assert holds(condition, value_of) is not holds(other, value_of)
    elif value is None:
        assert not holds(condition, value_of)


@given(texts, texts, texts)
def test_wildcards(first: str, middle: str, last: str) -> None:
    condition = read_filter("name = :1", kind_of, json.dumps([f"{first}@{last}"]))
    assert holds(condition, lambda _: first + middle + last)
    assert holds(read_filter("name begin :1", kind_of, json.dumps([first])), lambda _: (first + middle).upper()) or (
        (first + middle).upper().casefold()[: len(first.casefold())] != first.casefold()
    )


words = st.sampled_from(
    [*"()=<>!'\"@*:\\,.", "name", "size", "day", " and ", " OR ", "except", "begin", "null", ":1", "7"]
)


@given(
    st.lists(words | st.text(st.characters(exclude_categories=["Cs"]), max_size=3)).map("".join), st.text(max_size=20)
)
@example("(" * 5000, "")
@example("name=1 and " * 200 + "name=1", "")
@example("name = \udcff", "[" * 5000)
@example("size = " + "9" * 5000, "")
@example("day = 0001-01-01T00:00:00+23:59", "")
def test_whatever_comes_is_read_or_refused(text: str, params: str) -> None:
    for read in (
        lambda: read_filter(text, kind_of, params),
        lambda: read_order(text, kind_of),
        lambda: read_address(text),
    ):
        with contextlib.suppress(BadQuery, NoSuchPath):
            read()
    assert all(name == name.casefold() for name in read_parameters(text))


@given(st.lists(texts | numbers | st.none()))
def test_all_values_are_in_one_order(values: list[Value]) -> None:
    found = sorted(values, key=order_of)
    assert [one is None for one in found] == sorted((one is None for one in found), reverse=True)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("name=a OR name=b AND size=1", "(name=a OR (name=b AND size=1))"),
        ("name=a except name=b or size=1", "((name=a EXCEPT name=b) OR size=1)"),
        ("name = two words AND size=1", "(name='two words' AND size=1)"),
        ("name==a", "name=a"),
        ("day > 2026-01-31", "day > 2026-01-31T01:00:00.000+01:00"),
    ],
)
def test_same(text: str, same: str) -> None:
    assert read_filter(text, kind_of) == read_filter(same, kind_of)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("$filter=\"name='a & b'\"&$top=2", {"filter": "name='a & b'", "top": "2"}),
        ("%24TOP=1&filter=x&&$expand=%22a%22", {"top": "1", "filter": "x", "expand": "a"}),
        ("$filter=a+b", {"filter": "a b"}),
    ],
)
def test_parameters(query: str, wanted: dict[str, str]) -> None:
    assert read_parameters(query) == wanted
