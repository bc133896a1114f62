"""Facts of source files that all processes of a server share, and that outlive them: nobody hashes a file again.

They are those of one version of a file, as `version_of` tells it, and of one way to look at files.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from dataclasses import asdict, replace
from pathlib import Path

from imageserver.config import Limits
from imageserver.errors import BadSource
from imageserver.layout.facts import Animation, EmbeddedPath, Facts
from imageserver.protocol.values import Size
from imageserver.server.file_versions import Version, version_of

PROBING = "2"
"""Changes with every change of what is told of a file."""
LIMITS = ("file_size", "source_pixels", "whole_pixels", "scans", "frames")
"""Those on which it depends whether a file is taken, and what is told of it."""
MOST = 500_000
"""Files that are remembered; each takes some hundred bytes."""
QUIET = 2.0
"""Seconds for which a file was left alone before it is remembered: times of files are not told apart any finer."""
PATIENCE = 0.1
"""Seconds that one process waits for another; what it cannot write, or read, is looked up in the file itself."""
SETTINGS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
TABLE = """
CREATE TABLE IF NOT EXISTS facts (
  path BLOB, way TEXT, device INTEGER, inode INTEGER, size INTEGER, modified INTEGER, facts TEXT,
  PRIMARY KEY (path, way)
)"""
FIND = "SELECT facts FROM facts WHERE path = ? AND device = ? AND inode = ? AND size = ? AND modified = ? AND way = ?"
KEEP = "INSERT OR REPLACE INTO facts (path, device, inode, size, modified, way, facts) VALUES (?, ?, ?, ?, ?, ?, ?)"
PRUNE = "DELETE FROM facts WHERE rowid <= (SELECT max(rowid) FROM facts) - ?"
log = logging.getLogger("imageserver.sources")


class Remembered:
    """A file of facts; one that cannot be used is told once in the log, and costs nothing but time."""

    def __init__(self, file: Path, limits: Limits) -> None:
        self._file = file
        self._way = " ".join((PROBING, *(str(getattr(limits, name)) for name in LIMITS)))
        self._rows = self._opened()

    def find(self, kind: str, version: Version) -> Facts | None:
        """Give the facts of a version of a file, if it was looked at before."""
        if self._rows is None:
            return None
        try:
            row = self._rows.execute(FIND, (*storable(version), f"{kind} {self._way}")).fetchone()
            return None if row is None else read(row[0])
        except (sqlite3.Error, ValueError, TypeError, KeyError):
            return None

    def keep(self, kind: str, version: Version, facts: Facts, seen: float) -> None:
        """Remember the facts of a version of a file, unless it was written just before it was `seen`, or is another."""
        if self._rows is None or seen - version[-1] / 1e9 < QUIET:
            return
        try:
            if version_of(version[0]) != version:
                return
            with self._rows:
                self._rows.execute(KEEP, (*storable(version), f"{kind} {self._way}", written(facts)))
                self._rows.execute(PRUNE, (MOST,))
        except BadSource:
            return
        except sqlite3.Error as error:
            log.warning("%s: facts of %s are not remembered (%s)", self._file, Path(version[0]).name, error)

    def close(self) -> None:
        """Close the file."""
        if self._rows is not None:
            self._rows.close()

    def _opened(self) -> sqlite3.Connection | None:
        """Open the file; one that is damaged is begun anew."""
        for last in (False, True):
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                rows = sqlite3.connect(self._file, timeout=PATIENCE, check_same_thread=False)
                rows.executescript(SETTINGS + TABLE)
            except (OSError, sqlite3.Error) as error:
                if last or isinstance(error, OSError | sqlite3.OperationalError):
                    log.warning("%s: facts of files are not remembered (%s)", self._file, error)
                    return None
                self._file.unlink(missing_ok=True)
            else:
                return rows
        return None


def storable(version: Version) -> tuple[bytes | int, ...]:
    """Give a version in types that SQLite has: bytes, and numbers of 64 bits with a sign."""
    path, *numbers = version
    return (os.fsencode(path), *(one - 2**64 * (one >= 2**63) for one in numbers))


def written(facts: Facts) -> str:
    """Write facts as text."""
    fields = asdict(replace(facts, pyramids=()))
    paths = [(one.name, one.records.hex()) for one in facts.paths]
    return json.dumps({**fields, "size": (facts.size.width, facts.size.height), "paths": paths})


def read(text: str) -> Facts:
    """Read facts from text; raises `ValueError`, `TypeError` or `KeyError` for anything else."""
    fields = json.loads(text)
    paths = tuple(EmbeddedPath(name, bytes.fromhex(records)) for name, records in fields["paths"])
    moving = fields["animation"]
    animation = moving and Animation(**{**moving, "durations": tuple(moving["durations"])})
    whole = {"size": Size(*fields["size"]), "paths": paths, "variables": tuple(fields["variables"]), "pyramids": ()}
    return Facts(**{**fields, **whole, "animation": animation})
