"""`imageserver catalog add`: image files become records, those from elsewhere are copied into the catalog's folder."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

from imageserver.config import Config
from imageserver.errors import ConfigError
from imageserver.server.looking import faults_of
from imageserver.store.edits import Edit, Put, StoreFile
from imageserver.store.errors import InvalidEdit
from imageserver.store.store import Store

T = TypeVar("T")
TEMPLATE = "{stem}"
WILD = "*?["


@dataclass(frozen=True, slots=True)
class Addition:
    """A file, the id of its record, and its path when it is in the catalog's folder already."""

    file: Path
    name: str
    path: str


def describe_adding(parser: argparse.ArgumentParser) -> None:
    """Describe the options of the command."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="image files, or patterns: images/*.jpg")
    parser.add_argument(
        "--id-template",
        default=TEMPLATE,
        metavar="TEXT",
        help="how ids are made, of {stem}, {name}, {suffix}, {folder} and {number} (default: {stem})",
    )
    parser.add_argument("--replace", action="store_true", help="store files also as those of records that are there")


def add(store: Store, options: argparse.Namespace, config: Config) -> int:
    """Add files in one commit; those that are no images are told and left out, and the exit code is then 1."""
    root = store.root(options.section)
    files = files_of(options.files)
    failed = faults_of(bar(files, "reading"), config.limits)
    for file, error in failed.items():
        print(f"imageserver: {file}: {error}", file=sys.stderr)  # noqa: T201
    numbered = enumerate(files, 1)
    found = [addition(file, options.id_template, number, root) for number, file in numbered if file not in failed]
    refuse_twice(found)
    known = {one.name for one in store.records(section=options.section)} if options.replace else set()
    with ExitStack() as stack:
        folder = None if options.dry_run else stack.enter_context(store.staging(options.section))
        edits = [edit_of(one, root, known, folder, options) for one in bar(found, "copying")]
        done = store.commit(edits, dry_run=options.dry_run) if edits else None
    if done and options.dry_run:
        print(done.diff, end="")  # noqa: T201
    elif done:
        print(f"{len(edits)} files added", file=sys.stderr)  # noqa: T201
    return 1 if failed or not edits else 0


def files_of(names: list[str]) -> list[Path]:
    """Give the files that are meant, each once; raises `InvalidEdit` for one that is not there."""
    found: dict[Path, None] = {}
    for name in names:
        paths = [Path(name)]
        if not paths[0].exists() and any(mark in name for mark in WILD):
            paths = sorted(Path().glob(name)) if not Path(name).is_absolute() else sorted(Path("/").glob(name[1:]))
        files = [path for path in paths if path.is_file()]
        if not files:
            raise InvalidEdit(name, "no such file")
        found |= dict.fromkeys(files)
    return list(found)


def addition(file: Path, template: str, number: int, root: Path) -> Addition:
    """Say what the record of a file is called; raises `ConfigError`."""
    inside = file.resolve().is_relative_to(root.resolve())
    path = file.resolve().relative_to(root.resolve()).as_posix() if inside else ""
    values = {"stem": file.stem, "name": file.name, "suffix": file.suffix[1:], "folder": file.resolve().parent.name}
    try:
        name = template.format_map({**values, "number": number})
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        known = ", ".join(f"{{{one}}}" for one in (*values, "number"))
        raise ConfigError(f"--id-template {template}", f"expected a text with some of {known}") from error
    return Addition(file, name, path)


def refuse_twice(found: list[Addition]) -> None:
    """Raise `InvalidEdit` when two files have the same id."""
    seen: dict[str, Path] = {}
    for one in found:
        if one.name in seen:
            reason = f"it is the id of {seen[one.name]} and of {one.file}: give another --id-template"
            raise InvalidEdit(f"'{one.name}'", reason)
        seen[one.name] = one.file


def edit_of(one: Addition, root: Path, known: set[str], folder: Path | None, options: argparse.Namespace) -> Edit:
    """Give the edit that adds a file; raises `InvalidEdit` when another file is in its place."""
    if one.path:
        return Put(one.name, {"path": one.path}, options.section, replace=options.replace)
    target = "" if one.name in known else f"{one.name}{one.file.suffix.lower()}"
    if target and (root / target).exists():
        raise InvalidEdit(str(one.file), f"there is another file at '{target}' already: give another --id-template")
    if folder is None:
        return StoreFile(one.name, one.file, "source", target, options.section)
    copy = folder / blake2b(one.name.encode("utf-8", "surrogatepass")).hexdigest()
    return StoreFile(one.name, Path(shutil.copyfile(one.file, copy)), "source", target, options.section)


def bar(items: Sequence[T], text: str) -> Iterator[T]:
    """Yield items, with a bar on a terminal."""
    if sys.stderr.isatty() and len(items) > 1:
        from rich.console import Console  # noqa: PLC0415, for a terminal only
        from rich.progress import track  # noqa: PLC0415

        yield from track(items, text, console=Console(stderr=True), transient=True)
    else:
        yield from items
