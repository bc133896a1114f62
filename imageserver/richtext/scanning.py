"""RTF → tokens, in one pass: each character of the text belongs to exactly one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["open", "close", "word", "byte", "symbol", "text", "line_end"]
TOKEN = re.compile(
    r"(?P<open>\{)"
    r"|(?P<close>\})"
    r"|\\(?P<word>[A-Za-z]+)(?P<number>-?[0-9]+)?[ ]?"  # one blank behind a word belongs to it
    r"|\\'(?P<byte>[0-9A-Fa-f]{2})"
    r"|\\(?P<symbol>[^A-Za-z]|\Z)"
    r"|(?P<line_end>[\r\n]+)"
    r"|(?P<text>[^\\{}\r\n]+)"
)
LARGEST = 2**31 - 1
MOST_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Token:
    r"""A piece of RTF from `offset` up to `end`; `number` belongs to a word, or is a byte.

    `text` is a word in small letters, the character of a symbol ("" where the text ends behind a backslash), or plain
    characters. The data of `\bin` belong to the word; `end` is beyond the text where some of them are missing.
    """

    kind: Kind
    offset: int
    end: int
    text: str = ""
    number: int | None = None


def tokens(text: str) -> Iterator[Token]:
    """Cut RTF into tokens; nothing is left out, and nothing is damaged enough to stop at."""
    position = 0
    while match := TOKEN.match(text, position):
        token = token_of(match)
        yield token
        position = token.end


def token_of(match: re.Match[str]) -> Token:
    """Give the token of a match."""
    offset, end = match.span()
    if word := match["word"]:
        number = None if match["number"] is None else number_of(match["number"])
        data = max(number or 0, 0) if word == "bin" else 0
        return Token("word", offset, end + data, word.lower(), number)
    kind: Kind = match.lastgroup  # type: ignore[assignment]  # the groups are named by kinds
    if kind == "byte":
        return Token(kind, offset, end, number=int(match["byte"], 16))
    return Token(kind, offset, end, match[kind])


def number_of(written: str) -> int:
    """Read a number; what is too long to be meant is the largest one."""
    digits = written.lstrip("-").lstrip("0")
    size = int(digits or "0") if len(digits) <= MOST_DIGITS else LARGEST
    return -min(size, LARGEST) if written.startswith("-") else min(size, LARGEST)
