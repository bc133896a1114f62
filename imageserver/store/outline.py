"""A YAML file as pieces that can be changed each for itself: one for each record, and the text between them.

Records of a section in block style stand below one another, so a piece means the same whatever the others are. A file
in another style, or with anchors, is one piece.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from imageserver.catalog.reading import RECORDS
from imageserver.catalog.written import Json, plain
from imageserver.store.parts import parts_of
from imageserver.yaml_nodes import Events, Node, YamlFile, is_plain_mapping

BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
MARK = "\ufeff"
NAMED = (*RECORDS, "macros", "attributes")
"""The sections that are mappings of names to what is said of each."""


@dataclass(slots=True, eq=False)
class Piece:
    """Some lines of a file: a record of a section, a section or its heading, or what is in neither.

    `place` orders the pieces of a file, and is None for one that is not in the book yet; `before` is the text it had.
    """

    section: str
    name: str
    text: str
    place: int | None = None
    changed: bool = False
    before: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """The pieces of a file, and what it says: of records as written, and of all else."""

    pieces: list[Piece]
    entries: Mapping[tuple[str, str], Json]
    rest: Mapping[str, Json]


@dataclass(slots=True)
class Drawing:
    """An outline while it is being made."""

    cuts: list[tuple[int, str, str]] = field(default_factory=lambda: [(0, "", "")])
    entries: dict[tuple[str, str], Json] = field(default_factory=dict)
    rest: dict[str, Json] = field(default_factory=dict)
    whole: bool = False

    def take(self, section: str, node: Node) -> None:
        """Note what a section says."""
        if section not in RECORDS:
            self.rest.setdefault(section, plain(node))
        if section in NAMED and isinstance(node.value, dict):
            for name, one in node.value.items():
                self.entries.setdefault((section, name), plain(one))


def outline(file: YamlFile, data: bytes) -> Outline:
    """Read a file; raises `BrokenYaml`."""
    drawing = Drawing()
    with file.telling(stream := io.BytesIO(data)):
        draw(Events(file, stream), drawing)
    text = data.decode("utf-8")
    body = text.removeprefix(MARK)
    if drawing.whole or file.problems:
        pieces = [Piece("", "", body)]
    else:
        lines = [0, *(match.end() for match in BREAK.finditer(body))]
        starts = [lines[line] for line, _, _ in drawing.cuts]
        ends = [*starts[1:], len(body)]
        places = zip(drawing.cuts, starts, ends, strict=True)
        pieces = [Piece(section, name, body[start:end]) for (_, section, name), start, end in places]
    return Outline([one for one in pieces if one.text], drawing.entries, drawing.rest)


def draw(events: Events, drawing: Drawing) -> None:
    """Follow the events of a file."""
    first = events.begin()
    if first is None:
        return
    if not is_plain_mapping(first) or first.flow_style:
        drawing.whole = True
        node = events.node(first, 0)
        for section, one in node.value.items() if isinstance(node.value, dict) else ():
            drawing.take(section, one)
    else:
        for section, place, event in events.keys(0):
            drawing.whole |= place.column != 1
            drawing.cuts.append((place.line - 1, section, ""))
            if section in RECORDS and is_plain_mapping(event) and not event.flow_style:
                for name, inner, value in events.keys(1, unique=False):
                    drawing.cuts.append((inner.line - 1, section, name))
                    drawing.entries.setdefault((section, name), cast("Json", events.plain(value, 2)))
            else:
                drawing.take(section, events.node(event, 1))
    events.end()
    lines = [line for line, _, _ in drawing.cuts]
    drawing.whole |= events.anchored or lines[1:] != sorted(set(lines[1:]))


def split(piece: Piece) -> Iterator[Piece]:
    """Cut a changed piece so that each record has its own again; the first one keeps its place."""
    if piece.name:
        yield from split_records(piece)
        return
    found = outline(YamlFile(""), piece.text.encode("utf-8", "surrogatepass")).pieces
    for number, one in enumerate(found):
        yield Piece(one.section, one.name, one.text, None if number else piece.place, changed=True)


def split_records(piece: Piece) -> Iterator[Piece]:
    """Cut a piece of some records."""
    root, text = parts_of(piece.text), piece.text
    keys = [key for key, _ in root.items] if root else []
    if not keys:
        yield Piece(piece.section, "", text, piece.place, changed=True)
        return
    starts = [max(text.rfind(mark, 0, key.start) for mark in "\r\n") + 1 for key in keys]
    ends = [*starts[1:], len(text)]
    for number, (key, start, end) in enumerate(zip(keys, starts, ends, strict=True)):
        place = None if number else piece.place
        yield Piece(piece.section, key.text, text[start if number else 0 : end], place, changed=True)
