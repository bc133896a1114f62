"""Every row of image_sets.yaml: the text of a set → what is in it and its type, or what is wrong with it and where.

A row has a `set`, and either its `tree` and its `kind`, or an `error` and the character `at` which it shows, from 1.
In a tree items stand between commas, fields between bars, pages between pluses, inner sets in brackets; a colour is
`#rrggbb` with its label in quotes. The ids `swatches`, `spin` and `pages` are sets, of these types.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from imageserver.catalog.attributes import Attributes
from imageserver.catalog.catalogs import Catalog, Catalogs
from imageserver.catalog.members import kind_of
from imageserver.catalog.records import Record
from imageserver.errors import BadImageSet, Mismatch
from imageserver.protocol.image_set import (
    ImageSet,
    ImageSetGrammar,
    Item,
    Part,
    Reference,
    SolidColor,
    read_image_set,
    without_braces,
)

ROWS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "image_sets.yaml").read_text())
SETS = {
    "swatches": Record(path="a.png", image_set="a;b,c;d"),
    "spin": Record(image_set="a,b,c", asset_type="spinset"),
    "pages": Record(image_set="a:b,c"),
    "flat": Record(path="a.png", modifier="wid=9"),
}
CO = Catalog("Co", Path("/nowhere"), Attributes(), images=SETS)
CATALOGS = Catalogs(Catalog("", Path("/nowhere"), Attributes()), {"Co": CO})


def tree(found: ImageSet) -> str:
    return ", ".join(" | ".join(" + ".join(map(shown, pages)) for pages in item.fields) for item in found.items)


def shown(part: Part) -> str:
    match part:
        case Reference(name, commands):
            return f"{name}?{commands}" if commands else name
        case SolidColor(rgb, label):
            return f'#{rgb} "{label}"' if label else f"#{rgb}"
        case ImageSet():
            return f"[{tree(part)}]"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["set"])[:60])
def test_set(row: dict[str, Any]) -> None:
    text = row["set"]
    if "error" in row:
        with pytest.raises(BadImageSet) as raised:
            read_image_set(text)
        assert (raised.value.expected, raised.value.offset + 1) == (row["error"], row["at"])
        with pytest.raises(Mismatch, match=f"at character {row['at']}"):
            ImageSetGrammar().parse(text)
        return
    found = read_image_set(text)
    assert [tree(found), kind_of(found, CATALOGS, CO)] == [row["tree"], row["kind"]]
    assert ImageSetGrammar().parse(text) == text


def test_there_are_rows_for_everything() -> None:
    assert len(ROWS) >= 80
    assert {row.get("kind") for row in ROWS} == {None, "ecat", "media_set", "img_set", "spin", "unknown"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{a,b}", "a,b"),
        (" {a,b} ", "a,b"),
        ("{{a},{b}}", "{a},{b}"),
        ("{a},{b}", "{a},{b}"),
        ("{a", "{a"),
        ("{a}}", "{a}}"),
        ("(a,b)", "(a,b)"),
        ("a", "a"),
        ("{}", ""),
        ("", ""),
    ],
)
def test_the_braces_around_a_value_go(text: str, found: str) -> None:
    assert without_braces(text) == found


def test_a_plus_is_a_blank_in_a_url_only() -> None:
    assert tree(read_image_set("a+b;{0x00ff00 c+d}", plus=True)) == 'a b | #00ff00 "c d"'
    assert tree(read_image_set("a+b;{0x00ff00 c+d}")) == 'a+b | #00ff00 "c+d"'


def test_parts_know_where_they_stand() -> None:
    found = read_image_set("a, b;{0xffffff},{c;d}")
    first, second, third = found.items
    inner = third.pages[0]
    assert isinstance(inner, ImageSet)
    assert second.swatch is not None
    assert [first.offset, second.offset, second.swatch.offset, third.offset] == [0, 3, 5, 16]
    assert [part.offset for pages in inner.items[0].fields for part in pages] == [17, 19]


@given(st.text())
def test_whatever_the_text_it_is_a_set_or_a_typed_error(text: str) -> None:
    read_or_refuse(text)


@given(st.text("a0x,;:{}()%2C? ^", max_size=60))
def test_whatever_the_marks_it_is_a_set_or_a_typed_error(text: str) -> None:
    read_or_refuse(text)


def read_or_refuse(text: str) -> None:
    place = 0
    try:
        found = read_image_set(text)
    except BadImageSet as error:
        place = error.offset
    else:
        assert all(item.pages for item in found.items)
    assert 0 <= place <= len(text)


NAMES = st.text("abcdefgh/._-%ü ,;:{}()", min_size=1).map(str.strip).filter(bool)
REFERENCES: st.SearchStrategy[Reference] = st.builds(Reference, NAMES, st.sampled_from(["", "wid=9", "$zoom$"]))
COLORS: st.SearchStrategy[SolidColor] = st.builds(SolidColor, st.from_regex("[0-9a-f]{6}", fullmatch=True), NAMES)
SWATCHES = st.one_of(st.just(()), REFERENCES.map(lambda one: (one,)), COLORS.map(lambda one: (one,)))


def items_of(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Item]:
    pages = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return st.builds(lambda first, others: Item((first, *others)), pages, st.sampled_from([0, 1, 3]).flatmap(swatches))


def swatches(count: int) -> st.SearchStrategy[list[Any]]:
    return st.lists(SWATCHES, min_size=count, max_size=count)


def sets_of(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[ImageSet]:
    return st.lists(items_of(parts), min_size=1, max_size=4).map(lambda items: ImageSet(tuple(items)))


TREES = sets_of(st.recursive(REFERENCES, lambda parts: sets_of(st.one_of(REFERENCES, parts)), max_leaves=8))


@given(TREES)
def test_a_set_that_is_written_is_read_as_it_was(found: ImageSet) -> None:
    assert read_image_set(written(found)) == found


def written(found: ImageSet) -> str:
    return ",".join(";".join(":".join(map(written_part, pages)) for pages in item.fields) for item in found.items)


def written_part(part: Part) -> str:
    match part:
        case Reference(name, commands):
            return encoded(name) + (f"?{commands}" if commands else "")
        case SolidColor(rgb, label):
            return f"{{0x{rgb} {encoded(label)}}}"
        case ImageSet():
            return f"{{{written(part)}}}"


def encoded(text: str) -> str:
    return "".join(f"%{ord(letter):02X}" if letter in ",;:{}()%?" else letter for letter in text)


@pytest.mark.parametrize(
    "piece",
    ["a,", "a;b,", ",", ";", ":", "{a},", "{a;b:c},", "a;{0xff0000 x},", "(", "{", "0x", " ", "{0x000000 " + " y" * 50],
)
def test_the_work_grows_as_the_text_does(piece: str) -> None:
    """Lines of our code that are run, and characters that are looked at, for a text and for one eight times as long."""
    short, long = (work_for(piece * count) for count in (100, 800))
    assert long <= 9 * short


def work_for(text: str) -> int:
    """Count the lines that are run while a text is read, and the length of every text that a function is given."""
    count = 0

    def look(frame: Any, event: str, _argument: object) -> Any:  # noqa: ANN401, what Python gives
        nonlocal count
        if event == "call":
            names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
            count += sum(len(value) for name in names if isinstance(value := frame.f_locals[name], str))
        count += 1
        return look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        read_or_refuse(text)
    finally:
        sys.settrace(before)
    return count
