"""Catalogs that are compiled into an index: what tests of the index write, load, and compare."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imageserver.catalog.catalogs import Catalog
from imageserver.catalog.index import open_index
from imageserver.catalog.loading import State, load
from imageserver.catalog.shelf import Shelf

MAIN = "include: [one.yaml, 'more/*.yaml']\nimages: {r: {path: a.png}}\nmacros: {m: wid=1}\n"
FILES = {
    "Co/catalog.yaml": MAIN,
    "Co/one.yaml": "images: {s: {path: a.png, modifier: wid=1}}",
    "Co/more/1.yaml": "images: {t: {path: a.png, expiration: 1}}",
    "Co/more/2.yaml": "images: {u: {path: a.png, crops: {x: [0, 0, 1, 2]}}}",
}


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def start(folder: Path, *, thorough: bool = False) -> State:
    """Load as a process does that has just been started."""
    return load(folder, shelf=Shelf(folder.parent / "state"), thorough=thorough)


def read(state: State) -> list[str]:
    """Name the files that had to be read for a state."""
    return [name for one in state.loaded.values() for name in one.files]


def co(state: State) -> Catalog:
    return state.catalogs.named["Co"]


def generation(folder: Path) -> int:
    index = open_index(home(folder))
    assert index
    return index.about.generation


def home(folder: Path) -> Path:
    """Give the file of the index of Co."""
    (path,) = (folder.parent / "state").glob("Co-*.sqlite")
    return path


def content(state: State) -> Any:  # noqa: ANN401, whatever a catalog holds
    """Give all that a state holds, to be compared."""
    return {
        name: (
            list(one.images.items()),
            list(one.content.items()),
            len(one.images),
            one.page(1, 2),
            one.macros,
            one.extras,
            one.attributes,
            one.modified,
        )
        for name, one in {**state.catalogs.named, "": state.catalogs.default}.items()
    }
