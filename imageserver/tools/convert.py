"""`imageserver convert`: which files there are, and what became of each, told on a terminal or line by line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

from imageserver.catalog.catalogs import Catalog, Catalogs
from imageserver.catalog.loading import load
from imageserver.config import Config
from imageserver.errors import ConfigError, ImageServerError
from imageserver.server.converting import Conversion, Converted, Kind

BEST = 100
"""The highest quality of a JPEG."""
CORNERS = ("ul", "ur", "ll", "lr", "alpha")


def describe(parser: argparse.ArgumentParser) -> None:
    """Describe the options of the command."""
    parser.add_argument("names", nargs="*", metavar="CATALOG|FILE", help="root ids or files; without any, all catalogs")
    parser.add_argument("--quality", type=quality, metavar="N", help="JPEG quality 1-100; default: what it takes")
    parser.add_argument(
        "--compression",
        choices=("auto", "jpeg", "lossless"),
        default="auto",
        help="of tiles; auto: JPEG only at full size, of JPEG sources; jpeg: smaller, not for alpha",
    )
    parser.add_argument("--autocrop", choices=CORNERS, help="also tell the crop= within a border of a corner's colour")
    parser.add_argument("--tolerance", type=share, default=0.0, metavar="0-1", help="of the colour of the border")
    parser.add_argument("--jobs", type=jobs, default=os.cpu_count() or 1, metavar="N", help="files at once")
    parser.add_argument("--force", action="store_true", help="build also what is there already")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be built")


def quality(text: str) -> int:
    """Read a JPEG quality."""
    if not text.isdecimal() or not 1 <= int(text) <= BEST:
        raise argparse.ArgumentTypeError(f"{text}: expected a whole number from 1 to {BEST}")
    return int(text)


def jobs(text: str) -> int:
    """Read a number of files."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text}: expected a whole number of 1 or more")
    return int(text)


def share(text: str) -> float:
    """Read a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text}: expected a number from 0 to 1")
    return value


def conversion(options: argparse.Namespace) -> Conversion:
    """Give what the options ask for."""
    return Conversion(
        jobs=options.jobs,
        compression=options.compression,
        quality=options.quality,
        force=options.force,
        dry_run=options.dry_run,
        corner=options.autocrop,
        tolerance=options.tolerance,
    )


def files_of(names: list[str], config: Config) -> list[tuple[Path, bool]]:
    """Give the files that are meant, each once, and whether they are shown upright; raises `ConfigError`."""
    catalogs = load(Path(config.catalogs)).catalogs
    found: dict[tuple[Path, bool], None] = {}
    for name in names or [*catalogs.named]:
        if name in catalogs.named:
            found |= dict.fromkeys(catalog_files(catalogs.named[name], catalogs))
        elif Path(name).is_file():
            found[Path(name).resolve(), catalogs.default.attributes.apply_orientation] = None
        else:
            known = ", ".join(catalogs.named) or "none"
            raise ConfigError(name, f"no such file, and no such catalog: expected one of {known}")
    return list(found)


def catalog_files(catalog: Catalog, catalogs: Catalogs) -> Iterator[tuple[Path, bool]]:
    """Yield the images and the masks of a catalog that are there; `imageserver check` tells those that are not."""
    for record_id in catalog.record_ids():
        entry = catalogs.look_up(f"{catalog.name}/{record_id}")
        oriented = entry.catalog.attributes.apply_orientation
        for file in (entry.source, entry.mask):
            try:
                path = file()
            except ImageServerError:
                continue
            if path is not None:
                yield path, oriented


class Report:
    """Tells what becomes of files: a line each, failures on standard error."""

    def __init__(self, advance: Callable[[], None]) -> None:
        self._advance = advance
        self._counts: dict[str, int] = {}

    def tell(self, done: Converted) -> None:
        """Tell what became of a file."""
        self._counts[done.kind] = self._counts.get(done.kind, 0) + 1
        crop = f", crop={done.crop}" if done.crop else ""
        stream = sys.stderr if done.kind == "failed" else sys.stdout
        print(f"{done.path}: {done.kind}{': ' if done.text else ''}{done.text}{crop}", file=stream)
        self._advance()

    def end(self, removed: int) -> int:
        """Tell all in numbers, and give the exit code: 1 when a file failed."""
        counts = (f"{self._counts[kind]} {kind}" for kind in get_args(Kind) if kind in self._counts)
        print(", ".join(counts) or "no files", file=sys.stderr)  # noqa: T201
        if removed:
            print(f"{removed} pyramids removed: more than pyramids.max_size", file=sys.stderr)  # noqa: T201
        return 1 if "failed" in self._counts else 0


@contextmanager
def reporting(count: int) -> Iterator[Report]:
    """Give what tells of files; on a terminal there is a bar below."""
    if not sys.stderr.isatty():
        yield Report(lambda: None)
        return
    from rich.console import Console  # noqa: PLC0415, for a terminal only
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("pyramids"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=count)
        yield Report(lambda: bar.advance(task))
