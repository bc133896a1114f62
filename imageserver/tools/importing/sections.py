"""The data files of a catalog → the sections of its YAML. References: c-image-svg-data-reference and its neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from imageserver.errors import Mismatch
from imageserver.tools.importing.ini import Entry
from imageserver.tools.importing.names import FONTS, MACROS, PROFILES, RECORD_KINDS, Kind
from imageserver.tools.importing.paths import Place, Root, from_root, joined, slashes
from imageserver.tools.importing.report import Page, Report
from imageserver.tools.importing.rules import read_rules
from imageserver.tools.importing.tables import Cell, Row, Table
from imageserver.tools.importing.texts import WITHOUT_MARK, Encoding, Unreadable, check, decode
from imageserver.tools.importing.values import faults, in_yaml
from imageserver.tools.importing.yaml_writing import Value

COMMANDS = frozenset({"modifier", "post_modifier"})
PATHS = frozenset({"path", "mask_path"})
ZERO_IS_DEFAULT = frozenset({"resolution", "print_resolution", "thumb_res", "thumb_type"})
"""Fields of records for which the reference takes 0 for an empty one."""
STYLES = ("bold", "italic")
OTHER_FONT_COLUMNS = {"MetricsPath": "", "PsName": ""}
MACRO_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._!-")


@dataclass(frozen=True, slots=True)
class Library:
    """Where the data files of a catalog are, and where the source files that they name are."""

    place: Place
    report: Report
    encoding: Encoding
    root: Root
    static_root: Root

    def page(self, name: str, ini: Page) -> Page:
        """Begin the report on a data file, which is named from the folder of its attribute file."""
        return Page(str(Path(ini.file).parent / slashes(name)), self.report)

    def read(self, entry: Entry, name: str, ini: Page) -> bytes | None:
        """Give the bytes of a data file; one that is not there is noted where it was named."""
        path = Path(joined(self.place.source, slashes(name)))
        try:
            if path.is_file():
                return path.read_bytes()
            ini.lost(entry.line, entry.name, f"no such file '{name}'")
        except (OSError, ValueError) as error:
            ini.lost(entry.line, entry.name, f"'{name}' cannot be read: {error}")
        return None

    def rows(self, kind: Kind, data: bytes, page: Page, more: Mapping[str, str]) -> Iterator[Row]:
        """Yield the rows of a data file."""
        try:
            text, guessed = decode(data, self.encoding)
        except Unreadable as error:
            page.lost(1, "", str(error))
            return
        if guessed:
            page.note(1, "", WITHOUT_MARK)
        known = kind.known | {name.casefold(): name for name in more}
        yield from Table(text, page, known).rows(kind.required)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one data file into its section."""

    kind: Kind
    library: Library
    page: Page

    def fields(self, row: Row) -> dict[str, Value]:
        """Give the fields of a row that are right."""
        result: dict[str, Value] = {}
        for column, cell in row.cells.items():
            name = self.kind.known[column]
            key = self.kind.columns[name]
            if not key or (key in ZERO_IS_DEFAULT and cell.text.strip(" 0.") == ""):
                continue
            value = self.value(row, name, key, cell)
            if value is not None:
                result[key] = value
        return result

    def value(self, row: Row, name: str, key: str, cell: Cell) -> Value:
        """Give one value, or note that it is left out."""
        where = f"{self.key(row)}: {name}"
        try:
            value = in_yaml(self.kind.fields[key], cell)
        except Mismatch as error:
            self.page.lost(row.line, where, f"{error}, not '{cell.text[:60]}'")
            return None
        if self.kind.fields[key].doc.endswith("not supported."):
            self.page.note(row.line, where, "kept as text, but not supported")
        if key in COMMANDS:
            self.check_commands(row.line, where, cell.text)
        return self.placed(row.line, where, cell.text) if key in PATHS else value

    def placed(self, line: int, where: str, path: str) -> str:
        """Give a path relative to the root path, if it lies there."""
        root = self.library.static_root if self.kind.section == "content" else self.library.root
        text, note = from_root(path, root.folder)
        if note:
            self.page.note(line, where, note)
        return text

    def check_commands(self, line: int, where: str, commands: str) -> None:
        """Note what a server will not do of commands that are kept."""
        for fault in faults(commands):
            self.page.note(line, where, fault)

    def key(self, row: Row) -> str:
        """Give the id or name of a row."""
        cell = row.cells.get(next(iter(self.kind.known)))
        return cell.text if cell else ""

    def needed(self, row: Row) -> list[str] | None:
        """Give the texts of the required columns, or note that the row is left out."""
        missing = [self.kind.known[name] for name in self.kind.required if name not in row.cells]
        if missing:
            self.page.lost(row.line, ", ".join(missing), "empty: the whole row is left out")
            return None
        try:
            return [check(row.cells[name].text) for name in self.kind.required]
        except Mismatch as error:
            self.page.lost(row.line, self.key(row), f"the whole row: {error}")
            return None


def read_records(reader: Reader, rows: Iterator[Row], section: dict[str, Value]) -> None:
    """Read records; a later one of the same id takes the place of an earlier one."""
    for row in rows:
        needed = reader.needed(row)
        if needed:
            section.pop(needed[0], None)
            section[needed[0]] = reader.fields(row)


def read_macros(reader: Reader, rows: Iterator[Row], section: dict[str, Value]) -> None:
    """Read macros, whose names are not case-sensitive."""
    names: dict[str, str] = {}
    for row in rows:
        needed = reader.needed(row)
        if not needed:
            continue
        name, definition = needed
        if not set(name) <= MACRO_NAME_CHARACTERS:
            reader.page.lost(row.line, name, "expected a name of letters, digits, '-', '_', '.'")
            continue
        section.pop(names.get(name.casefold(), name), None)
        names[name.casefold()] = name
        section[name] = definition
        reader.check_commands(row.line, name, definition)


def read_fonts(reader: Reader, rows: Iterator[Row], section: dict[str, Value]) -> None:
    """Read faces of fonts by their names and styles."""
    for row in rows:
        needed = reader.needed(row)
        if not needed:
            continue
        for other in OTHER_FONT_COLUMNS:
            if other.casefold() in row.cells:
                reader.page.lost(row.line, f"{reader.key(row)}: {other}", "fonts have no such field here")
        name, path = needed
        styles = reader.fields(Row(row.line, {key: row.cells[key] for key in STYLES if key in row.cells}))
        chosen = {key: one for key, one in styles.items() if one == "1"}
        section["\t".join((name, *chosen))] = {"name": name, "path": place_file(reader, row.line, path), **chosen}


def read_profiles(reader: Reader, rows: Iterator[Row], section: dict[str, Value]) -> None:
    """Read names and files of colour profiles."""
    for row in rows:
        needed = reader.needed(row)
        if needed:
            section[needed[0]] = place_file(reader, row.line, needed[1])


def place_file(reader: Reader, line: int, path: str) -> str:
    """Name a file from our folder that the reference names from the root path."""
    text, note = reader.library.place.file(joined(reader.library.root.folder, slashes(path)))
    if note:
        reader.page.note(line, path, note)
    return text


def read_section(kind: Kind, entry: Entry, library: Library, ini: Page) -> dict[str, Value]:
    """Read all data files that an attribute names."""
    section: dict[str, Value] = {}
    more = OTHER_FONT_COLUMNS if kind is FONTS else {}
    for name in entry.items if kind.many else [entry.value]:
        data = library.read(entry, name, ini)
        if data is not None:
            page = library.page(name, ini)
            READERS[kind.section](Reader(kind, library, page), library.rows(kind, data, page, more), section)
    return section


def read_rule_set(entry: Entry, library: Library, ini: Page) -> list[Value]:
    """Read the rule set that an attribute names."""
    data = library.read(entry, entry.value, ini)
    return [] if data is None else list(read_rules(data, library.page(entry.value, ini)))


READERS: Mapping[str, Callable[[Reader, Iterator[Row], dict[str, Value]], None]] = {
    **{kind.section: read_records for kind in RECORD_KINDS},
    MACROS.section: read_macros,
    FONTS.section: read_fonts,
    PROFILES.section: read_profiles,
}
