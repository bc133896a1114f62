"""Pages of a catalog's records, by id: a page costs the same wherever in a large catalog it begins."""

from __future__ import annotations

from collections.abc import Iterator

from imageserver.store.book import CURRENT, Book, RecordRow

NAMES = "SELECT name FROM record WHERE section = ? AND deleted = 0 AND name > ? AND name >= ? ORDER BY name"


def listed(book: Book, section: str, prefix: str, after: str) -> Iterator[tuple[RecordRow, str]]:
    """Yield the records whose ids come after one and begin with a prefix, with what is written of them."""
    for (name,) in book.rows(NAMES, section, after, prefix):
        if not name.startswith(prefix):
            return
        row = book.record(section, name)
        found = book.connection.execute(CURRENT, (section, name)).fetchone()
        if row and found:
            yield row, found[1]
