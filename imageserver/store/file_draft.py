"""One YAML file while it is being changed: its pieces, of which only those that an edit names are touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from imageserver.store.book import Statement
from imageserver.store.errors import Uneditable
from imageserver.store.outline import MARK, Piece, outline, split
from imageserver.store.surgery import DropKey, Operation, RenameKey, SetValue, edited, newline_of
from imageserver.store.writing import Plain, entry
from imageserver.yaml_nodes import BrokenYaml, YamlFile

GAP = 2**20
"""Between the places of two pieces, so that others fit in between."""
PUT_PIECE = "INSERT OR REPLACE INTO piece VALUES (?, ?, ?, ?, ?)"
DROP_PIECE = "DELETE FROM piece WHERE file = ? AND ordinal = ?"
DROP_PIECES = "DELETE FROM piece WHERE file = ?"


class FileDraft:
    """A file and the changes made to it so far."""

    def __init__(self, name: str, data: bytes, rows: Iterable[tuple[int, str, str, int]]) -> None:
        self.name = name
        self.before = data
        text = data.decode("utf-8")
        self._mark = MARK if text.startswith(MARK) else ""
        body, start = text.removeprefix(MARK), 0
        self._pieces: list[Piece] = []
        self._known: dict[tuple[str, str], Piece] = {}
        self._twice: set[tuple[str, str]] = set()
        for place, section, piece_name, length in rows:
            own = body[start : start + length]
            piece, key = Piece(section, piece_name, own, place, before=own), (section, piece_name)
            self._pieces.append(piece)
            if self._known.setdefault(key, piece) is not piece and piece_name:
                self._twice.add(key)
            start += length

    @property
    def changed(self) -> bool:
        """Tell whether anything was changed."""
        return any(one.changed for one in self._pieces)

    @property
    def data(self) -> bytes:
        """The file as it is now."""
        return (self._mark + "".join(one.text for one in self._pieces)).encode()

    @property
    def texts(self) -> Iterator[tuple[str, str]]:
        """The pieces as they were and as they are."""
        return ((one.before, one.text) for one in self._pieces)

    def set(self, section: str, path: tuple[str, ...], value: Plain) -> None:
        """Give what stands at a path in a section a value; what is not there is added."""
        piece = self._known.get((section, path[0])) or self._last(section)
        if piece is not None:
            self._edit(piece, SetValue(path, value), 1)
            return
        piece = self._known.get((section, "")) or self._whole
        if piece is not None:
            self._edit(piece, SetValue((section, *path), value), 2)
        else:
            self._add_section(section, path, value)

    def drop(self, section: str, path: tuple[str, ...]) -> None:
        """Take what stands at a path in a section away."""
        self._edit_known(section, DropKey(path))
        while len(path) == 1 and (section, path[0]) in self._known:  # it stood there twice
            self._edit_known(section, DropKey(path))

    def rename(self, section: str, name: str, to: str) -> None:
        """Give a record, or a macro, another name."""
        self._edit_known(section, RenameKey((name,), to))

    def _edit_known(self, section: str, operation: DropKey | RenameKey) -> None:
        piece = self._known.get((section, operation.path[0]))
        if piece is not None:
            self._edit(piece, operation, 1)
            return
        piece = self._known.get((section, "")) or self._whole
        if piece is None:
            raise Uneditable(self.name, f"'{operation.path[0]}' is not found where it should stand")
        self._edit(piece, replace(operation, path=(section, *operation.path)), 2)

    @property
    def _whole(self) -> Piece | None:
        """The only piece of a file that cannot be cut."""
        return self._pieces[0] if len(self._pieces) == 1 and not self._pieces[0].section else None

    def _last(self, section: str) -> Piece | None:
        """Find the last record of a section."""
        return next((one for one in reversed(self._pieces) if one.section == section and one.name), None)

    def _edit(self, piece: Piece, operation: Operation, fall_back: int) -> None:
        try:
            text = edited(piece.text, operation, fall_back)
        except (Uneditable, BrokenYaml) as error:
            reason = error.reason if isinstance(error, Uneditable) else error.problem.message
            raise Uneditable(f"{self.name}, {'.'.join(operation.path)}", reason) from error
        self._replace(piece, text)

    def _replace(self, old: Piece, text: str) -> None:
        """Put the pieces of a text in place of one; what a removed record leaves is nobody's."""
        key = (old.section, old.name)
        old.text, old.changed = text, True
        new = list(split(old))
        if self._known.get(key) is old:
            del self._known[key]
        if len(new) == 1:
            old.section, old.name = new[0].section, new[0].name
            new = [old]
        else:
            number = next(i for i in range(len(self._pieces) - 1, -1, -1) if self._pieces[i] is old)
            new[0].before = old.before
            self._pieces[number : number + 1] = new
        if key in self._twice:
            new = [*new, *(one for one in self._pieces if (one.section, one.name) == key)]
        for one in new:
            if one.name or not old.name:
                self._known.setdefault((one.section, one.name), one)

    def _add_section(self, section: str, path: tuple[str, ...], value: Plain) -> None:
        """Add a section: attributes in front of all others, any other behind them."""
        for name in reversed(path):
            value = {name: value}
        newline = newline_of(self._pieces[0].text if self._pieces else "")
        piece = Piece(section, "", entry(section, value, 0, newline), None, changed=True)
        number = len(self._pieces)
        if section == "attributes":
            number = next((i for i, one in enumerate(self._pieces) if one.section), number)
        if number and not self._pieces[number - 1].text.endswith(("\n", "\r")):
            last = self._pieces[number - 1]
            last.text, last.changed = last.text + newline, True
        self._pieces.insert(number, piece)
        self._known[section, ""] = piece
        self._check(section)
        self._replace(piece, piece.text)

    def _check(self, section: str) -> None:
        file = YamlFile(self.name)
        try:
            found = outline(file, self.data)
        except BrokenYaml as broken:
            raise Uneditable(self.name, broken.problem.message) from broken
        if section not in found.rest and not any(one == section for one, _ in found.entries):
            raise Uneditable(self.name, f"no section '{section}' can be added")

    def statements(self) -> Iterator[Statement]:
        """Give the changes of the book that describe the changed pieces; each gets its place."""
        if not self._settle_places():
            yield DROP_PIECES, (self.name,)
            for number, piece in enumerate(self._pieces, 1):
                piece.place, piece.changed = number * GAP, True
        for piece in self._pieces:
            if piece.changed and piece.text:
                yield PUT_PIECE, (self.name, piece.place, piece.section, piece.name, len(piece.text))
            elif piece.changed:
                yield DROP_PIECE, (self.name, piece.place)

    def _settle_places(self) -> bool:
        """Place new pieces between the others, or say that there is no room."""
        low = 0
        for piece in self._pieces:
            if piece.place is None:
                piece.place = low + 1
            elif piece.place <= low:
                return False
            low = piece.place
        return True


def piece_rows(name: str, pieces: Iterable[Piece]) -> Iterator[Statement]:
    """Give the rows of the pieces of a file that was read anew."""
    yield DROP_PIECES, (name,)
    for number, piece in enumerate(pieces, 1):
        yield PUT_PIECE, (name, number * GAP, piece.section, piece.name, len(piece.text))
