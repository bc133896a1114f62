"""YAML text → nodes: every scalar as the text that was written, with the place where it stands.

YAML's own typing (`NO`, `0123`, `1:20`, `1e3`) never applies; only a plain `null`, `~` or nothing is null. Files are
read as a stream of events, so that one of a million entries takes no more memory than one of its entries.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, BinaryIO, NamedTuple

import yaml

DEEPEST = 50
LONGEST = 2**20
"""Characters of a key with its value; of a mapping whose entries are taken one by one, of each of these."""
MOST_ITEMS = 50_000
"""Values between two keys."""
FREE, PER_NODE = 100_000, 20
"""Nodes that the aliases of a file may stand for, and how many more for each node that is written out."""
CORE = "tag:yaml.org,2002:"
TAGS = {None, "!", *(CORE + name for name in ("null", "bool", "int", "float", "str", "seq", "map", "timestamp"))}
NULL = "tag:yaml.org,2002:null"
NULLS = {"", "~", "null", "Null", "NULL"}
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


Written = str | None | list["Node"] | dict[str, "Node"]
Plain = str | None | list["Plain"] | dict[str, "Plain"]
"""What was written, without the places where it stands."""


class Node(NamedTuple):
    """A value as written in YAML, untyped, with where it stands (both counted from 1)."""

    value: Written
    line: int
    column: int

    def plain(self) -> Plain:
        """Give what was written without the places where it stands."""
        match self.value:
            case list(items):
                return [item.plain() for item in items]
            case dict(items):
                return {key: item.plain() for key, item in items.items()}
            case text:
                return text


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a file and its value; `name` is the key below it when the value is taken entry by entry.

    `place` is where the innermost key stands.
    """

    key: str
    name: str | None
    place: Node
    node: Node


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at one place of a file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class BrokenYaml(Exception):
    """A file that cannot be read as YAML at all."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass
class YamlFile:
    """A file of nodes, and the problems found while reading it."""

    name: str
    problems: list[Problem] = field(default_factory=list)

    def read(self, data: bytes) -> Node:
        """Read the whole file as one node, or raise `BrokenYaml`."""
        stream = io.BytesIO(data)
        with self.telling(stream):
            events = Events(self, stream)
            first = events.begin()
            root = Node({}, 1, 1) if first is None else events.node(first, 0)
            events.end()
        return root

    def entries(self, stream: BinaryIO, what: str, taken_apart: Container[str]) -> Iterator[Entry]:
        """Yield the entries of a file that is a mapping, or raise `BrokenYaml`.

        Mappings below the keys `taken_apart` come entry by entry; it is for the caller to find those that come twice.
        """
        with self.telling(stream):
            events = Events(self, stream)
            first = events.begin()
            if isinstance(first, yaml.MappingStartEvent):
                for key, place, event in events.keys(0):
                    if key in taken_apart and is_plain_mapping(event):
                        for name, inner, value in events.keys(1, unique=False):
                            yield Entry(key, name, inner, events.node(value, 2))
                    else:
                        yield Entry(key, None, place, events.node(event, 1))
            elif first is not None:
                root = events.node(first, 0)
                if root.value is not None:
                    self.report(root, f"{what}: expected a mapping")
            events.end()

    def report(self, node: Node, message: str) -> None:
        """Note a problem at a node."""
        self.problems.append(Problem(self.name, node.line, node.column, message))

    def report_unknown(self, node: Node, key: str, what: str, known: Iterable[str]) -> None:
        """Note a key that means nothing, with the ones that do or the one that was probably meant."""
        names = list(known)
        close = get_close_matches(key, names, 1)
        hint = f"did you mean '{close[0]}'?" if close else f"expected one of {', '.join(names)}"
        self.report(node, f"unknown key '{key}' in {what}: {hint}")

    def report_twice(self, place: Node, key: str) -> None:
        """Note a key that stands in its mapping already."""
        self.report(place, f"'{key}' stands here twice; the first one holds")

    def broken(self, line: int, column: int, message: str) -> BrokenYaml:
        """Say why the file cannot be read at all."""
        return BrokenYaml(Problem(self.name, line, column, message))

    @contextmanager
    def telling(self, stream: BinaryIO) -> Iterator[None]:
        """Turn what is wrong with a stream into `BrokenYaml`."""
        try:
            yield
        except UnicodeDecodeError as error:
            raise self.broken(1, 1, f"expected UTF-8 text ({error.reason})") from error
        except TooLong as error:
            raise self.broken(error.line, 1, str(error)) from error
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            raise self.broken(line, column, f"not valid YAML: {error.problem}") from error
        except yaml.reader.ReaderError as error:
            stream.seek(0)
            line = stream.read(error.position).count(b"\n") + 1
            raise self.broken(line, 1, f"not valid YAML: {error.reason}") from error


class TooLong(Exception):
    """One key with its value takes more text than a record has."""

    def __init__(self, line: int) -> None:
        super().__init__(f"one key with its value is longer than {LONGEST} characters")
        self.line = line


class Text:
    """A stream of UTF-8, with or without a mark at its beginning, as text; `line` is that of the key being read."""

    def __init__(self, stream: BinaryIO) -> None:
        self.line = 1
        self._stream = stream
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self._unheard = 0

    def heard(self, line: int) -> None:
        """Note that all that came before a line has been understood."""
        self.line = line
        self._unheard = 0

    def read(self, size: int = 2**16) -> str:
        """Give some text, or none at the end; raises `UnicodeDecodeError` or `TooLong`."""
        while data := self._stream.read(size):
            if text := self._decode(data):
                self._unheard += len(text)
                if self._unheard > LONGEST:
                    raise TooLong(self.line)
                return text
        return self._decode(b"", final=True)


class Events:
    """The events of a file that is one YAML document, taken one after the other."""

    def __init__(self, file: YamlFile, stream: BinaryIO) -> None:
        self._file = file
        self._text = Text(stream)
        self._next = Loader(self._text).get_event
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._written = self._aliased = self._at_key = 0

    @property
    def anchored(self) -> bool:
        """Tell whether something has been given a name, so that it may stand in other places too."""
        return bool(self._anchors)

    def begin(self) -> Any:  # noqa: ANN401, the types of the library are incomplete
        """Give the first event of the document's root, or None when there is no document."""
        self._next()
        return None if isinstance(self._next(), yaml.StreamEndEvent) else self._next()

    def end(self) -> None:
        """Come to the end of the file; raises `BrokenYaml` for a second document."""
        event = self._next()
        if isinstance(event, yaml.DocumentEndEvent):
            event = self._next()
        if isinstance(event, yaml.DocumentStartEvent):
            line, column = position(event)
            raise self._file.broken(line, column, "not valid YAML: but found another document")

    def node(self, event: Any, depth: int) -> Node:  # noqa: ANN401
        """Read the node that begins with an event."""
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        line, column = position(event)
        if depth > DEEPEST:
            raise self._file.broken(line, column, f"nested more than {DEEPEST} levels deep")
        self._check_tag(event)
        before = self._written + self._aliased
        self._count(event)
        value: Written
        if isinstance(event, yaml.ScalarEvent):
            value = None if is_null(event) else event.value
        elif isinstance(event, yaml.MappingStartEvent):
            value = {key: self.node(one, depth + 1) for key, _, one in self.keys(depth)}
        else:
            value = []
            while not isinstance(item := self._next(), yaml.SequenceEndEvent):
                value.append(self.node(item, depth + 1))
        found = Node(value, line, column)
        if event.anchor:
            if event.anchor in self._anchors:
                raise self._file.broken(line, column, f"not valid YAML: the anchor '{event.anchor}' stands here twice")
            self._anchors[event.anchor] = found, self._written + self._aliased - before
        return found

    def plain(self, event: Any, depth: int) -> Plain:  # noqa: ANN401
        """Read the node that begins with an event for what was written alone, which is sooner done."""
        if isinstance(event, yaml.AliasEvent) or event.anchor or event.tag is not None or depth > DEEPEST:
            return self.node(event, depth).plain()
        self._count(event)
        if isinstance(event, yaml.ScalarEvent):
            return None if event.implicit[0] and event.value in NULLS else str(event.value)
        if isinstance(event, yaml.MappingStartEvent):
            return {key: self.plain(one, depth + 1) for key, _, one in self.keys(depth)}
        found: list[Plain] = []
        while not isinstance(item := self._next(), yaml.SequenceEndEvent):
            found.append(self.plain(item, depth + 1))
        return found

    def keys(self, depth: int, *, unique: bool = True) -> Iterator[tuple[str, Node, Any]]:
        """Yield the keys of the mapping that has begun, with their places and the first events of their values.

        The node of a value is to be read before the next key is asked for. A key that stands here twice is reported
        and left out, unless the caller looks after that.
        """
        known = set()
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            place = Node(None, *position(event))
            self._text.heard(place.line)
            self._at_key = self._written
            scalar = isinstance(event, yaml.ScalarEvent)
            if scalar and event.tag is not None:
                self._check_tag(event)
            node = place if scalar and not event.anchor else self.node(event, depth + 1)
            key = event.value if scalar else node.value if isinstance(node.value, str) else "?"
            if unique and key in known:
                self._file.report_twice(place, key)
                self.node(self._next(), depth + 1)
                continue
            if unique:
                known.add(key)
            yield key, place, self._next()

    def _alias(self, event: Any, depth: int) -> Node:  # noqa: ANN401
        line, column = position(event)
        if event.anchor not in self._anchors:
            raise self._file.broken(line, column, f"not valid YAML: found undefined alias '{event.anchor}'")
        found, size = self._anchors[event.anchor]
        self._aliased += size
        if self._aliased > FREE + PER_NODE * self._written:
            raise self._file.broken(line, column, "its aliases stand for more than the file is long")
        if depth + height(found) > DEEPEST:
            raise self._file.broken(line, column, f"nested more than {DEEPEST} levels deep")
        return found

    def _count(self, event: Any) -> None:  # noqa: ANN401
        self._written += 1
        if self._written - self._at_key > MOST_ITEMS:
            raise self._file.broken(*position(event), f"more than {MOST_ITEMS} values in one list")

    def _check_tag(self, event: Any) -> None:  # noqa: ANN401
        if event.tag not in TAGS:
            tag = event.tag.replace(CORE, "!!")
            raise self._file.broken(*position(event), f"expected plain values, without a tag such as '{tag}'")


def is_plain_mapping(event: Any) -> bool:  # noqa: ANN401
    """Tell whether a mapping begins that has neither a name nor a tag, so that it may be taken apart."""
    return isinstance(event, yaml.MappingStartEvent) and not event.anchor and event.tag is None


def position(event: Any) -> tuple[int, int]:  # noqa: ANN401
    """Give line and column of an event, counted from 1."""
    mark = event.start_mark
    return mark.line + 1, mark.column + 1


def is_null(event: Any) -> bool:  # noqa: ANN401
    """Tell whether a scalar is null: written plainly, or tagged as such."""
    if event.tag in {None, "!"}:
        return bool(event.implicit[0]) and event.value in NULLS
    return bool(event.tag == NULL)


def height(node: Node) -> int:
    """Count the levels below a node."""
    match node.value:
        case list(items):
            return 1 + max((height(item) for item in items), default=0)
        case dict(items):
            return 1 + max((height(item) for item in items.values()), default=0)
        case _:
            return 0
