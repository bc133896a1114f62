"""Files are put in place as a whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from imageserver.errors import ConfigError
from imageserver.store.durable import flush, write_beside


def refuse_existing(paths: Iterable[Path]) -> None:
    """Raise `ConfigError` when one of the files is there already."""
    for path in paths:
        if os.path.lexists(path):
            raise ConfigError(str(path), "is there already; --force writes over it")


def place(files: Mapping[Path, bytes]) -> None:
    """Write files in their order, each beside its place and then into it; raises `ConfigError`."""
    for path, data in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_beside(path, data).replace(path)
            flush(path.parent)
        except OSError as error:
            raise ConfigError(str(path), f"cannot be written: {error.strerror}") from error
