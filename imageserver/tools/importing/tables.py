"""Data files: text ↔ rows of named cells, separated by tabs. Reference: r-catalog-data-files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from imageserver.tools.importing.report import Page
from imageserver.tools.importing.texts import LONGEST, NEWLINE, quoted, unquoted

CELL = re.compile(
    r"""(?P<marked>"(?:[^"]++|"")*+"(?=[\t\r\n]|\Z)|'(?:[^'\t\r\n]++|'')*+'(?=[\t\r\n]|\Z))|[^\t\r\n]*+"""
)
"""Quotation marks around a whole cell delimit it; elsewhere they are characters like any other."""
LINE = re.compile(r"[^\r\n]*+")
DELICATE = re.compile(r"""\A["']|[\t\r\n]""")


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a row; `marked` says that it stood between quotation marks."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row that are not empty, by the folded names of their columns."""

    line: int
    cells: Mapping[str, Cell]


@dataclass
class Table:
    """A data file that is being read."""

    text: str
    page: Page
    known: Mapping[str, str]
    """The names of the columns that have a meaning, by their folded names."""

    def rows(self, needed: Sequence[str]) -> Iterator[Row]:
        """Yield the rows; notes what has no place. Without the columns `needed`, there are none."""
        records = self._records()
        line, header = next(records, (1, []))
        names = self._header(line, [cell.text.strip(" ") for cell in header])
        missing = [self.known[name] for name in needed if name not in names]
        if missing:
            self.page.lost(line, ", ".join(missing), "the header line lacks it: the whole file is left out")
            return
        unknown: dict[str, int] = {}
        for number, cells in records:
            if not self._fits(number, cells, len(names)):
                continue
            filled = {name: cell for name, cell in zip(names, cells, strict=False) if cell.text}
            for name, cell in filled.items():
                if cell.text.startswith('"') and not cell.marked:
                    self.page.note(number, name, "a quotation mark begins it and none ends it: taken as it stands")
            for name in [name for name in filled if name not in self.known]:
                del filled[name]
                if not name.startswith("."):
                    unknown[name] = unknown.get(name, 0) + 1
            yield Row(number, filled)
        for name, count in unknown.items():
            self.page.lost(line, header[names.index(name)].text, f"unknown column, filled in {count} rows")

    def _header(self, line: int, written: list[str]) -> list[str]:
        names = []
        for place, name in enumerate(written):
            folded = name.casefold()
            if not name or folded in names:
                reason = "stands here twice; the first one holds" if name else "expected a name of a column"
                self.page.lost(line, name or f"column {place + 1}", reason)
                folded = f".{place}"
            names.append(folded)
        return names

    def _fits(self, line: int, cells: list[Cell], width: int) -> bool:
        """Tell whether a row may be used; one that is empty may not."""
        if not any(cell.text for cell in cells):
            return False
        if any(cell.text for cell in cells[width:]):
            self.page.lost(line, cells[0].text, f"expected {width} columns, not {len(cells)}")
            return False
        if len(cells) < width:
            self.page.note(line, cells[0].text, f"expected {width} columns, not {len(cells)}: the others are empty")
        return True

    def _records(self) -> Iterator[tuple[int, list[Cell]]]:
        position, line = 0, 1
        while position < len(self.text):
            cells, end = self._record(position)
            if cells is None:
                self.page.lost(line, "", f"expected at most {LONGEST} characters in a line")
            else:
                yield line, cells
            newline = NEWLINE.match(self.text, end)
            end += len(newline[0]) if newline else 0
            line += len(NEWLINE.findall(self.text, position, end))
            position = end

    def _record(self, position: int) -> tuple[list[Cell] | None, int]:
        """Give the cells of the row that begins here and where it ends; no cells for one that is too long."""
        match = LINE.match(self.text, position)
        end = match.end() if match else len(self.text)
        if end - position > LONGEST:
            return None, end
        written = self.text[position:end]
        if '"' not in written and "'" not in written:
            return [Cell(cell) for cell in written.split("\t")], end
        cells, limit = [], position + LONGEST
        while True:
            cell = CELL.match(self.text, position, limit)
            if cell is None or (cell.end() == limit and limit < len(self.text)):
                return None, end
            marked = cell["marked"] is not None
            cells.append(Cell(unquoted(cell[0]) if marked else cell[0], marked))
            position = cell.end() + 1
            if self.text[cell.end() : position] != "\t":
                return cells, cell.end()


def write_row(cells: Iterable[Cell]) -> str:
    """Write a row so that it reads as the same cells."""
    return (
        "\t".join(quoted(cell.text) if cell.marked or DELICATE.search(cell.text) else cell.text for cell in cells)
        + "\n"
    )
