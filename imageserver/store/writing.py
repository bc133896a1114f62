"""Values → YAML as people write it: one line where it fits, quotes only where they are needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import yaml

from imageserver.catalog.written import Json
from imageserver.yaml_nodes import NULLS

WIDTH = 120
"""Columns that a line may fill before a list or mapping is written over several lines."""
ENDLESS = 2**30
Plain = Json
"""A value of which every scalar is a text or null, as it is read from YAML."""


def plain(value: Json) -> Plain:
    """Give a value as it is read again from YAML: every scalar a text."""
    match value:
        case dict(items):
            return {str(key): plain(one) for key, one in items.items()}
        case list(items):
            return [plain(one) for one in items]
        case bool(flag):
            return "true" if flag else "false"
        case float(number) if number.is_integer():
            return str(int(number))
        case None:
            return None
        case other:
            return str(other)


def inline(value: Plain, *, flow: bool) -> str:
    """Write a value on one line, as it stands within `{}` or behind a key."""
    if isinstance(value, list | dict):
        return emit(value, flow=True)[:-1]
    if flow:
        return emit([value], flow=True)[1:-2]
    return emit({"k": value}, flow=False)[len("k: ") : -1]


def quoted(text: str, style: str) -> str:
    """Write a text on one line in quotes, in those that the text stood in before where they can hold it."""
    style = style if text.isprintable() else '"'
    event = yaml.ScalarEvent(None, None, (True, True), text, style=style)
    return emit_events([yaml.SequenceStartEvent(None, None, True, flow_style=True), event, yaml.SequenceEndEvent()])[
        1:-2
    ]


def key_text(key: str, *, flow: bool) -> str:
    """Write a key without its colon."""
    return inline(key, flow=flow)


def block(value: Plain, indent: int, newline: str) -> str:
    """Write a value over lines of its own, each with an indent and an end."""
    if isinstance(value, dict):
        return "".join(entry(key, one, indent, newline) for key, one in value.items())
    lines = emit(value, flow=False).splitlines()
    return "".join(f"{' ' * indent}{line}{newline}" for line in lines)


def entry(key: str, value: Plain, indent: int, newline: str) -> str:
    """Write a key with its value as lines of a mapping."""
    if not isinstance(value, list | dict) or not value:
        return f"{' ' * indent}{key_text(key, flow=False)}: {inline(value, flow=False)}{newline}"
    line = f"{' ' * indent}{key_text(key, flow=False)}: {inline(value, flow=True)}"
    if len(line) <= WIDTH and not holds_mapping(value):
        return line + newline
    return f"{' ' * indent}{key_text(key, flow=False)}:{newline}{block(value, indent + 2, newline)}"


def holds_mapping(value: Plain) -> bool:
    """Tell whether a value has mappings within it, which read better on lines of their own."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(isinstance(item, dict) and item for item in items)


def emit(value: Plain, *, flow: bool) -> str:
    """Write a value as YAML, with a line end at the end."""
    return emit_events(events_of(value, flow=flow))


def emit_events(inner: Iterable[yaml.Event]) -> str:
    """Write events as a document."""
    events = [
        yaml.StreamStartEvent(),
        yaml.DocumentStartEvent(explicit=False),
        *inner,
        yaml.DocumentEndEvent(explicit=False),
        yaml.StreamEndEvent(),
    ]
    return str(yaml.emit(events, width=ENDLESS, allow_unicode=True))


def events_of(value: Plain, *, flow: bool) -> Iterator[yaml.Event]:
    """Yield the events of a value."""
    match value:
        case dict(items):
            yield yaml.MappingStartEvent(None, None, True, flow_style=flow or fits(value))
            for key, one in items.items():
                yield scalar(key)
                yield from events_of(one, flow=flow or fits(value))
            yield yaml.MappingEndEvent()
        case list(items):
            yield yaml.SequenceStartEvent(None, None, True, flow_style=flow or fits(value))
            for one in items:
                yield from events_of(one, flow=flow or fits(value))
            yield yaml.SequenceEndEvent()
        case None:
            yield yaml.ScalarEvent(None, None, (True, True), "null")
        case text:
            yield scalar(str(text))


def fits(value: Plain) -> bool:
    """Tell whether a list or mapping reads well on one line: an empty one, or a short list of scalars."""
    if isinstance(value, dict):
        return not value
    return not (isinstance(value, list) and any(isinstance(item, list | dict) for item in value))


def scalar(text: str) -> yaml.ScalarEvent:
    """Write a text plainly where that means the same."""
    style = "'" if text in NULLS else '"' if not text.isprintable() else None
    return yaml.ScalarEvent(None, None, (True, True), text, style=style)
