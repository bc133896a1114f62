"""Bytes ↔ text, and the quotation marks of the reference's text strings.

References: r-is-cat-character-encoding, r-text-string.
"""

from __future__ import annotations

import codecs
import re
from typing import Literal

from imageserver.errors import Mismatch

Encoding = Literal["auto", "latin-1", "utf-8"]
LONGEST = 2**20
"""Characters that a value may have."""
NEWLINE = re.compile(r"\r\n|\r|\n")
DOUBLE_QUOTED = re.compile(r'"(?:[^"]++|"")*+"')
SINGLE_QUOTED = re.compile(r"'(?:[^']++|'')*+'")
NOT_UTF8 = re.compile("[\ud800-\udfff]")
"""What a byte that is not UTF-8 has become."""
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
WITHOUT_MARK = "read as UTF-8 though it has no byte order mark; --encoding latin-1 reads it as the reference does"


class Unreadable(Exception):
    """A file that is no text of the reference at all; the message says why."""


def decode(data: bytes, encoding: Encoding) -> tuple[str, bool]:
    """Give the text of a file, and whether its encoding was a guess.

    A byte order mark decides; without one `auto` takes for UTF-8 what can be nothing else. Bytes that are not UTF-8
    become surrogates, so that only the values that hold them are lost.
    """
    if data.startswith(UTF16):
        raise Unreadable("UTF-16 is no encoding of catalogs: expected UTF-8 with a byte order mark, or ISO-8859-1")
    if data.startswith(codecs.BOM_UTF8):
        return data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape"), False
    if encoding == "utf-8":
        return data.decode("utf-8", "surrogateescape"), False
    if encoding == "auto" and not data.isascii():
        try:
            return data.decode("utf-8"), True
        except UnicodeDecodeError:
            pass
    return data.decode("latin-1"), False


def encode(text: str, encoding: Encoding) -> bytes:
    """Give the bytes of a file; what is not ASCII has a byte order mark, unless it is to be ISO-8859-1."""
    if encoding == "latin-1":
        return text.encode("latin-1")
    plain = text.isascii() and encoding == "auto"
    return text.encode("ascii") if plain else codecs.BOM_UTF8 + text.encode("utf-8")


def check(text: str) -> str:
    """Give the text back, or raise `Mismatch` for one that cannot be a value."""
    if "\0" in text:
        raise Mismatch("a text without the character NUL")
    if NOT_UTF8.search(text):
        raise Mismatch("UTF-8")
    if len(text) > LONGEST:
        raise Mismatch(f"at most {LONGEST} characters")
    return text


def quoted(text: str) -> str:
    """Put a text between quotation marks."""
    return '"' + text.replace('"', '""') + '"'


def is_quoted(text: str) -> bool:
    """Tell whether quotation marks delimit the whole text."""
    return bool(DOUBLE_QUOTED.fullmatch(text) or SINGLE_QUOTED.fullmatch(text))


def unquoted(text: str) -> str:
    """Give what stands between quotation marks, if they delimit the whole text."""
    return text[1:-1].replace(text[0] * 2, text[0]) if is_quoted(text) else text
