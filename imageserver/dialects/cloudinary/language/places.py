"""Coordinates that somebody gave a picture: what `g_custom`, `g_face` and `g_faces` mean where they are known."""

from __future__ import annotations

import re

from imageserver.dialects.cloudinary.language.picture import Boxes, Client, Picture
from imageserver.protocol.values import Rect, Size, rounded

GIVEN = re.compile(r"(custom|(?:adv_)?faces?)(?::.*)?", re.DOTALL)
AROUND = 2.0
"""How much larger than faces a thumbnail of them is."""


def is_given(gravity: str) -> bool:
    """Tell whether coordinates may say where a gravity is."""
    return bool(GIVEN.fullmatch(gravity))


def place_of(gravity: str, picture: Picture, client: Client) -> Rect | None:
    """Find the rectangle that a gravity names, in a picture that is as it is stored; None where nobody has said."""
    match = GIVEN.fullmatch(gravity)
    if not match or picture.is_shaped or picture.has_view:
        return None
    boxes = client.custom if match[1] == "custom" else client.faces
    if match[1] == "custom" and not boxes and "face" in gravity:
        boxes = client.faces
    if match[1].endswith("face"):
        boxes = (max(boxes, key=lambda one: one[2] * one[3]),) if boxes else ()
    return within(around(boxes), picture.size) if boxes else None


def around(boxes: Boxes) -> Rect:
    """Give the rectangle that holds all of some."""
    left, top = min(one[0] for one in boxes), min(one[1] for one in boxes)
    right, bottom = max(one[0] + one[2] for one in boxes), max(one[1] + one[3] for one in boxes)
    return Rect(left, top, right - left, bottom - top)


def within(box: Rect, size: Size) -> Rect | None:
    """Give what of a rectangle lies within a picture; None where nothing does."""
    left, top = max(0, box.x), max(0, box.y)
    right, bottom = min(size.width, box.x + box.width), min(size.height, box.y + box.height)
    return Rect(left, top, right - left, bottom - top) if right > left and bottom > top else None


def framed(box: Rect, shape: Size, size: Size, zoom: float) -> Rect:
    """Give the rectangle of a shape that holds another one, closer by `zoom`, and lies within a picture."""
    ratio = shape.width / shape.height
    width = max(box.width, box.height * ratio) / zoom
    width = min(width, size.width, size.height * ratio)
    height = width / ratio
    wide, tall = max(1, min(size.width, rounded(width))), max(1, min(size.height, rounded(height)))
    left = min(max(0, rounded(box.x + (box.width - wide) / 2)), size.width - wide)
    top = min(max(0, rounded(box.y + (box.height - tall) / 2)), size.height - tall)
    return Rect(left, top, wide, tall)
