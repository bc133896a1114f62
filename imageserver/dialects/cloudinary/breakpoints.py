"""Responsive breakpoints: the widths at which a picture becomes so many bytes smaller that it is worth another file."""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import pairwise

from imageserver.catalog.written import Json
from imageserver.dialects.cloudinary.assets import Asset
from imageserver.dialects.cloudinary.calls import Call
from imageserver.dialects.cloudinary.deriving import check_transformation, cut, derivation, derived
from imageserver.dialects.cloudinary.language.output import FORMATS
from imageserver.dialects.cloudinary.replies import Failed

PARAMETER = "responsive_breakpoints"
MOST_SETS, MOST_IMAGES = 5, 20
"""How many pictures one call may ask for; a larger `max_images` is as good as this one."""
TRIES = 3
"""Widths that are tried for one breakpoint."""
NEAR = 0.1
"""How far from its place a breakpoint may be, as a share of a step."""
DIGITS = 9
Measure = Callable[[int], Awaitable[int]]
"""Gives the bytes of a picture of that width."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One set of breakpoints that is asked for; the transformation comes before each is scaled."""

    transformation: str = ""
    format: str = ""
    min_width: int = 50
    max_width: int = 1000
    bytes_step: int = 20_000
    max_images: int = 20
    create_derived: bool = False

    def text(self, width: int | None = None) -> str:
        """Write the transformation of one of its pictures, or of the one that all are made of."""
        before, extension = cut(self.transformation)
        parts = (before, f"c_scale,w_{width}" if width else "", self.format or extension)
        return "/".join(filter(None, parts))


def breakpoints_wanted(call: Call) -> tuple[Wanted, ...]:
    """Read what a call asks for, which is JSON; raises `Failed`."""
    text = call.text(PARAMETER).strip()
    if not text:
        return ()
    try:
        sets = json.loads(text if text.startswith("[") else f"[{text}]")
    except (ValueError, RecursionError) as error:
        raise Failed(400, f"Invalid value for parameter {PARAMETER}: expected JSON") from error
    if len(sets) > MOST_SETS:
        raise Failed(400, f"Too many {PARAMETER}: expected at most {MOST_SETS}")
    return tuple(map(read, sets))


def read(written: Json) -> Wanted:
    """Read one set; raises `Failed`."""
    if not isinstance(written, dict):
        raise Failed(400, f"Invalid value for parameter {PARAMETER}: expected objects")
    usual = Wanted()
    wanted = Wanted(
        transformation=text_in(written, "transformation"),
        format=text_in(written, "format").casefold(),
        min_width=number_in(written, "min_width", usual.min_width),
        max_width=number_in(written, "max_width", usual.max_width),
        bytes_step=number_in(written, "bytes_step", usual.bytes_step),
        max_images=min(MOST_IMAGES, number_in(written, "max_images", usual.max_images)),
        create_derived=str(written.get("create_derived", "")).casefold() in {"true", "1"},
    )
    if wanted.min_width > wanted.max_width:
        raise Failed(400, f"Invalid {PARAMETER}: min_width {wanted.min_width} is more than max_width")
    if wanted.format and wanted.format not in FORMATS:
        raise Failed(400, f"Invalid {PARAMETER}: format {wanted.format[:20]}")
    return wanted


def text_in(written: dict[str, Json], name: str) -> str:
    """Give a text of a set."""
    value = written.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    raise Failed(400, f"Invalid {PARAMETER}: expected {name} as a text")


def number_in(written: dict[str, Json], name: str, usual: int) -> int:
    """Give a number of a set, which is 1 or more."""
    value = written.get(name)
    text = str(usual if value is None else value)
    if not text.isdecimal() or len(text) > DIGITS or not int(text):
        raise Failed(400, f"Invalid {PARAMETER}: {name} {text[:20]}, expected a whole number of 1 or more")
    return int(text)


def check_breakpoints(call: Call) -> None:
    """Raise `Failed` or `BadTransformation` for sets that make no sense, before anything is stored."""
    for one in breakpoints_wanted(call):
        check_transformation(call, cut(one.transformation)[0])


async def breakpoints(call: Call, asset: Asset) -> tuple[list[Json], list[dict[str, Json]]]:
    """Find the breakpoints that a call asks for; give them, and those of their pictures that are to be remembered."""
    told: list[Json] = []
    kept: list[dict[str, Json]] = []
    for wanted in breakpoints_wanted(call):
        pictures = await pictures_at(call, asset, wanted)
        shown: list[Json] = [
            {name: one[name] for name in ("width", "height", "bytes", "url", "secure_url")} for one in pictures
        ]
        named: dict[str, Json] = {"transformation": wanted.transformation} if wanted.transformation else {}
        told.append({"breakpoints": shown, **named})
        kept += pictures if wanted.create_derived else []
    return told, kept


async def pictures_at(call: Call, asset: Asset, wanted: Wanted) -> list[dict[str, Json]]:
    """Draw the pictures of one set, the widest first; each is drawn once."""
    largest = await derivation(call, asset, wanted.text())
    widest = min(wanted.max_width, largest.most_width)
    drawn: dict[int, dict[str, Json]] = {}

    async def measure(width: int) -> int:
        if width not in drawn:
            drawn[width] = await derived(call, asset, wanted.text(width))
        found = drawn[width]["bytes"]
        return found if isinstance(found, int) else 0

    widths = await spread(range(min(wanted.min_width, widest), widest + 1), wanted, measure)
    return [drawn[one] for one in widths]


async def spread(widths: range, wanted: Wanted, measure: Measure) -> list[int]:
    """Find widths between which the bytes fall by even steps, none of them less than `bytes_step` if that can be."""
    narrowest, widest = widths[0], widths[-1]
    if narrowest == widest or wanted.max_images == 1:
        await measure(widest)
        return [widest]
    known = {narrowest: await measure(narrowest), widest: await measure(widest)}
    fall = known[widest] - known[narrowest]
    steps = max(1, min(wanted.max_images - 1, fall // wanted.bytes_step))
    found = {narrowest, widest}
    for number in range(1, steps):
        found.add(await nearest(known[narrowest] + fall * number // steps, fall / steps, known, measure))
    return sorted(found, reverse=True)


async def nearest(target: int, step: float, known: dict[int, int], measure: Measure) -> int:
    """Find a width with about so many bytes, between widths that are `known`; they become more."""
    for _ in range(TRIES):
        below, above = next(pair for pair in pairwise(sorted(known)) if known[pair[0]] <= target <= known[pair[1]])
        best = min((below, above), key=lambda one: abs(known[one] - target))
        if above - below == 1 or abs(known[best] - target) <= step * NEAR:
            break
        share = (target - known[below]) / max(1, known[above] - known[below])
        guess = round(math.sqrt(below**2 + (above**2 - below**2) * share))  # bytes go about with the pixels
        width = min(above - 1, max(below + 1, guess))
        known[width] = await measure(width)
    return min(known, key=lambda one: abs(known[one] - target))
