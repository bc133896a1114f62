"""How the path of a file is written in a catalog, and by which names the file goes."""

from __future__ import annotations

import posixpath
from contextlib import suppress
from pathlib import Path


def with_extension(path: str, extension: str) -> str:
    """Append attribute::DefaultExt to a path without a suffix."""
    return path + extension if path and "." not in path.rpartition("/")[2] else path


def ways_to(path: Path) -> tuple[str, str]:
    """Give two names of a file: with all links followed, and as it is written, for when links lead elsewhere later."""
    written = posixpath.normpath(path.absolute())
    with suppress(OSError, RuntimeError, ValueError):
        return str(path.resolve()), written
    return written, written
