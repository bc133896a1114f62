"""`imageserver import`: attribute files and all that they name → catalogs in YAML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from imageserver.errors import ConfigError, Mismatch
from imageserver.tools.importing.ini import Entry, read_ini
from imageserver.tools.importing.names import (
    ATTRIBUTE_NAMES,
    ATTRIBUTES,
    CONTENT_ONLY,
    EMPTY_COUNTS,
    FILES,
    KINDS,
    RECORD_KINDS,
    RULE_SET_FILE,
)
from imageserver.tools.importing.paths import Place, Root, absolute
from imageserver.tools.importing.report import Page, Report
from imageserver.tools.importing.sections import Library, read_rule_set, read_section
from imageserver.tools.importing.tables import Cell
from imageserver.tools.importing.texts import WITHOUT_MARK, Encoding, Unreadable, check, decode
from imageserver.tools.importing.values import in_yaml
from imageserver.tools.importing.yaml_writing import Value, write_yaml

DEFAULT = "default"
ROOT_PATHS = ("root_path", "static_content_root_path")
MOST_IN_ONE_FILE = 50
"""Records that stand in `catalog.yaml` itself; more have a file of their own."""
NOT_IN_A_FOLDER = re.compile(r"[^\w.-]|\A\.")


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of some attribute files: files to write, the last one of each catalog being its own."""

    files: Mapping[Path, bytes]
    catalogs: int
    records: int


@dataclass
class Importer:
    """Reads attribute files one after the other."""

    folder: Path
    encoding: Encoding
    report: Report
    default_root: Root | None = None
    default_static_root: Root | None = None
    root_ids: dict[str, str] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)

    def read(self, path: Path) -> tuple[Path, dict[str, Value]] | None:
        """Give the file that a catalog belongs in and its sections; none for one that cannot be read."""
        page = Page(str(path), self.report)
        entries = self._entries(path, page)
        if entries is None:
            return None
        is_default = path.stem.casefold() == DEFAULT
        root_id = "" if is_default else self._root_id(path, entries, page)
        name = NOT_IN_A_FOLDER.sub("_", root_id)
        first = self.root_ids.setdefault(root_id, str(path)), self.homes.setdefault(name, str(path))
        if first != (str(path), str(path)):
            page.lost(1, "RootId", f"the whole catalog: '{root_id}' goes where that of {first[1]} goes")
            return None
        home = self.folder if is_default else self.folder / name
        place = Place(absolute(path.parent), absolute(home), absolute(self.folder))
        written = self._attributes(entries, page, is_default=is_default)
        library = self._library(written, entries, place, page, is_default=is_default)
        attributes: dict[str, Value] = {} if is_default else {"root_id": root_id}
        sections: dict[str, Value] = {"attributes": attributes | written}
        for kind in KINDS:
            entry = entries.get(kind.attribute.casefold())
            if entry and (section := read_section(kind, entry, library, page)):
                sections[kind.section] = list(section.values()) if kind.section == "fonts" else section
        rule_set = entries.get(RULE_SET_FILE.casefold())
        if rule_set and rule_set.value and (rules := read_rule_set(rule_set, library, page)):
            sections["rules"] = rules
        return home / ("default.yaml" if is_default else "catalog.yaml"), sections

    def _entries(self, path: Path, page: Page) -> dict[str, Entry] | None:
        """Read an attribute file; of entries of the same name, the last one holds."""
        try:
            text, guessed = decode(path.read_bytes(), self.encoding)
        except (OSError, Unreadable) as error:
            page.lost(1, "", f"the whole catalog: {error.strerror if isinstance(error, OSError) else error}")
            return None
        if guessed:
            page.note(1, "", WITHOUT_MARK)
        return {entry.name.casefold(): entry for entry in read_ini(text, page)}

    @staticmethod
    def _root_id(path: Path, entries: Mapping[str, Entry], page: Page) -> str:
        entry = entries.get("rootid")
        try:
            if entry and entry.value:
                return check(entry.value)
        except Mismatch as error:
            page.lost(entry.line if entry else 1, "RootId", str(error))
        page.note(1, "RootId", f"there is none: the catalog is named '{path.stem}' after its file")
        return path.stem

    def _attributes(self, entries: Mapping[str, Entry], page: Page, *, is_default: bool) -> dict[str, Value]:
        """Give the attributes as YAML has them, root paths aside."""
        result: dict[str, Value] = {}
        for folded, entry in entries.items():
            key = ATTRIBUTE_NAMES.get(folded, "")
            if folded in FILES or folded == RULE_SET_FILE.casefold():
                continue
            if not key:
                reason = "belongs to records of static content" if folded in CONTENT_ONLY else "unknown attribute"
                page.lost(entry.line, entry.name, reason)
            elif key == "root_id":
                if is_default and entry.value:
                    page.lost(entry.line, entry.name, "the default catalog has none")
            elif entry.value:
                self._put(result, key, entry, page)
            elif key == "allow_direct_access" or (key in EMPTY_COUNTS and not is_default):
                result[key] = "" if key == "allow_direct_access" else None
        return result

    @staticmethod
    def _put(result: dict[str, Value], key: str, entry: Entry, page: Page) -> None:
        try:
            result[key] = in_yaml(ATTRIBUTES[key], Cell(entry.value))
        except Mismatch as error:
            page.lost(entry.line, entry.name, f"{error}, not '{entry.value[:60]}'")
            return
        if ATTRIBUTES[key].doc.endswith("not supported."):
            page.note(entry.line, entry.name, "kept as text, but not supported")

    def _library(
        self, written: dict[str, Value], entries: Mapping[str, Entry], place: Place, page: Page, *, is_default: bool
    ) -> Library:
        """Place the root paths, and find where the files of a catalog are."""
        found: dict[str, Root] = {}
        for key in ROOT_PATHS:
            text = written.get(key)
            if key in written:
                root = Root(".", place.home) if not isinstance(text, str) else place.root(text)
                found[key], written[key] = root, root.written
                entry = entries[key.replace("_", "")]
                if root.note:
                    page.note(entry.line, entry.name, root.note)
        if is_default:
            self.default_root, self.default_static_root = (found.get(key) for key in ROOT_PATHS)
        here = Root("", place.home)
        root = found.get("root_path") or self.default_root or here
        static_root = found.get("static_content_root_path") or self.default_static_root or here
        return Library(place, self.report, self.encoding, root, static_root)


def import_catalogs(sources: Iterable[Path], folder: Path, encoding: Encoding, report: Report) -> Imported:
    """Read attribute files and folders of them; raises `ConfigError` when there is nothing to read."""
    paths = sorted(dict.fromkeys(attribute_files(sources)), key=lambda path: path.stem.casefold() != DEFAULT)
    importer = Importer(folder, encoding, report)
    files: dict[Path, bytes] = {}
    catalogs = records = 0
    for path in paths:
        read = importer.read(path)
        if read:
            catalogs += 1
            records += sum(len(read[1].get(kind.section) or ()) for kind in RECORD_KINDS)
            files |= divide(*read)
    if not catalogs:
        why = "; ".join(str(line) for line in report.lines) or "no attribute files (.ini)"
        raise ConfigError("import", f"nothing to import: {why}")
    return Imported(files, catalogs, records)


def attribute_files(sources: Iterable[Path]) -> Iterator[Path]:
    """Yield the attribute files that are named, and those of folders that are named."""
    for source in sources:
        try:
            if source.is_dir():
                yield from sorted(path for path in source.iterdir() if path.suffix.casefold() == ".ini")
            elif source.is_file():
                yield source
            else:
                raise ConfigError(str(source), "no such file or folder")
        except OSError as error:
            raise ConfigError(str(source), error.strerror or "cannot be read") from error


def divide(path: Path, sections: Mapping[str, Value]) -> dict[Path, bytes]:
    """Give the files of a catalog; many records have files of their own, which come first."""
    files: dict[Path, bytes] = {}
    main: dict[str, Value] = {}
    include: list[Value] = []
    large = {kind.section for kind in RECORD_KINDS}
    for name, section in sections.items():
        if name in large and len(section or ()) > MOST_IN_ONE_FILE:
            file = f"{name}.yaml" if path.stem != DEFAULT else f"{DEFAULT}-{name}.yaml"
            files[path.parent / file] = write_yaml({name: section})
            include.append(file)
        else:
            main[name] = section
    with_include: dict[str, Value] = {"include": include} if include else {}
    return files | {path: write_yaml({"attributes": main.pop("attributes")} | with_include | main)}
