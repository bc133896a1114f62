"""Colours → a palette of at most 256. Reference: r-is-http-quantize."""

from __future__ import annotations

import math

from PIL import Image as Pillow

from imageserver.commands.delivery import Quantize

HALF = 128
MOST = 256
ENOUGH = 20_000
"""Pixels that a palette is made of: with more, PSNR is the same within half a dB, and it takes times longer."""
Colors = list[tuple[int, int, int]]
STEPS = (0, 51, 102, 153, 204, 255)
RAMP = (0, 17, 34, 68, 85, 119, 136, 170, 187, 221, 238)


def quantized(image: Pillow.Image, wanted: Quantize, *, key_color: bool) -> Pillow.Image:
    """Give an image with a palette; alpha becomes a key colour, or else an alpha of each entry."""
    if image.mode in {"LA", "RGBA"} and not key_color and wanted == Quantize():
        return image.convert("RGBA").quantize(MOST, Pillow.Quantize.FASTOCTREE)
    mask = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    rgb = image.convert("RGB")
    count = wanted.colors - 1 if mask is not None and wanted.colors == MOST else wanted.colors
    palette = palette_of(rgb, wanted, count)
    holder = Pillow.new("P", (1, 1))
    holder.putpalette([component for color in palette for component in color])
    dither = Pillow.Dither.FLOYDSTEINBERG if wanted.dither else Pillow.Dither.NONE
    result = rgb.quantize(palette=holder, dither=dither)
    return result if mask is None else with_key_color(result, mask, len(palette))


def with_key_color(image: Pillow.Image, mask: Pillow.Image, index: int) -> Pillow.Image:
    """Give pixels whose alpha is below one half the entry behind the palette, which stands for nothing."""
    hidden = mask.point(lambda value: 255 if value < HALF else 0)
    image.paste(index, mask=hidden)
    image.info["transparency"] = index
    return image


def palette_of(image: Pillow.Image, wanted: Quantize, count: int) -> Colors:
    """Give the colours of a palette, the forced ones in front."""
    if wanted.palette == "web":
        return web_colors()[:count]
    if wanted.palette == "mac":
        return mac_colors()[:count]
    room = count - len(wanted.forced)
    found = adaptive_colors(image, room) if room > 0 else []
    return list(dict.fromkeys([*wanted.forced, *found]))[:count]


def adaptive_colors(image: Pillow.Image, count: int) -> Colors:
    """Find the colours that suit an image best; of many pixels and colours only some are looked at."""
    share = math.sqrt(ENOUGH / (image.width * image.height))
    if share < 1 and image.getcolors(MOST) is None:
        size = max(1, round(image.width * share)), max(1, round(image.height * share))
        image = image.resize(size, Pillow.Resampling.NEAREST)
    data = image.quantize(count, Pillow.Quantize.MEDIANCUT).getpalette() or []
    return [(data[i], data[i + 1], data[i + 2]) for i in range(0, min(len(data), 3 * count), 3)]


def web_colors() -> Colors:
    """Give the 216 colours of the web."""
    return [(red, green, blue) for red in STEPS for green in STEPS for blue in STEPS]


def mac_colors() -> Colors:
    """Give the 256 colours of the Macintosh: a cube without black, ramps of red, green, blue and gray, and black."""
    cube = [color for color in reversed(web_colors()) if color != (0, 0, 0)]
    ramp = sorted(RAMP[1:], reverse=True)
    reds: Colors = [(value, 0, 0) for value in ramp]
    greens: Colors = [(0, value, 0) for value in ramp]
    blues: Colors = [(0, 0, value) for value in ramp]
    grays: Colors = [(value, value, value) for value in ramp]
    return [*cube, *reds, *greens, *blues, *grays, (0, 0, 0)]
