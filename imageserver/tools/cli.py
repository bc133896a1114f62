"""The command line: what can be asked for, and what it does."""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from imageserver.catalog.loading import load
from imageserver.catalog.members import missing_members
from imageserver.catalog.shelf import shelf_of
from imageserver.config import Config, load_config
from imageserver.errors import ImageServerError
from imageserver.front_doors import Cloud
from imageserver.plan.profiles import missing_profiles
from imageserver.server.converting import convert
from imageserver.server.supervising import serve
from imageserver.server.working import log_to_stderr
from imageserver.tools.cache import clear, stats, warm
from imageserver.tools.convert import conversion, describe, files_of, reporting
from imageserver.tools.explain import explain
from imageserver.tools.signing import describe_signing

Commands = Any
"""What argparse adds commands to; it has no public name."""
SERVING = {"serve", "demo"}
DEMO_PICTURES = Path("samples") / "make_pictures.py"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the result is the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    options = parser(next(iter(words), "")).parse_args(words)
    log_to_stderr()
    try:
        return int(options.command(configured(options), options))
    except ImageServerError as error:
        print(f"imageserver: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except KeyboardInterrupt:
        return 130


def configured(options: argparse.Namespace) -> Config:
    """Read the configuration that a command line asks for."""
    return load_config(options.config, os.environ, overrides(options))


def parser(asked: str = "") -> argparse.ArgumentParser:
    """Describe the command line; a server starts sooner without what edits catalogs."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, metavar="FILE", help="configuration file (default: config.yaml)")
    common.add_argument("--catalogs", metavar="FOLDER", help="folder of catalogs")
    listening = argparse.ArgumentParser(add_help=False, parents=[common])
    listening.add_argument("--host", help="listening address")
    listening.add_argument("--port", help="listening port; 0 takes any that is free")
    top = argparse.ArgumentParser(prog="imageserver", description="An image server over catalogs in YAML.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", parents=[listening], help="serve the catalogs")
    serve.set_defaults(command=serve_catalogs)
    check = commands.add_parser("check", parents=[common], help="show every problem of the catalogs")
    check.add_argument("catalog", nargs="?", help="root id of one catalog; without it, all are checked")
    check.set_defaults(command=check_catalogs)
    shown = commands.add_parser("explain", parents=[common], help="show what a URL means: request, plan and layout")
    shown.add_argument("url", metavar="URL", help="a URL, or what stands behind /is/image/")
    shown.set_defaults(command=explain_url)
    add_cache(commands, common)
    if asked not in SERVING:
        from imageserver.tools.catalog import describe_catalog  # noqa: PLC0415
        from imageserver.tools.importing.commands import add_commands  # noqa: PLC0415

        add_commands(commands, common)
        describe_catalog(commands, common)
    describe_signing(commands, common)
    converting = commands.add_parser("convert", parents=[common], help="build the pyramids of large images ahead")
    describe(converting)
    converting.set_defaults(command=convert_files)
    demo = commands.add_parser("demo", parents=[listening], help="make the demo's pictures, then serve")
    demo.set_defaults(command=serve_demo)
    return top


def add_cache(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Describe `imageserver cache`."""
    does = commands.add_parser("cache", help="show, empty or fill the response cache").add_subparsers(
        required=True, metavar="ACTION"
    )
    shown = does.add_parser("stats", parents=[common], help="say what it holds")
    shown.set_defaults(command=lambda config, _: tell([stats(config.cache)]))
    emptied = does.add_parser("clear", parents=[common], help="remove all replies; servers may go on running")
    emptied.set_defaults(command=lambda config, _: tell([clear(config.cache)]))
    filled = does.add_parser("warm", parents=[common], help="ask a running server for what is in an access log")
    filled.add_argument("log", type=Path, metavar="ACCESS_LOG", help="ours, or one in the common or combined format")
    filled.add_argument("--server", metavar="URL", help="where it listens (default: as config.yaml says)")
    filled.add_argument("--jobs", type=int, default=4, metavar="N", help="requests at the same time (default: 4)")
    filled.set_defaults(command=warm_cache)


def warm_cache(config: Config, options: argparse.Namespace) -> int:
    """Ask a server for what is in an access log; the exit code is 1 when it refused something."""
    server = options.server or f"http://{config.server.host}:{config.server.port}"
    lines = list(warm(options.log, server, max(1, options.jobs)))
    tell(lines)
    return int(len(lines) > 1)


def tell(lines: Iterable[str]) -> int:
    """Print lines."""
    for line in lines:
        print(line)  # noqa: T201
    return 0


def overrides(options: argparse.Namespace) -> dict[str, str]:
    """Give the keys of the configuration that the command line sets."""
    given = {"catalogs": options.catalogs}
    given |= {f"server.{name}": vars(options).get(name) for name in ("host", "port")}
    return {key: value for key, value in given.items() if value is not None}


def serve_catalogs(config: Config, options: argparse.Namespace) -> int:
    """Serve until told to stop."""
    serve(config, partial(configured, options))
    return 0


def serve_demo(config: Config, options: argparse.Namespace) -> int:
    """Make the pictures of the demo catalog that are missing, then serve."""
    script = Path(config.catalogs) / DEMO_PICTURES
    if script.exists():
        subprocess.run([sys.executable, str(script)], check=True)  # noqa: S603, a script of the catalog itself
    serve(with_front_doors(config), lambda: with_front_doors(configured(options)))
    return 0


def with_front_doors(config: Config) -> Config:
    """Let the other front doors lead to the demo's catalog, unless it is said where they lead."""
    if config.dialects.on:
        return config
    shown = replace(config.dialects.cloudinary, clouds=(Cloud("demo", "samples"),))
    entities = replace(config.dialects.rest4d, enabled=True)
    return replace(config, dialects=replace(config.dialects, cloudinary=shown, rest4d=entities))


def convert_files(config: Config, options: argparse.Namespace) -> int:
    """Build pyramids; the exit code is 1 when a file failed."""
    files = files_of(options.names, config)
    with reporting(len(files)) as report:
        removed = asyncio.run(convert(files, config, conversion(options), report.tell))
    return report.end(removed)


def explain_url(config: Config, options: argparse.Namespace) -> int:
    """Print what a URL means."""
    return tell(explain(options.url, config))


def check_catalogs(config: Config, options: argparse.Namespace) -> int:
    """Print every problem of the catalogs with file, line and column; the exit code is 1 when there is one."""
    state = load(Path(config.catalogs), shelf=shelf_of(config), thorough=True)
    chosen = [one for one in state.loaded.values() if options.catalog in {None, one.catalog and one.catalog.name}]
    if options.catalog is not None and not chosen:
        names = ", ".join(state.catalogs.named) or "none"
        print(f"imageserver: no catalog '{options.catalog}': expected one of {names}", file=sys.stderr)  # noqa: T201
        return 2
    above = Path(config.catalogs).parent
    problems = [problem for one in chosen for problem in one.problems]
    for one, missing in product(chosen, (missing_members, missing_profiles)):
        problems += missing(state.catalogs, one, lambda path: str(path.relative_to(above)))
    for problem in problems:
        print(problem)  # noqa: T201
    records = sum(len(one.catalog.images) for one in chosen if one.catalog)
    print(f"{len(chosen)} catalogs, {records} records, {len(problems)} problems", file=sys.stderr)  # noqa: T201
    return 1 if problems else 0
