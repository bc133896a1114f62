"""Stores of a test: a catalog on disk, a clock that stands still, and bytes that look like pictures."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

from imageserver.catalog.shelf import Shelf
from imageserver.store.edits import Kind, StoreFile
from imageserver.store.home import find_home
from imageserver.store.store import Store

NOW = 1_700_000_000
CATALOG = """# Shoes.
attributes:
  root_path: images   # where they are

images:
  # ---- winter
  boot:   # warm
    path: 'boot.jpg'
    user_data: {color: red, sku: 0123}
    crops:
      square: [0, 0, 10, 10]  # the toe

  # ---- summer
  "sandal": {path: sandal.jpg, expiration: 3}   # light
macros: {thumb: wid=100}
"""


@dataclass
class Clock:
    """Tells the second that a test sets."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Site:
    """A folder with the catalog Co, and its store."""

    folder: Path
    clock: Clock
    store: Store

    @property
    def text(self) -> str:
        return self.yaml("catalog.yaml").read_text()

    def yaml(self, name: str) -> Path:
        return self.folder / "catalogs" / "Co" / name

    def image(self, name: str) -> Path:
        return self.folder / "catalogs" / "Co" / "images" / name

    def again(self) -> Store:
        """Open the store as another process does."""
        self.store.close()
        self.store = opened(self.folder, self.clock)
        return self.store

    def file(self, name: str, content: str, kind: Kind = "source", path: str = "") -> StoreFile:
        """Make the edit that stores some bytes."""
        temporary = self.folder / f"{name}-{kind}-{content}".replace("/", "-")
        temporary.write_bytes(picture(content))
        return StoreFile(name, temporary, kind, path)


def picture(content: str) -> bytes:
    return b"\xff\xd8\xff" + content.encode()


def opened(folder: Path, clock: Clock, max_size: int = 2**30) -> Store:
    numbers = itertools.count(1)
    home = find_home(folder / "catalogs", "Co", Shelf(folder / "state"))
    return Store(home, clock, lambda: f"{folder.name}-{id(numbers)}-{next(numbers)}", max_size)


def site(folder: Path, text: str = "", **images: str) -> Site:
    """Write a catalog with some images, and open its store."""
    catalog = folder / "catalogs" / "Co"
    (catalog / "images").mkdir(parents=True)
    (catalog / "catalog.yaml").write_text(text or "attributes: {root_path: images}\n")
    for name, content in images.items():
        (catalog / "images" / f"{name}.jpg").write_bytes(picture(content))
    clock = Clock()
    return Site(folder, clock, opened(folder, clock))
