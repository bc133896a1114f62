"""Plain values → YAML as people write it: sections and records in blocks, what is short on one line.

Our reader takes every scalar as the text that was written. Quotation marks keep other programs from taking words and
numbers such as `NO` and `0123` for something else.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Union

import yaml
from yaml.resolver import Resolver

from imageserver.yaml_nodes import Node

Value = Union[str, None, list["Value"], dict[str, "Value"]]  # noqa: UP007, a type that names itself
Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]*[1-9])?")
SIMPLE = re.compile(r"[!-~\u00a1-\ud7ff](?:[ -~\u00a1-\ud7ff]*[!-~\u00a1-\ud7ff])?")
ODD_NUMBER = re.compile(r"[-+]?0[0-9A-Za-z_][0-9A-Za-z_.]*")
"""A number with a base to some programs: `0815`, `0x10`, `0o7`."""
SHORT = 88
DEPTH_OF_SECTIONS = 1
TEXT = "tag:yaml.org,2002:str"
RESOLVER = Resolver()


def write_yaml(sections: Mapping[str, Value]) -> bytes:
    """Give the bytes of a file."""
    stream = io.StringIO()
    yaml.emit(document(dict(sections)), stream, Dumper=Dumper, allow_unicode=True, width=2**30)
    return stream.getvalue().encode("utf-8")


def document(value: Value) -> Iterator[yaml.Event]:
    """Yield the events of a document."""
    yield yaml.StreamStartEvent()
    yield yaml.DocumentStartEvent(explicit=False)
    yield from events(value, 0, flow=False)
    yield yaml.DocumentEndEvent(explicit=False)
    yield yaml.StreamEndEvent()


def events(value: Value, depth: int, *, flow: bool) -> Iterator[yaml.Event]:
    """Yield the events of a value; within one line everything stays on it."""
    flow = flow or (depth > DEPTH_OF_SECTIONS and length(value) <= SHORT)
    if isinstance(value, dict):
        yield yaml.MappingStartEvent(None, None, implicit=True, flow_style=flow or not value)
        for key, one in value.items():
            yield scalar(key)
            yield from events(one, depth + 1, flow=flow)
        yield yaml.MappingEndEvent()
    elif isinstance(value, list):
        yield yaml.SequenceStartEvent(None, None, implicit=True, flow_style=flow or not value)
        for one in value:
            yield from events(one, depth + 1, flow=flow)
        yield yaml.SequenceEndEvent()
    else:
        yield scalar(value)


def scalar(value: str | None) -> yaml.Event:
    """Give a scalar with the quotation marks that it needs."""
    if value is None:
        return yaml.ScalarEvent(None, None, (True, False), "null")
    if not SIMPLE.fullmatch(value):
        return yaml.ScalarEvent(None, None, (False, True), value, style='"' if value else "'")
    return yaml.ScalarEvent(None, None, (is_plain(value), True), value)


@lru_cache(4096)
def is_plain(value: str) -> bool:
    """Tell whether other programs, too, take a scalar without quotation marks for what it is."""
    tag = RESOLVER.resolve(yaml.ScalarNode, value, (True, False))  # type: ignore[no-untyped-call]
    return bool(NUMBER.fullmatch(value) or (tag == TEXT and not ODD_NUMBER.fullmatch(value)))


def length(value: Value) -> int:
    """Count about how many characters a value takes on one line."""
    match value:
        case dict():
            return sum(len(key) + length(one) + 4 for key, one in value.items())
        case list():
            return sum(length(one) + 2 for one in value)
        case _:
            return len(value or "null")


def node_of(value: Value) -> Node:
    """Give a value as our reader would see it."""
    match value:
        case dict():
            return Node({key: node_of(one) for key, one in value.items()}, 1, 1)
        case list():
            return Node([node_of(one) for one in value], 1, 1)
        case _:
            return Node(value, 1, 1)
