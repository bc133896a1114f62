"""The format that is sent where the client leaves the choice: by what it shows, by alpha, and by size.

Reference: r-bfc. What is chosen stands in the layout as if it had been asked for, so that each format is kept once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from imageserver.commands.delivery import Quality
from imageserver.commands.formats import Codec, Output
from imageserver.plan.picture import Encoding
from imageserver.protocol.values import Size

Steps = tuple[tuple[int, int], ...]
LONGEST_SIDE = 16383
"""Pixels of a side that WebP can hold; AVIF can hold one more."""
FEWEST, MOST = 10_000, 2_000_000
"""Pixels of the replies that AVIF is for: smaller ones are smaller as WebP, larger ones take seconds to write."""
EQUALS: Mapping[Codec, Steps] = {
    "webp": ((1, 1), (40, 30), (60, 45), (75, 62), (85, 80), (95, 93), (100, 100)),
    "avif": ((1, 1), (40, 40), (60, 48), (75, 55), (85, 64), (95, 86), (100, 100)),
}
"""Qualities of JPEG, and those that look the same: equal PSNR over photos of 60 to 500 pixels (bench/README.md)."""


def converted(encoding: Encoding, size: Size) -> Encoding:
    """Settle the format: the best one on offer for a picture of this size, or the one that was asked for."""
    codec = best(encoding.offered, size)
    asked = replace(encoding, offered=())
    if codec is None:
        return asked
    name = f"{codec}-alpha" if encoding.output.format.alpha else codec
    quality = Quality(equal(encoding.quality.quality, EQUALS[codec]), encoding.quality.full_chroma)
    output = Output(name, "rgb", "lossy")
    return replace(asked, output=output, quality=quality, scans=0, instead_of=asked)


def best(offered: tuple[Codec, ...], size: Size) -> Codec | None:
    """Choose among the formats on offer."""
    if max(size.width, size.height) > LONGEST_SIDE:
        return None
    order: tuple[Codec, ...] = ("avif", "webp") if FEWEST <= size.width * size.height <= MOST else ("webp", "avif")
    return next((codec for codec in order if codec in offered), None)


def equal(quality: int, steps: Steps) -> int:
    """Read a quality off a line through steps."""
    for (low, first), (high, last) in pairwise(steps):
        if quality <= high:
            return round(first + (quality - low) * (last - first) / (high - low))
    return quality
