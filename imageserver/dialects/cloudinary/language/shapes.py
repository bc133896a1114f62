"""What is done to the edges of a picture: round corners, borders, turns and what lies behind."""

from __future__ import annotations

import math
import re

from imageserver.dialects.cloudinary.language.colors import is_clear, lets_through, read_color
from imageserver.dialects.cloudinary.language.components import Component
from imageserver.dialects.cloudinary.language.facts import invalid
from imageserver.dialects.cloudinary.language.geometry import background, extended
from imageserver.dialects.cloudinary.language.numbers import length, written
from imageserver.dialects.cloudinary.language.picture import Client, Picture
from imageserver.protocol.values import Size, at_least_one

BORDER = re.compile(r"([0-9]{1,4})(?:px)?_solid(?:_(.+))?")
ANGLE = re.compile(r"-?[0-9]{1,4}(?:\.[0-9]{1,4})?")
ARC = 0.5522847498
"""How far the handles of a quarter of a circle reach, as a share of its radius."""
FLIPS = {"hflip": "lr", "vflip": "ud"}
IGNORED_TURNS = frozenset({"ignore", "exif", "auto_left", "auto_right"})
QUARTER = 90
PADDING = frozenset({"pad", "lpad", "mpad", "auto_pad", "fill_pad"})
"""Crop modes that have filled what lies behind already."""
Radii = tuple[tuple[float, float], ...]
"""Horizontal and vertical radius of each corner, from the top left clockwise."""


def rounded_corners(picture: Picture, component: Component, ratio: float) -> tuple[Picture, Radii]:
    """Round the corners as `r_` says, and give their radii."""
    text = component.get("r")
    if not text or text == "0":
        return picture, ()
    radii = read_radii(text, picture, ratio)
    return clipped(picture, radii), radii


def clipped(picture: Picture, radii: Radii) -> Picture:
    """Cut the corners off."""
    return picture.around().shaped(f"clipPath={outline_of(picture.size, radii)}", has_alpha=True)


def read_radii(text: str, picture: Picture, ratio: float) -> Radii:
    """Read one to four radii, which stand for corners as in CSS; `max` makes an ellipse."""
    size = picture.size
    if text.partition(":")[0] == "max":
        return ((size.width / 2, size.height / 2),) * 4
    words = text.split(":")
    most = min(size.width, size.height) / 2
    found = [float(min(most, max(0, length("radius", word, size.width, picture, ratio)))) for word in words]
    match found:
        case [every]:
            corners = [every] * 4
        case [one, other]:
            corners = [one, other, one, other]
        case [first, sides, last]:
            corners = [first, sides, last, sides]
        case [_, _, _, _]:
            corners = found
        case _:
            raise invalid("radius", text)
    return tuple((one, one) for one in corners)


def outline_of(size: Size, radii: Radii) -> str:
    """Draw a rectangle with round corners."""
    width, height = size.width, size.height
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = radii
    steps = (
        ("M", (ax, 0)),
        ("L", (width - bx, 0)),
        ("C", (width - bx + bx * ARC, 0, width, by - by * ARC, width, by)),
        ("L", (width, height - cy)),
        ("C", (width, height - cy + cy * ARC, width - cx + cx * ARC, height, width - cx, height)),
        ("L", (dx, height)),
        ("C", (dx - dx * ARC, height, 0, height - dy + dy * ARC, 0, height - dy)),
        ("L", (0, ay)),
        ("C", (0, ay - ay * ARC, ax - ax * ARC, 0, ax, 0)),
    )
    return "".join(f"{letter}{','.join(map(written, numbers))}" for letter, numbers in steps) + "Z"


def bordered(picture: Picture, component: Component, radii: Radii, ratio: float) -> Picture:
    """Draw the border of `bo_` around the picture, which grows by it."""
    text = component.get("bo")
    if not text:
        return picture
    match = BORDER.fullmatch(text)
    if not match:
        raise invalid("border", text)
    width = at_least_one(int(match[1]) * ratio) if int(match[1]) else 0
    if not width:
        return picture
    color = read_color(match[2] or component.get("co", "black"), "border")
    size = Size(picture.size.width + 2 * width, picture.size.height + 2 * width)
    framed = extended(picture, (width,) * 4, color, size)
    return clipped(framed, tuple((x + width, y + width) for x, y in radii)) if radii else framed


def turned(picture: Picture, component: Component) -> Picture:
    """Turn and mirror as `a_` says, in the order in which it says it."""
    for word in component.get("a").split("."):
        if not word or word in IGNORED_TURNS:
            continue
        if word in FLIPS:
            picture = picture.fresh().shaped(f"flip={FLIPS[word]}")
        elif ANGLE.fullmatch(word):
            picture = turned_by(picture, float(word) % 360)
        else:
            raise invalid("angle", word)
    return picture


def turned_by(picture: Picture, angle: float) -> Picture:
    """Turn by an angle; the picture grows to fit."""
    if not angle:
        return picture
    return picture.fresh().shaped(
        f"rotate={written(angle)}",
        size=turned_size(picture.size, angle),
        has_alpha=picture.has_alpha or bool(angle % QUARTER),
    )


def turned_size(size: Size, angle: float) -> Size:
    """Give the size of what holds a turned rectangle."""
    if angle % QUARTER == 0:
        return Size(size.height, size.width) if angle % 180 else size
    cosine, sine = abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle)))
    return Size(
        at_least_one(size.width * cosine + size.height * sine), at_least_one(size.width * sine + size.height * cosine)
    )


def filled_behind(picture: Picture, component: Component, client: Client) -> Picture:
    """Fill what lets through with the colour of `b_`."""
    text = component.get("b")
    if not text or not picture.has_alpha:
        return picture
    color = background(text, client)
    if is_clear(color) or (lets_through(color) and component.get("c") in PADDING):
        return picture
    return picture.fresh().shaped(f"bgColor={color}", has_alpha=lets_through(color))
