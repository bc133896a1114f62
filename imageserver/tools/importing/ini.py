"""Attribute files: text ↔ names and values. Reference: r-catalog-attribute-files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from imageserver.tools.importing.report import Page
from imageserver.tools.importing.texts import NEWLINE, is_quoted, quoted, unquoted

RECORD = re.compile(r"(?:\\(?:\r\n|\r|\n)|[^\r\n])*+")
LINE = re.compile(r"[^\r\n]*+")
ESCAPED_NEWLINE = re.compile(r"\\(\r\n|\r|\n)")
CONTINUED = re.compile(r"[ \t]*\\(?:\r\n|\r|\n)[ \t]*")
ITEM = re.compile(r"""[ \t]*("(?:[^"]++|"")*+"|'(?:[^']++|'')*+'|[^,]*)[ \t]*(?:,|\Z)""")
BLANKS = " \t"


@dataclass(frozen=True, slots=True)
class Entry:
    """An attribute as written, without the blanks around it."""

    name: str
    raw: str
    line: int

    @property
    def value(self) -> str:
        """The text that is meant: without its quotation marks, with newlines only inside of them."""
        if is_quoted(self.raw):
            return ESCAPED_NEWLINE.sub(r"\1", unquoted(self.raw))
        return CONTINUED.sub("", self.raw)

    @property
    def items(self) -> list[str]:
        """The texts of a list, each with or without quotation marks."""
        if is_quoted(self.raw):
            return [self.value]
        found = [match[1].strip(BLANKS) for match in ITEM.finditer(CONTINUED.sub("", self.raw))]
        return [unquoted(item) for item in found if item]


def read_ini(text: str, page: Page) -> Iterator[Entry]:
    """Yield the entries of an attribute file; lines that are none are noted."""
    position, line = 0, 1
    while position < len(text):
        physical = LINE.match(text, position)
        record = RECORD.match(text, position)
        if physical is None or record is None:
            return
        comment = physical[0].lstrip(BLANKS).startswith("#")
        written = physical[0] if comment else record[0]
        name, equals, raw = written.partition("=")
        if equals and not comment:
            yield Entry(name.strip(BLANKS), raw.strip(BLANKS), line)
        elif written.strip(BLANKS) and not comment:
            page.lost(line, written.strip(BLANKS), "expected name=value")
        position += len(written)
        end = NEWLINE.match(text, position)
        position += len(end[0]) if end else 0
        line += 1 + len(NEWLINE.findall(written))


def write_entry(name: str, value: str) -> str:
    """Write an attribute so that it reads as the same value."""
    delicate = value != value.strip(BLANKS) or value[:1] in {'"', "'"} or value.endswith("\\") or NEWLINE.search(value)
    if value and delicate:
        value = NEWLINE.sub(lambda match: "\\" + match[0], quoted(value))
    return f"{name}={value}\n"
