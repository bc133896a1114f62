"""`imageserver export`: catalogs in YAML → the reference's files, which read as the same catalogs again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imageserver.catalog.attributes import Attributes
from imageserver.catalog.fields import CatalogField
from imageserver.errors import ConfigError, Mismatch
from imageserver.tools.importing.importing import DEFAULT, NOT_IN_A_FOLDER, ROOT_PATHS
from imageserver.tools.importing.ini import write_entry
from imageserver.tools.importing.names import (
    ATTRIBUTES,
    EMPTY_COUNTS,
    FONTS,
    MACROS,
    OURS,
    PROFILES,
    RECORD_KINDS,
    RULE,
    RULE_ATTRIBUTES,
    RULE_SET_FILE,
    Kind,
    reference_name,
)
from imageserver.tools.importing.paths import absolute, below, joined
from imageserver.tools.importing.report import Page, Report
from imageserver.tools.importing.rules import ELEMENTS, write_rule, write_rules
from imageserver.tools.importing.tables import Cell, write_row
from imageserver.tools.importing.texts import Encoding, check, encode
from imageserver.tools.importing.values import cell_of, comes_back, in_reference
from imageserver.tools.importing.written import Book, Written

PATHS = frozenset({"path", "mask_path"})
Cells = Mapping[str, Cell]
RULE_OPTIONS = {"name": "Name", "on_match": "OnMatch", "replace": "Replace", "request_type": "RequestType"}
BUILT_IN = Attributes()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value was written."""

    page: Page
    line: int
    what: str


@dataclass
class Exporter:
    """Writes one catalog."""

    book: Book
    name: str
    encoding: Encoding
    default_root: str = ""
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def page(self) -> Page:
        """The page of the file with the attributes."""
        return self.book.roots[0].page

    def export(self) -> dict[str, bytes]:
        """Give the files by their names, the attribute file last."""
        attributes = self.attributes()
        root = self.root(attributes)
        names = {}
        for kind in RECORD_KINDS:
            names[kind.attribute] = self.table(kind, self.records(kind))
        names[MACROS.attribute] = self.table(MACROS, self.macros())
        names[FONTS.attribute] = self.table(FONTS, self.fonts(root))
        names[PROFILES.attribute] = self.table(PROFILES, self.profiles(root))
        names[RULE_SET_FILE] = self.rules()
        lines = [self.entry(*pair) for pair in self.attribute_texts(attributes, names)]
        self.files[f"{self.name}.ini"] = encode("".join(lines), self.encoding)
        return self.files

    def attributes(self) -> dict[str, Any]:
        """Read the attributes that the catalog defines."""
        section = next((one for one in self.book.section("attributes") if one.page == self.page), None)
        return section.values(ATTRIBUTES) if section else {}

    def attribute_texts(self, given: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield the names and texts of an attribute file; that of the default catalog has all of them."""
        is_default = self.name == DEFAULT
        if not is_default:
            yield "RootId", given.get("root_id") or self.book.folder.name
        for key, declaration in ATTRIBUTES.items():
            if key == "root_id" or (key not in given and (not is_default or key in OURS)):
                continue
            value = given.get(key, getattr(BUILT_IN, key))
            text = in_reference(declaration, value)
            if key in ROOT_PATHS and text:
                text = joined(absolute(self.book.folder), text)
            elif not readable(declaration, Cell(text), value, Place(self.page, 1, f"attributes.{key}")):
                continue
            if text or (key in EMPTY_COUNTS and key in given):
                yield reference_name(key), text if key != "bfc" else str(value).lower()
            elif not is_default:
                self.page.lost(1, f"attributes.{key}", "the reference takes an empty one for one that is inherited")
        for name, file in names.items():
            if file:
                yield name, file

    def entry(self, name: str, text: str) -> str:
        """Write an attribute, or note that its characters cannot be written."""
        written = write_entry(name, text)
        return written if self.writable(written, self.page, 1, name) else ""

    def writable(self, text: str, page: Page, line: int, where: str) -> bool:
        """Tell whether the encoding has all characters of a text, and note when it does not."""
        try:
            text.encode("latin-1" if self.encoding == "latin-1" else "utf-8")
        except UnicodeEncodeError as error:
            page.lost(line, where, f"U+{ord(text[error.start]):04X} is not in the encoding of the files")
            return False
        return True

    def root(self, attributes: Mapping[str, Any]) -> str:
        """Give the folder of the source files, which the files of the reference name in full."""
        own = attributes.get("root_path")
        if own:
            return joined(absolute(self.book.folder), own)
        if not self.default_root:
            where = absolute(self.book.folder)
            self.page.note(1, "RootPath", f"there is none: the server's own root has to be {where}")
        return self.default_root or absolute(self.book.folder)

    def table(self, kind: Kind, rows: Iterable[Cells]) -> str:
        """Write a data file with the columns that are used, and give its name; none when it has no rows."""
        found = list(rows)
        if not found:
            return ""
        used = {column for row in found for column in row}
        columns = [column for column in kind.columns if column in used]
        header = write_row(Cell(column) for column in columns)
        body = "".join(write_row(row.get(column, Cell("")) for column in columns) for row in found)
        name = f"{self.name}-{kind.section.replace('_', '-')}.txt"
        self.files[name] = encode(header + body, self.encoding)
        return name

    def records(self, kind: Kind) -> Iterator[Cells]:
        """Yield the rows of records; those of later files win."""
        found: dict[str, Written] = {}
        for section in self.book.section(kind.section):
            found |= {name: Written(node, section.page) for name, node in section.entries.items()}
        columns = {field: column for column, field in kind.columns.items()}
        for name, written in found.items():
            where = f"{kind.section}.{name}"
            row = {"Id": Cell(name)}
            for key, value in written.values(kind.fields, f"{where}.").items():
                row[columns[key]] = self.cell(kind, key, value, written, f"{where}.{key}")
            filled = {column: cell for column, cell in row.items() if cell.text}
            if self.acceptable(filled, written, where):
                yield filled

    def cell(self, kind: Kind, key: str, value: Any, written: Written, where: str) -> Cell:  # noqa: ANN401
        """Write a value of a record, and note what will not come back as it was."""
        cell = cell_of(kind.fields[key], value)
        place = Place(written.page, written.entries[key].line, where)
        if not readable(kind.fields[key], cell, value, place):
            return Cell("")
        if key in PATHS and "\\" in cell.text:
            place.page.note(place.line, where, "its backslashes are taken for slashes")
        return Cell(cell.text.upper()) if key == "asset_type" else cell

    def acceptable(self, row: Cells, written: Written, where: str) -> bool:
        """Tell whether a row has a key, and characters that can be written."""
        line = written.node.line
        if next(iter(self.keys(row)), "") == "":
            written.page.lost(line, where, "expected a name that is not empty")
            return False
        try:
            text = check("".join(cell.text for cell in row.values()))
        except Mismatch as error:
            written.page.lost(line, where, str(error))
            return False
        return self.writable(text, written.page, line, where)

    @staticmethod
    def keys(row: Cells) -> Iterator[str]:
        """Yield the texts of the columns that rows are found by."""
        return (row[column].text for column in ("Id", "Name") if column in row)

    def macros(self) -> Iterator[Cells]:
        """Yield the rows of macros."""
        found: dict[str, tuple[str, Written]] = {}
        for section in self.book.section("macros"):
            for name, node in section.entries.items():
                found[name.casefold()] = (name, Written(node, section.page))
        for name, written in found.values():
            yield from self.pair(MACROS, name, written, "")

    def profiles(self, root: str) -> Iterator[Cells]:
        """Yield the rows of colour profiles."""
        for section in self.book.section("icc_profiles"):
            for name, node in section.entries.items():
                yield from self.pair(PROFILES, name, Written(node, section.page), root)

    def pair(self, kind: Kind, name: str, written: Written, root: str) -> Iterator[Cells]:
        """Yield the row of a name and a text; with a root the text is a path."""
        where = f"{kind.section}.{name}"
        text = written.node.value
        if not isinstance(text, str) or not text:
            written.page.lost(written.node.line, where, "expected a text")
            return
        texts = (name, self.from_root(text, root) if root else text)
        row = {column: Cell(one) for column, one in zip(kind.columns, texts, strict=True) if one}
        if self.acceptable(row, written, where):
            yield row

    def fonts(self, root: str) -> Iterator[Cells]:
        """Yield the rows of fonts."""
        for section in self.book.section("fonts"):
            for node in section.items:
                written = Written(node, section.page)
                face = written.values(FONTS.fields, "fonts.")
                texts = {
                    column: in_reference(FONTS.fields[key], face.get(key)) for column, key in FONTS.columns.items()
                }
                texts["FontPath"] = self.from_root(texts["FontPath"], root) if texts["FontPath"] else ""
                row = {column: Cell(text) for column, text in texts.items() if text not in {"", "0"}}
                for key in sorted(set(face) - set(FONTS.columns.values())):
                    section.page.lost(node.line, f"fonts.{key}", "font maps of the reference have no such column")
                if not {"Name", "FontPath"} <= set(row):
                    section.page.lost(node.line, "fonts", "expected a name and a path")
                elif self.acceptable(row, written, "fonts"):
                    yield row

    def from_root(self, path: str, root: str) -> str:
        """Name a file from the root path, or in full when it lies elsewhere."""
        full = joined(absolute(self.book.folder), path)
        return below(full, root) or full

    def rules(self) -> str:
        """Write the rule set, and give its name; none without rules."""
        written = [rule for section in self.book.section("rules") for rule in self.rule_texts(section)]
        if not written:
            return ""
        name = f"{self.name}-rules.xml"
        self.files[name] = write_rules(written).encode("utf-8")
        return name

    def rule_texts(self, section: Written) -> Iterator[str]:
        """Yield the rules of a section; one that is not right in all is left out."""
        for node in section.items:
            before = self.book.report.lost
            written = Written(node, section.page)
            rule = written.values(RULE, "rules.", ("attributes",))
            options = {name: in_reference(RULE[key], rule[key]) for key, name in RULE_OPTIONS.items() if key in rule}
            options = {name: text for name, text in options.items() if text}
            elements = {name: rule[key] for name, key in ELEMENTS.items() if rule.get(key) is not None}
            if written.entries.get("attributes"):
                options |= self.overridden(Written(written.entries["attributes"], section.page))
            try:
                text = write_rule(options, elements, list(rule.get("headers", ())))
            except Mismatch as error:
                section.page.lost(node.line, "rules", str(error))
                continue
            if self.book.report.lost == before:
                yield text
            else:
                section.page.lost(node.line, "rules", "the whole rule, as a part of it cannot be written")

    def overridden(self, written: Written) -> dict[str, str]:
        """Give the attributes that a rule overrides."""
        names = {field: name for name, field in RULE_ATTRIBUTES.items()}
        result = {}
        for key, value in written.values(ATTRIBUTES, "rules.attributes.").items():
            if key in names:
                result[names[key]] = in_reference(ATTRIBUTES[key], value)
            else:
                written.page.lost(written.node.line, f"rules.attributes.{key}", "rules of the reference cannot set it")
        return result


def readable(field: CatalogField, cell: Cell, value: object, place: Place) -> bool:
    """Tell whether a cell can be read; notes when it cannot, or when it does not read as the same value."""
    try:
        if cell.text and not comes_back(field, cell, value):
            place.page.note(place.line, place.what, f"its form in the reference is another value, {cell.text[:60]}")
    except Mismatch as error:
        place.page.lost(place.line, place.what, f"no form of the reference: {error}")
        return False
    return True


def export_catalogs(names: Iterable[str], catalogs: Path, encoding: Encoding, report: Report) -> dict[str, bytes]:
    """Give the files of catalogs by their root ids, or of all; raises `ConfigError` for one that is not there."""
    if not catalogs.is_dir():
        raise ConfigError(f"catalogs: {catalogs}", "no such folder")
    default = catalogs / "default.yaml"
    default_root = root_of(default)
    known = {DEFAULT: default} if default.exists() else {}
    known |= {root_id_of(path): path for path in sorted(catalogs.glob("*/catalog.yaml"))}
    files: dict[str, bytes] = {}
    for name in dict.fromkeys(names) or known:
        if name not in known:
            raise ConfigError(f"no catalog '{name}'", f"expected one of {', '.join(known) or 'none'}")
        path = known[name]
        stem = DEFAULT if path == default else NOT_IN_A_FOLDER.sub("_", name)
        if f"{stem}.ini" in files or (stem == DEFAULT and path != default):
            stem = f"{stem}_{len(files)}"
        root = "" if path == default else default_root
        files |= Exporter(Book(path, report).open(), stem, encoding, root).export()
    return files


def root_id_of(path: Path) -> str:
    """Give the root id of a catalog."""
    section = next(Book(path, Report()).open(alone=True).section("attributes"), None)
    given = section.entries.get("root_id") if section else None
    return given.value if given and isinstance(given.value, str) and given.value else path.parent.name


def root_of(default: Path) -> str:
    """Give the folder of source files that the default catalog names, if it does."""
    section = next(Book(default, Report()).open(alone=True).section("attributes"), None) if default.exists() else None
    given = section.entries.get("root_path") if section else None
    return joined(absolute(default.parent), given.value) if given and isinstance(given.value, str) else ""
