"""Set text → an image of it: the outlines of its glyphs, filled at the resolution of the reply by HarfBuzz."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import uharfbuzz as hb
from PIL import Image as Pillow

from imageserver.commands.text import AntiAliasing
from imageserver.layout.layout import Box, Clip, LaidText, Loop
from imageserver.protocol.color import Color
from imageserver.protocol.values import Rect, Size
from imageserver.render.alpha import OPAQUE, plane, with_alpha
from imageserver.render.clipping import drawn
from imageserver.render.engine import Image
from imageserver.render.exchange import from_pillow
from imageserver.render.stacking import CLEAR, Drawn, piled
from imageserver.typeset.fonts import hb_font
from imageserver.typeset.result import Bar, GlyphRun

MIDDLE = 127.5
EDGES: Mapping[AntiAliasing, Callable[[int], float]] = {
    "off": lambda covered: OPAQUE if covered > MIDDLE else 0,
    "sharp": lambda covered: MIDDLE + (covered - MIDDLE) * 1.3,
    "crisp": lambda covered: MIDDLE + (covered - MIDDLE) * 1.7,
    "strong": lambda covered: OPAQUE * (covered / OPAQUE) ** 0.7,
}
"""How opaque a pixel is of which a glyph covers so much, 0 to 255; with the other modes just as much."""


def drawn_text(text: LaidText, target: Box, part: Rect) -> Image:
    """Draw a part of a layer's image in which the text's rectangle lands at `target`."""
    unit_x = (target.right - target.left) / text.rect.width
    unit_y = (target.bottom - target.top) / text.rect.height
    onto = (unit_x, unit_y, target.left - text.rect.x * unit_x, target.top - text.rect.y * unit_y)
    size, everything = Size(part.width, part.height), Rect(0, 0, part.width, part.height)
    typeset, smoothing = text.typeset, text.block.attributes.anti_aliasing
    colors = dict.fromkeys((*(run.color for run in typeset.runs), *(bar.color for bar in typeset.bars)))
    images = []
    for color in colors:
        runs = [run for run in typeset.runs if run.color == color]
        mask = covered([one for one in runs if one.glyphs], onto, part, smoothing)
        bars = tuple(corners(bar, onto) for bar in typeset.bars if bar.color == color)
        if bars:
            lines = drawn(Clip(bars), part, Size(part.x + part.width, part.y + part.height))
            lines = lines.crop(part.x, part.y, part.width, part.height)
            mask = (lines > mask).ifthenelse(lines, mask)
        images.append(Drawn(colored(mask, color, size)))
    return piled(images, size, everything) if images else plane(size, CLEAR)


def colored(mask: Image, color: Color, size: Size) -> Image:
    """Give a colour that is as opaque as a mask and as itself."""
    share = mask if color.alpha == OPAQUE else (mask * (color.alpha / OPAQUE)).rint()
    return with_alpha(plane(size, color.rgb), share)


def covered(
    runs: list[GlyphRun], onto: tuple[float, float, float, float], part: Rect, smoothing: AntiAliasing
) -> Image:
    """Fill the outlines of glyphs; each pixel tells how much of it they cover."""
    raster = hb.RasterDraw()
    raster.extents = hb.RasterExtents(part.x, part.y, part.width, part.height, part.width)
    unit_x, unit_y, left, top = onto
    for run in runs:
        font = hb_font(run.face)
        scale = run.size / font.face.upem
        for glyph in run.glyphs:
            cosine, sine = math.cos(math.radians(glyph.angle)), math.sin(math.radians(glyph.angle))
            wide, tall = scale * run.stretch, -scale
            raster.transform = (
                unit_x * cosine * wide,
                unit_y * sine * wide,
                -unit_x * sine * tall,
                unit_y * cosine * tall,
                left + unit_x * glyph.x,
                top + unit_y * glyph.y,
            )
            raster.draw_glyph(font, glyph.index)
    image = raster.render()
    extents = image.extents
    mask = Pillow.frombytes("L", (extents.width, extents.height), bytes(image.buffer), "raw", "L", extents.stride)
    edge = EDGES.get(smoothing)
    return from_pillow(mask if edge is None else mask.point([edged(edge, value) for value in range(OPAQUE + 1)]))


def edged(edge: Callable[[int], float], value: int) -> int:
    """Give an opacity in whole numbers from 0 to 255."""
    return max(0, min(OPAQUE, round(edge(value))))


def corners(bar: Bar, onto: tuple[float, float, float, float]) -> Loop:
    """Give the corners of a bar on the layer's image."""
    unit_x, unit_y, left, top = onto
    cosine, sine = math.cos(math.radians(bar.angle)), math.sin(math.radians(bar.angle))
    along = ((0.0, 0.0), (bar.length, 0.0), (bar.length, bar.thickness), (0.0, bar.thickness))
    points = ((bar.x + x * cosine - y * sine, bar.y + x * sine + y * cosine) for x, y in along)
    return tuple((left + unit_x * x, top + unit_y * y) for x, y in points)
