"""Where files were, and how YAML names them. References: r-source-data, r-rootpath.

All of it is text: the folders of another machine need not be here.
"""

from __future__ import annotations

import os
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

ABSOLUTE = re.compile(r"/|[A-Za-z]:/")


def slashes(path: str) -> str:
    """Write the separators of a path as slashes."""
    return path.replace("\\", "/")


def is_absolute(path: str) -> bool:
    """Tell whether a path with slashes is absolute, here or on a machine with drives."""
    return bool(ABSOLUTE.match(path))


def absolute(path: Path) -> str:
    """Give a path of this machine as an absolute text."""
    return slashes(os.path.abspath(path))  # noqa: PTH100, links stay as they are


def joined(base: str, path: str) -> str:
    """Give a path as seen from a folder."""
    return posixpath.normpath(path if is_absolute(path) else f"{base}/{path}")


def below(path: str, folder: str) -> str | None:
    """Give an absolute path relative to a folder that it lies in, or nothing."""
    path, folder = posixpath.normpath(path), posixpath.normpath(folder)
    if path == folder:
        return "."
    return path.removeprefix(f"{folder}/") if path.startswith(f"{folder.rstrip('/')}/") else None


def is_folder(path: str) -> bool:
    """Tell whether there is such a folder; a text that is no path of this machine is none."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


@dataclass(frozen=True, slots=True)
class Root:
    """A folder of source files: as YAML names it, and where that is; `note` says what is not as it was."""

    written: str
    folder: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of an attribute file, the folder that its YAML goes to, and the folder of all catalogs."""

    source: str
    home: str
    catalogs: str

    def near(self, path: str) -> str | None:
        """Give an absolute path relative to our folder when it lies beside or below the folder of all catalogs."""
        site = posixpath.dirname(self.catalogs)
        if below(path, self.catalogs) is None and (site == "/" or below(path, site) is None):
            return None
        return posixpath.relpath(path, self.home)

    def root(self, written: str) -> Root:
        """Place a root path, which may be relative to a folder that only the other server knows."""
        path = slashes(written)
        found = joined(self.source, path)
        if not is_absolute(path) and not is_folder(found):
            note = "relative to the server's own root there, to the catalog's folder here"
            return Root(posixpath.normpath(path), joined(self.home, path), note)
        near = self.near(found)
        return Root(near, found) if near else Root(found, found, f"stays where it is, {found}")

    def file(self, path: str) -> tuple[str, str]:
        """Place a file that is named from our folder; the second text is a note."""
        near = self.near(path)
        return (near, "") if near else (path, f"stays where it is, {path}")


def from_root(path: str, root: str) -> tuple[str, str]:
    """Give a path relative to the folder of source files, if it lies there; the second text is a note."""
    path = slashes(path)
    if not is_absolute(path):
        return path, ""
    inside = below(path, root)
    return (inside, "") if inside else (path, f"outside of the root path, stays {path}")
