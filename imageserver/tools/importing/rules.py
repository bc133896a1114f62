"""Rule sets: XML ↔ rules as YAML has them. Reference: c-rule-set-reference.

The parser is expat itself, which says where things stand; a document type, and so every entity of one, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from imageserver.errors import Mismatch
from imageserver.tools.importing.names import ATTRIBUTES, EMPTY_COUNTS, RULE, RULE_ATTRIBUTES
from imageserver.tools.importing.report import Page
from imageserver.tools.importing.tables import Cell
from imageserver.tools.importing.texts import LONGEST
from imageserver.tools.importing.values import in_yaml
from imageserver.tools.importing.yaml_writing import Value

ELEMENTS = {"expression": "expression", "substitution": "substitution", "addressfilter": "address_filter"}
OPTIONS = {"name": "name", "onmatch": "on_match", "replace": "replace", "requesttype": "request_type"}
RULE_SET, RULE_ELEMENT, HEADER = "ruleset", "rule", "header"
FOLDED_ATTRIBUTES = {name.casefold(): one for name, one in RULE_ATTRIBUTES.items()}
NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
ESCAPES_OF_ATTRIBUTES = str.maketrans({**ESCAPES, ord('"'): "&quot;", ord("\n"): "&#10;", ord("\t"): "&#9;"})
DEEPEST = 3


class Refused(Exception):
    """A file that is no rule set; the message says why."""


@dataclass
class Element:
    """An element that is being read."""

    name: str
    attributes: Mapping[str, str]
    line: int
    text: list[str] = field(default_factory=list)
    children: list[Element] = field(default_factory=list)

    @property
    def content(self) -> str:
        """All of its text, blanks included."""
        return "".join(self.text)


@dataclass
class Reader:
    """Builds the elements of a rule set, which are never deep."""

    open: list[Element] = field(default_factory=list)
    rules: list[Element] = field(default_factory=list)
    line: int = 1

    def read(self, data: bytes) -> list[Element]:
        """Give the rules of a file, or raise `Refused`."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler = lambda name, attributes: self._start(name, attributes, parser.CurrentLineNumber)
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        try:
            parser.Parse(data, True)
        except (expat.ExpatError, LookupError, ValueError, Refused) as error:
            self.line = parser.CurrentLineNumber
            raise Refused(str(error) if isinstance(error, Refused) else f"no XML: {error}") from error
        return self.rules

    def _refuse(self, *_: object) -> None:
        raise Refused("a document type is refused, and entities with it")

    def _start(self, name: str, attributes: Mapping[str, str], line: int) -> None:
        expected = (RULE_SET, RULE_ELEMENT)[len(self.open)] if len(self.open) < DEEPEST - 1 else name
        if name != expected or len(self.open) >= DEEPEST:
            raise Refused(f"unexpected element <{name}>")
        element = Element(name, attributes, line)
        if name == RULE_ELEMENT:
            self.rules.append(element)
        if self.open:
            self.open[-1].children.append(element)
        self.open.append(element)

    def _end(self, _: str) -> None:
        self.open.pop()

    def _text(self, text: str) -> None:
        if self.open:
            self.open[-1].text.append(text)


def read_rules(data: bytes, page: Page) -> Iterator[Value]:
    """Yield the rules of a file as YAML has them; one that is not right in all is left out and noted."""
    reader = Reader()
    try:
        elements = reader.read(data)
    except Refused as refused:
        page.lost(reader.line, "", str(refused))
        return
    for number, element in enumerate(elements, 1):
        what = element.attributes.get("Name") or f"rule {number}"
        try:
            yield read_rule(element)
        except Mismatch as error:
            page.lost(element.line, what, f"the whole rule, as a part of it is wrong: {error}")


def read_rule(element: Element) -> Value:
    """Give a rule as YAML has it, or raise `Mismatch`."""
    rule: dict[str, Value] = {}
    overridden: dict[str, Value] = {}
    for name, text in element.attributes.items():
        if name.casefold() in OPTIONS:
            put(rule, OPTIONS[name.casefold()], text)
        elif name.casefold() in FOLDED_ATTRIBUTES:
            known = FOLDED_ATTRIBUTES[name.casefold()]
            if text or known in EMPTY_COUNTS:
                overridden[known] = in_yaml(ATTRIBUTES[known], Cell(text)) if text else None
        else:
            raise Mismatch(f"one of the attributes of a rule, not {name}")
    headers: list[Value] = []
    for child in element.children:
        if child.name == HEADER:
            headers.append(read_header(child))
        elif child.name in ELEMENTS and ELEMENTS[child.name] not in rule and not child.attributes:
            put(rule, ELEMENTS[child.name], child.content)
        else:
            raise Mismatch(f"each of {', '.join(ELEMENTS)} once, without attributes, and headers, not <{child.name}>")
    if element.content.strip():
        raise Mismatch("elements and no text between them")
    ordered = {key: rule[key] for key in RULE if key in rule}
    return ordered | ({"headers": headers} if headers else {}) | ({"attributes": overridden} if overridden else {})


def put(rule: dict[str, Value], key: str, text: str) -> None:
    """Set a part of a rule, or raise `Mismatch`; what is empty says nothing, unless it is the substitution."""
    try:
        value: Value = in_yaml(RULE[key], Cell(text)) if text else ""
    except Mismatch as error:
        raise Mismatch(f"{error.expected} as {key}") from error
    except (RecursionError, OverflowError) as error:
        raise Mismatch(f"a simpler {key}") from error
    if value or key == "substitution":
        rule[key] = value


def read_header(element: Element) -> Value:
    """Give a header as YAML has it, or raise `Mismatch`."""
    name, action = element.attributes.get("Name", ""), element.attributes.get("Action", "set")
    if not name or action not in {"set", "add"} or set(element.attributes) - {"Name", "Action"}:
        raise Mismatch("a header with Name, and Action set or add")
    if len(element.content) > LONGEST:
        raise Mismatch(f"at most {LONGEST} characters")
    return {"name": name, "action": action, "value": element.content}


def write_rules(rules: list[str]) -> str:
    """Give a rule set file of rules that are written already."""
    body = "".join(rules)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<ruleset>\n{body}</ruleset>\n'


def write_rule(options: Mapping[str, str], elements: Mapping[str, str], headers: list[tuple[str, str, str]]) -> str:
    """Write a rule, or raise `Mismatch` for characters that XML does not have."""
    lines = [f"  <rule{attributes(options)}>"]
    lines += [f"    <{name}>{escaped(text)}</{name}>" for name, text in elements.items()]
    lines += [
        f"    <header{attributes({'Name': name, 'Action': action})}>{escaped(value)}</header>"
        for name, action, value in headers
    ]
    return "\n".join([*lines, "  </rule>", ""])


def attributes(given: Mapping[str, str]) -> str:
    """Write the attributes of an element."""
    return "".join(f' {name}="{checked(text).translate(ESCAPES_OF_ATTRIBUTES)}"' for name, text in given.items())


def escaped(text: str) -> str:
    """Write the text of an element."""
    return checked(text).translate(ESCAPES)


def checked(text: str) -> str:
    """Give the text back, or raise `Mismatch`."""
    if NOT_XML.search(text):
        raise Mismatch("characters that XML has")
    return text
