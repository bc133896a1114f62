"""The files of records with access: who may not see the record does not get its file by its path, either.

They are noted when a catalog is compiled, so that catalogs without such records cost nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from imageserver.catalog.paths import ways_to, with_extension
from imageserver.catalog.written import Written

TABLES = """
CREATE TABLE guarded (section INTEGER, name TEXT, path TEXT, PRIMARY KEY (section, name, path)) WITHOUT ROWID;
CREATE INDEX guards ON guarded (path);
CREATE INDEX restricting ON entry (section, name) WHERE instr(written, '"access"');
"""
"""`guarded.path` is a name, as `ways_to` gives it, of a file of the record with that id."""
FORGET = "DELETE FROM guarded WHERE (section, name) IN (SELECT section, name FROM changed)"
RESTRICTED = """
SELECT section, name, max(file), written FROM entry WHERE (section, name) IN (
    SELECT section, name FROM entry INDEXED BY restricting WHERE instr(written, '"access"')
    INTERSECT SELECT section, name FROM changed
) GROUP BY section, name
"""
"""For each record that has changed, and has access in any of its entries, the entry that holds."""
FIND = "SELECT 1 FROM guarded WHERE path IN (?, ?) LIMIT 1"
ANY = "SELECT 1 FROM guarded LIMIT 1"
Place = tuple[Path, str]
"""The folder of the files of a section, and the suffix of those that have none."""


def note_guarded(connection: sqlite3.Connection, places: Sequence[Place]) -> None:
    """Note the files of records that have changed; `places` are those of the sections by their numbers."""
    connection.execute(FORGET)
    rows = [
        (section, name, way)
        for section, name, _, written in connection.execute(RESTRICTED)
        for path in files_of(json.loads(written))
        for way in ways_to(places[section][0] / with_extension(path, places[section][1]))
    ]
    connection.executemany("INSERT OR IGNORE INTO guarded VALUES (?, ?, ?)", rows)


def files_of(written: Written) -> Iterator[str]:
    """Yield the files of a record, if it is not for everybody."""
    if written.get("access"):
        yield from (path for key in ("path", "mask_path") if isinstance(path := written.get(key), str) and path)
