"""Catalogs of a test, written and loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from imageserver.catalog.catalogs import Catalog
from imageserver.catalog.loading import State, load
from imageserver.catalog.records import Record


def write(folder: Path, files: Mapping[str, str]) -> State:
    """Write files, and load them all."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return load(folder)


def one(folder: Path, text: str) -> Catalog:
    """Load Co alone, which has nothing wrong with it."""
    state = write(folder, {"Co/catalog.yaml": text})
    assert not state.problems, [str(problem) for problem in state.problems]
    return state.catalogs.named["Co"]


def record(folder: Path, fields: str) -> Record:
    found = one(folder, f"images:\n  r:\n    path: a.png\n    {fields}").record("r")
    assert found is not None
    return found


def problems(folder: Path, text: str) -> list[str]:
    """Load Co, and give what is wrong with it without the name of its file."""
    state = write(folder, {"Co/catalog.yaml": text})
    prefix = "catalogs/Co/catalog.yaml:"
    assert all(str(problem).startswith(prefix) for problem in state.problems)
    return [str(problem).removeprefix(prefix) for problem in state.problems]
