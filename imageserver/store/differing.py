"""What changes in a YAML file, as a unified diff; each piece is compared for itself, which is fast in a large file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from imageserver.store.file_draft import FileDraft

CONTEXT = 3
Change = tuple[str, int, int, int, int]
"""A stretch of lines that stay, go, come or are replaced: where it is in the old and in the new file."""


class Known(SequenceMatcher[str]):
    """Groups changes that are known already."""

    def __init__(self, changes: list[Change]) -> None:
        super().__init__()
        self._changes = changes

    def get_opcodes(self) -> list[Change]:  # type: ignore[override]
        """Give the changes."""
        return self._changes


def difference(file: FileDraft) -> str:
    """Show what changes in a file; nothing when nothing does."""
    old, new, changes = list[str](), list[str](), list[Change]()
    for before, after in file.texts:
        first, second = before.splitlines(keepends=True), after.splitlines(keepends=True)
        if before == after:
            changes.append(("equal", len(old), len(old) + len(first), len(new), len(new) + len(second)))
        else:
            found = SequenceMatcher(None, first, second, autojunk=False).get_opcodes()
            changes += [(what, a + len(old), b + len(old), c + len(new), d + len(new)) for what, a, b, c, d in found]
        old += first
        new += second
    groups = list(Known(joined(changes)).get_grouped_opcodes(CONTEXT)) if old != new else []
    head = f"--- a/{file.name}\n+++ b/{file.name}\n" if groups else ""
    return head + "".join(line for group in groups for line in hunk(group, old, new))


def joined(changes: Iterable[Change]) -> list[Change]:
    """Join neighbours of the same kind, and leave empty ones out."""
    result: list[Change] = []
    for what, a, b, c, d in changes:
        if a == b and c == d:
            continue
        if result and result[-1][0] == what:
            result[-1] = (what, result[-1][1], b, result[-1][3], d)
        else:
            result.append((what, a, b, c, d))
    return result


def hunk(group: list[Change], old: list[str], new: list[str]) -> Iterator[str]:
    """Yield the lines of one hunk."""
    yield f"@@ -{span(group[0][1], group[-1][2])} +{span(group[0][3], group[-1][4])} @@\n"
    for what, a, b, c, d in group:
        if what == "equal":
            yield from (ended(" ", line) for line in old[a:b])
        else:
            yield from (ended("-", line) for line in old[a:b])
            yield from (ended("+", line) for line in new[c:d])


def span(start: int, end: int) -> str:
    """Write which lines of a file a hunk shows."""
    length = end - start
    first = start + 1 if length else start
    return str(first) if length == 1 else f"{first},{length}"


def ended(sign: str, line: str) -> str:
    """Write a line, which may be the last of a file that does not end with a line end."""
    return f"{sign}{line}" if line.endswith(("\n", "\r")) else f"{sign}{line}\n\\ No newline at end of file\n"
