"""One catalog: its YAML files → a Catalog, with every problem noted and everything that is right kept.

A field that is wrong keeps the value that it had before, so one slip of the pen never takes a record away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from imageserver.catalog.attributes import Attributes
from imageserver.catalog.catalogs import Catalog, existing_file
from imageserver.catalog.extras import Extras, Font, Rule
from imageserver.catalog.fields import CatalogField, declared
from imageserver.catalog.records import ContentRecord, Record
from imageserver.commands.groups import DECLARATIONS, read_value
from imageserver.errors import Mismatch, NotSupported, RequestError
from imageserver.protocol.reading import read_pieces
from imageserver.yaml_nodes import BrokenYaml, Node, Problem, YamlFile

Signature = tuple[str, int, int, int]
T = TypeVar("T", Record, ContentRecord)
MACRO_NAME = re.compile(r"[A-Za-z0-9._!-]+")
FILE_SECTIONS = ("images", "content", "svg", "macros", "fonts", "icc_profiles", "rules")
SECTIONS = ("attributes", "include", *FILE_SECTIONS)
ATTRIBUTES = dict(declared(Attributes))
RECORD = dict(declared(Record))
CONTENT = dict(declared(ContentRecord))
FONT = dict(declared(Font))
RULE = dict(declared(Rule))
MODIFIERS = ("modifier", "post_modifier")
FILES = ("path", "mask_path")


@dataclass
class Draft:
    """A catalog while it is being read: what its files say, and what is wrong with them."""

    path: Path
    attributes: dict[str, Any] = field(default_factory=dict)
    images: dict[str, tuple[Record, YamlFile, Node]] = field(default_factory=dict)
    content: dict[str, ContentRecord] = field(default_factory=dict)
    svg: dict[str, ContentRecord] = field(default_factory=dict)
    macros: dict[str, str] = field(default_factory=dict)
    extras: Extras = Extras()
    files: list[YamlFile] = field(default_factory=list)
    signatures: list[Signature] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """The catalog's own folder."""
        return self.path.parent

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong, file by file."""
        return tuple(problem for file in self.files for problem in file.problems)


def read_draft(draft: Draft, previous: Catalog | None, shown: Callable[[Path], str]) -> None:
    """Read a catalog's file and the ones that it includes; raises `BrokenYaml` for one that is no YAML."""
    draft.signatures.append(sign(draft.folder))
    file, root = open_yaml(draft, draft.path, shown)
    sections = mapping_of(file, root, "a catalog", SECTIONS)
    draft.attributes = read_fields(file, mapping_of(file, sections.get("attributes"), "attributes"), ATTRIBUTES)
    read_sections(draft, file, sections, previous)
    for included in included_files(file, draft.folder, sections.get("include")):
        other, node = open_yaml(draft, included, shown)
        read_sections(draft, other, mapping_of(other, node, "a record file", FILE_SECTIONS), previous)


def finish(draft: Draft, attributes: Attributes, inherited_root: Path, modified: float) -> Catalog:
    """Make the catalog of a draft, once its attributes are complete; notes the files that are missing."""
    root = draft.folder / draft.attributes["root_path"] if draft.attributes.get("root_path") else inherited_root
    for name, (record, file, node) in draft.images.items():
        for key in FILES:
            check_file(file, node, f"images.{name}.{key}", root, with_extension(getattr(record, key), attributes))
    draft.signatures.append(sign(root))
    images = {name: record for name, (record, _, _) in draft.images.items()}
    return Catalog(
        attributes.root_id, root, attributes, images, draft.content, draft.svg, draft.macros, draft.extras, modified
    )


def with_extension(path: str, attributes: Attributes) -> str:
    """Append attribute::DefaultExt to a path without a suffix."""
    return path + attributes.default_ext if path and "." not in path.rpartition("/")[2] else path


def check_file(file: YamlFile, node: Node, where: str, root: Path, path: str) -> None:
    """Note a problem when a record names a file that is not there."""
    if path and existing_file(root, path, trusted=True) is None:
        file.report(node, f"{where}: no such file '{path}'")


def open_yaml(draft: Draft, path: Path, shown: Callable[[Path], str]) -> tuple[YamlFile, Node]:
    """Read one file as a node; the draft notes what the file was before it was read."""
    file = YamlFile(shown(path))
    draft.files.append(file)
    draft.signatures.append(sign(path))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BrokenYaml(Problem(file.name, 1, 1, f"cannot be read: {error.strerror}")) from error
    return file, file.read(data)


def sign(path: Path) -> Signature:
    """Describe a file or folder so that every change shows: an edit in place, an atomic replace, a checkout."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return str(path), 0, 0, 0
    return str(path), status.st_ino, status.st_size, status.st_mtime_ns


def included_files(file: YamlFile, folder: Path, node: Node | None) -> Iterator[Path]:
    """Yield the files that `include:` names, globs in the order of their names."""
    if node is None or node.value is None:
        return
    for item in node.value if isinstance(node.value, list) else [node]:
        pattern = item.value if isinstance(item.value, str) else ""
        try:
            found = sorted(folder.glob(pattern)) if pattern and not Path(pattern).is_absolute() else []
        except (ValueError, NotImplementedError, OSError) as error:
            file.report(item, f"include: '{pattern}' is no pattern of files: {error}")
            continue
        if not found and not any(letter in pattern for letter in "*?["):
            file.report(item, f"include: no such file '{pattern}'")
        yield from found


def mapping_of(file: YamlFile, node: Node | None, what: str, keys: tuple[str, ...] | None = None) -> Mapping[str, Node]:
    """Give the node as a mapping; notes a problem for any other, and for keys beyond `keys`."""
    if node is None or node.value is None:
        return {}
    if not isinstance(node.value, dict):
        file.report(node, f"{what}: expected a mapping")
        return {}
    for key, value in node.value.items():
        if keys is not None and key not in keys:
            file.report_unknown(value, key, what, keys)
    return node.value


def read_sections(draft: Draft, file: YamlFile, sections: Mapping[str, Node], previous: Catalog | None) -> None:
    """Read the records and macros of one file into the draft; later files win."""
    for name, node in mapping_of(file, sections.get("images"), "images").items():
        old = previous.record(name) if previous else None
        draft.images[name] = (read_record(file, f"images.{name}", node, RECORD, old or Record()), file, node)
    for section, records in (("content", draft.content), ("svg", draft.svg)):
        for name, node in mapping_of(file, sections.get(section), section).items():
            records[name] = read_record(file, f"{section}.{name}", node, CONTENT, ContentRecord())
    for name, node in mapping_of(file, sections.get("macros"), "macros").items():
        if not MACRO_NAME.fullmatch(name) or not isinstance(node.value, str):
            file.report(
                node, f"macros.{name}: expected a name of letters, digits, '-', '_', '.' and a text of commands"
            )
            continue
        draft.macros[name.casefold()] = node.value
        check_commands(file, node, f"macros.{name}", node.value)
    read_extras(draft, file, sections)


def read_extras(draft: Draft, file: YamlFile, sections: Mapping[str, Node]) -> None:
    """Read fonts, profiles and rules of one file into the draft, after those of earlier files."""
    profiles = mapping_of(file, sections.get("icc_profiles"), "icc_profiles")
    fonts = [(node, Font(**values)) for node, values in read_list(file, sections.get("fonts"), "fonts", FONT)]
    files = [(f"icc_profiles.{name}", node, text_or_empty(node)) for name, node in profiles.items()]
    for where, node, path in (*files, *(("fonts", node, font.path) for node, font in fonts)):
        check_file(file, node, where, draft.folder, path)
    rules = []
    for node, values in read_list(file, sections.get("rules"), "rules", RULE, ("attributes",)):
        own = mapping_of(file, node.value.get("attributes") if isinstance(node.value, dict) else None, "rules")
        rules.append((Rule(**values), tuple(read_fields(file, own, ATTRIBUTES, "rules.attributes.").items())))
    draft.extras = Extras(
        fonts=(*draft.extras.fonts, *(font for _, font in fonts)),
        profiles=(*draft.extras.profiles, *((name, text_or_empty(node)) for name, node in profiles.items())),
        rules=(*draft.extras.rules, *rules),
    )


def read_list(
    file: YamlFile, node: Node | None, what: str, known: Mapping[str, CatalogField], more: tuple[str, ...] = ()
) -> Iterator[tuple[Node, dict[str, Any]]]:
    """Read a list of mappings; `more` are keys that somebody else reads."""
    if node is None or node.value is None:
        return
    if not isinstance(node.value, list):
        file.report(node, f"{what}: expected a list")
        return
    for item in node.value:
        written = {key: one for key, one in mapping_of(file, item, what).items() if key not in more}
        yield item, read_fields(file, written, known, f"{what}.")


def text_or_empty(node: Node) -> str:
    """Give the text of a scalar."""
    return node.value if isinstance(node.value, str) else ""


def read_record(file: YamlFile, where: str, node: Node, known: Mapping[str, CatalogField], old: T) -> T:
    """Read a record; a field that is wrong keeps the value that `old` has."""
    if not isinstance(node.value, dict | None):
        file.report(node, f"{where}: expected a mapping")
        return old
    written = mapping_of(file, node, where)
    values = read_fields(file, written, known, f"{where}.")
    bad = {key for key in written if key in known} - set(values)
    values |= {key: getattr(old, key) for key in bad}
    for key in MODIFIERS:
        if values.get(key):
            check_commands(file, written[key], f"{where}.{key}", values[key])
    return replace(type(old)(), **values)


def read_fields(
    file: YamlFile, written: Mapping[str, Node], known: Mapping[str, CatalogField], where: str = "attributes."
) -> dict[str, Any]:
    """Read the values of declared fields; those that are wrong are noted and left out."""
    values = {}
    for key, node in written.items():
        if key not in known:
            file.report_unknown(node, key, where.rstrip("."), known)
            continue
        try:
            values[key] = known[key].shape.read(node)
        except Mismatch as error:
            file.report(node, f"{where}{key}: {error}, not {shorten(node)}")
    return values


def shorten(node: Node) -> str:
    """Quote what was written, if it is a short text."""
    longest = 60
    if not isinstance(node.value, str):
        return "this" if node.value is not None else "nothing"
    return f"'{node.value[:longest]}{'…' if len(node.value) > longest else ''}'"


def check_commands(file: YamlFile, node: Node, where: str, text: str) -> None:
    """Note bad values in the commands of a modifier or macro; values with variables wait for the request."""
    for piece in read_pieces(text):
        declaration = DECLARATIONS.get(piece.name.casefold())
        if declaration is None or "$" in (piece.value or ""):
            continue
        try:
            read_value(declaration, piece)
        except NotSupported:
            continue
        except RequestError as error:
            file.report(node, f"{where}: {error}")
