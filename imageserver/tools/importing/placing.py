"""Files are put in place as a whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from imageserver.errors import ConfigError


def refuse_existing(paths: Iterable[Path]) -> None:
    """Raise `ConfigError` when one of the files is there already."""
    for path in paths:
        if os.path.lexists(path):
            raise ConfigError(str(path), "is there already; --force writes over it")


def place(files: Mapping[Path, bytes]) -> None:
    """Write files in their order, each beside its place and then into it; raises `ConfigError`."""
    for path, data in files.items():
        beside = path.parent / f".{path.name}.{os.getpid()}.new"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(beside, path, data)
        except OSError as error:
            raise ConfigError(str(path), f"cannot be written: {error.strerror}") from error


def write(beside: Path, path: Path, data: bytes) -> None:
    """Write one file, and give it its name when all of it is on the disk."""
    try:
        with beside.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
