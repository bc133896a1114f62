"""What is remembered between requests, in a file that processes share: sessions, locks, entity sets, parked files."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, user TEXT, length INTEGER, expires REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lock (
    catalog TEXT, name TEXT, session TEXT, expires REAL, PRIMARY KEY (catalog, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entity_set (
    id TEXT PRIMARY KEY, catalog TEXT, keys TEXT, count INTEGER, size INTEGER, sorted INTEGER, timeout INTEGER,
    refreshed REAL, expires REAL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parked (id TEXT PRIMARY KEY, owner TEXT, expires REAL) WITHOUT ROWID;
"""
MOST_KEPT = 2**26
"""Bytes of the keys of all entity sets; the ones that were used least lately go first."""
MOST_SETS = 10_000
MOST_PARKED = 1000
"""Files that wait to be used."""
MOST_SESSIONS = 10_000


@dataclass(frozen=True, slots=True)
class EntitySet:
    """The keys of entities that were found once, in their order."""

    id: str
    catalog: str
    keys: tuple[str, ...]
    sorted: bool
    timeout: int


def new_id() -> str:
    """Give 32 hexadecimal digits that nobody guesses."""
    return secrets.token_hex(16).upper()


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory of all processes of a server; its functions wait for the disk."""

    folder: Path

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.folder / "memory.sqlite", timeout=60)) as connection, connection:
            connection.executescript(SCHEMA)
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    def begin_session(self, user: str, length: int, now: float) -> str:
        """Begin a session, and give its id."""
        name = new_id()
        with self._open() as connection:
            connection.execute("DELETE FROM session WHERE expires <= ?", (now,))
            connection.execute(
                "DELETE FROM session WHERE id IN (SELECT id FROM session ORDER BY expires DESC LIMIT -1 OFFSET ?)",
                (MOST_SESSIONS,),
            )
            connection.execute("INSERT INTO session VALUES (?, ?, ?, ?)", (name, user, length, now + length))
        return name

    def user(self, session: str, now: float) -> str | None:
        """Give the user of a session, which begins anew; None where it is over."""
        with self._open() as connection:
            row = connection.execute(
                "UPDATE session SET expires = ? + length WHERE id = ? AND expires > ? RETURNING user",
                (now, session, now),
            ).fetchone()
        return row[0] if row else None

    def end_session(self, session: str) -> None:
        """End a session, and with it its locks."""
        with self._open() as connection:
            connection.execute("DELETE FROM session WHERE id = ?", (session,))
            connection.execute("DELETE FROM lock WHERE session = ?", (session,))

    def sessions(self, now: float) -> list[tuple[str, str, int, float]]:
        """Give the sessions that go on: id, user, length, end."""
        with self._open() as connection:
            found = connection.execute("SELECT id, user, length, expires FROM session WHERE expires > ?", (now,))
            return found.fetchall()

    def lock(self, catalog: str, name: str, session: str, until: float, now: float) -> bool:
        """Lock an entity for a session, and tell whether it has it."""
        with self._open() as connection:
            connection.execute("DELETE FROM lock WHERE expires <= ?", (now,))
            connection.execute(
                "INSERT INTO lock VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET expires = excluded.expires "
                "WHERE session = excluded.session",
                (catalog, name, session, until),
            )
            query = "SELECT session FROM lock WHERE catalog = ? AND name = ?"
            (holder,) = connection.execute(query, (catalog, name)).fetchone()
        return bool(holder == session)

    def unlock(self, catalog: str, name: str, session: str) -> None:
        """Give a lock up."""
        with self._open() as connection:
            connection.execute(
                "DELETE FROM lock WHERE catalog = ? AND name = ? AND session = ?", (catalog, name, session)
            )

    def locked(self, catalog: str, session: str, now: float) -> frozenset[str]:
        """Name the entities that other sessions have locked."""
        with self._open() as connection:
            query = "SELECT name FROM lock WHERE catalog = ? AND session != ? AND expires > ?"
            return frozenset(name for (name,) in connection.execute(query, (catalog, session, now)))

    def keep_set(self, kept: EntitySet, now: float) -> None:
        """Remember an entity set; old ones go where there are too many."""
        text = json.dumps(kept.keys)
        row = (kept.id, kept.catalog, text, len(kept.keys), len(text), kept.sorted, kept.timeout, now)
        with self._open() as connection:
            connection.execute("DELETE FROM entity_set WHERE expires <= ?", (now,))
            connection.execute(
                "INSERT OR REPLACE INTO entity_set VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, now + kept.timeout)
            )
            sizes = connection.execute(
                "SELECT id, size FROM entity_set ORDER BY refreshed DESC, id = ? DESC", (kept.id,)
            )
            total, over = 0, []
            for number, (name, size) in enumerate(sizes):
                total += size
                if number >= MOST_SETS or (total > MOST_KEPT and number):
                    over.append((name,))
            connection.executemany("DELETE FROM entity_set WHERE id = ?", over)

    def entity_set(self, catalog: str, name: str, now: float) -> EntitySet | None:
        """Give an entity set, which is kept on; None where there is none."""
        with self._open() as connection:
            row = connection.execute(
                "UPDATE entity_set SET refreshed = ?, expires = ? + timeout "
                "WHERE id = ? AND catalog = ? AND expires > ? RETURNING keys, sorted, timeout",
                (now, now, name, catalog, now),
            ).fetchone()
        return EntitySet(name, catalog, tuple(json.loads(row[0])), bool(row[1]), row[2]) if row else None

    def release(self, catalog: str, name: str) -> bool:
        """Forget an entity set, and tell whether there was one."""
        with self._open() as connection:
            query = "DELETE FROM entity_set WHERE id = ? AND catalog = ?"
            return bool(connection.execute(query, (name, catalog)).rowcount)

    def entity_sets(self, now: float) -> Sequence[tuple[str, str, int, int, float, float]]:
        """Tell of all entity sets: id, catalog, count, whether they are sorted, when they were used, and their end."""
        query = "SELECT id, catalog, count, sorted, refreshed, expires FROM entity_set WHERE expires > ?"
        with self._open() as connection:
            return connection.execute(query, (now,)).fetchall()

    def place(self, parked: str) -> Path:
        """Give the file of something parked."""
        return self.folder / "parked" / parked

    def clean(self, now: float) -> bool:
        """Take away files that nobody used in time, and tell whether there is room for one more."""
        with self._open() as connection:
            gone = connection.execute("DELETE FROM parked WHERE expires <= ? RETURNING id", (now,)).fetchall()
            for (name,) in gone:
                with suppress(OSError):
                    self.place(name).unlink()
            (count,) = connection.execute("SELECT count(*) FROM parked").fetchone()
        return bool(count < MOST_PARKED)

    def park(self, parked: str, owner: str, until: float) -> None:
        """Remember a file that was parked for a session."""
        with self._open() as connection:
            connection.execute("INSERT INTO parked VALUES (?, ?, ?)", (parked, owner, until))

    def is_parked(self, parked: str, owner: str, now: float) -> bool:
        """Tell whether a file waits for a session."""
        query = "SELECT 1 FROM parked WHERE id = ? AND owner = ? AND expires > ?"
        with self._open() as connection:
            return connection.execute(query, (parked, owner, now)).fetchone() is not None

    def claim(self, parked: str, owner: str, now: float) -> float | None:
        """Take a file of a session, which nobody else gets then, and give when its time is over; None for no file."""
        query = "DELETE FROM parked WHERE id = ? AND owner = ? AND expires > ? RETURNING expires"
        with self._open() as connection:
            row = connection.execute(query, (parked, owner, now)).fetchone()
        return row[0] if row else None

    def use_up(self, parked: str) -> None:
        """Take away a file that was used."""
        with suppress(OSError):
            self.place(parked).unlink()
