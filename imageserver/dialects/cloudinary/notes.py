"""What only this door has to remember: presets, mappings, folders, fields of metadata, sprites, facts of assets."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from imageserver.catalog.written import Json

Kind = Literal["asset", "preset", "folder", "field", "mapping", "made"]
SCHEMA = "CREATE TABLE IF NOT EXISTS note (kind TEXT, name TEXT, text TEXT, PRIMARY KEY (kind, name)) WITHOUT ROWID"


@dataclass(frozen=True, slots=True)
class Notes:
    """Notes of one cloud, in a file that all processes share."""

    path: Path

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=60)) as connection, connection:
            connection.execute(SCHEMA)
            yield connection

    def begin(self) -> None:
        """Make the file, if there is none."""
        with self._open():
            pass

    def read(self, kind: Kind, name: str) -> dict[str, Json] | None:
        """Give a note; None where there is none."""
        if not self.path.exists():
            return None
        with self._open() as connection:
            row = connection.execute("SELECT text FROM note WHERE kind = ? AND name = ?", (kind, name)).fetchone()
        return json.loads(row[0]) if row else None

    def every(self, kind: Kind) -> dict[str, dict[str, Json]]:
        """Give all notes of a kind by their names."""
        if not self.path.exists():
            return {}
        with self._open() as connection:
            rows = connection.execute("SELECT name, text FROM note WHERE kind = ? ORDER BY name", (kind,)).fetchall()
        return {name: json.loads(text) for name, text in rows}

    def write(self, kind: Kind, name: str, note: Mapping[str, Json]) -> None:
        """Make a note, in place of one that is there."""
        with self._open() as connection:
            connection.execute("INSERT OR REPLACE INTO note VALUES (?, ?, ?)", (kind, name, json.dumps(note)))

    def add(self, kind: Kind, name: str, more: Mapping[str, Json], drop: Collection[str] = ()) -> None:
        """Add to a note what there is more of, and leave out what is to be dropped."""
        self.change(kind, name, lambda note: {**{key: note[key] for key in note if key not in drop}, **more})

    def change(self, kind: Kind, name: str, changed: Callable[[Mapping[str, Json]], Mapping[str, Json]]) -> None:
        """Change a note, one that is not there being empty; nobody else changes it meanwhile."""
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute("SELECT text FROM note WHERE kind = ? AND name = ?", (kind, name)).fetchone()
            before = json.loads(row[0]) if row else {}
            note = changed(before)
            if note != before:
                connection.execute("INSERT OR REPLACE INTO note VALUES (?, ?, ?)", (kind, name, json.dumps(note)))

    def remove(self, kind: Kind, name: str) -> bool:
        """Take a note away, and tell whether there was one."""
        with self._open() as connection:
            return bool(connection.execute("DELETE FROM note WHERE kind = ? AND name = ?", (kind, name)).rowcount)
