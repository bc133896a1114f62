"""What servers that are measured have in common: where things are, how they start, what they are asked."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

QUALITY = 85
TILE = 256


@dataclass(frozen=True, slots=True)
class Place:
    """Where things are, and with how many processes a server runs."""

    folder: Path
    peers: Path
    processes: int
    catalogs_name: str = "catalogs"

    @property
    def catalogs(self) -> Path:
        """Our catalogs."""
        return self.folder / self.catalogs_name

    @property
    def images(self) -> Path:
        """The pictures that all serve."""
        return self.folder / "catalogs" / "bench" / "images"

    @property
    def converted(self) -> Path:
        """The folder in which our server keeps the pyramids that it built ahead."""
        return self.folder / "converted"

    @property
    def pyramids(self) -> Path:
        """The pictures as tiled pyramids."""
        return self.folder / "pyramids"

    @property
    def hot(self) -> Path:
        """The reply that floors send as it is."""
        return self.folder / "hot" / "hot.jpg"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    port: int
    processes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tile:
    """A whole tile of a level; level 0 is the picture itself, each next one half as large."""

    level: int
    column: int
    row: int
    levels: tuple[tuple[int, int], ...]

    @property
    def area(self) -> tuple[int, int, int]:
        """Left, top and side in pixels of the picture."""
        scale = 2**self.level
        return self.column * TILE * scale, self.row * TILE * scale, TILE * scale


Start = Callable[[Place, Path], AbstractContextManager[Server]]


@dataclass(frozen=True, slots=True)
class Peer:
    """A server of pictures: its program, its version if it is installed, how it starts in a folder, and its URLs."""

    name: str
    program: str
    version: Callable[[Place], str]
    start: Start
    width: Callable[[str, int], str]
    tile: Callable[[str, Tile], str] | None = None


@functools.cache
def first_line(*command: str, pattern: str = r"\d[\w.]*") -> str:
    """Give the version that a program tells, or nothing when it is not installed."""
    if not shutil.which(command[0]):
        return ""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(pattern, done.stdout + done.stderr)
    return found[0] if found else "?"
