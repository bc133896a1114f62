"""A folder of catalogs → the state that is served; reading it again keeps the last good state of what is broken.

`State` is a value: a reload gives a new one, and requests under way finish with the one that they began with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from imageserver.catalog.attributes import Attributes
from imageserver.catalog.catalogs import Catalog, Catalogs
from imageserver.catalog.reading import Draft, Signature, finish, read_draft, sign
from imageserver.errors import ConfigError
from imageserver.yaml_nodes import BrokenYaml, Problem


@dataclass(frozen=True, slots=True)
class Loaded:
    """The catalog of one file as last read: what is served of it, what is wrong with it, and what it was read from."""

    catalog: Catalog | None
    written: Mapping[str, Any]
    problems: tuple[Problem, ...]
    signature: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class State:
    """Everything read from the folder of catalogs."""

    catalogs: Catalogs
    loaded: Mapping[Path, Loaded] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong, in all catalogs."""
        return tuple(problem for one in self.loaded.values() for problem in one.problems)

    @property
    def signature(self) -> tuple[Signature, ...]:
        """The files that this state was read from, as they were then."""
        return tuple(sorted({entry for one in self.loaded.values() for entry in one.signature}))


def load(folder: Path, previous: State | None = None) -> State:
    """Read all catalogs of a folder; raises `ConfigError` when there is no such folder."""
    if not folder.is_dir():
        raise ConfigError(f"catalogs: {folder}", "no such folder")
    before = previous.loaded if previous else {}
    default_file = folder / "default.yaml"
    default = load_one(default_file, folder, before.get(default_file), None)
    top = default.catalog or Catalog("", folder, Attributes())
    unchanged = before.get(default_file) is default
    loaded = {default_file: default}
    named: dict[str, Catalog] = {}
    for path in sorted(folder.glob("*/catalog.yaml")):
        one = load_one(path, folder, before.get(path), top, reuse=unchanged)
        if one.catalog and one.catalog.name in named:
            message = f"attributes.root_id: '{one.catalog.name}' is the root id of another catalog already"
            problem = Problem(str(path.relative_to(folder.parent)), 1, 1, message)
            one = replace(one, catalog=None, problems=(*one.problems, problem))
        loaded[path] = one
        if one.catalog:
            named[one.catalog.name] = one.catalog
    return State(Catalogs(top, named), loaded)


def load_one(path: Path, folder: Path, before: Loaded | None, default: Catalog | None, *, reuse: bool = True) -> Loaded:
    """Read one catalog, unless nothing has changed since; a broken one keeps its last good state."""
    if reuse and before and sign_again(before.signature) == before.signature:
        return before
    draft = Draft(path)
    if default is None and not path.exists():
        return Loaded(None, {}, (), (sign(path),))
    last_good = before.catalog if before else None
    try:
        read_draft(draft, last_good, lambda file: str(file.relative_to(folder.parent)))
    except BrokenYaml as broken:
        return Loaded(last_good, {}, (broken.problem,), tuple(draft.signatures))
    attributes = complete(draft, default)
    root = default.root if default and default.attributes.root_path else path.parent
    catalog = finish(draft, attributes, root, path.stat().st_mtime)
    return Loaded(catalog, draft.attributes, draft.problems, tuple(draft.signatures))


def complete(draft: Draft, default: Catalog | None) -> Attributes:
    """Fill the attributes that a catalog does not define from the default catalog."""
    if default is None:
        return replace(Attributes(), **{**draft.attributes, "root_id": ""})
    base = replace(default.attributes, root_id=draft.folder.name)
    return replace(base, **draft.attributes)


def sign_again(signature: Iterable[Signature]) -> tuple[Signature, ...]:
    """Describe the same files and folders as they are now."""
    return tuple(sign(Path(name)) for name, *_ in signature)


def look(folder: Path, state: State) -> tuple[Signature, ...]:
    """Describe all files that matter as they are now; equal to `state.signature` when nothing has changed."""
    known = {Path(name) for name, *_ in state.signature}
    return tuple(sign(path) for path in sorted(known | {folder / "default.yaml", *folder.glob("*/catalog.yaml")}))
