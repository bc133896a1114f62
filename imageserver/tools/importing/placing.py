"""Files are put in place as a whole or not at all; those of a catalog that is there already, all of them together."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from imageserver.catalog.shelf import Shelf
from imageserver.errors import ConfigError, NotStored
from imageserver.store.durable import flush, write_beside
from imageserver.store.home import Home, state_of
from imageserver.store.replacing import replace_files


def refuse_existing(paths: Iterable[Path]) -> None:
    """Raise `ConfigError` when one of the files is there already."""
    for path in paths:
        if os.path.lexists(path):
            raise ConfigError(str(path), "is there already; --force writes over it")


def place_catalogs(files: Mapping[Path, bytes], shelf: Shelf) -> None:
    """Write the files of catalogs, of which each has its own folder and its main file last; raises `ConfigError`."""
    folders: dict[Path, dict[Path, bytes]] = {}
    for path, data in files.items():
        folders.setdefault(path.parent, {})[path] = data
    for group in folders.values():
        if not any(os.path.lexists(path) for path in group):
            place(group)
            continue
        *_, main = group
        try:
            replace_files(Home(main, main.parent.name, state_of(shelf, main)), group)
        except NotStored as error:
            raise ConfigError(str(main), f"cannot be written: {error.reason}") from error


def place(files: Mapping[Path, bytes]) -> None:
    """Write files in their order, each beside its place and then into it; raises `ConfigError`."""
    for path, data in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_beside(path, data).replace(path)
            flush(path.parent)
        except OSError as error:
            raise ConfigError(str(path), f"cannot be written: {error.strerror}") from error
