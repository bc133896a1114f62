"""Which files a catalog names that are not there: looked for when it is compiled, and cheaply when it is opened."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from imageserver.catalog.catalogs import Catalog
from imageserver.catalog.index import Index, IndexedFile
from imageserver.catalog.paths import with_extension
from imageserver.catalog.reading import FONT, IMAGES
from imageserver.catalog.written import typed
from imageserver.yaml_nodes import Problem

FILES = ("path", "mask_path")
FEW = 10_000
"""Records of a catalog up to which all of their files are looked for at every opening."""
MOST_PROBLEMS = 1000
"""Problems of a catalog that a server keeps; `imageserver check` shows all."""
ALL = "SELECT name, max(file), line, column, written FROM entry WHERE section = 0 GROUP BY name"
"""For each id of an image the entry that holds: SQLite gives the other columns of the row that has the maximum."""
CHANGED = ALL.replace("GROUP", "AND name IN (SELECT name FROM changed WHERE section = 0) GROUP")
MISSING = ALL.replace("GROUP", "AND name IN (SELECT name FROM problem WHERE name IS NOT NULL LIMIT ?) GROUP")
WRITTEN = "SELECT file, line, column, message FROM problem WHERE name IS NULL ORDER BY file, line, column LIMIT ?"
Place = tuple[int, int, int]
Row = tuple[str, int, int, int, str]


@dataclass(frozen=True, slots=True)
class Subject:
    """The catalog of one file, on top of the default one, which is None for the default catalog itself."""

    path: Path
    default: Catalog | None
    shown: Callable[[Path], str]

    @property
    def folder(self) -> Path:
        """The catalog's own folder."""
        return self.path.parent

    def name_of(self, path: Path) -> str:
        """Name a file of the catalog, whatever folder the catalog is in."""
        return str(path.relative_to(self.folder))


@dataclass(frozen=True, slots=True)
class Missing:
    """A file that a record names and that is not there."""

    place: Place
    name: str
    message: str


def included(folder: Path, include: Iterable[tuple[int, int, str]]) -> tuple[list[Path], list[tuple[int, int, str]]]:
    """Give the files that `include:` names, globs in the order of their names, and what is wrong with it."""
    files: dict[Path, None] = {}
    problems = []
    for line, column, pattern in include:
        try:
            found = sorted(folder.glob(pattern)) if pattern and not Path(pattern).is_absolute() else []
        except (ValueError, NotImplementedError, OSError) as error:
            problems.append((line, column, f"include: '{pattern}' is no pattern of files: {error}"))
            continue
        if not found and not any(letter in pattern for letter in "*?["):
            problems.append((line, column, f"include: no such file '{pattern}'"))
        for path in found:
            files.pop(path, None)
            files[path] = None
    return list(files), problems


def is_there(root: Path, path: str) -> bool:
    """Tell whether a record's file is there."""
    try:
        return (root / path).is_file()
    except (OSError, ValueError):
        return False


def missing_files(rows: Iterable[Row], root: Path, extension: str) -> Iterator[Missing]:
    """Yield the files of records that are not there."""
    for name, file, line, column, written in rows:
        record = json.loads(written)
        for key in FILES:
            path = with_extension(record.get(key, ""), extension)
            if path and not is_there(root, path):
                yield Missing((file, line, column), name, f"images.{name}.{key}: no such file '{path}'")


def problems_of(
    index: Index, subject: Subject, root: Path, extension: str, *, thorough: bool = False
) -> tuple[Problem, ...]:
    """Give what is wrong with a catalog, file by file; of a large one, the files known to be missing are looked for."""
    if index.about.broken:
        return (Problem(*index.about.broken),)
    most = -1 if thorough else MOST_PROBLEMS + 1
    every = thorough or index.about.counts[IMAGES] <= FEW
    records = index.rows(ALL) if every else index.rows(MISSING, most)
    found = [((file, line, column), message) for file, line, column, message in index.rows(WRITTEN, most)]
    found += [
        ((0, line, column), message) for line, column, message in included(subject.folder, index.about.include)[1]
    ]
    found += [(place, message) for file in index.files for place, message in missing_extras(file, subject.folder)]
    found += [(one.place, one.message) for one in missing_files(records, root, extension)]
    names = {file.place: subject.shown(subject.folder / file.name) for file in index.files}
    problems = [
        Problem(names[place[0]], *place[1:], message) for place, message in sorted(found, key=lambda one: one[0])
    ]
    if thorough or len(problems) <= MOST_PROBLEMS:
        return tuple(problems)
    more = Problem(problems[0].file, 1, 1, "there are more problems than these: `imageserver check` shows all")
    return (*problems[:MOST_PROBLEMS], more)


def missing_extras(file: IndexedFile, folder: Path) -> Iterator[tuple[Place, str]]:
    """Yield the fonts and profiles of a file that are not there."""
    profiles = [(line, column, f"icc_profiles.{name}", path) for line, column, name, path in file.rest.icc_profiles]
    fonts = [(line, column, "fonts", typed(FONT, font).get("path", "")) for line, column, font in file.rest.fonts]
    for line, column, where, path in (*profiles, *fonts):
        if path and not is_there(folder, path):
            yield (file.place, line, column), f"{where}: no such file '{path}'"
