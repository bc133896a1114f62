"""`imageserver import` and `imageserver export` on the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imageserver.config import Config
from imageserver.tools.importing.exporting import export_catalogs
from imageserver.tools.importing.importing import import_catalogs
from imageserver.tools.importing.placing import place, refuse_existing
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
    report = Report()
    folder = options.to or Path(config.catalogs)
    found = import_catalogs(options.source, folder, options.encoding, report)
    write(found.files, options)
    return finish(report, f"{found.catalogs} catalogs, {found.records} records", folder, options)


def export_all(config: Config, options: argparse.Namespace) -> int:
    """Export, and say what did not go over; the exit code is 1 when something was left out."""
    report = Report()
    files = export_catalogs(options.catalog, Path(config.catalogs), options.encoding, report)
    write({options.to / name: data for name, data in files.items()}, options)
    return finish(report, f"{len(files)} files", options.to, options)


def write(files: Mapping[Path, bytes], options: argparse.Namespace) -> None:
    """Put the files in place, unless that is not to be."""
    if not options.force:
        refuse_existing(files)
    if not options.dry_run:
        place(files)


def finish(report: Report, what: str, folder: Path, options: argparse.Namespace) -> int:
    """Print the report, and a line that sums it up; give the exit code."""
    for line in report.lines:
        print(line)  # noqa: T201
    done = "would go" if options.dry_run else "written"
    notes = len(report.lines) - report.lost
    print(f"{what} {done} to {folder}; {report.lost} left out, {notes} notes", file=sys.stderr)  # noqa: T201
    return int(report.lost > 0)
