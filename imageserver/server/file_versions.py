"""What tells one version of a file from the next, without a look into it."""

from __future__ import annotations

import os
from pathlib import Path

from imageserver.errors import BadSource

Version = tuple[str, int, int, int, int]
"""Path, device, inode, size, and the nanosecond at which it was changed."""


def version_of(path: str | Path) -> Version:
    """Tell one version of a file from the next; raises `BadSource` when it is gone."""
    try:
        status = os.stat(path)  # noqa: PTH116, a third of the time of Path.stat, at every hit
    except OSError as error:
        raise BadSource(Path(path).name, error.strerror or "cannot be opened", str(path)) from error
    return str(path), status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
