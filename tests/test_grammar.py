"""The grammars of values: what they take, what they refuse, and what they say they expect."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageserver.commands.groups import DECLARATIONS
from imageserver.errors import Mismatch, NotSupported
from imageserver.protocol.grammar import FLAG, Grammar, Integer, Keyword, Product, Real, Text, split_list
from imageserver.protocol.values import Rect, Size, at_least_one, rounded

SIZE = Product(Size, (Integer(low=1), Integer(low=1)))
MODE = Keyword({"fit": 1, "crop": 2}, {"old": 3})


@dataclass(frozen=True)
class Quality:
    quality: int
    chroma: bool = False


QUALITY = Product(Quality, (Integer(1, 100), FLAG))


@pytest.mark.parametrize(
    ("grammar", "text", "value"),
    [
        (Integer(), "12", 12),
        (Integer(), "-12", -12),
        (Integer(), "+12", 12),
        (Integer(), " 12 ", 12),
        (Integer(), "007", 7),
        (Integer(low=1), "1", 1),
        (Integer(1, 100), "100", 100),
        (Real(), "1.5", 1.5),
        (Real(), ".5", 0.5),
        (Real(), "5.", 5.0),
        (Real(), "-.5", -0.5),
        (Real(), "1e2", 100.0),
        (Real(), "1E-2", 0.01),
        (Real(0, 1), "1", 1.0),
        (Real(above=0), "0.0001", 0.0001),
        (MODE, "fit", 1),
        (MODE, "Crop", 2),
        (MODE, " FIT ", 1),
        (MODE, "old", 3),
        (FLAG, "0", False),
        (FLAG, "1", True),
        (FLAG, "True", True),
        (FLAG, "FALSE", False),
        (Text(), " a ", " a "),
        (Text(empty=True), "", ""),
        (Text(pattern="[a-z]+"), "abc", "abc"),
        (SIZE, "1,2", Size(1, 2)),
        (SIZE, " 1 , 2 ", Size(1, 2)),
        (SIZE, "1,2,", Size(1, 2)),  # trailing commas are forgiven
        (SIZE, "1,2,,,", Size(1, 2)),
        (QUALITY, "85", Quality(85)),
        (QUALITY, "85,1", Quality(85, chroma=True)),
        (QUALITY, "85,", Quality(85)),
    ],
)
def test_good(grammar: Grammar[Any], text: str, value: object) -> None:
    assert grammar.parse(text) == value


@pytest.mark.parametrize(
    ("grammar", "text", "expected"),
    [
        (Integer(), "", "an integer"),
        (Integer(), "1.0", "an integer"),
        (Integer(), "1e3", "an integer"),
        (Integer(), "0x10", "an integer"),
        (Integer(), "1_000", "an integer"),
        (Integer(), "- 1", "an integer"),
        (Integer(), "٣", "an integer"),
        (Integer(), "99999999999", "an integer"),
        (Integer(), "2147483648", "an integer"),
        (Integer(), "{width}", "an integer"),
        (Integer(low=1), "0", "an integer of 1 or more"),
        (Integer(1, 100), "101", "an integer from 1 to 100"),
        (Integer(high=5), "6", "an integer of at most 5"),
        (Real(), "nan", "a number"),
        (Real(), "inf", "a number"),
        (Real(), "1e999", "a number"),
        (Real(), "1,5", "a number"),
        (Real(), ".", "a number"),
        (Real(), "", "a number"),
        (Real(), "1e", "a number"),
        (Real(above=0), "0", "a number greater than 0"),
        (Real(above=0), "-1", "a number greater than 0"),
        (Real(-1, 1), "1.01", "a number from -1 to 1"),
        (Real(low=0), "-0.1", "a number of 0 or more"),
        (MODE, "stretch", "one of fit, crop"),
        (MODE, "", "one of fit, crop"),
        (Keyword({"only": 1}), "x", "'only'"),
        (FLAG, "2", "one of 0, 1"),
        (FLAG, "yes", "one of 0, 1"),
        (Text(), "", "a text"),
        (Text(pattern="[a-z]+", expected="letters"), "a1", "letters"),
        (SIZE, "1", "width,height, each an integer of 1 or more"),
        (SIZE, "", "width,height, each an integer of 1 or more"),
        (SIZE, "1,2,3", "width,height, each an integer of 1 or more"),
        (SIZE, ",2", "width,height, each an integer of 1 or more"),
        (SIZE, "1;2", "width,height, each an integer of 1 or more"),
        (SIZE, "0,1", "width,height, each an integer of 1 or more"),
        (QUALITY, "0", "quality[,chroma] with quality an integer from 1 to 100; chroma one of 0, 1"),
        (QUALITY, "85,2", "quality[,chroma] with quality an integer from 1 to 100; chroma one of 0, 1"),
        (QUALITY, ",1", "quality[,chroma] with quality an integer from 1 to 100; chroma one of 0, 1"),
    ],
)
def test_bad(grammar: Grammar[Any], text: str, expected: str) -> None:
    with pytest.raises(Mismatch) as caught:
        grammar.parse(text)
    assert caught.value.expected == grammar.expected == expected
    assert str(caught.value) == f"expected {expected}"


@given(st.integers(-(2**31) + 1, 2**31 - 1))
def test_every_integer_is_read(number: int) -> None:
    assert Integer().parse(str(number)) == number


@given(st.floats(-1e9, 1e9).map(lambda number: round(number, 6)))
def test_every_number_is_read(number: float) -> None:
    assert Real().parse(f"{number:.6f}") == pytest.approx(number, abs=1e-6)


@given(st.integers(-9999, 9999), st.integers(-9999, 9999), st.integers(0, 9999), st.integers(0, 9999))
def test_every_rectangle_is_read(x: int, y: int, width: int, height: int) -> None:
    grammar = Product(Rect, (Integer(), Integer(), Integer(low=0), Integer(low=0)))
    assert grammar.parse(f"{x},{y},{width},{height}") == Rect(x, y, width, height)


NUMBERS = st.text(st.sampled_from("0123456789.,-+eE x"), max_size=16)


@pytest.mark.parametrize("name", sorted(one.name for one in DECLARATIONS.values()))
@given(text=st.text(max_size=12) | NUMBERS | st.sampled_from(["1", "0,0,1,1", "norm", "is{a}", "png", "on,2", "1e9"]))
def test_no_value_breaks_a_command(name: str, text: str) -> None:
    """It is read, or it is refused by name; nothing else ever comes out of a grammar."""
    grammar = DECLARATIONS[name.casefold()].grammar
    try:
        value = grammar.parse(text)
    except (Mismatch, NotSupported):
        return
    assert not (isinstance(value, float) and not math.isfinite(value))
    hash(value)  # a plan is made of values


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(0.5, 1), (1.5, 2), (2.5, 3), (0.49, 0), (-0.5, -1), (-1.5, -2), (-0.49, 0), (0.0, 0), (7, 7)],
)
def test_rounding_is_half_away_from_zero(value: float, wanted: int) -> None:
    assert rounded(value) == wanted
    assert at_least_one(value) == max(1, wanted)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        (",", []),
        ("a", ["a"]),
        ("a,b", ["a", "b"]),
        (" a , b ,, ", ["a", "b"]),
        (",b", ["", "b"]),
        ("a,,b", ["a", "", "b"]),
    ],
)
def test_lists(text: str, parts: list[str]) -> None:
    assert split_list(text) == parts
