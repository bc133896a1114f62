"""The rectangle of a picture within a border of one colour, for `imageserver convert --autocrop`. Reference: r-ic."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from imageserver.errors import BadSource
from imageserver.layout.layout import LaidSource
from imageserver.protocol.values import Rect, Size
from imageserver.render.alpha import alpha, colors, has_alpha, premultiplied
from imageserver.render.engine import Error
from imageserver.render.sources import first_line, read_file

Corner = Literal["ul", "ur", "ll", "lr", "alpha"]
BRIGHTEST = 255


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
