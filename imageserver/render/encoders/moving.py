"""Animations, written by Pillow: WebP as fast as by libvips, GIF several times faster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise

from PIL import Image as Pillow

from imageserver.layout.facts import Animation
from imageserver.plan.picture import Encoding
from imageserver.render.encoders.palette import quantized
from imageserver.render.encoders.saving import saved
from imageserver.render.encoders.still import WEBP_EFFORT, WEBP_LOSSLESS_EFFORT
from imageserver.render.metadata import Metadata

Frames = Iterable[Pillow.Image]
TICK = 10
"""Milliseconds of the unit in which GIF counts."""
LONGEST = 65535
MOST_PLAYS = 65535
KEPT, CLEARED = 1, 2
"""What GIF does with a frame before the next one is shown; where that is transparent, it must not be seen through."""


def write_moving_gif(pictures: Frames, animation: Animation, encoding: Encoding, _: Metadata) -> bytes:
    """Write an animated GIF; each frame has a palette of its own."""
    first, *others = (quantized(one, encoding.quantize, key_color=True) for one in pictures)
    disposal = CLEARED if any("transparency" in one.info for one in (first, *others)) else KEPT
    plays = min(animation.plays, MOST_PLAYS)
    loop = {} if plays == 1 else {"loop": max(0, plays - 1)}
    durations = [TICK * ticks for ticks in in_ticks(animation.durations)]
    return saved(first, "GIF", save_all=True, append_images=others, duration=durations, disposal=disposal, **loop)


def in_ticks(durations: Iterable[int]) -> Iterator[int]:
    """Give durations in hundredths of a second, such that frames keep to the time of their beginning."""
    ends = [round(end / TICK) for end in accumulate(durations, initial=0)]
    return (min(end - start, LONGEST) for start, end in pairwise(ends))


def write_moving_webp(pictures: Frames, animation: Animation, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write an animated WebP, lossy or lossless."""
    first, *others = pictures
    lossless = encoding.output.compression == "lossless"
    return saved(
        first,
        "WEBP",
        save_all=True,
        append_images=others,
        duration=list(animation.durations),
        loop=min(animation.plays, MOST_PLAYS),
        quality=encoding.quality.quality,
        lossless=lossless,
        method=WEBP_LOSSLESS_EFFORT if lossless else WEBP_EFFORT,
        icc_profile=metadata.icc,
        xmp=metadata.xmp,
    )
