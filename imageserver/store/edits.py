"""What can be done to a catalog. Edits are values; one commit makes several of them, or none.

The values of fields are what YAML would hold: texts, numbers, flags, None for null, lists and mappings of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from imageserver.catalog.written import Json

Section = Literal["images", "content", "svg"]
Kind = Literal["source", "mask"]
Key = tuple[str, ...]
"""A field of a record or an attribute; more names lead into a mapping, such as `("crops", "square")`."""


@dataclass(frozen=True, slots=True)
class Put:
    """Create a record, or replace all fields of the one that is there."""

    name: str
    fields: Mapping[str, Json]
    section: Section = "images"
    create: bool = True
    replace: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """Set some fields of a record, and take some away."""

    name: str
    put: Mapping[Key, Json] = field(default_factory=dict)
    drop: tuple[Key, ...] = ()
    section: Section = "images"


@dataclass(frozen=True, slots=True)
class Remove:
    """Take a record away from all files that define it; with `files`, its files too, unless others use them."""

    name: str
    section: Section = "images"
    files: bool = False


@dataclass(frozen=True, slots=True)
class Rename:
    """Give a record another id; it keeps its place, its files and its history."""

    name: str
    to: str
    section: Section = "images"


@dataclass(frozen=True, slots=True)
class ChangeAttributes:
    """Set some attributes of the catalog, and take some away."""

    put: Mapping[Key, Json] = field(default_factory=dict)
    drop: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeMacros:
    """Set some macros of the catalog, and take some away."""

    put: Mapping[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreFile:
    """Make a temporary file, which is used up, the source or the mask of a record; creates a record of that id.

    `path` is where it goes, relative to attribute::RootPath; without one it replaces the file that is there.
    """

    name: str
    temporary: Path
    kind: Kind = "source"
    path: str = ""
    section: Section = "images"


@dataclass(frozen=True, slots=True)
class Restore:
    """Put the files of a revision in place again, and the record itself if it was removed."""

    name: str
    version_id: str
    section: Section = "images"


Edit = Put | Change | Remove | Rename | ChangeAttributes | ChangeMacros | StoreFile | Restore
