"""`imageserver import` and `imageserver export` on the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from imageserver.catalog.shelf import shelf_of
from imageserver.config import Config
from imageserver.tools.importing.placing import place, place_catalogs, refuse_existing
from imageserver.tools.importing.report import Report

ENCODINGS = ("auto", "latin-1", "utf-8")


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:  # noqa: ANN401, it has no public name
    """Describe both commands."""
    shared = argparse.ArgumentParser(add_help=False, parents=[common])
    shared.add_argument("--encoding", choices=ENCODINGS, default="auto", help="of the files without byte order mark")
    shared.add_argument("--dry-run", action="store_true", help="say what would be done, and write nothing")
    shared.add_argument("--force", action="store_true", help="write over files that are there already")
    imports = commands.add_parser("import", parents=[shared], help="read Adobe catalogs (.ini) into YAML")
    imports.add_argument("source", nargs="+", type=Path, metavar="SOURCE", help="an .ini file, or a folder of them")
    imports.add_argument("--to", type=Path, metavar="FOLDER", help="folder of catalogs (default: the configured one)")
    imports.set_defaults(command=import_all)
    exports = commands.add_parser("export", parents=[shared], help="write catalogs as Adobe's files")
    exports.add_argument("catalog", nargs="*", metavar="CATALOG", help="root ids, or default; without one, all")
    exports.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="folder of the files")
    exports.set_defaults(command=export_all)


def import_all(config: Config, options: argparse.Namespace) -> int:
    """Import, and say what did not go over; the exit code is 1 when something was left out."""
    from imageserver.tools.importing.importing import import_catalogs  # noqa: PLC0415, no other command needs it

    report = Report()
    folder = options.to or Path(config.catalogs)
    found = import_catalogs(options.source, folder, options.encoding, report)
    if may_write(found.files, options):
        place_catalogs(found.files, shelf_of(config))
    return finish(report, f"{found.catalogs} catalogs, {found.records} records", folder, options)


def export_all(config: Config, options: argparse.Namespace) -> int:
    """Export, and say what did not go over; the exit code is 1 when something was left out."""
    from imageserver.tools.importing.exporting import export_catalogs  # noqa: PLC0415, no other command needs it

    report = Report()
    files = export_catalogs(options.catalog, Path(config.catalogs), options.encoding, report)
    placed = {options.to / name: data for name, data in files.items()}
    if may_write(placed, options):
        place(placed)
    return finish(report, f"{len(files)} files", options.to, options)


def may_write(files: Iterable[Path], options: argparse.Namespace) -> bool:
    """Tell whether files are to be written; raises `ConfigError` for one that is there and is not to be replaced."""
    if not options.force:
        refuse_existing(files)
    return not options.dry_run


def finish(report: Report, what: str, folder: Path, options: argparse.Namespace) -> int:
    """Print the report, and a line that sums it up; give the exit code."""
    for line in report.lines:
        print(line)  # noqa: T201
    done = "would go" if options.dry_run else "written"
    notes = len(report.lines) - report.lost
    print(f"{what} {done} to {folder}; {report.lost} left out, {notes} notes", file=sys.stderr)  # noqa: T201
    return int(report.lost > 0)
