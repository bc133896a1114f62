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
PATIENCE = 60.0
"""Seconds after which something that has to come is given up, also on a machine that is very busy."""


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


def eventually(see: Callable[[], T], wanted: T) -> None:
    """Look until what is wanted is there."""
    end = time.monotonic() + PATIENCE
    while (seen := see()) != wanted:
        assert time.monotonic() < end, f"{seen!r} did not become {wanted!r}"
        time.sleep(0.02)
