"""What a catalog takes over from the default catalog: the attributes that it lacks, and the folder of its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from imageserver.catalog.attributes import Attributes
from imageserver.catalog.catalogs import Catalog


def complete(own: Mapping[str, Any], folder: Path, default: Catalog | None) -> Attributes:
    """Fill the attributes that a catalog does not define; `default` is None for the default catalog itself."""
    if default is None:
        return replace(Attributes(), **{**own, "root_id": ""})
    return replace(replace(default.attributes, root_id=folder.name), **own)


def root_of(own: Mapping[str, Any], folder: Path, default: Catalog | None) -> Path:
    """Give the folder of a catalog's source files."""
    if own.get("root_path"):
        return folder / str(own["root_path"])
    return default.root if default and default.attributes.root_path else folder


def content_root_of(own: Mapping[str, Any], folder: Path, default: Catalog | None) -> Path:
    """Give the folder of a catalog's static content, which is its own folder where nobody names another."""
    if "static_content_root_path" in own:
        return folder / str(own["static_content_root_path"])
    return default.content_root if default and default.attributes.static_content_root_path else folder
