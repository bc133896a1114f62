"""Text → Request: cutting, nesting, decoding."""

from __future__ import annotations

from urllib.parse import quote, quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageserver.protocol.reading import decoded, nested_end, read, read_object, read_pieces
from imageserver.protocol.request import Piece


def pairs(query: str) -> list[tuple[str, str | None]]:
    return [(piece.name, piece.value) for piece in read_pieces(query)]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", []),
        ("&&", []),
        ("wid=1", [("wid", "1")]),
        ("wid=1&hei=2", [("wid", "1"), ("hei", "2")]),
        ("wid=1&&hei=2&", [("wid", "1"), ("hei", "2")]),
        ("&wid=1", [("wid", "1")]),
        ("wid=1?hei=2", [("wid", "1"), ("hei", "2")]),  # a second question mark separates, too
        ("?wid=1", [("wid", "1")]),
        ("wid", [("wid", None)]),
        ("wid=", [("wid", "")]),
        ("=1", []),
        ("a=b=c", [("a", "b=c")]),  # only the first = counts
        (".comment", []),
        (".comment=1&wid=1", [("wid", "1")]),
        ("$preset$", [("$preset$", None)]),
        ("$preset$=", [("$preset$", "")]),
        ("%24preset%24", [("$preset$", None)]),
        ("$name=value", [("$name", "value")]),
        ("%24name=a%26b", [("$name", "a&b")]),
        ("a=1%262", [("a", "1&2")]),  # cut first, decoded after
        ("a=%3D", [("a", "=")]),
        ("a%3D1", [("a=1", None)]),
        ("a=%2541", [("a", "%41")]),  # decoded once
        ("a=1+2", [("a", "1 2")]),
        ("a=1%2B2", [("a", "1+2")]),
        ("a=100%", [("a", "100%")]),  # a % that starts no escape stays
        ("a=%zz%4", [("a", "%zz%4")]),
        ("a=%C3%A4", [("a", "ä")]),
        ("a=%E4", [("a", "ä")]),  # no valid UTF-8, so ISO-8859-1
        ("a=%C3%A4%E4", [("a", "Ã¤ä")]),
        ("a=\udce4", [("a", "ä")]),  # a raw byte, as the server hands it on
        ("a=\udcc3\udca4", [("a", "ä")]),
        ("a=ä", [("a", "ä")]),
        ("amp;wid=1", [("wid", "1")]),
        ("a=1&amp;wid=2&amp;hei=3", [("a", "1"), ("wid", "2"), ("hei", "3")]),
        ("amp;amp;wid=1", [("wid", "1")]),
        ("AMP;wid=1", [("wid", "1")]),
        ("amp;$preset$", [("$preset$", None)]),
        ("amp;.comment=1", []),
        (" wid =1", [("wid", "1")]),
        ("WID=1&Op_Sharpen=1", [("WID", "1"), ("Op_Sharpen", "1")]),
        ("a=;b=1", [("a", ";b=1")]),
    ],
)
def test_cutting(query: str, wanted: list[tuple[str, str | None]]) -> None:
    assert pairs(query) == wanted


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("src=is{a/b?wid=1&hei=2}&wid=3", [("src", "is{a/b?wid=1&hei=2}"), ("wid", "3")]),
        ("src=is(a/b?wid=1&hei=2)&wid=3", [("src", "is(a/b?wid=1&hei=2)"), ("wid", "3")]),
        ("src={a?b=1}&wid=3", [("src", "{a?b=1}"), ("wid", "3")]),
        ("src=ir{a?b}&wid=3", [("src", "ir{a?b}"), ("wid", "3")]),
        ("src=fxg{a?b}&wid=3", [("src", "fxg{a?b}"), ("wid", "3")]),
        ("src=is{a?src=is{b?c=1&d=2}&e=3}&f=4", [("src", "is{a?src=is{b?c=1&d=2}&e=3}"), ("f", "4")]),
        ("imageSet={a,b;c&d}&wid=1", [("imageSet", "{a,b;c&d}"), ("wid", "1")]),
        ("src=is{a?b&c", [("src", "is{a"), ("b", None), ("c", None)]),  # not a matched pair
        ("src=is(a?", [("src", "is(a")]),
        ("src=x{a&b}", [("src", "x{a"), ("b}", None)]),  # not at the start of the value
        ("src=IS{a&b}", [("src", "IS{a"), ("b}", None)]),  # the reference says case-sensitive
        ("text={\\rtf{a&b}}&c=1", [("text", "{\\rtf{a&b}}"), ("c", "1")]),
        ("a=}b&c=1", [("a", "}b"), ("c", "1")]),
        ("a={}&b=1", [("a", "{}"), ("b", "1")]),
        ("a={x}y&b=1", [("a", "{x}y"), ("b", "1")]),
        ("a=%7Bx&b=1%7D", [("a", "{x"), ("b", "1}")]),  # an encoded brace is a character like any other
    ],
)
def test_nesting(query: str, wanted: list[tuple[str, str | None]]) -> None:
    assert pairs(query) == wanted


def test_nested_request_is_kept_as_it_was_written() -> None:
    """It is cut first and decoded after, like the outer one."""
    (piece,) = read_pieces("src=is{a%2Fb?c=1%262}")
    assert piece == Piece("src", "is{a/b?c=1&2}", "is{a%2Fb?c=1%262}")
    assert read_pieces("src=is{a}b")[0].nested == ""


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("", ""),
        ("/", ""),
        ("/Co/shoe", "Co/shoe"),
        ("//Co///shoe//", "Co/shoe"),
        ("/Co/a%20b", "Co/a b"),
        ("/Co/a+b", "Co/a+b"),  # + is a blank in a query only
        ("/Co/a%2Fb", "Co/a/b"),
        ("/Co/%E4", "Co/ä"),
        ("/Co/%C3%A4", "Co/ä"),
        ("/Co/shoe%3ASquare", "Co/shoe:Square"),
        ("/Co/100%", "Co/100%"),
    ],
)
def test_object(path: str, wanted: str) -> None:
    assert read_object(path) == wanted


def test_form_comes_behind_the_query() -> None:
    request = read("/Co/shoe", "wid=1", "hei=2&wid=3")
    assert request.object == "Co/shoe"
    assert [piece.text for piece in request.pieces] == ["wid=1", "hei=2", "wid=3"]


def test_origin_is_kept() -> None:
    assert read_pieces("wid=1", "macro $x$")[0].origin == "macro $x$"


ANYTHING = st.text() | st.text(st.sampled_from("ab=&?%{}()+;$.,2Ff isr\udce4"), max_size=40)


@given(ANYTHING, ANYTHING, ANYTHING)
def test_reading_never_raises(path: str, query: str, body: str) -> None:
    request = read(path, query, body)
    for piece in request.pieces:
        assert piece.name
        assert not piece.name.startswith(".")
        assert not piece.name.casefold().startswith("amp;")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_encoded_value_is_what_it_was(value: str) -> None:
    """Whatever a value is, it arrives when it is encoded as UTF-8."""
    (piece,) = read_pieces(f"name={quote(value, safe='')}")
    assert (piece.name, piece.value) == ("name", value)


@given(st.binary(min_size=1))
def test_any_bytes_are_utf8_or_latin_1(data: bytes) -> None:
    try:
        wanted = data.decode("utf-8")
    except UnicodeDecodeError:
        wanted = data.decode("iso-8859-1")
    (piece,) = read_pieces(f"name={quote_from_bytes(data, safe='')}")
    assert piece.value == wanted


@given(
    st.lists(st.tuples(st.text("abcxyz_", min_size=1), st.text(st.characters(exclude_categories=["Cs"]))), max_size=6)
)
def test_pieces_arrive_in_their_order(written: list[tuple[str, str]]) -> None:
    query = "&".join(f"{name}={quote(value, safe=',:/')}" for name, value in written)
    assert pairs(query) == written


@given(st.text(st.sampled_from("is{}()ab&"), max_size=20))
def test_nested_end_is_that_of_a_balanced_pair(value: str) -> None:
    end = nested_end(value)
    assert 0 <= end <= len(value)
    if end:
        opening = "{" if "{" in value[:4] and value.lstrip("irsfxg")[0] == "{" else "("
        closing = {"{": "}", "(": ")"}[opening]
        assert value[:end].count(opening) == value[:end].count(closing)
        assert value[end - 1] == closing


@given(st.text())
def test_text_without_escapes_stays(text: str) -> None:
    if "%" not in text and text.isascii():
        assert decoded(text) == text
