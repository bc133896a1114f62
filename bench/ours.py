"""Our server: how it is started, asked and prepared."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.place import QUALITY, TILE, Peer, Place, Server, Tile
from bench.processes import free_port, running

ROOT = Path(__file__).resolve().parents[1]


def our_command(place: Place, *arguments: str) -> list[str]:
    """Give the command line of our server."""
    return [sys.executable, "-m", "imageserver", *arguments, "--catalogs", str(place.catalogs)]


def our_environment(place: Place) -> dict[str, str]:
    """Give our settings of production."""
    return {
        "PYTHONPATH": str(ROOT),
        "IMAGESERVER_SERVER__ACCESS_LOG": "",
        "IMAGESERVER_SERVER__WORKERS": str(place.processes),
    }


def our_version(_: Place) -> str:
    """Give the commit that is measured."""
    if not shutil.which("git"):
        return "here"
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "here"


@contextmanager
def start_ours(place: Place, folder: Path) -> Iterator[Server]:
    """Run our server, with nothing in its cache."""
    shutil.rmtree(folder / "cache", ignore_errors=True)
    port = free_port()
    command = our_command(place, "serve", "--port", str(port))
    with running(command, port, folder, our_environment(place)) as process:
        yield Server(port, (process,))


def our_tile(picture: str, tile: Tile) -> str:
    """Give our URL of a tile."""
    place = f"{tile.column * TILE},{tile.row * TILE},{TILE},{TILE}"
    return f"/is/image/bench/{picture}?scl={2**tile.level}&rect={place}&qlt={QUALITY}"


def convert(place: Place, folder: Path) -> str:
    """Build our pyramids in a folder; the result says why there are none."""
    folder.mkdir(parents=True, exist_ok=True)
    if "convert" not in run([sys.executable, "-m", "imageserver", "--help"], place, folder).stdout:
        return "no pyramids yet"
    done = run(our_command(place, "convert"), place, folder)
    return f"imageserver convert: {(done.stderr.strip() or '?').splitlines()[-1]}" if done.returncode else ""


def run(command: list[str], place: Place, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of ours to its end."""
    environment = {**os.environ, **our_environment(place)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


OURS = Peer(
    "ours",
    "imageserver",
    our_version,
    start_ours,
    width=lambda picture, width: f"/is/image/bench/{picture}?wid={width}&qlt={QUALITY}",
    tile=our_tile,
)
