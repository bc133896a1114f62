"""What the history says of the past: which bytes were stored, and what changed since when."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from imageserver.catalog.written import Json
from imageserver.store.book import Book, RecordRow, RevisionRow
from imageserver.store.drafting import Id

LAST = "SELECT max(global_rev) FROM change WHERE event != 'found'"
SINCE = "SELECT DISTINCT section, name FROM change WHERE global_rev > ? AND (? = '' OR (section = ? AND name = ?))"
WRITTEN = "SELECT written FROM change WHERE section = ? AND name = ? AND global_rev <= ? ORDER BY global_rev DESC"
CREATED = (
    "SELECT global_rev, changed_at, event FROM change WHERE section = ? AND name = ? AND global_rev < ? AND "
    "(event = 'found' OR event LIKE '%created' OR (event LIKE 'renamed%' AND written IS NOT NULL)) "
    "ORDER BY global_rev DESC LIMIT 1"
)
GONE = "SELECT name FROM change WHERE global_rev = ? AND section = ? AND event = 'renamed' AND written IS NULL"
RENAMED = "renamed"
"""How the event of a record begins that has another name now."""
NOW = 2**62


@dataclass(frozen=True, slots=True)
class Revision:
    """One store of bytes, and whether they can be had again."""

    row: RevisionRow
    current: bool
    restorable: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """A record, an attribute or a macro as it was and as it is; None where it was not, or is not."""

    section: str
    name: str
    before: Json
    after: Json


def revisions_of(book: Book, row: RecordRow) -> list[Revision]:
    """Give the stores of bytes of a record, the newest first."""
    found = book.select(RevisionRow, "uid = ? ORDER BY rev DESC", row.uid)
    newest = found[0] if found and not row.deleted else None
    there = {strong for (strong,) in book.rows("SELECT hash FROM kept")}
    there |= {newest.source_hash, newest.mask_hash} if newest else set()
    return [Revision(one, one is newest, restorable=is_there(one, there)) for one in found]


def is_there(revision: RevisionRow, hashes: set[str]) -> bool:
    """Tell whether the files of a revision can be had."""
    source = not revision.source or revision.source_hash in hashes
    return source and (not revision.mask or revision.mask_hash in hashes)


def created_at(book: Book, section: str, names: Iterable[str]) -> dict[str, int]:
    """Give the milliseconds at which records came to be, or were first seen; without those that nobody knows."""
    found = ((name, beginning(book, section, name)) for name in names)
    return {name: moment for name, moment in found if moment is not None}


def beginning(book: Book, section: str, name: str) -> int | None:
    """Follow a record back through the names that it had.

    None where several were renamed at once, before it was noted from what.
    """
    before, names = NOW, [name]
    while len(names) == 1:
        row = next(book.rows(CREATED, section, names[0], before), None)
        if row is None or not row[2].startswith(RENAMED):
            return None if row is None else int(row[1])
        before, event = row[0], row[2]
        names = [event.removeprefix(f"{RENAMED} from ")] if event != RENAMED else names_before(book, before, section)
    return None


def names_before(book: Book, global_rev: int, section: str) -> list[str]:
    """Give the names that are gone since a commit renamed what had them."""
    return [one for (one,) in book.rows(GONE, global_rev, section)]


def changed_since(book: Book, key: Id | None, since: int | None) -> list[Changed]:
    """Say what became of one thing or of all since a revision of the catalog, or since the one before the last."""
    if since is None:
        of_one = " AND section = ? AND name = ?" if key else ""
        ((last,),) = book.rows(LAST + of_one, *(key or ()))
        since = int(book.about("global_rev")) if last is None else last - 1
    section, name = key or ("", "")
    keys = list(book.rows(SINCE, since, section, section, name))
    found = [Changed(of, one, written_at(book, (of, one), since), written_at(book, (of, one), NOW)) for of, one in keys]
    return [one for one in found if one.before != one.after]


def written_at(book: Book, key: Id, global_rev: int) -> Json:
    """Give what was written of something at a revision of the catalog; None when it was not there."""
    found = next(book.rows(WRITTEN, *key, global_rev), None)
    return json.loads(found[0]) if found and found[0] is not None else None
