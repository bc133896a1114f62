"""Where lines may end; uniseg, which is slow, is asked for what its rules say."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from uniseg.linebreak import line_break_breakables

from imageserver.typeset.breaking import breaks

SIGNS = (
    "ab 12()[]{}\"'.,;:!?-–—/\\%$€«»“”‘’…\u2010\u25cc\u200b\u2060\u00a0\u200d\u0301\u0300\u00ad\t"
    "漢字あぁー、。「」（）한\u1100\u1161\u11a8אבกำ้กคินमस्\U0001f468\U0001f3fb\U0001f1e9\U0001f1eaǅ#@&*+=<>|~_"
    "\u1b05\u1b44\u1b13\ufffc\u2014\u2e3a\n\r\u2028"
)
MARKS = "\u200dำิ"


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("a b", "a |b"),
        ("one  two", "one  |two"),
        ("a\u00a0b", "a\u00a0b"),
        ("well-known", "well-|known"),
        ("well\u2011known", "well\u2011known"),
        ("auf\u00adfällig", "auf\u00ad|fällig"),
        ("(a) “b” c", "(a) |“b” |c"),
        ("$1,234.50 or -3", "$1,234.50 |or |-3"),
        ("日本、ちょっと。", "日|本、|ちょっ|と。"),
        ("שלום עולם", "שלום |עולם"),
        ("नमस्ते दुनिया", "नमस्ते |दुनिया"),
        ("a\tb", "a\t|b"),
        ("a\u2028b", "a\u2028!b"),
        ("a\u2028", "a\u2028!"),
        ("a\r\nb", "a\r\n!b"),
        ("a\n  b", "a\n!  |b"),
        ("a ’\u0301", "a ’\u0301"),
        ("a   \u0301b", "a   |\u0301b"),
        ("", ""),
    ],
)
def test_breaks(written: str, parts: str) -> None:
    marks = {"no": "", "may": "|", "must": "!"}
    assert "".join(char + marks[one] for char, one in zip(written, breaks(written), strict=True)) == parts


@settings(deadline=None)  # no assertion about time
@given(st.text(st.sampled_from(SIGNS), min_size=1, max_size=12))
def test_breaks_are_those_of_unicode(text: str) -> None:
    """Of a quotation mark with an accent at the end uniseg does not see that it is at the end."""
    assume(not unicodedata.combining(text[-1]) and text[-1] not in MARKS)
    expected = [bool(one) for one in line_break_breakables(text)][1:]
    assert [one != "no" for one in breaks(text)][:-1] == expected


@pytest.mark.parametrize("part", [" ", "\u0301", "\u200d", "1,", "( ", "«", "\U0001f1e9", "א-", "ក"])
def test_a_long_text(part: str) -> None:
    """What takes the square of the time would not come back."""
    assert len(breaks(part * 200_000)) == len(part) * 200_000
