"""A commit that touches several files is decided in the book first: after a crash it is finished, or it never was.

While not one file has been moved, nothing has happened. Once one has, the others follow at the next opening.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from imageserver.store.book import Book, Statement
from imageserver.store.durable import digests, flush_all


@dataclass(frozen=True, slots=True)
class Move:
    """A temporary file that replaces another; the hashes are of what was there, nothing when there was none, and is."""

    temporary: str
    target: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Intent:
    """What is left to be done once a commit is decided: files to move in place, files to take away, the book."""

    moves: tuple[Move, ...]
    leaving: tuple[str, ...]
    made: tuple[str, ...]
    statements: tuple[Statement, ...]

    def text(self) -> str:
        """Write it as JSON."""
        moves = [[one.temporary, one.target, one.before, one.after] for one in self.moves]
        return json.dumps([moves, self.leaving, self.made, self.statements])

    @classmethod
    def read(cls, text: str) -> Intent:
        """Read it from JSON."""
        moves, leaving, made, statements = json.loads(text)
        found = tuple((statement, tuple(values)) for statement, values in statements)
        return cls(tuple(Move(*one) for one in moves), tuple(leaving), tuple(made), found)


def decide(book: Book, intent: Intent) -> None:
    """Write an intent down; from now on it is for `settle` to say what becomes of it."""
    book.make([("INSERT INTO intent VALUES (?)", (intent.text(),))])


def carry_out(book: Book, intent: Intent) -> None:
    """Do what was decided; raises `OSError` or `sqlite3.Error`, with nothing done or all of it to follow."""
    try:
        for move in intent.moves:
            Path(move.temporary).replace(move.target)
    except OSError:
        settle(book)
        raise
    finish(book, intent)


def finish(book: Book, intent: Intent) -> None:
    """Do what is left when all files are in place."""
    for name in intent.leaving:
        Path(name).unlink(missing_ok=True)
    flush_all(Path(name).parent for name in (*(one.target for one in intent.moves), *intent.leaving))
    book.make([*intent.statements, ("DELETE FROM intent", ())])


def settle(book: Book) -> None:
    """Finish what was decided and begun, and undo what was only decided."""
    for text in book.intents():
        intent = Intent.read(text)
        states = [state_of(move) for move in intent.moves]
        if ("done" not in states and intent.moves) or "lost" in states:
            undo(book, intent)
        else:
            for move, state in zip(intent.moves, states, strict=True):
                if state == "to do":
                    Path(move.temporary).replace(move.target)
            finish(book, intent)


def undo(book: Book, intent: Intent) -> None:
    """Take away what was made for a commit that does not come about."""
    discard([*(one.temporary for one in intent.moves), *intent.made])
    book.make([("DELETE FROM intent", ())])


def discard(names: Iterable[str | Path]) -> None:
    """Take temporary files away, as far as that can be done."""
    for name in names:
        with suppress(OSError):
            Path(name).unlink(missing_ok=True)


def state_of(move: Move) -> str:
    """Say how far a move has come."""
    target = Path(move.target)
    now = digests(target)[0] if target.exists() else ""
    if Path(move.temporary).exists():
        return "to do" if now == move.before else "lost"
    return "done" if now == move.after else "lost"
