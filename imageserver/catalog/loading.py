"""A folder of catalogs → the state that is served; reading it again keeps the last good state of what is broken.

`State` is a value: a reload gives a new one, and requests under way finish with the one that they began with.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from imageserver.catalog.attributes import Attributes
from imageserver.catalog.catalogs import Catalog, Catalogs
from imageserver.catalog.checking import ALL, Subject, problems_of
from imageserver.catalog.compiling import Compiled, bring_up_to_date, is_current
from imageserver.catalog.index import Index, Records
from imageserver.catalog.inheriting import complete, content_root_of, root_of
from imageserver.catalog.reading import SECTION_NUMBERS, Signature, sign
from imageserver.catalog.records import ContentRecord, Record
from imageserver.catalog.shelf import Shelf
from imageserver.errors import ConfigError, DamagedIndex
from imageserver.yaml_nodes import Problem

NANOSECONDS = 10**9
Told = Callable[[str], Problem]
"""What makes a problem of a message, at the place of a record."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The catalog of one file as last read: what is served of it, what is wrong with it, and what it was read from.

    `files` are those that had to be read for it. What is not `settled` is to be read again soon, changed or not.
    """

    catalog: Catalog | None
    problems: tuple[Problem, ...]
    signature: tuple[Signature, ...]
    index: Index | None = None
    files: tuple[str, ...] = ()
    settled: bool = True

    @property
    def lasting(self) -> bool:
        """Tell whether it holds until a file changes."""
        return self.settled and not (self.index and self.index.damaged)

    def records_with(self, key: str, shown: Callable[[Path], str]) -> Iterator[tuple[str, Record, Told]]:
        """Yield the image records that say something under a key, with their ids and with what tells where they are."""
        if self.catalog is None or self.index is None:
            return
        names = {file.place: shown(self.catalog.folder / file.name) for file in self.index.files}
        for name, file, line, column, written in sorted(self.index.rows(ALL), key=lambda row: row[1:4]):
            record = self.catalog.record(name) if key in json.loads(written) else None
            if record is not None:
                yield name, record, partial(Problem, names[file], line, column)


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

    @property
    def lasting(self) -> bool:
        """Tell whether it holds until a file changes."""
        return all(one.lasting for one in self.loaded.values())


@dataclass(frozen=True, slots=True)
class Loading:
    """How catalogs are read: where their indexes are kept, and whether to look for every file that they name."""

    folder: Path
    shelf: Shelf
    thorough: bool
    wait: bool

    def shown(self, path: Path) -> str:
        """Name a file as problems do."""
        return str(path.relative_to(self.folder.parent))


def load(folder: Path, previous: State | None = None, shelf: Shelf | None = None, *, thorough: bool = False) -> State:
    """Read all catalogs of a folder; raises `ConfigError` when there is no such folder.

    The first time it waits for other processes that compile them; later it goes on with what there is. What has not
    changed is the same value as before.
    """
    if not folder.is_dir():
        raise ConfigError(f"catalogs: {folder}", "no such folder")
    before = previous.loaded if previous else {}
    loading = Loading(folder, shelf or Shelf(), thorough, wait=previous is None)
    loading.shelf.begin()
    default_file = folder / "default.yaml"
    default = load_one(loading, default_file, before.get(default_file), None)
    top = default.catalog or Catalog("", folder, Attributes(), folder=folder, content_root=folder)
    unchanged = before.get(default_file) is default
    loaded = {default_file: default}
    named: dict[str, Catalog] = {}
    for path in sorted(folder.glob("*/catalog.yaml")):
        one = load_one(loading, path, before.get(path), top, reuse=unchanged)
        if one.catalog and one.catalog.name in named:
            message = f"attributes.root_id: '{one.catalog.name}' is the root id of another catalog already"
            problem = Problem(loading.shown(path), 1, 1, message)
            one = replace(one, catalog=None, problems=(*one.problems, problem))
        loaded[path] = one
        if one.catalog:
            named[one.catalog.name] = one.catalog
    if previous and list(before) == list(loaded) and all(before[path] is one for path, one in loaded.items()):
        return previous
    guarding = tuple(one for one in (top, *named.values()) if one.guards)
    return State(Catalogs(top, named, guarding=guarding), loaded)


def load_one(
    loading: Loading, path: Path, before: Loaded | None, default: Catalog | None, *, reuse: bool = True
) -> Loaded:
    """Read one catalog, unless nothing has changed since; a broken one keeps its last good state."""
    if reuse and before and before.lasting and sign_again(before.signature) == before.signature:
        return before
    if default is None and not path.exists():
        return Loaded(None, (), (sign(path),))
    subject = Subject(path, default, loading.shown)
    compiled = bring_up_to_date(subject, loading.shelf, before.index if before else None, wait=loading.wait)
    if reuse and before and not compiled.settled and is_same(compiled.index, before.index):
        return replace(before, settled=False) if before.settled else before
    try:
        return opened(loading, subject, compiled)
    except DamagedIndex:
        again = bring_up_to_date(subject, loading.shelf, compiled.index, wait=loading.wait)
        return opened(loading, subject, again)


def is_same(one: Index | None, other: Index | None) -> bool:
    """Tell whether both are the same generation of an index."""
    if one is None or other is None:
        return one is other
    return one is other or (one.identity is not None and one.identity == other.identity)


def opened(loading: Loading, subject: Subject, compiled: Compiled) -> Loaded:
    """Give what an index holds of a catalog; it is not settled when files have changed in the meantime."""
    index = compiled.index
    if index is None:
        return Loaded(None, (), (sign(subject.path),), settled=False)
    catalog = catalog_of(index, subject) if index.about.whole else None
    root = catalog.root if catalog else subject.folder
    extension = catalog.attributes.default_ext if catalog else ""
    files = [(str(subject.folder / name), node, size, time) for name, node, size, time in index.about.seen]
    folders = {subject.folder, root, *(Path(name).parent for name, *_ in files)}
    signature = (*map(sign, folders), *files)
    problems = problems_of(index, subject, root, extension, thorough=loading.thorough)
    settled = compiled.settled and is_current(index, subject)
    return Loaded(catalog, problems, signature, index, compiled.files, settled)


def catalog_of(index: Index, subject: Subject) -> Catalog:
    """Make the catalog of an index on top of the default one."""
    attributes = complete(index.attributes, subject.folder, subject.default)
    return Catalog(
        attributes.root_id,
        root_of(index.attributes, subject.folder, subject.default),
        attributes,
        Records(index, SECTION_NUMBERS["images"], Record),
        Records(index, SECTION_NUMBERS["content"], ContentRecord),
        Records(index, SECTION_NUMBERS["svg"], ContentRecord),
        index.macros,
        index.extras,
        index.files[0].signature[3] / NANOSECONDS,
        subject.folder,
        content_root_of(index.attributes, subject.folder, subject.default),
        index.guards if index.has_guarded else None,
    )


def sign_again(signature: Iterable[Signature]) -> tuple[Signature, ...]:
    """Describe the same files and folders as they are now."""
    return tuple(sign(Path(name)) for name, *_ in signature)


def look(folder: Path, state: State) -> tuple[Signature, ...]:
    """Describe all files that matter as they are now; equal to `state.signature` when nothing has changed."""
    known = {Path(name) for name, *_ in state.signature}
    return tuple(sign(path) for path in sorted(known | {folder / "default.yaml", *folder.glob("*/catalog.yaml")}))
