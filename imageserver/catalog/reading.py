"""One YAML file of a catalog → what is right in it, as it was written, and every problem with its place.

A field that is wrong keeps what was written of it before, so one slip of the pen never takes a record away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from imageserver.catalog.attributes import Attributes
from imageserver.catalog.expressions import compiled, pieces_of
from imageserver.catalog.extras import Font, Rule
from imageserver.catalog.fields import CatalogField, declared
from imageserver.catalog.records import ContentRecord, Record
from imageserver.catalog.written import Written, kept
from imageserver.commands.groups import DECLARATIONS, read_value
from imageserver.errors import Mismatch, NotSupported, RequestError
from imageserver.protocol.reading import read_pieces
from imageserver.yaml_nodes import Entry, Node, YamlFile

Signature = tuple[str, int, int, int]
MACRO_NAME = re.compile(r"[A-Za-z0-9._!-]+")
ATTRIBUTES = dict(declared(Attributes))
RECORD = dict(declared(Record))
CONTENT = dict(declared(ContentRecord))
FONT = dict(declared(Font))
RULE = dict(declared(Rule))
RECORDS = {"images": RECORD, "content": CONTENT, "svg": CONTENT}
"""The sections that hold records, which an index numbers in this order."""
SECTION_NUMBERS = {section: number for number, section in enumerate(RECORDS)}
IMAGES = SECTION_NUMBERS["images"]
FILE_SECTIONS = (*RECORDS, "macros", "fonts", "icc_profiles", "rules")
SECTIONS = ("attributes", "include", *FILE_SECTIONS)
MODIFIERS = ("modifier", "post_modifier")
CLOSED: Written = {
    "client_address_filter": "0.0.0.0/32",
    "request_lock": 1,
    "request_obfuscation": 1,
    "request_signing": True,
}
"""What attributes that restrict access are when their text makes no sense: nobody has the address 0.0.0.0."""


@dataclass(frozen=True, slots=True)
class Row:
    """A record as written, of which nothing is wrong, with the place of its value."""

    section: int
    name: str
    line: int
    column: int
    written: Written


@dataclass(slots=True)
class Rest:
    """What a file holds beside records, as written, of which nothing is wrong; the numbers are lines and columns."""

    attributes: Written = field(default_factory=dict)
    include: list[tuple[int, int, str]] = field(default_factory=list)
    macros: dict[str, str] = field(default_factory=dict)
    fonts: list[tuple[int, int, Written]] = field(default_factory=list)
    icc_profiles: list[tuple[int, int, str, str]] = field(default_factory=list)
    rules: list[tuple[Written, Written]] = field(default_factory=list)


class Book(Protocol):
    """Where the rows of a file are written down."""

    def holds(self, section: int, name: str) -> bool:
        """Tell whether the file has given that record already."""
        ...

    def last_good(self, name: str) -> Written:
        """Give the image record of that id as it was before, or nothing."""
        ...


def read_file(file: YamlFile, stream: BinaryIO, book: Book, rest: Rest, *, main: bool) -> Iterator[Row]:
    """Yield the records of a file, and put what else it holds into `rest`; raises `BrokenYaml`.

    Only the main file of a catalog has attributes and includes others.
    """
    what, known = ("a catalog", SECTIONS) if main else ("a record file", FILE_SECTIONS)
    for entry in file.entries(stream, what, RECORDS):
        if entry.key not in known:
            file.report_unknown(entry.node, entry.key, what, known)
        elif entry.key in RECORDS:
            for name, place, node in records_of(file, entry):
                if book.holds(SECTION_NUMBERS[entry.key], name):
                    file.report_twice(place, name)
                    continue
                yield read_record(file, entry.key, name, node, book)
        elif entry.node.value is not None:
            READERS[entry.key](file, entry.node, rest)


def records_of(file: YamlFile, entry: Entry) -> Iterator[tuple[str, Node, Node]]:
    """Yield the records of an entry, which is one of them or all of a section, with the places of their ids."""
    if entry.name is not None:
        yield entry.name, entry.place, entry.node
    else:
        for name, node in mapping_of(file, entry.node, entry.key).items():
            yield name, node, node


def mapping_of(file: YamlFile, node: Node | None, what: str) -> Mapping[str, Node]:
    """Give the node as a mapping; notes a problem for any other."""
    if node is None or node.value is None:
        return {}
    if not isinstance(node.value, dict):
        file.report(node, f"{what}: expected a mapping")
        return {}
    return node.value


def read_record(file: YamlFile, section: str, name: str, node: Node, book: Book) -> Row:
    """Read a record; a field of an image that is wrong keeps what it was before, or keeps others out if it was to."""
    where, known = f"{section}.{name}", RECORDS[section]
    number = SECTION_NUMBERS[section]
    written = node.value
    if not isinstance(written, dict | None):
        file.report(node, f"{where}: expected a mapping")
        return Row(number, name, node.line, node.column, book.last_good(name) if number == IMAGES else {})
    values = read_fields(file, written or {}, known, f"{where}.")
    good = {key: kept(value, written[key]) for key, value in values.items()} if written else {}
    bad = [key for key in written or {} if key in known and key not in values]
    if bad and number == IMAGES:
        old = book.last_good(name)
        good |= {key: old[key] for key in bad if key in old}
    if "access" in bad:
        good.setdefault("access", "private")
    for key in MODIFIERS:
        if values.get(key) and written:
            check_commands(file, written[key], f"{where}.{key}", values[key])
    return Row(number, name, node.line, node.column, good)


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


def right_fields(
    file: YamlFile, node: Node | None, known: Mapping[str, CatalogField], what: str, more: tuple[str, ...] = ()
) -> Written:
    """Give the fields of a mapping that are right, as written; `more` are keys that somebody else reads."""
    written = {key: one for key, one in mapping_of(file, node, what).items() if key not in more}
    return {key: kept(value, written[key]) for key, value in read_fields(file, written, known, f"{what}.").items()}


def read_attributes(file: YamlFile, node: Node, rest: Rest) -> None:
    """Read the attributes of a catalog; one that is wrong, and was to keep requests out, keeps all of them out."""
    rest.attributes = right_fields(file, node, ATTRIBUTES, "attributes")
    written = node.value if isinstance(node.value, dict) else {}
    rest.attributes |= {key: closed for key, closed in CLOSED.items() if key in written and key not in rest.attributes}


def read_include(_file: YamlFile, node: Node, rest: Rest) -> None:
    """Read the patterns of the files that belong to a catalog; whatever is no text finds nothing."""
    for item in node.value if isinstance(node.value, list) else [node]:
        rest.include.append((item.line, item.column, text_or_empty(item)))


def read_macros(file: YamlFile, node: Node, rest: Rest) -> None:
    """Read the macros of a file, whose names are not case-sensitive."""
    for name, one in mapping_of(file, node, "macros").items():
        if not MACRO_NAME.fullmatch(name) or not isinstance(one.value, str):
            file.report(one, f"macros.{name}: expected a name of letters, digits, '-', '_', '.' and a text of commands")
            continue
        rest.macros[name.casefold()] = one.value
        check_commands(file, one, f"macros.{name}", one.value)


def read_fonts(file: YamlFile, node: Node, rest: Rest) -> None:
    """Read a list of fonts."""
    for item in list_of(file, node, "fonts"):
        rest.fonts.append((item.line, item.column, right_fields(file, item, FONT, "fonts")))


def read_profiles(file: YamlFile, node: Node, rest: Rest) -> None:
    """Read the names and files of colour profiles."""
    for name, one in mapping_of(file, node, "icc_profiles").items():
        rest.icc_profiles.append((one.line, one.column, name, text_or_empty(one)))


def read_rules(file: YamlFile, node: Node, rest: Rest) -> None:
    """Read a list of rules; each comes with the attributes that it overrides.

    One that is wrong is left out; if it keeps requests out, it refuses all of them until it is right.
    """
    for item in list_of(file, node, "rules"):
        before = len(file.problems)
        written = item.value if isinstance(item.value, dict) else {}
        rule = right_fields(file, item, RULE, "rules", ("attributes",))
        own = right_fields(file, written.get("attributes"), ATTRIBUTES, "rules.attributes")
        check_substitution(file, written, rule)
        if len(file.problems) == before:
            rest.rules.append((rule, own))
        elif keeps_out(written):
            closed: Written = {key: rule[key] for key in ("name", "request_type") if key in rule}
            rest.rules.append((closed | {"on_match": "error"}, {}))


def check_substitution(file: YamlFile, written: Mapping[str, Node], rule: Written) -> None:
    """Note a substitution that names a group which its expression does not have."""
    try:
        pieces_of(str(rule.get("substitution") or ""), compiled(str(rule.get("expression") or "")).groups)
    except Mismatch as error:
        file.report(written["substitution"], f"rules.substitution: {error}")


def keeps_out(written: Mapping[str, Node]) -> bool:
    """Tell whether a rule, right or wrong, is there to refuse requests."""
    own = written["attributes"].value if "attributes" in written else None
    restricts = {"address_filter", *CLOSED} & {*written, *(own if isinstance(own, dict) else {})}
    return bool(restricts) or ("on_match" in written and text_or_empty(written["on_match"]).casefold() == "error")


def list_of(file: YamlFile, node: Node, what: str) -> list[Node]:
    """Give the node as a list; notes a problem for any other."""
    if not isinstance(node.value, list):
        file.report(node, f"{what}: expected a list")
        return []
    return node.value


def text_or_empty(node: Node) -> str:
    """Give the text of a scalar."""
    return node.value if isinstance(node.value, str) else ""


def shorten(node: Node) -> str:
    """Quote what was written, if it is a short text."""
    longest = 60
    if not isinstance(node.value, str):
        return "this" if node.value is not None else "nothing"
    return f"'{node.value[:longest]}{'…' if len(node.value) > longest else ''}'"


def check_commands(file: YamlFile, node: Node, where: str, text: str) -> None:
    """Note bad values in the commands of a modifier or macro; values with variables wait for the request."""
    for fault in faults(text):
        file.report(node, f"{where}: {fault}")


@lru_cache(1024)
def faults(text: str) -> tuple[str, ...]:
    """Say what is wrong in commands; the records of a catalog often have the same ones."""
    found = []
    for piece in read_pieces(text):
        declaration = DECLARATIONS.get(piece.name.casefold())
        if declaration is None or "$" in (piece.value or ""):
            continue
        try:
            read_value(declaration, piece)
        except NotSupported:
            continue
        except RequestError as error:
            found.append(str(error))
    return tuple(found)


def sign(path: Path) -> Signature:
    """Describe a file or folder so that every change shows: an edit in place, an atomic replace, a checkout."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return str(path), 0, 0, 0
    return str(path), status.st_ino, status.st_size, status.st_mtime_ns


READERS: dict[str, Callable[[YamlFile, Node, Rest], None]] = {
    "attributes": read_attributes,
    "include": read_include,
    "macros": read_macros,
    "fonts": read_fonts,
    "icc_profiles": read_profiles,
    "rules": read_rules,
}
