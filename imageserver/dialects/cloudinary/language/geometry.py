"""Crop modes: what `c_`, `w_`, `h_`, `ar_`, `g_`, `x_`, `y_` and `b_` make of a picture."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from imageserver.dialects.cloudinary.language.colors import is_clear, lets_through, read_color
from imageserver.dialects.cloudinary.language.components import Component
from imageserver.dialects.cloudinary.language.facts import BadTransformation, invalid
from imageserver.dialects.cloudinary.language.numbers import evaluate, length, within
from imageserver.dialects.cloudinary.language.picture import Client, Picture
from imageserver.dialects.cloudinary.language.places import AROUND, framed, place_of
from imageserver.protocol.values import Rect, Size, at_least_one, rounded

COMPASS = {
    "center": (0, 0),
    "north": (0, -1),
    "north_east": (1, -1),
    "east": (1, 0),
    "south_east": (1, 1),
    "south": (0, 1),
    "south_west": (-1, 1),
    "west": (-1, 0),
    "north_west": (-1, -1),
}
SEEN = re.compile(r"(?:auto|face|faces|custom|body|adv_faces|adv_face|adv_eyes|ocr_text)(?:[:_].*)?", re.DOTALL)
"""What would need somebody who knows what things are: the look of things stands in for that."""
PEOPLE = re.compile(r"face|body|eyes")
MIDDLE = re.compile(r"custom|.*:center", re.DOTALL)
"""Those of them that say that the middle is meant where nothing is found."""
AUTO = re.compile(r"auto(?::.*)?", re.DOTALL)
TAKE_AUTO = frozenset({"fill", "lfill", "fill_pad", "crop", "thumb", "auto", "auto_pad"})
RATIO = re.compile(r"([0-9]+(?:\.[0-9]+)?):([0-9]+(?:\.[0-9]+)?)")
LOOKING = frozenset({"auto", "auto_pad", "fill_pad"})
"""Crop modes that look for themselves."""
KEPT = 2 / 3
"""The share of a side that fill_pad and auto_pad show at least; the rest is margin."""
NOT_HERE = frozenset({"imagga_crop", "imagga_scale"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a component asks for, in pixels; a side of 0 is free. `gravity` goes from -1 to 1 each way.

    `corner` says that a place counts from the top left, as without gravity; `center` is the place of `g_xy_center`.
    With `focus`, content decides what is seen, `zoom` times as large as it would be; `box` is what coordinates say.
    """

    mode: str
    width: int
    height: int
    gravity: tuple[int, int]
    offset: tuple[int, int]
    corner: bool
    center: tuple[int, int] | None
    color: str
    stretches: bool
    focus: str = ""
    zoom: float = 1.0
    box: Rect | None = None


def resized(picture: Picture, component: Component, client: Client) -> Picture:
    """Crop or scale a picture as a component says; raises `BadTransformation`."""
    asked = read(picture, component, client)
    if asked.mode in NOT_HERE:
        raise BadTransformation(f"Crop mode {asked.mode} is not supported")
    if asked.mode not in MODES:
        raise invalid("crop mode", asked.mode)
    if not (asked.width or asked.height or asked.mode == "crop"):
        return picture
    return MODES[asked.mode](picture, asked)


def read(picture: Picture, component: Component, client: Client) -> Asked:
    """Read what a component asks for."""
    ratio = device_ratio(component, client)
    mode, gravity = component.get("c", "scale"), component.get("g")
    if AUTO.fullmatch(gravity) and mode not in TAKE_AUTO:
        raise BadTransformation(f"Invalid gravity auto for crop mode {mode}")
    size = picture.size
    width = side("width", component.get("w"), picture, client, ratio)
    height = side("height", component.get("h"), picture, client, ratio)
    width, height = with_aspect(picture, component, width, height)
    x = length("x", component.get("x", "0"), size.width, picture, ratio)
    y = length("y", component.get("y", "0"), size.height, picture, ratio)
    placed = "x" in component.values or "y" in component.values
    box = place_of(gravity, picture, client)
    return Asked(
        mode=mode,
        width=width,
        height=height,
        gravity=compass(gravity),
        offset=(x, y),
        corner=placed and not gravity,
        center=(x, y) if gravity == "xy_center" else middle(box),
        color=background(component.get("b"), client),
        stretches="ignore_aspect_ratio" in component.flags,
        focus="" if box else focus(mode, gravity),
        zoom=within("zoom", component.get("z", "1"), 0.01, 10) / (AROUND if box and "face" in gravity else 1),
        box=box,
    )


def device_ratio(component: Component, client: Client) -> float:
    """Read `dpr_`."""
    text = component.get("dpr", "1")
    if text == "auto":
        return client.ratio
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,4})?", text) or not 0.1 <= float(text) <= 10:  # noqa: PLR2004
        raise invalid("dpr", text)
    return float(text)


def side(name: str, text: str, picture: Picture, client: Client, ratio: float) -> int:
    """Read a width or a height; nothing is 0."""
    whole = picture.size.width if name == "width" else picture.size.height
    if not text:
        return 0
    if text.partition(":")[0] == "auto":
        return client.width or whole
    found = length(name, text, whole, picture, ratio)
    if found < 1:
        raise invalid(name, text)
    return found


def with_aspect(picture: Picture, component: Component, width: int, height: int) -> tuple[int, int]:
    """Derive the side that `ar_` says."""
    text = component.get("ar")
    if not text:
        return width, height
    match = RATIO.fullmatch(text)
    if match and not float(match[2]):
        raise invalid("aspect ratio", text)
    ratio = float(match[1]) / float(match[2]) if match else evaluate("aspect ratio", text, picture)
    if ratio <= 0:
        raise invalid("aspect ratio", text)
    if width and height:
        return width, height
    if width:
        return width, at_least_one(width / ratio)
    if height:
        return at_least_one(height * ratio), height
    size = picture.size
    scale = min(size.width / ratio, size.height)
    return at_least_one(scale * ratio), at_least_one(scale)


def compass(text: str) -> tuple[int, int]:
    """Read a gravity."""
    if not text or text == "xy_center" or SEEN.fullmatch(text):
        return 0, 0
    if text not in COMPASS:
        raise invalid("gravity", text)
    return COMPASS[text]


def middle(box: Rect | None) -> tuple[int, int] | None:
    """Give the middle of a rectangle, if there is one."""
    return None if box is None else (box.x + box.width // 2, box.y + box.height // 2)


def focus(mode: str, gravity: str) -> str:
    """Say in what way content decides what is seen, if it does: what draws the eye, for people, or most detail."""
    if not SEEN.fullmatch(gravity):
        return "focus=entropy" if mode in LOOKING and not gravity else ""
    if MIDDLE.fullmatch(gravity):
        return ""
    return "focus=attention" if PEOPLE.search(gravity) else "focus=entropy"


def background(text: str, client: Client) -> str:
    """Read `b_`; nothing is none, and `auto` the colour at the edges of the picture."""
    if text.partition(":")[0].partition("_")[0] == "auto":
        if not client.border:
            raise BadTransformation("Background auto is for pictures as they are stored")
        return client.border
    return read_color(text, "background") if text else ""


def scaled_size(picture: Picture, scale: float) -> Size:
    """Give the size of a picture at a scale."""
    return Size(at_least_one(picture.size.width * scale), at_least_one(picture.size.height * scale))


def ratios(picture: Picture, asked: Asked) -> list[float]:
    """Give the scales at which the sides that are asked for come out."""
    size = picture.size
    return [
        *([asked.width / size.width] if asked.width else []),
        *([asked.height / size.height] if asked.height else []),
    ]


def fitting(picture: Picture, scale: float) -> Picture:
    """Scale a picture, both sides alike."""
    size = scaled_size(picture, scale)
    if size == picture.size:
        return picture
    return picture.viewed(f"wid={size.width}", f"hei={size.height}", "fit=stretch,1", size=size)


def stretch(picture: Picture, asked: Asked) -> Picture:
    """`c_scale`: both sides as they are asked for."""
    if asked.width and asked.height:
        size = Size(asked.width, asked.height)
    elif asked.stretches:
        size = Size(asked.width or picture.size.width, asked.height or picture.size.height)
    else:
        return only_side(picture, asked)
    return picture.viewed(f"wid={size.width}", f"hei={size.height}", "fit=stretch,1", size=size)


def only_side(picture: Picture, asked: Asked) -> Picture:
    """Scale to the one side that is asked for."""
    (scale,) = ratios(picture, asked)
    given = f"wid={asked.width}" if asked.width else f"hei={asked.height}"
    return picture.viewed(given, "fit=constrain,1", size=scaled_size(picture, scale))


def bounded(picture: Picture, asked: Asked, upscale: int) -> Picture:
    """`c_fit` and `c_limit`: within what is asked for."""
    scale = min(ratios(picture, asked)) if upscale else min(1.0, *ratios(picture, asked))
    sides = (
        *([f"wid={asked.width}"] if asked.width else []),
        *([f"hei={asked.height}"] if asked.height else []),
    )
    return picture.viewed(*sides, f"fit=constrain,{upscale}", size=scaled_size(picture, scale))


def enlarged(picture: Picture, asked: Asked) -> Picture:
    """`c_mfit`: as `c_fit`, where that is larger."""
    return fitting(picture, max(1.0, min(ratios(picture, asked))))


def filled(picture: Picture, asked: Asked) -> Picture:
    """`c_fill`: all of what is asked for, cut where the picture is longer."""
    if not (asked.width and asked.height):
        return only_side(picture, asked)
    if asked.center is not None:
        return cut_about(picture, asked, max(ratios(picture, asked)))
    size = Size(asked.width, asked.height)
    return picture.viewed(f"wid={size.width}", f"hei={size.height}", "fit=crop,1", *align(asked), size=size)


def align(asked: Asked) -> tuple[str, ...]:
    """Say where the picture sits, unless that is the middle, or that its content decides what is seen."""
    if asked.focus:
        return (asked.focus,)
    horizontal, vertical = asked.gravity
    return (f"align={horizontal},{vertical}",) if horizontal or vertical else ()


def closer(picture: Picture, asked: Asked) -> Picture:
    """`c_thumb`: as `c_fill`, or closer."""
    if asked.box and asked.width and asked.height:
        part = framed(asked.box, Size(asked.width, asked.height), picture.size, asked.zoom)
        whole = window(picture, part.x, part.y, part.width, part.height)
        return filled(whole, replace(asked, center=None))
    if not (asked.focus and asked.zoom > 1 and asked.width and asked.height):
        return filled(picture, asked)
    return seen(
        fitting(picture, max(ratios(picture, asked)) * asked.zoom), Size(asked.width, asked.height), asked.focus
    )


def seen(picture: Picture, size: Size, focus: str) -> Picture:
    """Cut out of a picture what its content decides."""
    inner = Size(min(size.width, picture.size.width), min(size.height, picture.size.height))
    if inner == picture.size:
        return picture
    return picture.viewed("scl=1", f"wid={inner.width}", f"hei={inner.height}", focus, size=inner)


def filled_or_padded(picture: Picture, asked: Asked) -> Picture:
    """`c_fill_pad` and `c_auto_pad`: as `c_fill`, with margins where that would show too little."""
    if not (asked.width and asked.height):
        return only_side(picture, asked)
    fit, cover = min(ratios(picture, asked)), max(ratios(picture, asked))
    if cover * KEPT <= fit:
        return filled(picture, asked)
    whole, canvas = fitting(picture, fit / KEPT), Size(asked.width, asked.height)
    inner = Size(min(canvas.width, whole.size.width), min(canvas.height, whole.size.height))
    left, top = place(canvas, inner, (0, 0), (0, 0))
    margins = (left, top, canvas.width - inner.width - left, canvas.height - inner.height - top)
    wanted = with_size(asked, inner.width, inner.height)
    part = cut(whole, wanted) if asked.center is None else cut_about(picture, wanted, fit / KEPT)
    return extended(part, margins, asked.color, canvas) if any(margins) else part


def cut_about(picture: Picture, asked: Asked, scale: float) -> Picture:
    """Scale the picture, and cut what is about a point of it."""
    x, y = asked.center or (0, 0)
    whole = fitting(picture, scale)
    left = min(max(0, rounded(x * scale - asked.width / 2)), max(0, whole.size.width - asked.width))
    top = min(max(0, rounded(y * scale - asked.height / 2)), max(0, whole.size.height - asked.height))
    return window(whole, left, top, asked.width, asked.height)


def filled_or_less(picture: Picture, asked: Asked) -> Picture:
    """`c_lfill`: as `c_fill`, but never enlarged."""
    size = picture.size
    width, height = min(asked.width or size.width, size.width), min(asked.height or size.height, size.height)
    if not (asked.width and asked.height):
        return bounded(picture, asked, 0)
    return filled(picture, with_size(asked, width, height))


def with_size(asked: Asked, width: int, height: int) -> Asked:
    """Ask for another size."""
    return replace(asked, width=width, height=height)


def padded(picture: Picture, asked: Asked, least: float, most: float) -> Picture:
    """`c_pad`, `c_lpad` and `c_mpad`: within a canvas, at a scale between two bounds."""
    scale = min(most, max(least, min(ratios(picture, asked))))
    size = scaled_size(picture, scale)
    canvas = Size(max(asked.width or size.width, size.width), max(asked.height or size.height, size.height))
    if not asked.color and asked.offset == (0, 0) and least == 0:
        upscale = 0 if most == 1 else 1
        commands = (
            f"wid={canvas.width}",
            f"hei={canvas.height}",
            f"fit=fit,{upscale}",
            *align(replace(asked, focus="")),
        )
        return picture.viewed(*commands, size=canvas, has_alpha=picture.has_alpha or canvas != size)
    left, top = place(canvas, size, asked.gravity, asked.offset)
    margins = (left, top, canvas.width - size.width - left, canvas.height - size.height - top)
    whole = fitting(picture, scale)
    if margins == (0, 0, 0, 0):
        return whole
    return extended(whole, margins, asked.color, canvas)


def extended(picture: Picture, margins: tuple[int, int, int, int], color: str, size: Size) -> Picture:
    """Add margins in a colour, which lies behind the picture, too."""
    extend = f"extend={','.join(map(str, margins))}"
    if not color or is_clear(color):
        return picture.shaped(extend, size=size, has_alpha=True)
    return picture.shaped(extend, f"bgColor={color}", size=size, has_alpha=lets_through(color))


def place(canvas: Size, size: Size, gravity: tuple[int, int], offset: tuple[int, int]) -> tuple[int, int]:
    """Say where something sits in a canvas; offsets lead inwards from the edge that gravity names."""
    horizontal, vertical = gravity
    x, y = offset
    left = rounded((canvas.width - size.width) * (horizontal + 1) / 2) + (-x if horizontal > 0 else x)
    top = rounded((canvas.height - size.height) * (vertical + 1) / 2) + (-y if vertical > 0 else y)
    return left, top


def cut(picture: Picture, asked: Asked) -> Picture:
    """`c_crop`: a window of the picture as it is."""
    size = picture.size
    usual = asked.box or size
    wanted = Size(asked.width or usual.width, asked.height or usual.height)
    if asked.focus:
        return seen(picture, wanted, asked.focus)
    if asked.box:
        return cut_about(picture, with_size(asked, wanted.width, wanted.height), 1)
    if asked.center is not None:
        left, top = (rounded(asked.center[0] - wanted.width / 2), rounded(asked.center[1] - wanted.height / 2))
    elif asked.corner:
        left, top = asked.offset
    else:
        left, top = place(size, wanted, asked.gravity, asked.offset)
    return window(picture, left, top, wanted.width, wanted.height)


def window(picture: Picture, left: int, top: int, width: int, height: int) -> Picture:
    """Cut a rectangle out, as far as the picture reaches; raises `BadTransformation` where it does not."""
    size = picture.size
    right, bottom = min(size.width, left + width), min(size.height, top + height)
    left, top = max(0, left), max(0, top)
    if right <= left or bottom <= top:
        raise BadTransformation("Invalid crop: it lies outside of the image")
    inner = Size(right - left, bottom - top)
    if inner == size:
        return picture
    return picture.shaped(f"crop={left},{top},{inner.width},{inner.height}", size=inner)


MODES: Mapping[str, Callable[[Picture, Asked], Picture]] = {
    "scale": stretch,
    "fit": lambda picture, asked: bounded(picture, asked, 1),
    "limit": lambda picture, asked: bounded(picture, asked, 0),
    "mfit": enlarged,
    **dict.fromkeys(("fill", "auto"), filled),
    "thumb": closer,
    **dict.fromkeys(("fill_pad", "auto_pad"), filled_or_padded),
    "lfill": filled_or_less,
    "pad": lambda picture, asked: padded(picture, asked, 0, float("inf")),
    "lpad": lambda picture, asked: padded(picture, asked, 0, 1.0),
    "mpad": lambda picture, asked: padded(picture, asked, 1.0, float("inf")),
    "crop": cut,
}
