"""A file that came from outside → Facts, if all of it can be decoded."""

from __future__ import annotations

from pathlib import Path

from imageserver.config import Limits
from imageserver.errors import BadSource
from imageserver.layout.facts import Facts
from imageserver.render.damages import DAMAGES
from imageserver.render.probe import probe
from imageserver.render.sources import first_line, load, sniff
from imageserver.render.svg import read_svg


def probe_whole(path: Path, limits: Limits) -> Facts:
    """Read what is known of a file whose every pixel can be read; raises `BadSource` or `LimitExceeded`."""
    facts = probe(path, limits)
    kind = sniff(path)
    try:
        (read_svg(path, {}, 1.0) if kind == "SVG" else load(path, kind, 1, sequential=True)).avg()
    except DAMAGES as error:
        raise BadSource(path.name, first_line(error)) from error
    return facts
