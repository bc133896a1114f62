"""Peers that are one program each, and the bare handler: how each is found, started, and asked for the same work."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from bench.place import QUALITY, TILE, Peer, Place, Server, Start, Tile, first_line
from bench.processes import free_port, running

HERE = Path(__file__).resolve().parent


@contextmanager
def start_bare(place: Place, folder: Path) -> Iterator[Server]:
    """Run the bare aiohttp handler."""
    port = free_port()
    command = [sys.executable, str(HERE / "bare_server.py"), str(place.hot)]
    with running([*command, str(port), str(place.processes)], port, folder) as process:
        yield Server(port, (process,))


def aiohttp_version(_: Place) -> str:
    """Give the version of aiohttp."""
    return metadata.version("aiohttp")


def ipx_version(place: Place) -> str:
    """Give the version of ipx and of its sharp."""
    path = place.peers / "node_modules" / "ipx" / "package.json"
    if not path.exists() or not shutil.which("node"):
        return ""
    inner = path.parent / "node_modules" / "sharp" / "package.json"
    sharp = inner if inner.exists() else path.parents[1] / "sharp" / "package.json"
    return " with sharp ".join(json.loads(one.read_text())["version"] for one in (path, sharp))


@contextmanager
def start_ipx(place: Place, folder: Path) -> Iterator[Server]:
    """Run ipx in a cluster of node processes."""
    port = free_port()
    command = ["node", str(HERE / "ipx_server.mjs"), str(place.peers), str(place.images), str(port)]
    with running([*command, str(place.processes)], port, folder, {"NODE_ENV": "production"}) as process:
        yield Server(port, (process,))


def ipx_tile(picture: str, tile: Tile) -> str:
    """Give ipx's URL of a tile."""
    left, top, side = tile.area
    return f"/extract_{left}_{top}_{side}_{side},s_{TILE}x{TILE},q_{QUALITY}/{picture}.jpg"


def thumbor_program(place: Place) -> str:
    """Give the path of thumbor, or nothing."""
    return shutil.which("thumbor", path=str(place.peers / "thumbor" / "bin")) or shutil.which("thumbor") or ""


def thumbor_version(place: Place) -> str:
    """Give the version of thumbor."""
    program = thumbor_program(place)
    return first_line(program, "--version") if program else ""


SETTINGS = """
LOADER = "thumbor.loaders.file_loader"
FILE_LOADER_ROOT_PATH = {images!r}
STORAGE = "thumbor.storages.no_storage"
RESULT_STORAGE = {keeps}
RESULT_STORAGE_FILE_STORAGE_ROOT_PATH = {kept!r}
RESULT_STORAGE_STORES_UNSAFE = True
QUALITY = {quality}
"""


def start_thumbor(keeps: str) -> Start:
    """Give what runs thumbor with a storage of results."""

    @contextmanager
    def start(place: Place, folder: Path) -> Iterator[Server]:
        port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        settings, kept = folder / "thumbor.conf", folder / f"results-{port}"
        settings.write_text(SETTINGS.format(images=str(place.images), keeps=keeps, kept=str(kept), quality=QUALITY))
        command = [thumbor_program(place), "--ip", "127.0.0.1", "--port", str(port), "--conf", str(settings)]
        with running([*command, "--processes", str(place.processes)], port, folder) as process:
            yield Server(port, (process,))

    return start


def thumbor_tile(picture: str, tile: Tile) -> str:
    """Give thumbor's URL of a tile."""
    left, top, side = tile.area
    return f"/unsafe/{left}x{top}:{left + side}x{top + side}/{TILE}x{TILE}/{picture}.jpg"


IPX = Peer(
    "ipx", "ipx", ipx_version, start_ipx, lambda picture, width: f"/w_{width},q_{QUALITY}/{picture}.jpg", ipx_tile
)
THUMBOR = Peer(
    "thumbor",
    "thumbor",
    thumbor_version,
    start_thumbor("None"),
    lambda picture, width: f"/unsafe/{width}x0/{picture}.jpg",
    thumbor_tile,
)
THUMBOR_THAT_KEEPS = replace(THUMBOR, start=start_thumbor("'thumbor.result_storages.file_storage'"))
BARE = Peer(
    "bare aiohttp handler", "aiohttp", aiohttp_version, start_bare, lambda picture, width: f"/{picture}/{width}"
)
