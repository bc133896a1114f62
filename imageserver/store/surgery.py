"""Changes one value of a YAML text, and leaves every other byte as it is.

What comes out is read again: either it means exactly what was meant, or the record is written anew, or nothing is done.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from imageserver.catalog.written import plain as written_plain
from imageserver.store.errors import Uneditable
from imageserver.store.parts import Part, parts_of
from imageserver.store.writing import Plain, entry, inline, key_text, quoted
from imageserver.yaml_nodes import BrokenYaml, YamlFile

Path = tuple[str, ...]
STEP = 2
"""Columns by which a mapping is indented within another."""
COLON = re.compile(r"[ \t]*:")
QUOTES = {"'", '"'}
LINE = re.compile(r"[^\r\n]*(\r\n|\r|\n|$)")


@dataclass(frozen=True, slots=True)
class SetValue:
    """Give the key at a path a value; mappings on the way are made."""

    path: Path
    value: Plain

    def meant(self, before: Plain) -> Plain:
        """Give what the text means afterwards."""
        return with_value(before, self.path, self.value)

    def done(self, text: str) -> str:
        """Give the changed text."""
        return set_value(text, self.path, self.value)


@dataclass(frozen=True, slots=True)
class DropKey:
    """Take the key at a path away."""

    path: Path

    def meant(self, before: Plain) -> Plain:
        """Give what the text means afterwards."""
        return without(before, self.path)

    def done(self, text: str) -> str:
        """Give the changed text."""
        return drop_key(text, self.path)


@dataclass(frozen=True, slots=True)
class RenameKey:
    """Give the key at a path another name."""

    path: Path
    to: str

    def meant(self, before: Plain) -> Plain:
        """Give what the text means afterwards."""
        return renamed(before, self.path, self.to)

    def done(self, text: str) -> str:
        """Give the changed text."""
        part, parent = parts_of(text), None
        for name in self.path:
            found = part.find(name) if part else None
            if found is None or part is None:
                raise Uneditable(name, "it is not found where it should stand")
            parent, (key, part) = part, found
        assert parent is not None  # noqa: S101, a path is never empty
        return text[: key.start] + key_text(self.to, flow=parent.flow) + text[key.end :]


Operation = SetValue | DropKey | RenameKey


def edited(text: str, operation: Operation, fall_back: int) -> str:
    """Make a change and see that it means what it should; raises `Uneditable` or `BrokenYaml`.

    Where it does not, what stands at the first `fall_back` names of its path is written anew.
    """
    wanted = operation.meant(meaning_of(text))
    return first_right(wanted, lambda: operation.done(text), lambda: anew(text, operation, wanted, fall_back))


def first_right(wanted: Plain, *tries: Callable[[], str]) -> str:
    """Give the first text that means what is wanted, in its order too."""
    for attempt in tries:
        with suppress(Uneditable, BrokenYaml):
            text = attempt()
            if same(meaning_of(text), wanted):
                return text
    raise Uneditable("the file", "its layout is not understood")


def anew(text: str, operation: Operation, wanted: Plain, depth: int) -> str:
    """Write what stands at the beginning of an operation's path anew, as it is wanted."""
    if isinstance(operation, RenameKey) or len(operation.path) <= depth:
        raise Uneditable(operation.path[-1], "its layout is not understood")
    value: Plain = wanted
    for name in operation.path[:depth]:
        value = value[name] if isinstance(value, dict) else None
    return set_value(drop_value(text, operation.path[:depth]), operation.path[:depth], value)


def drop_value(text: str, path: Path) -> str:
    """Leave nothing but an empty mapping at a path."""
    return set_value(text, path, {})


def meaning_of(text: str) -> Plain:
    """Read a text; raises `BrokenYaml` or `Uneditable`."""
    file = YamlFile("")
    node = file.read(text.encode("utf-8", "surrogatepass"))
    if file.problems:
        raise Uneditable("the file", file.problems[0].message)
    return written_plain(node)


def same(one: Plain, other: Plain) -> bool:
    """Compare values, and the order of keys."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def with_value(before: Plain, path: Path, value: Plain) -> Plain:
    """Give a value with another one at a path."""
    if not path:
        return value
    if not isinstance(before, dict | None):
        raise Uneditable(path[0], "there is no mapping that it could stand in")
    return {**(before or {}), path[0]: with_value((before or {}).get(path[0]), path[1:], value)}


def without(before: Plain, path: Path) -> Plain:
    """Give a value without what stands at a path."""
    if not isinstance(before, dict) or path[0] not in before:
        return before
    if len(path) == 1:
        return {key: value for key, value in before.items() if key != path[0]}
    return {**before, path[0]: without(before[path[0]], path[1:])}


def renamed(before: Plain, path: Path, to: str) -> Plain:
    """Give a value with another name for the key at a path."""
    if not isinstance(before, dict):
        return before
    if len(path) == 1:
        return {to if key == path[0] else key: value for key, value in before.items()}
    return {**before, path[0]: renamed(before[path[0]], path[1:], to)}


def set_value(text: str, path: Path, value: Plain) -> str:
    """Put a value at a path."""
    part, outer = parts_of(text), list[tuple[Part, tuple[Part, Part]]]()
    if part is None:
        return text + ("" if text.endswith("\n") or not text else "\n") + entry(path[0], nest(path[1:], value), 0, "\n")
    for depth, name in enumerate(path):
        rest = nest(path[depth:], value)
        hollow = part.kind != "mapping" or (part.flow and not part.items)
        if hollow and outer and not outer[-1][0].flow:
            return replace(text, *outer[-1], rest)
        if part.kind != "mapping":
            raise Uneditable(name, "there is no mapping that it could stand in")
        found = part.find(name)
        if found is None:
            return add(text, part, name, nest(path[depth + 1 :], value))
        outer.append((part, found))
        part = found[1]
    return replace(text, *outer[-1], value)


def nest(path: Path, value: Plain) -> Plain:
    """Give a value within mappings."""
    for name in reversed(path):
        value = {name: value}
    return value


def replace(text: str, owner: Part, item: tuple[Part, Part], value: Plain) -> str:
    """Replace the value of an item of a mapping."""
    key, old = item
    newline = newline_of(text)
    if owner.flow:
        if old.end == old.start:
            raise Uneditable(key.text, "it has no value to replace")
        again = isinstance(value, str) and old.style in QUOTES
        written = quoted(str(value), old.style) if again else inline(value, flow=True)
        return text[: old.start] + written + text[old.end :]
    match = COLON.match(text, key.end)
    if match is None:
        raise Uneditable(key.text, "its layout is not understood")
    lines = entry(key.text, value, key.column, newline)[key.column :]
    body = lines[len(key_text(key.text, flow=False)) + 1 :]  # what follows the colon, with the end of the line
    beside = not any(mark in text[match.end() : old.start] for mark in "\r\n")
    if isinstance(value, str) and old.style in QUOTES and old.flow:
        return text[: old.start] + quoted(value, old.style) + text[old.end :]
    if beside and old.flow and body.count(newline) == 1 and old.end > old.start:
        return text[: old.start] + body.strip() + text[old.end :]
    line = LINE.match(text, old.end if beside and old.flow else match.end())
    comment = comment_in(line[0] if line else "")
    end = LINE.match(text, old.end)
    first, _, more = body.partition(newline)
    return text[: match.end()] + first + comment + newline + more + text[end.end() if end else old.end :]


def comment_in(line: str) -> str:
    """Give the comment at the end of a line whose value is left out, with the blanks before it."""
    line = line.rstrip("\r\n")
    return line if re.fullmatch(r"\s+#.*", line) else ""


def add(text: str, mapping: Part, name: str, value: Plain) -> str:
    """Add an item to a mapping, behind all others."""
    newline = newline_of(text)
    if mapping.flow:
        written = f"{key_text(name, flow=True)}: {inline(value, flow=True)}"
        place = mapping.items[-1][1].end if mapping.items else mapping.start + 1
        return text[:place] + (", " if mapping.items else "") + written + text[place:]
    line = LINE.match(text, mapping.end)
    place = line.end() if line else mapping.end
    ended = text[place - 1 : place] in {"\n", "\r"}
    written = entry(name, value, mapping.column, newline)
    return text[:place] + ("" if ended else newline) + written + text[place:]


def drop_key(text: str, path: Path) -> str:
    """Take the item at a path away; a mapping that has no other one becomes an empty one."""
    part, owners = parts_of(text), list[tuple[Part, tuple[Part, Part]]]()
    for name in path:
        found = part.find(name) if part else None
        if found is None or part is None:
            raise Uneditable(name, "it is not found where it should stand")
        owners.append((part, found))
        part = found[1]
    owner, item = owners[-1]
    if owner.flow:
        return drop_in_flow(text, owner, item)
    if len(owner.items) == 1 and len(owners) > 1:
        return replace(text, *owners[-2], {})
    start = max(text.rfind(mark, 0, item[0].start) for mark in "\r\n") + 1
    line = LINE.match(text, item[1].end)
    return text[:start] + text[line.end() if line else item[1].end :]


def drop_in_flow(text: str, owner: Part, item: tuple[Part, Part]) -> str:
    """Take an item out of a mapping in braces, with the comma that belongs to it."""
    number = owner.items.index(item)
    if number:
        return text[: owner.items[number - 1][1].end] + text[item[1].end :]
    if len(owner.items) > 1:
        return text[: item[0].start] + text[owner.items[1][0].start :]
    return text[: owner.start] + "{}" + text[owner.end :]


def newline_of(text: str) -> str:
    """Give the line end that a text uses."""
    return "\r\n" if "\r\n" in text else "\n"
