"""A catalog's YAML files as they are written, section by section, for `imageserver export`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imageserver.catalog.fields import CatalogField
from imageserver.errors import ConfigError, Mismatch
from imageserver.tools.importing.report import Page, Report
from imageserver.yaml_nodes import BrokenYaml, Node, YamlFile


@dataclass(frozen=True, slots=True)
class Written:
    """A node of a file, with the page that its faults are noted on."""

    node: Node
    page: Page

    @property
    def entries(self) -> Mapping[str, Node]:
        """What stands below it, if it is a mapping."""
        return self.node.value if isinstance(self.node.value, dict) else {}

    @property
    def items(self) -> list[Node]:
        """What stands in it, if it is a list."""
        return self.node.value if isinstance(self.node.value, list) else []

    def values(self, known: Mapping[str, CatalogField], where: str = "", more: tuple[str, ...] = ()) -> dict[str, Any]:
        """Read the fields that are right; the others are noted as left out."""
        result = {}
        for key, node in self.entries.items():
            try:
                if key in known:
                    result[key] = known[key].shape.read(node)
                elif key not in more:
                    self.page.lost(node.line, where + key, "unknown field")
            except Mismatch as error:
                self.page.lost(node.line, where + key, str(error))
        return result


@dataclass
class Book:
    """The files of one catalog, the one with its attributes first."""

    path: Path
    report: Report
    roots: list[Written] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """The catalog's own folder."""
        return self.path.parent

    def open(self, *, alone: bool = False) -> Book:
        """Read all files, or the main one alone; raises `ConfigError` for one that cannot be read at all."""
        self._read(self.path)
        if alone:
            return self
        include = self.roots[0].entries.get("include")
        for pattern in [] if include is None else include.value if isinstance(include.value, list) else [include]:
            for path in self._included(pattern):
                self._read(path)
        return self

    def section(self, name: str) -> Iterator[Written]:
        """Yield the section of each file that has it; those of later files win."""
        for root in self.roots:
            node = root.entries.get(name)
            if node is not None:
                yield Written(node, root.page)

    def _read(self, path: Path) -> None:
        file = YamlFile(str(path))
        try:
            node = file.read(path.read_bytes())
        except OSError as error:
            raise ConfigError(str(path), f"cannot be read: {error.strerror}") from error
        except BrokenYaml as broken:
            raise ConfigError(f"{path}:{broken.problem.line}", broken.problem.message) from broken
        page = Page(str(path), self.report)
        for problem in file.problems:
            page.lost(problem.line, "", problem.message)
        self.roots.append(Written(node, page))

    def _included(self, node: Node) -> list[Path]:
        pattern = node.value if isinstance(node.value, str) else ""
        try:
            found = sorted(self.folder.glob(pattern)) if pattern and not Path(pattern).is_absolute() else []
        except (ValueError, NotImplementedError, OSError):
            found = []
        if not found:
            self.roots[0].page.lost(node.line, "include", f"no such file '{pattern}'")
        return found
