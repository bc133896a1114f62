"""Small sites that tests write themselves: catalogs as text, a few pictures, and what replies say."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from pictures import quadrants
from PIL import Image
from serving import Client

T = TypeVar("T")
QUIET = {"IMAGESERVER_SERVER__ACCESS_LOG": "", "IMAGESERVER_SERVER__WORKERS": "1"}
VISIBLE_WITHIN = 10.0
"""Seconds after which an edit has to be seen: two, and more where the machine is busy with other tests."""
PATIENCE = 20.0


def write_site(folder: Path, catalogs: Mapping[str, str]) -> Path:
    """Write catalogs, each with a picture of 40x30 in four colours as `images/grid.png`."""
    for name, text in catalogs.items():
        images = folder / "catalogs" / name / "images"
        images.mkdir(parents=True)
        quadrants(40, 30).save(images / "grid.png")
        (images.parent / "catalog.yaml").write_text(text)
    return folder


def plain(path: Path, color: tuple[int, int, int], size: tuple[int, int] = (40, 30)) -> Path:
    """Write a picture of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)
    return path


def properties(client: Client, url: str) -> dict[str, str]:
    """Ask for properties, and read them."""
    reply = client.ask(f"/is/image/{url}")
    assert reply.status == 200, reply.text
    return dict(line.split("=", 1) for line in reply.text.splitlines() if not line.startswith("#"))


def version(client: Client, name: str, kind: str = "image.version") -> str:
    """Ask for a version of a record."""
    return properties(client, f"{name}?req=props")[kind]


def eventually(see: Callable[[], T], wanted: T) -> float:
    """Look until what is wanted is there, and say how many seconds that took."""
    start = time.monotonic()
    while (seen := see()) != wanted:
        assert time.monotonic() - start < PATIENCE, f"{seen!r} did not become {wanted!r}"
        time.sleep(0.05)
    return time.monotonic() - start


def stays(see: Callable[[], T], wanted: T, seconds: float) -> None:
    """Look for a while, during which nothing else may be seen."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert see() == wanted
        time.sleep(0.05)
