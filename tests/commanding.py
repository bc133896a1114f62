"""The command line: each time in a process of its own, forked from one that has imported all of it already."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from imageserver import __main__ as program
from imageserver.tools.cli import main

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload([__name__])
PATIENCE = 120.0


def run(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, and wait for its end."""
    with TemporaryDirectory() as place:
        said, complained = Path(place, "said"), Path(place, "complained")
        process = started(folder, arguments, environment or {}, said, complained)
        process.join(PATIENCE)
        assert process.exitcode is not None, f"{arguments}: it does not end"
        return subprocess.CompletedProcess(arguments, process.exitcode, said.read_text(), complained.read_text())


def started(
    folder: Path, arguments: tuple[str, ...], environment: Mapping[str, str], said: Path, complained: Path
) -> ForkServerProcess:
    """Start a command in a folder, which writes what it says into files."""
    there = {**os.environ, **environment}
    process = FORKING.Process(target=work, args=(folder, arguments, there, said, complained))
    modules = patch.dict(sys.modules, __main__=program)  # none of what runs the tests goes into other processes
    path = patch.dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))  # for the one that it is forked from
    with modules, path:
        process.start()
    return process


def work(
    folder: Path, arguments: tuple[str, ...], environment: Mapping[str, str], said: Path, complained: Path
) -> None:
    """Do what a command says, and end with its exit code."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in ((1, said), (2, complained)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["imageserver", *arguments]
    sys.exit(main())
