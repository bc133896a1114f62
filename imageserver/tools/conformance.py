"""What of the reference is done: docs/conformance.md, made of `docs/conformance.yaml` and of what the code declares.

A name is done when it is declared and the file says nothing of it. Run `make reference` after a change.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Literal

import yaml

from imageserver.commands.formats import FORMATS
from imageserver.commands.formats import SPELLINGS as OTHER_FORMATS
from imageserver.commands.groups import DECLARATIONS, SELECTORS
from imageserver.commands.reply import KINDS
from imageserver.plan.mbr_sets import MANIFEST
from imageserver.richtext.destinations import TABLES
from imageserver.richtext.tables import PARTS
from imageserver.richtext.words import (
    BOX_WORDS,
    BREAKS,
    CHARACTER_WORDS,
    ENTITIES,
    LOOK_WORDS,
    PARAGRAPH_ENDS,
    PARAGRAPH_WORDS,
)
from imageserver.tools.importing import names, rules
from imageserver.tools.reference import table, write_or_check

DATA = Path("docs/conformance.yaml")
PAGES = "https://github.com/AdobeDocs/dynamic-media-developer-resources.en/tree/main/help/aem-is-ir-api/is-api/"
State = Literal["done", "differs", "not built"]
WORDS = frozenset(chain(LOOK_WORDS, CHARACTER_WORDS, PARAGRAPH_WORDS, BOX_WORDS, ENTITIES, BREAKS, PARAGRAPH_ENDS))
WORDS_OF_TABLES = frozenset(chain(TABLES, *(parts for _, parts, _ in PARTS.values()), ("fcharset",)))
WORDS_OF_CHARACTERS = frozenset({"u", "uc", "'"})


class Unresolved(Exception):
    """Names of the reference that are neither declared nor spoken of, or that are spoken of and are no such names."""


@dataclass(frozen=True, slots=True)
class Declared:
    """Where a name is declared: what it is called here, and the expression that a test of it matches."""

    here: str
    mention: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the reference: its pages with the names on them, and what of these differs or is missing, and why.

    `shown` are pages whose matter has no name, with the tests of it.
    """

    title: str
    of: str
    folder: str
    pages: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    shown: Mapping[str, Sequence[str]] = field(default_factory=dict)
    differs: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> Iterator[tuple[str, str]]:
        """Yield each name, and its page."""
        for page, written in self.pages.items():
            for name in [written] if isinstance(written, str) else written:
                yield name, page
        yield from ((page, page) for page in self.shown)
        yield from ((name, "") for name in self.missing if not self.pages)


@dataclass(frozen=True, slots=True)
class Row:
    """A name of the reference, and what has become of it."""

    name: str
    page: str
    state: State
    declared: Declared | None = None
    reason: str = ""


def command(name: str) -> Declared | None:
    """Find a command, which starts a part of a request."""
    known = DECLARATIONS.get(name.casefold())
    if name in SELECTORS:
        return Declared("Begins what is said of a layer or effect.", f"{name}=")
    return Declared(known.command.doc, rf"\b{name}=") if known and known.name == name else None


def request(name: str) -> Declared | None:
    """Find a kind of request."""
    kind = KINDS.get(name)
    return Declared(", ".join(kind.forms), rf"req={name}\b") if kind else None


def attribute(name: str) -> Declared | None:
    """Find an attribute, or the section that stands for the file which an attribute names."""
    folded = name.casefold()
    if folded in names.FILES:
        return Declared(f"`{names.FILES[folded].section}:`", rf"\b{name}\b")
    if name == names.RULE_SET_FILE:
        return Declared("`rules:`", rf"\b{name}\b")
    if folded in names.CONTENT_ONLY:
        return Declared("", rf"\b{name}\b")
    known = names.ATTRIBUTE_NAMES.get(folded)
    return in_yaml(known) if known else None


def in_yaml(known: str) -> Declared:
    """Give what is declared of a field of the YAML."""
    return Declared(f"`{known}`", rf"\b{known}\b")


def column(kind: names.Kind, name: str) -> Declared | None:
    """Find a column of a data file; those without a field are the keys of a mapping."""
    if name not in kind.columns:
        return None
    known = kind.columns[name]
    return in_yaml(known) if known else Declared(f"a key or value below `{kind.section}:`", rf"\b{kind.section}\b")


def element(name: str) -> Declared | None:
    """Find an element of a rule set."""
    known = {**rules.ELEMENTS, rules.RULE_SET: "rules", rules.RULE_ELEMENT: "rules", rules.HEADER: "headers"}.get(name)
    return in_yaml(known) if known else None


def reply_format(name: str) -> Declared | None:
    """Find a format of replies."""
    spelled = OTHER_FORMATS.get(name, name)
    if name in MANIFEST.expected:
        return Declared("with `req=mbrSet`", rf"fmt={name}\b")
    known = FORMATS.get(spelled)
    return Declared(known.media_type, rf"\b{name}\b(?!-)") if known else None


def word(name: str) -> Declared | None:
    """Find a word of RTF, or a symbol."""
    is_known = name in WORDS | WORDS_OF_TABLES | WORDS_OF_CHARACTERS
    return Declared("", rf"\\{re.escape(name)}") if is_known else None


def resolved(section: Section) -> Iterator[Row]:
    """Say of each name what has become of it; raises `Unresolved` for those of which that is not known."""
    named = dict(section.names)
    faults = [f"{name}: no such name" for name in (*section.differs, *section.missing) if name not in named]
    for name, page in section.names:
        if name in section.shown:
            known: Declared | None = Declared(", ".join(f"`{file}`" for file in section.shown[name]), "")
        else:
            known = RESOLVERS[section.of](name)
        if name in section.missing:
            yield Row(name, page, "not built", reason=section.missing[name])
        elif known is None:
            faults.append(f"{name}: neither declared nor told of in {DATA}")
        elif name in section.differs:
            yield Row(name, page, "differs", known, section.differs[name])
        else:
            yield Row(name, page, "done", known)
    if faults:
        raise Unresolved("\n".join(faults))


def sections(path: Path = DATA) -> tuple[Section, ...]:
    """Read what the reference names."""
    return tuple(Section(**one) for one in yaml.safe_load(path.read_text()))


def conformance() -> str:
    """Give all tables as Markdown, with the number of rows of each state in front."""
    parts = [(section, tuple(resolved(section))) for section in sections()]
    states = [row.state for _, rows in parts for row in rows]
    counts = table(("state", "names"), [(state, str(states.count(state))) for state in dict.fromkeys(states)])
    return "\n\n".join([counts, *(part(section, rows) for section, rows in parts)])


def part(section: Section, rows: Sequence[Row]) -> str:
    """Give the table of a section."""
    body = table(("name", "page", "state", "here", "how it differs, or why it is not built"), map(cells, rows))
    return f"## {section.title}\n\n[`{section.folder.rpartition('/')[2]}`]({PAGES}{section.folder})\n\n{body}"


def cells(row: Row) -> tuple[str, ...]:
    """Give the cells of a row."""
    here = row.declared.here if row.declared else ""
    return f"`{row.name}`" if row.page else row.name, row.page, row.state, here, row.reason


RESOLVERS: Mapping[str, Callable[[str], Declared | None]] = {
    "commands": command,
    "requests": request,
    "attributes": attribute,
    "images": lambda name: column(names.IMAGES, name),
    "svg": lambda name: column(names.SVG, name),
    "content": lambda name: column(names.STATIC, name),
    "fonts": lambda name: column(names.FONTS, name),
    "icc_profiles": lambda name: column(names.PROFILES, name),
    "macros": lambda name: column(names.MACROS, name),
    "rules": element,
    "formats": reply_format,
    "words": word,
    "shown": lambda _: None,
    "nothing": lambda _: None,
}
"""How the names of each kind of section are found among what is declared."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the tables into a document, or check that they are up to date."""
    return write_or_check("imageserver.tools.conformance", conformance, arguments)


if __name__ == "__main__":
    sys.exit(main())
