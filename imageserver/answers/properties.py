"""Properties and texts in the forms of the protocol. References: c-properties and below, r-req.

JSONP is one compact line with every value a string: deployed clients take it apart with string functions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from imageserver.commands.reply import TextForm
from imageserver.plan.dates import java_date

Pairs = Sequence[tuple[str, str]]

MEDIA_TYPES: dict[TextForm, str] = {
    "text": "text/plain",
    "javascript": "text/javascript",
    "xml": "text/xml",
    "json": "text/javascript",
}
JAVA_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f"}
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
CRLF = "\r\n"


def media_type(form: TextForm, encoding: str = "UTF-8") -> str:
    """Give the content type of a form."""
    return f"{MEDIA_TYPES[form]}; charset={encoding.lower()}"


def java_properties(pairs: Pairs, now: float | None) -> str:
    """Write Java properties; without a time, the line of the date is left out."""
    date = [] if now is None else [f"#{java_date(now)}"]
    lines = [f"{java_escape(name, key=True)}={java_escape(value)}" for name, value in pairs]
    return "".join(f"{line}\n" for line in ["#S7Z OK", *date, *lines])


def java_escape(text: str, *, key: bool = False) -> str:
    """Escape as `java.util.Properties` does when it stores: by a backslash, and beyond ASCII by UTF-16 units."""
    special = "=:#!" + (" " if key else "")
    letters = []
    for position, letter in enumerate(text):
        if letter in JAVA_ESCAPES:
            letters.append(JAVA_ESCAPES[letter])
        elif letter in special or (letter == " " and position == 0):
            letters.append(f"\\{letter}")
        elif " " <= letter <= "~":
            letters.append(letter)
        else:
            letters.extend(f"\\u{unit:04X}" for unit in utf16_units(letter))
    return "".join(letters)


def utf16_units(letter: str) -> Iterable[int]:
    """Give the UTF-16 units of a character."""
    data = letter.encode("utf-16-be", "surrogatepass")
    return (int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))


def javascript(pairs: Pairs) -> str:
    """Write `name='value';` lines, quotes doubled."""
    return "".join(f"{name}='{javascript_escape(value)}';\n" for name, value in pairs)


def javascript_escape(text: str) -> str:
    """Double the quotes, and escape what would end a line or a script element."""
    text = text.replace("'", "''").replace("\r", "\\r").replace("\n", "\\n")
    return text.replace("</", "<\\/").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def xml_properties(pairs: Pairs) -> str:
    """Write property elements, grouped by the name in front of the first dot."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, value in pairs:
        group, dot, rest = name.partition(".")
        groups.setdefault(group if dot else "", []).append((rest if dot else name, value))
    body = "".join(xml_group(group, members) for group, members in groups.items())
    return xml_document(f"<prop-group>\n{body}</prop-group>")


def xml_group(name: str, members: Pairs) -> str:
    """Write the properties of one group, within an element of its own when it has a name."""
    lines = "".join(f"<property name={quote(key)} value={quote(value)}/>\n" for key, value in members)
    return f"<prop-group name={quote(name)}>\n{lines}</prop-group>\n" if name else lines


def xml_document(body: str, encoding: str = "UTF-8") -> str:
    """Put the declaration in front of an element."""
    return f'<?xml version="1.0" encoding="{encoding}"?>\n{body}\n'


def quote(text: str) -> str:
    """Write an attribute's value, without the characters that XML cannot hold."""
    return quoteattr(NOT_XML.sub("\ufffd", text))


def xml_text(text: str) -> str:
    """Write text between tags, without the characters that XML cannot hold."""
    return escape(NOT_XML.sub("\ufffd", text))


def jsonp(data: object, handler: str, request_id: str) -> str:
    """Write a JSONP reply: compact, on one line, the request's id echoed as second argument."""
    return f"/*jsonp*/{handler}({compact(data)},{compact(request_id)});"


def compact(data: object) -> str:
    """Write JSON without blanks that is safe inside of a script, too."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("</", "<\\/")
