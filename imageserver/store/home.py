"""Where a catalog is: its YAML files, the files of its records, and the folder of its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from imageserver.catalog.catalogs import Catalog
from imageserver.catalog.checking import included
from imageserver.catalog.inheriting import complete, content_root_of, root_of
from imageserver.catalog.paths import with_extension
from imageserver.catalog.reading import ATTRIBUTES, RECORDS, Signature, read_fields, sign
from imageserver.catalog.shelf import Shelf
from imageserver.catalog.written import Json, node_of, plain
from imageserver.errors import ConfigError
from imageserver.store.edits import Section
from imageserver.yaml_nodes import BrokenYaml, YamlFile

MAIN = "catalog.yaml"
DEFAULT = "default.yaml"
CONTENT: Section = "content"
"""The section of static content, whose files have a folder of their own."""


@dataclass(frozen=True, slots=True)
class Home:
    """The main file of a catalog, what it is called, and the folder of its history."""

    path: Path
    name: str
    state: Path

    @property
    def folder(self) -> Path:
        """The catalog's own folder."""
        return self.path.parent

    def file(self, name: str) -> Path:
        """Give one of the YAML files."""
        return self.folder / name

    def files(self, patterns: list[str]) -> list[str]:
        """Name the YAML files as they are now, in their order; later ones win."""
        found, _ = included(self.folder, ((0, 0, one) for one in patterns))
        return [self.path.name, *(str(one.relative_to(self.folder)) for one in found if one != self.path)]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The folders and the suffix with which the files of records are found; `content` is that of static content."""

    root: Path
    extension: str
    content: Path

    def of(self, section: str) -> Surroundings:
        """Say where the files of the records of a section are: those of static content have no usual suffix."""
        return replace(self, root=self.content, extension="") if section == CONTENT else self

    def written_path(self, path: object) -> str:
        """Give the path of a file as a record names it, with its suffix."""
        return with_extension(path, self.extension) if isinstance(path, str) and "\0" not in path else ""


def surroundings(home: Home, written: Mapping[str, Json]) -> Surroundings:
    """Say where the files of a catalog with these attributes are."""
    default = None
    if home.path.name == MAIN:
        folder = home.folder.parent
        top = own_attributes(attributes_in(sign(folder / DEFAULT)))
        content = content_root_of(top, folder, None)
        default = Catalog("", root_of(top, folder, None), complete(top, folder, None), content_root=content)
    own = own_attributes(written)
    extension = complete(own, home.folder, default).default_ext
    return Surroundings(root_of(own, home.folder, default), extension, content_root_of(own, home.folder, default))


def own_attributes(written: Mapping[str, Json]) -> dict[str, object]:
    """Type the attributes that are right."""
    return read_fields(YamlFile(""), {key: node_of(value) for key, value in written.items()}, ATTRIBUTES)


@lru_cache(64)
def attributes_in(signature: Signature) -> Mapping[str, Json]:
    """Read the attributes of a file, and no further; one that is broken or not there has none."""
    try:
        with Path(signature[0]).open("rb") as stream:
            for entry in YamlFile("").entries(stream, "a catalog", RECORDS):
                if entry.key == "attributes":
                    found = plain(entry.node)
                    return found if isinstance(found, dict) else {}
    except (OSError, BrokenYaml):
        return {}
    return {}


def find_home(folder: Path, name: str, shelf: Shelf) -> Home:
    """Find the catalog of that root id, `default` is the default one; raises `ConfigError` when there is none."""
    known = {}
    for path in sorted(folder.glob(f"*/{MAIN}")):
        known[str(attributes_in(sign(path)).get("root_id") or path.parent.name)] = path
    known.setdefault("default", folder / DEFAULT)
    if name not in known:
        raise ConfigError(f"no catalog '{name}'", f"expected one of {', '.join(sorted(known))}")
    return Home(known[name], name, state_of(shelf, known[name]))


def state_of(shelf: Shelf, path: Path) -> Path:
    """Give the folder of a catalog's history, which is beside its index."""
    index = shelf.home(path)
    if index is None:
        raise ConfigError("state", "a folder is needed to edit catalogs")
    return index.with_suffix(".history")
