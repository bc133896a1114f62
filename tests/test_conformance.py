"""docs/conformance.md says of every name of the reference what has become of it, and what is done has a test."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from imageserver.commands.declare import EXTENSION
from imageserver.commands.groups import DECLARATIONS
from imageserver.tools.conformance import DATA, Row, Section, Unresolved, main, resolved, sections
from imageserver.tools.importing.names import IMAGES

ROOT = Path(__file__).parents[1]
SUFFIXES = {".py", ".yaml", ".ini", ".txt", ".xml"}
SECTIONS = sections(ROOT / DATA)


@cache
def texts() -> str:
    files = sorted(path for path in (ROOT / "tests").rglob("*") if path.suffix in SUFFIXES and path != Path(__file__))
    return "\n".join(path.read_text(errors="replace") for path in files)


def test_tables_are_generated() -> None:
    assert main(["--check", str(ROOT / "docs/conformance.md")]) == 0, "run `make reference`"


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.title)
def test_what_is_done_has_a_test(section: Section) -> None:
    declared = [(row.name, row.declared) for row in resolved(section) if row.declared]
    assert not [name for name, one in declared if not re.search(one.mention, texts())]
    assert not [file for files in section.shown.values() for file in files if not (ROOT / file).exists()]


def test_every_command_stands_on_a_page_that_is_listed() -> None:
    pages = {page.removeprefix("r-") for section in SECTIONS for _, page in section.names}
    named = {one.command.page.rpartition("/")[2].removeprefix("r-") for one in DECLARATIONS.values()}
    assert named - {EXTENSION} <= pages


def test_columns_that_the_reference_does_not_have_begin_with_a_dot() -> None:
    named = {name for section in SECTIONS if section.of == "images" for name, _ in section.names}
    assert {column for column in IMAGES.columns if not column.startswith(".")} == named


def test_no_name_stands_twice() -> None:
    for section in SECTIONS:
        found = [name for name, _ in section.names]
        assert len(found) == len(set(found)), section.title


@pytest.mark.parametrize(
    ("section", "fault"),
    [
        (Section("", "commands", "", {"r-blur": "blur"}), "blur: neither declared"),
        (Section("", "requests", "", {"r-map-req": ["map", "mop"]}), "mop: neither declared"),
        (Section("", "attributes", "", {"r-tags": "Tags"}), "Tags: neither declared"),
        (Section("", "images", "", {"r-crops": "Crops"}), "Crops: neither declared"),
        (Section("", "words", "", {"r-words": "blink"}), "blink: neither declared"),
        (Section("", "formats", "", {"r-fmt": "pcx"}), "pcx: neither declared"),
        (Section("", "commands", "", {"r-wid": "wid"}, differs={"width": "why"}), "width: no such name"),
        (Section("", "commands", "", {"r-wid": "wid"}, missing={"width": "why"}), "width: no such name"),
    ],
)
def test_what_is_not_known_is_told(section: Section, fault: str) -> None:
    with pytest.raises(Unresolved, match=re.escape(fault)):
        list(resolved(section))


@pytest.mark.parametrize(
    ("section", "row"),
    [
        (Section("", "commands", "", {"r-x": "shear"}, missing={"shear": "why"}), ("shear", "not built", "why")),
        (Section("", "commands", "", {"r-wid": "wid"}, differs={"wid": "how"}), ("wid", "differs", "how")),
        (Section("", "commands", "", {"r-wid": "wid"}), ("wid", "done", "")),
    ],
)
def test_what_is_known_is_told_with_its_reason(section: Section, row: tuple[str, str, str]) -> None:
    def told(one: Row) -> tuple[str, str, str]:
        return one.name, one.state, one.reason

    assert [told(one) for one in resolved(section)] == [row]
