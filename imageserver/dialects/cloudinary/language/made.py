"""Pictures that are made of several: a sheet with a place for each, which CSS can tell of, or one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from imageserver.dialects.cloudinary.language.facts import BadTransformation, invalid
from imageserver.dialects.cloudinary.language.picture import Picture
from imageserver.protocol.values import Point, Rect, Size

GAP = 2
"""Pixels between the pictures of a sheet, so that none is seen at the edge of another."""
TALLEST = 16_000
"""Pixels that a column of a sheet may have where the catalog sets no bound; all formats hold as many."""
USUAL_DELAY, LONGEST_DELAY = 100, 600_000
"""Milliseconds."""
MOST_PLAYS = 65_535
MOVING_FLAGS = frozenset({"animated", "awebp"})
"""Flags that ask for what happens anyway."""
UNUSUAL = re.compile(r"[^\w-]+")
"""What names of classes cannot have."""
NO_START = re.compile(r"-?[0-9]|-?$|--")
"""How they cannot begin."""


@dataclass(frozen=True, slots=True)
class Directions:
    """What a transformation says of all pictures together; `parts` are the rest of it, which is done to each."""

    parts: tuple[str, ...] = ()
    delay: int = USUAL_DELAY
    plays: int = 0
    prefix: str = ""

    @property
    def changes_time(self) -> bool:
        """Tell whether the pictures are shown for another time, or less often, than usual."""
        return (self.delay, self.plays) != (USUAL_DELAY, 0)


def read_directions(parts: Iterable[str]) -> Directions:
    """Take out of a transformation what is about all pictures; raises `BadTransformation`."""
    found, rest = Directions(), list[str]()
    for part in parts:
        kept: list[str] = []
        for one in part.split(","):
            name, _, value = one.partition("_")
            if name == "dl":
                found = replace(found, delay=whole_number("delay", value, 1, LONGEST_DELAY))
            elif name == "p":
                found = replace(found, prefix=value)
            elif name == "e" and value.partition(":")[0] == "loop":
                again = value.partition(":")[2]
                found = replace(found, plays=whole_number("effect loop", again, 0, MOST_PLAYS - 1) + 1 if again else 0)
            else:
                kept.append(without_moving(one) if name == "fl" else one)
        rest.append(",".join(filter(None, kept)))
    return replace(found, parts=tuple(filter(None, rest)))


def whole_number(name: str, text: str, least: int, most: int) -> int:
    """Read a whole number within bounds."""
    if not text.isascii() or not text.isdecimal() or len(text) > len(str(most)) or not least <= int(text) <= most:
        raise invalid(name, text)
    return int(text)


def without_moving(flags: str) -> str:
    """Leave the flags out that only say that a picture may move."""
    if ":" in flags:
        return flags
    words = [word for word in flags.removeprefix("fl_").split(".") if word not in MOVING_FLAGS]
    return f"fl_{'.'.join(words)}" if words else ""


def places(sizes: Sequence[Size], most: Size) -> list[Rect]:
    """Say where pictures lie in a sheet: below each other, in further columns where one would be too tall."""
    found: list[Rect] = []
    left, top, wide = 0, 0, 0
    for size in sizes:
        if top and top + size.height > (most.height or TALLEST):
            left, top, wide = left + wide + GAP, 0, 0
        found.append(Rect(left, top, size.width, size.height))
        top, wide = top + size.height + GAP, max(wide, size.width)
    return found


def sheet(pictures: Sequence[Picture], most: Size) -> tuple[Picture, list[Rect]]:
    """Put pictures onto a sheet, and say where each is; raises `BadTransformation` for one that is too large."""
    found = places([one.size for one in pictures], most)
    size = Size(max(one.x + one.width for one in found), max(one.y + one.height for one in found))
    if size.width > (most.width or size.width) or size.height > (most.height or size.height):
        allowed = f"{most.width or 'any'}x{most.height or 'any'} (attribute::MaxPix)"
        raise BadTransformation(f"Sprite of {size.width}x{size.height} pixels: expected at most {allowed}")
    at = [Point(one.x, one.y) for one in found]
    return canvas(pictures[0].catalog, size).shaped(*laid(pictures, at), has_alpha=True), found


def in_turn(pictures: Sequence[Picture], directions: Directions) -> Picture:
    """Show pictures one after the other, smaller ones in the middle of what the largest ones need."""
    size = Size(max(one.size.width for one in pictures), max(one.size.height for one in pictures))
    at = [Point((size.width - one.size.width) // 2, (size.height - one.size.height) // 2) for one in pictures]
    clear = any(one.has_alpha or one.size != size for one in pictures)
    shown = canvas(pictures[0].catalog, size).shaped(*laid(pictures, at), has_alpha=clear)
    return replace(shown, commands=(*shown.commands, f"animate={directions.delay},{directions.plays}"))


def canvas(catalog: str, size: Size) -> Picture:
    """Begin with nothing but a size; a colour that is hidden is what the protocol has for that."""
    commands = (f"size={size.width},{size.height}", "color=000000", "hide=1", "origin=0,0")
    return Picture(catalog, catalog, size, has_alpha=True, commands=commands)


def laid(pictures: Sequence[Picture], at: Sequence[Point]) -> Iterator[str]:
    """Yield the commands that lay pictures over a canvas."""
    for number, (picture, place) in enumerate(zip(pictures, at, strict=True), 1):
        yield from (f"layer={number}", picture.nested, "origin=0,0", f"pos={place.x},{place.y}")
    yield "layer=comp"


def distinct(names: Iterable[str]) -> Iterator[str]:
    """Yield names, with a number behind those that were there before."""
    seen: set[str] = set()
    for name in names:
        count, found = 1, name
        while found in seen:
            count += 1
            found = f"{name}_{count}"
        seen.add(found)
        yield found


def style_sheet(found: Mapping[str, Rect], url: str, prefix: str) -> str:
    """Write CSS with a class for each picture of a sheet."""
    names = list(distinct(class_name(f"{prefix}{name}") for name in found))
    all_of_them = ", ".join(f".{name}" for name in names)
    lines = [f"{all_of_them} {{ background: url('{url}') no-repeat; }}"]
    for name, rect in zip(names, found.values(), strict=True):
        place = f"background-position: {-rect.x}px {-rect.y}px"
        lines.append(f".{name} {{ {place}; width: {rect.width}px; height: {rect.height}px; }}")
    return "\n".join(lines) + "\n"


def class_name(name: str) -> str:
    """Make the name of a class of a public id."""
    found = UNUSUAL.sub("_", name)
    return f"_{found}" if NO_START.match(found) else found
