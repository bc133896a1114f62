"""The protocol's colour type. Reference: r-is-http-color, its table of examples and its grammar."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageserver.errors import Mismatch
from imageserver.protocol.color import COLOR, Color, Space

Row = tuple[str, Space, tuple[int, ...], int, bool]


def percent(*values: int) -> tuple[int, ...]:
    """Bring percents to 0-255, rounding half up."""
    return tuple(int(value * 255 / 100 + 0.5) for value in values)


EXAMPLES: list[Row] = [
    ("0,100,200", "rgb", (0, 100, 200), 255, False),
    ("0,100,200,200rs", "rgb", (0, 100, 200), 200, True),
    ("0x010203S", "rgb", (1, 2, 3), 255, True),
    ("a0b1c2d3R", "rgb", (160, 177, 194), 211, False),
    ("100S", "gray", percent(100), 255, True),
    ("50,75g", "gray", percent(50), percent(75)[0], False),
    ("0X70G", "gray", (0x70,), 255, False),  # the table's alpha of 44 % contradicts its own default of fully opaque
    ("0xddeegs", "gray", (0xDD,), 0xEE, True),
    ("94,11,50,33k", "cmyk", percent(94, 11, 50, 33), 255, False),
    ("22,23,24,25,26KS", "cmyk", percent(22, 23, 24, 25), percent(26)[0], True),
    ("38393A3bK", "cmyk", (0x38, 0x39, 0x3A, 0x3B), 255, False),
    ("0x0a0b0C0d0eks", "cmyk", (10, 11, 12, 13), 14, True),
]
GRAMMAR: list[Row] = [
    ("0", "gray", (0,), 255, False),
    ("100", "gray", (255,), 255, False),
    ("0,0", "gray", (0,), 0, False),
    ("50g", "gray", percent(50), 255, False),
    ("0x00", "gray", (0,), 255, False),
    ("0xff80", "gray", (255,), 128, False),
    ("ffffff", "rgb", (255, 255, 255), 255, False),
    ("FFFFFF", "rgb", (255, 255, 255), 255, False),
    ("0xFfFfFf", "rgb", (255, 255, 255), 255, False),
    ("000000", "rgb", (0, 0, 0), 255, False),
    ("100000", "rgb", (16, 0, 0), 255, False),  # six digits are hexadecimal, not a hundred thousand per cent
    ("12345678", "rgb", (0x12, 0x34, 0x56), 0x78, False),
    ("12345678k", "cmyk", (0x12, 0x34, 0x56, 0x78), 255, False),
    ("123456789ak", "cmyk", (0x12, 0x34, 0x56, 0x78), 0x9A, False),
    ("0,0,0r", "rgb", (0, 0, 0), 255, False),
    ("255,255,255,0", "rgb", (255, 255, 255), 0, False),
    ("0,0,0,100k", "cmyk", (0, 0, 0, 255), 255, False),
    (" 1, 2 ,3 ", "rgb", (1, 2, 3), 255, False),
    ("1,2,3,", "rgb", (1, 2, 3), 255, False),  # trailing commas, as live sites have them
    ("000000,0", "rgb", (0, 0, 0), 0, False),
]


@pytest.mark.parametrize(("text", "space", "components", "alpha", "source"), [*EXAMPLES, *GRAMMAR])
def test_color(text: str, space: Space, components: tuple[int, ...], alpha: int, source: bool) -> None:
    assert COLOR.parse(text) == Color(space, components, alpha, source)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "red",
        "#ffffff",
        "0x",
        "0xg",
        "ff",  # gray needs 0x
        "ffff",
        "fff",
        "fffff",
        "fffffff",
        "0xfff",
        "123456789a",  # ten digits are CMYK with alpha, and need the k
        "256,0,0",
        "0,0,0,256",
        "-1,0,0",
        "1.5,0,0",
        "101",
        "50,101",
        "50,50g,",
        "1,2k",
        "1,2,3k",
        "101,0,0,0k",
        "0,0,0,0,0,0k",
        "0,0,0,0,0",
        "1,,3",
        "ffffffg",
        "ffffffk",
        "0xffr",
        "1,2,3x",
        "١,٢,٣",
        "1,2,3\n4",
        "1 2 3",
    ],
)
def test_no_color(text: str) -> None:
    with pytest.raises(Mismatch, match="expected a colour"):
        COLOR.parse(text)


@pytest.mark.parametrize(
    ("text", "rgb"),
    [
        ("50", (128, 128, 128)),
        ("0x70", (112, 112, 112)),
        ("1,2,3,4", (1, 2, 3)),
        ("0,0,0,0k", (255, 255, 255)),
        ("0,0,0,100k", (0, 0, 0)),
        ("100,0,0,0k", (0, 255, 255)),
        ("0,100,100,0k", (255, 0, 0)),
        ("0,0,0,50k", (127, 127, 127)),
    ],
)
def test_naive_conversion(text: str, rgb: tuple[int, int, int]) -> None:
    assert all(abs(one - other) <= 1 for one, other in zip(COLOR.parse(text).rgb, rgb, strict=True))


@given(red=st.integers(0, 255), green=st.integers(0, 255), blue=st.integers(0, 255), alpha=st.integers(0, 255))
def test_all_ways_to_write_a_color_agree(red: int, green: int, blue: int, alpha: int) -> None:
    wanted = Color("rgb", (red, green, blue), alpha)
    digits = f"{red:02x}{green:02X}{blue:02x}{alpha:02x}"
    for text in (f"{red},{green},{blue},{alpha}", digits, f"0x{digits}", f"{digits}r", f"0X{digits}R"):
        assert COLOR.parse(text) == wanted


@given(st.text(st.sampled_from("0123456789abcdefxXgGrRkKsS, ."), max_size=14) | st.text(max_size=8))
def test_any_text_is_a_color_or_a_mismatch(text: str) -> None:
    try:
        color = COLOR.parse(text)
    except Mismatch:
        return
    assert all(0 <= value <= 255 for value in (*color.components, color.alpha, *color.rgb))
