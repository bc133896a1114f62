"""Images → one picture: laid over one another on a canvas in memory, from the lowest up, each only where it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image as Pillow

from imageserver.commands.layer import BlendMode
from imageserver.protocol.values import Rect, Size
from imageserver.render.alpha import as_rgb, has_alpha, plane
from imageserver.render.blend import blended, dissolved
from imageserver.render.engine import Image
from imageserver.render.exchange import from_pillow, to_pillow

CLEAR = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Drawn:
    """An image, the place of its corner on the canvas, and how it mixes with what lies below it."""

    image: Image
    x: int = 0
    y: int = 0
    mode: BlendMode = "norm"


def piled(images: Iterable[Drawn], size: Size, part: Rect) -> Image:
    """Lay images over one another on a canvas; only `part` of it is made, and repeats its edge pixels around it."""
    canvas: Pillow.Image | None = None
    for drawn in images:
        box = shared(drawn, part)
        if canvas is None:
            canvas = lowest(drawn, box, part)
        elif box is not None:
            lay(canvas, drawn, box, part)
    if canvas is None:
        return plane(size, CLEAR)
    return from_pillow(canvas).embed(part.x, part.y, size.width, size.height, extend="copy")


def shared(drawn: Drawn, part: Rect) -> Rect | None:
    """Give the rectangle of the canvas that an image shares with a part of it, if any."""
    left, top = max(drawn.x, part.x), max(drawn.y, part.y)
    right = min(drawn.x + drawn.image.width, part.x + part.width)
    bottom = min(drawn.y + drawn.image.height, part.y + part.height)
    return Rect(left, top, right - left, bottom - top) if left < right and top < bottom else None


def lowest(drawn: Drawn, box: Rect | None, part: Rect) -> Pillow.Image:
    """Begin a canvas with its lowest image: opaque when that is and covers it."""
    if box == part and drawn.mode != "dissolve":
        return to_pillow(taken(drawn, box)).copy()
    canvas = Pillow.new("RGBA", (part.width, part.height))
    if box is not None:
        canvas.paste(to_pillow(of_mode(drawn, box)), corner(box, part))
    return canvas


def lay(canvas: Pillow.Image, drawn: Drawn, box: Rect, part: Rect) -> None:
    """Lay an image over what the canvas shows in `box`."""
    place = corner(box, part)
    if drawn.mode not in {"norm", "dissolve"}:
        x, y = place
        below = from_pillow(canvas.crop((x, y, x + box.width, y + box.height)))
        canvas.paste(to_pillow(blended(taken(drawn, box).copy_memory(), below, drawn.mode)), place)
        return
    above = to_pillow(of_mode(drawn, box))
    if above.mode == "RGB":
        canvas.paste(above, place)
    elif canvas.mode == "RGB":
        canvas.paste(above, place, above)
    else:
        canvas.alpha_composite(above, place)


def of_mode(drawn: Drawn, box: Rect) -> Image:
    """Give the part of an image in `box`, dissolved where that is its mode."""
    image = taken(drawn, box)
    return dissolved(image, box.x, box.y) if drawn.mode == "dissolve" and has_alpha(image) else image


def taken(drawn: Drawn, box: Rect) -> Image:
    """Cut the rectangle `box` of the canvas out of an image."""
    return as_rgb(drawn.image.crop(box.x - drawn.x, box.y - drawn.y, box.width, box.height))


def corner(box: Rect, part: Rect) -> tuple[int, int]:
    """Give the place of a rectangle within a part of the canvas."""
    return box.x - part.x, box.y - part.y
