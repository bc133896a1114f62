"""Set text → an image of it: the outlines of its glyphs, filled at the resolution of the reply by HarfBuzz."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import uharfbuzz as hb
from PIL import Image as Pillow

from imageserver.commands.text import AntiAliasing
from imageserver.layout.layers import around, intersection
from imageserver.layout.layout import Box, Clip, LaidText
from imageserver.protocol.color import Color
from imageserver.protocol.values import Rect, Size
from imageserver.render.alpha import OPAQUE, plane, with_alpha
from imageserver.render.clipping import drawn
from imageserver.render.engine import Image
from imageserver.render.exchange import from_pillow
from imageserver.render.stacking import Drawn, piled
from imageserver.typeset.fonts import hb_font
from imageserver.typeset.ink import corners_of, ink_of
from imageserver.typeset.regions import direction
from imageserver.typeset.result import Bar, Extent, GlyphRun

MIDDLE = 127.5
EDGES: Mapping[AntiAliasing, Callable[[int], float]] = {
    "off": lambda covered: OPAQUE if covered > MIDDLE else 0,
    "sharp": lambda covered: MIDDLE + (covered - MIDDLE) * 1.3,
    "crisp": lambda covered: MIDDLE + (covered - MIDDLE) * 1.7,
    "strong": lambda covered: OPAQUE * (covered / OPAQUE) ** 0.7,
}
"""How opaque a pixel is of which a glyph covers so much, 0 to 255; with the other modes just as much."""
Colored = TypeVar("Colored", GlyphRun, Bar)


@dataclass(frozen=True, slots=True)
class Onto:
    """What leads from pixels of the text to pixels of the layer's image: two scales, and where 0,0 lands."""

    unit_x: float
    unit_y: float
    left: float
    top: float

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Bring a point of the text onto the layer's image."""
        return self.left + self.unit_x * x, self.top + self.unit_y * y


def drawn_text(text: LaidText, target: Box, part: Rect) -> Image:
    """Draw a part of a layer's image in which the text's rectangle lands at `target`."""
    unit_x = (target.right - target.left) / text.rect.width
    unit_y = (target.bottom - target.top) / text.rect.height
    onto = Onto(unit_x, unit_y, target.left - text.rect.x * unit_x, target.top - text.rect.y * unit_y)
    runs, bars = by_color(text.typeset.runs), by_color(text.typeset.bars)
    smoothing = text.block.attributes.anti_aliasing
    images = (
        drawn_alike(runs.get(color, []), bars.get(color, []), onto, part, smoothing)
        for color in dict.fromkeys((*runs, *bars))
    )
    size = Size(part.width, part.height)
    return piled((one for one in images if one is not None), size, Rect(0, 0, part.width, part.height))


def by_color(several: Iterable[Colored]) -> dict[Color, list[Colored]]:
    """Sort runs or bars by their colours."""
    found: dict[Color, list[Colored]] = {}
    for one in several:
        found.setdefault(one.color, []).append(one)
    return found


def drawn_alike(runs: list[GlyphRun], bars: list[Bar], onto: Onto, part: Rect, smoothing: AntiAliasing) -> Drawn | None:
    """Draw what has one colour in those pixels of the part that it covers, if it covers any."""
    box = covered_part(ink_of(runs, bars), onto, part)
    if box is None:
        return None
    mask = covered([one for one in runs if one.glyphs], onto, box, smoothing)
    if bars:
        loops = tuple(tuple(onto.point(*corner) for corner in corners_of(bar)) for bar in bars)
        lines = drawn(Clip(loops), box, Size(box.x + box.width, box.y + box.height))
        lines = lines.crop(box.x, box.y, box.width, box.height)
        mask = (lines > mask).ifthenelse(lines, mask)
    color = (runs[0] if runs else bars[0]).color
    return Drawn(colored(mask, color, Size(box.width, box.height)), box.x - part.x, box.y - part.y)


def covered_part(ink: Extent | None, onto: Onto, part: Rect) -> Rect | None:
    """Give the whole pixels of a part that ink reaches, and those next to it."""
    if ink is None:
        return None
    (left, top), (right, bottom) = onto.point(ink.left, ink.top), onto.point(ink.right, ink.bottom)
    found = intersection(around(left - 1, top - 1, right + 1, bottom + 1), part)
    return found if found.width and found.height else None


def colored(mask: Image, color: Color, size: Size) -> Image:
    """Give a colour that is as opaque as a mask and as itself."""
    share = mask if color.alpha == OPAQUE else (mask * (color.alpha / OPAQUE)).rint()
    return with_alpha(plane(size, color.rgb), share)


def covered(runs: list[GlyphRun], onto: Onto, part: Rect, smoothing: AntiAliasing) -> Image:
    """Fill the outlines of glyphs; each pixel tells how much of it they cover."""
    raster = hb.RasterDraw()
    raster.extents = hb.RasterExtents(part.x, part.y, part.width, part.height, part.width)
    for run in runs:
        font = hb_font(run.face)
        scale = run.size / font.face.upem
        for glyph in run.glyphs:
            cosine, sine = direction(glyph.angle)
            wide, tall = scale * run.stretch, -scale
            raster.transform = (
                onto.unit_x * cosine * wide,
                onto.unit_y * sine * wide,
                -onto.unit_x * sine * tall,
                onto.unit_y * cosine * tall,
                *onto.point(glyph.x, glyph.y),
            )
            raster.draw_glyph(font, glyph.glyph_id)
    image = raster.render()
    extents = image.extents
    mask = Pillow.frombytes("L", (extents.width, extents.height), bytes(image.buffer), "raw", "L", extents.stride)
    edge = EDGES.get(smoothing)
    return from_pillow(mask if edge is None else mask.point([edged(edge, value) for value in range(OPAQUE + 1)]))


def edged(edge: Callable[[int], float], value: int) -> int:
    """Give an opacity in whole numbers from 0 to 255."""
    return max(0, min(OPAQUE, round(edge(value))))
