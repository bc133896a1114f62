"""The border of a picture: its colour, and the rectangle within one of a single colour. Reference: r-ic."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from imageserver.errors import BadSource
from imageserver.layout.layout import LaidSource
from imageserver.protocol.values import Rect, Size
from imageserver.render.alpha import alpha, as_rgb, colors, has_alpha, premultiplied
from imageserver.render.engine import Error
from imageserver.render.sources import first_line, read_file

Corner = Literal["ul", "ur", "ll", "lr", "alpha"]
BRIGHTEST = 255
WHITE = [255, 255, 255]
STEP = 16
"""Components that differ by less are nearly the same."""


def crop_of(path: Path, oriented: bool, corner: Corner, tolerance: float) -> str:
    """Give the value of `crop=` that takes a border away; empty when there is none, or nothing else."""
    source = LaidSource(path, "", Size(1, 1), oriented, oriented, premultiplied=False, rect=Rect(0, 0, 1, 1))
    try:
        image = read_file(source, sequential=False, hidden_matters=True).image
        if corner == "alpha":
            shown, border = alpha(image), [0]
        else:
            shown = colors(premultiplied(image)) if has_alpha(image) else image
            x = 0 if corner in {"ul", "ll"} else image.width - 1
            border = shown.getpoint(x, 0 if corner in {"ul", "ur"} else image.height - 1)
        found = shown.find_trim(threshold=tolerance * BRIGHTEST, background=border, line_art=True)
    except Error as error:
        raise BadSource(path.name, first_line(error), str(path)) from error
    left, top, width, height = found
    if not width or not height or (width, height) == (image.width, image.height):
        return ""
    return f"{left},{top},{width},{height}"


def border_of(path: Path, oriented: bool) -> str:
    """Give the colour, as RRGGBB, that most pixels at the edges of a picture have, or nearly have."""
    source = LaidSource(path, "", Size(1, 1), oriented, oriented, premultiplied=False, rect=Rect(0, 0, 1, 1))
    try:
        shown = as_rgb(read_file(source, sequential=False, hidden_matters=True).image)
        shown = (shown.flatten(background=WHITE) if has_alpha(shown) else shown).copy_memory()
        edges = (
            (0, 0, shown.width, 1),
            (0, shown.height - 1, shown.width, 1),
            (0, 0, 1, shown.height),
            (shown.width - 1, 0, 1, shown.height),
        )
        pixels = [pixel for edge in edges for pixel in triples(bytes(shown.crop(*edge).write_to_memory()))]
    except Error as error:
        raise BadSource(path.name, first_line(error), str(path)) from error
    alike: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for pixel in pixels:
        alike.setdefault(tuple(one // STEP for one in pixel), []).append(pixel)
    most = max(alike.values(), key=len)
    return bytes(round(sum(one) / len(most)) for one in zip(*most, strict=True)).hex()


def triples(data: bytes) -> Iterator[tuple[int, ...]]:
    """Cut bytes into pixels."""
    return (tuple(data[at : at + 3]) for at in range(0, len(data), 3))
