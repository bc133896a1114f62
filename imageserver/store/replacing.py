"""Whole YAML files of a catalog are replaced together, as by an import: after a crash all of them are new, or none."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path

from imageserver.errors import NotStored
from imageserver.store.book import Book
from imageserver.store.deciding import Intent, Move, carry_out, decide, discard, settle
from imageserver.store.durable import write_beside
from imageserver.store.home import Home
from imageserver.store.seeing import digest_of
from imageserver.store.store import HISTORY, locked, mark


def replace_files(home: Home, files: Mapping[Path, bytes]) -> None:
    """Put files in place of a catalog's, broken ones as well; raises `NotStored`.

    Nobody edits meanwhile. What the files change goes into the history like any other change by hand.
    """
    try:
        with locked(home.state) as lock, closing(Book(home.state / HISTORY)) as book:
            settle(book)
            crashed = lock.read(1)
            mark(lock, b"busy")
            with ExitStack() as unless_decided:
                moves = []
                for path, data in files.items():
                    temporary = write_beside(path, data)
                    unless_decided.callback(discard, [temporary])
                    before = digest_of(path.read_bytes()) if path.exists() else ""
                    moves.append(Move(str(temporary), str(path), before, digest_of(data)))
                intent = Intent(tuple(moves), (), (), ())
                decide(book, intent)
                unless_decided.pop_all()
            carry_out(book, intent)
            mark(lock, crashed)
    except (sqlite3.Error, OSError) as error:
        raise NotStored(f"catalog '{home.name}'", str(error)) from error
