"""The command line: each time in a process of its own, forked from one that has imported all of it already."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from imageserver.tools.cli import main

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload([__name__])
PATIENCE = 120.0


def run(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder."""
    with TemporaryDirectory() as place:
        said, complained = Path(place, "said"), Path(place, "complained")
        there = {**os.environ, **(environment or {})}
        process = FORKING.Process(target=work, args=(folder, arguments, there, said, complained))
        with patch.dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)):  # for the one that it is forked from
            process.start()
        process.join(PATIENCE)
        assert process.exitcode is not None, f"{arguments}: it does not end"
        return subprocess.CompletedProcess(arguments, process.exitcode, said.read_text(), complained.read_text())


def work(
    folder: Path, arguments: tuple[str, ...], environment: Mapping[str, str], said: Path, complained: Path
) -> None:
    """Do what a command says, and end with its exit code."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in ((1, said), (2, complained)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["imageserver", *arguments]
    sys.exit(main())
