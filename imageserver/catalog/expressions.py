r"""The patterns of rules: expressions that are matched in linear time, and what a match is replaced by.

RE2 has no back references and no look-around; in exchange, no expression and no URL can make it slow.
References: r-expression-rule, r-substitution-rule, java.util.regex.Matcher on `$n` and `\`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from imageserver.errors import Mismatch

UNKNOWN_TO_RE2 = "without look-around, back references, and atomic or possessive groups"
PART = re.compile(r"\\(.)|\$([0-9]+)|([^\\$]+|[\\$])", re.DOTALL)
OTHERWISE_IN_JAVA = re.compile(r"\{[0-9]{5}|&&\[")
"""What RE2 takes for plain letters."""
Piece = str | int
"""A part of a substitution: a text, or the number of a group."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A regular expression of a rule."""

    expected: str = f"a regular expression {UNKNOWN_TO_RE2}"

    def parse(self, text: str) -> str:
        """Read the text, or raise `Mismatch`."""
        if OTHERWISE_IN_JAVA.search(text):
            raise Mismatch(f"{self.expected}, repetitions above 1000 and intersections of classes")
        try:
            compiled(text)
        except re2.error as error:
            reason = error.args[0].decode("utf-8", "replace") if error.args else "not valid"
            raise Mismatch(f"{self.expected} ({reason})") from error
        except UnicodeEncodeError as error:
            raise Mismatch(self.expected) from error
        return text


@lru_cache(1024)
def compiled(expression: str) -> Any:  # noqa: ANN401, the library has no types
    """Compile an expression, which matches the bytes of a request; raises `re2.error`."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(expression.encode(), options)


@lru_cache(1024)
def pieces_of(substitution: str, groups: int) -> tuple[Piece, ...]:
    r"""Cut a substitution at its `$n`, or raise `Mismatch` for a group that the expression does not have.

    As in Java, `\` takes the next character as it is, and `$12` is group 1 where there is no group 12. A `$` before
    anything else stands for itself, as in `$macro$`.
    """
    return tuple(_pieces(substitution, groups))


def _pieces(substitution: str, groups: int) -> Iterator[Piece]:
    for escaped, digits, text in PART.findall(substitution):
        if not digits:
            yield escaped or text
            continue
        count = next((count for count in range(len(digits), 0, -1) if int(digits[:count]) <= groups), 0)
        if not count:
            raise Mismatch(f"$n with n up to {groups}, the groups of the expression, or \\$ for a dollar")
        yield int(digits[:count])
        yield digits[count:]
