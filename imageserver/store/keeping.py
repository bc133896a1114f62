"""The bytes of replaced files, kept by their hashes up to a size; the oldest go first."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from imageserver.store.book import Book


def remove_orphans(book: Book, kept: Path) -> None:
    """Take away what a commit kept that never came about."""
    known = {strong for (strong,) in book.rows("SELECT hash FROM kept")}
    for path in kept.glob("*/*"):
        if path.name not in known:
            with suppress(OSError):
                path.unlink()


def within_size(book: Book, kept: Path, most: int) -> None:
    """Give up the oldest kept files until the others fit; their revisions cannot be restored any more."""
    ((total,),) = book.rows("SELECT coalesce(sum(size), 0) FROM kept")
    if total <= most:
        return
    gone = []
    for strong, size in list(book.rows("SELECT hash, size FROM kept ORDER BY kept_at, hash")):
        if total <= most:
            break
        gone.append(strong)
        total -= size
    book.make([("DELETE FROM kept WHERE hash = ?", (strong,)) for strong in gone])
    for strong in gone:
        (kept / strong[:2] / strong).unlink(missing_ok=True)
