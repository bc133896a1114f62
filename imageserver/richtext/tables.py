"""The tables of fonts and colours that stand within RTF. References: r-font-handling, r-color-handling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from imageserver.errors import Mismatch
from imageserver.protocol.color import COLOR, FULL, Color, Space
from imageserver.protocol.values import rounded
from imageserver.richtext.code_pages import CHARSETS, CODE_PAGES, CodePage
from imageserver.richtext.decoding import Complain

PARTS: dict[str, tuple[Space, tuple[str, ...], int]] = {
    "colortbl": ("rgb", ("red", "green", "blue"), 255),
    "cmykcolortbl": ("cmyk", ("cyan", "magenta", "yellow", "black"), 100),
}


class Table(Protocol):
    """Takes what stands in the group of a table."""

    def start(self, offset: int) -> None:
        """Begin a table; the offset is that of its word."""
        ...

    def word(self, name: str, number: int, offset: int) -> None:
        """Take a word; one that means nothing here is skipped."""
        ...

    def put(self, text: str, offset: int) -> None:
        """Take characters."""
        ...

    def end_group(self, *, last: bool) -> None:
        """End a group within the table, or with the `last` one the table."""
        ...


@dataclass(frozen=True, slots=True)
class Font:
    """A font by its name, and the code page of its bytes; None is that of the document."""

    name: str
    page: CodePage | None


class FontTable:
    r"""`\fonttbl`: fonts by their numbers; a later table adds to it."""

    def __init__(self, complain: Complain) -> None:
        self.fonts: dict[int, Font] = {}
        self.page: CodePage | None = None
        self._complain = complain
        self._offset = 0
        self._is_empty = True
        self._number: int | None = None
        self._name: list[str] = []

    def start(self, offset: int) -> None:
        """Begin a table; the offset is that of its word."""
        self._offset, self._is_empty = offset, True
        self._forget()

    def word(self, name: str, number: int, offset: int) -> None:
        """Take a word; one that means nothing here is skipped."""
        match name:
            case "f":
                self._end_entry()
                self._number, self._offset = number, offset
            case "fcharset":
                self.page = self._known(CHARSETS, name, number, offset)
            case "cpg":
                self.page = self._known(CODE_PAGES, name, number, offset)

    def put(self, text: str, offset: int) -> None:
        """Take characters of a name; a semicolon ends it."""
        first, *others = text.split(";")
        self._name.append(first)
        for other in others:
            self._end_entry(offset)
            self._name.append(other)

    def end_group(self, *, last: bool) -> None:
        """End a group within the table, or with the `last` one the table."""
        self._end_entry()
        if last and self._is_empty:
            self._complain(self._offset, "\\fonttbl: expected fonts, such as {\\f0 Arial;}")

    def _end_entry(self, offset: int | None = None) -> None:
        name = "".join(self._name).strip()
        if name and self._number is not None:
            self.fonts[self._number] = Font(name, self.page)
        elif name:
            self._complain(
                self._offset if offset is None else offset, f"font '{name[:40]}' has no number, such as \\f0"
            )
        elif self._number is not None:
            self._complain(self._offset, f"\\f{self._number}: expected the name of the font behind it")
        self._is_empty = self._is_empty and not name and self._number is None
        self._forget()

    def _forget(self) -> None:
        self._number, self._name, self.page = None, [], None

    def _known(
        self, pages: dict[int, CodePage | None] | dict[int, CodePage], name: str, number: int, offset: int
    ) -> CodePage | None:
        if number not in pages:
            self._complain(offset, f"\\{name}{number} is not known; the code page of the document is taken")
        return pages.get(number)


class ColorTable:
    r"""`\colortbl` or `\cmykcolortbl`: colours by their components; a later table takes the place of this one."""

    def __init__(self, name: str, complain: Complain) -> None:
        self.name = name
        self.colors: Sequence[Color | None] = ()
        self._complain = complain
        self._space, self._parts, self._limit = PARTS[name]
        self._offset = 0
        self._written: list[dict[str, int]] = []
        self._entry: dict[str, int] = {}

    def start(self, offset: int) -> None:
        """Begin a table; the offset is that of its word."""
        self._offset, self._written, self._entry = offset, [], {}

    def word(self, name: str, number: int, offset: int) -> None:
        """Take a component; another word is skipped."""
        if name not in self._parts:
            return
        if not 0 <= number <= self._limit:
            self._complain(offset, f"\\{name}{number}: expected 0 to {self._limit}; the nearest is taken")
        self._entry[name] = min(max(number, 0), self._limit)

    def put(self, text: str, offset: int) -> None:
        """Take characters, of which only semicolons mean something: they end entries."""
        del offset
        for _ in range(text.count(";")):
            self._written.append(self._entry)
            self._entry = {}

    def end_group(self, *, last: bool) -> None:
        """End a group within the table, or with the `last` one the table."""
        if not last:
            return
        if self._entry:
            self.put(";", 0)
        if not self._written:
            self._complain(self._offset, f"\\{self.name}: expected colours, such as \\{self._parts[0]}0…;")
        self.colors = tuple(self._color(entry) for entry in joined(self._written, self._parts))

    def _color(self, entry: dict[str, int]) -> Color | None:
        if not entry:
            return None
        values = (entry.get(part, 0) for part in self._parts)
        return Color(self._space, tuple(rounded(value * FULL / self._limit) for value in values))


class NamedColorTable:
    r"""`\iscolortbl`: colours of the protocol; a later table takes the place of this one."""

    def __init__(self, complain: Complain) -> None:
        self.colors: Sequence[Color | None] = ()
        self._complain = complain
        self._start = 0
        self._offset = 0
        self._text: list[str] = []
        self._found: list[Color | None] = []

    def start(self, offset: int) -> None:
        """Begin a table; the offset is that of its word."""
        self._start, self._text, self._found = offset, [], []

    def word(self, name: str, number: int, offset: int) -> None:
        """Skip any word."""

    def put(self, text: str, offset: int) -> None:
        """Take characters of a colour; a semicolon ends it."""
        first, *others = text.split(";")
        self._take(first, offset)
        offset += len(first) + 1
        for other in others:
            self._end_entry()
            self._take(other, offset)
            offset += len(other) + 1

    def end_group(self, *, last: bool) -> None:
        """End a group within the table, or with the `last` one the table."""
        if not last:
            return
        if self._text:
            self._end_entry()
        if not self._found:
            self._complain(self._start, "\\iscolortbl: expected colours, such as ff0000;")
        self.colors = tuple(self._found)

    def _take(self, text: str, offset: int) -> None:
        if text.strip():
            self._offset = offset if not self._text else self._offset
            self._text.append(text)

    def _end_entry(self) -> None:
        written, self._text = "".join(self._text).strip(), []
        try:
            self._found.append(COLOR.parse(written) if written else None)
        except Mismatch as mismatch:
            self._complain(self._offset, f"\\iscolortbl {written[:40]}: {mismatch}")
            self._found.append(None)


def joined(entries: Sequence[dict[str, int]], parts: tuple[str, ...]) -> list[dict[str, int]]:
    """Give the entries; those that hold one part each, one behind the other, make one colour.

    The example of r-color-handling has a semicolon behind each component.
    """
    single = [{part} for part in parts]
    whole: list[dict[str, int]] = []
    place = 0
    while place < len(entries):
        run = entries[place : place + len(parts)]
        if [set(entry) for entry in run] == single:
            whole.append({part: value for entry in run for part, value in entry.items()})
            place += len(parts)
        else:
            whole.append(entries[place])
            place += 1
    return whole
