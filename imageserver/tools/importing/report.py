"""What an import or export has to say of its sources, line by line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LONGEST_SHOWN = 60
HIDDEN = re.compile(r"[^ -~\u00a1-\ud7ff\ue000-\uffef]")
"""What would spoil a line of a report: control characters, and what no terminal can show."""


@dataclass(frozen=True, slots=True)
class Line:
    """Something that did not go over as it was; `lost` says that it was left out."""

    file: str
    line: int
    field: str
    reason: str
    lost: bool

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        return shown(f"{self.file}:{self.line}: {where}{'left out' if self.lost else 'note'}: {self.reason}")


@dataclass
class Report:
    """All lines, in the order in which they were found."""

    lines: list[Line] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """How many things were left out."""
        return sum(line.lost for line in self.lines)


@dataclass(frozen=True, slots=True)
class Page:
    """A file that is being read, and the report that it adds to."""

    file: str
    report: Report

    def lost(self, line: int, what: str, reason: str) -> None:
        """Note what is left out."""
        self.report.lines.append(Line(self.file, line, shorten(what), reason, lost=True))

    def note(self, line: int, what: str, reason: str) -> None:
        """Note what went over, but is not quite as it was."""
        self.report.lines.append(Line(self.file, line, shorten(what), reason, lost=False))


def shorten(text: str) -> str:
    """Give the beginning of a text."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def shown(text: str) -> str:
    """Give a text as one line that can be printed."""
    return HIDDEN.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)
