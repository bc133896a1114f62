"""YAML text → nodes that know where their text begins and ends, so that it can be changed there and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import yaml

from imageserver.store.errors import Uneditable
from imageserver.yaml_nodes import DEEPEST, Loader


@dataclass(frozen=True, slots=True)
class Part:
    """A node of a text; `end` is behind its last character, comments and empty lines that follow not included.

    `items` are those of a mapping; `flow` tells what stands in brackets or is a scalar on its line.
    """

    kind: Literal["scalar", "list", "mapping", "alias"]
    start: int
    end: int
    flow: bool
    column: int
    text: str = ""
    style: str = ""
    items: tuple[tuple[Part, Part], ...] = ()

    def find(self, key: str) -> tuple[Part, Part] | None:
        """Give key and value of an item; of several with the same key, the first one holds."""
        for one in self.items:
            if one[0].kind == "scalar" and one[0].text == key:
                return one
        return None


def parts_of(text: str) -> Part | None:
    """Read a text, or give None for one without a node; raises `Uneditable`."""
    try:
        return Reader(text).root()
    except yaml.YAMLError as error:
        raise Uneditable("the file", "its layout is not understood") from error


class Reader:
    """Reads the nodes of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._next: Callable[[], Any] = Loader(text).get_event

    def root(self) -> Part | None:
        """Read the only document of the text."""
        self._next()
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        part = self._part(self._next(), 0)
        self._next()
        if not isinstance(self._next(), yaml.StreamEndEvent):
            raise Uneditable("the file", "it holds another document")
        return part

    def _part(self, event: Any, depth: int) -> Part:  # noqa: ANN401, the types of the library are incomplete
        start, column = event.start_mark.index, event.start_mark.column
        end: int = event.end_mark.index
        if depth > DEEPEST:
            raise Uneditable("the file", f"it is nested more than {DEEPEST} levels deep")
        if isinstance(event, yaml.AliasEvent):
            return Part("alias", start, end, flow=True, column=column)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, depth)
        flow = bool(event.flow_style)
        item = self._next()
        while not isinstance(item, yaml.SequenceEndEvent):
            end = self._part(item, depth + 1).end
            item = self._next()
        return Part("list", start, end_of(item) if flow else end, flow=flow, column=column)

    def _mapping(self, event: Any, depth: int) -> Part:  # noqa: ANN401
        items: list[tuple[Part, Part]] = []
        item = self._next()
        while not isinstance(item, yaml.MappingEndEvent):
            key = self._part(item, depth + 1)
            items.append((key, self._part(self._next(), depth + 1)))
            item = self._next()
        start, flow = event.start_mark.index, bool(event.flow_style)
        end = end_of(item) if flow else items[-1][1].end if items else start
        named = event.anchor or event.tag  # which stands in front of the first key, or on the line before
        column = items[0][0].column if named and items and not flow else event.start_mark.column
        return Part("mapping", start, end, flow=flow, column=column, items=tuple(items))

    def _scalar(self, event: Any) -> Part:  # noqa: ANN401
        start, end = event.start_mark.index, event.end_mark.index
        style = event.style or ""
        literal = style in {"|", ">"}
        if literal:
            written = self._text[start:end]
            header = written.splitlines()[0] if written else ""
            end = start + len(written.rstrip() if "+" not in header.partition("#")[0] else written.removesuffix("\n"))
        flow = not literal and not any(mark in self._text[start:end] for mark in "\r\n")
        return Part("scalar", start, end, flow, event.start_mark.column, event.value, style)


def end_of(event: Any) -> int:  # noqa: ANN401
    """Give the offset behind an event."""
    return int(event.end_mark.index)
