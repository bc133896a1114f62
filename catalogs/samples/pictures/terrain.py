"""Mountains grown by uplift and worn down by rivers, which is what gives ridges their branches."""

from __future__ import annotations

import math
import random
from array import array
from typing import TYPE_CHECKING

from .brush import Image

if TYPE_CHECKING:
    from collections.abc import Callable

EROSION = 1.6
AREA_EXPONENT = 0.45
TIME_STEP = 0.12
STEEPEST = 1.15
LEVELS = ((96, 130), (192, 20), (288, 6))  # cells along a side, rounds: the valleys are laid out coarse, then refined
DIAGONAL = math.sqrt(2)

RIVERS_STAY = 3  # rounds, before water looks for new ways down

Field = list[float]
Rivers = tuple[list[int], list[int], Field, Field]  # the land downhill, outlets, ways there in cells, sizes of basins


def eroded(extent: float, uplift: Callable[[float, float], float], seed: int) -> Image:
    """Grow a square of land from coarse to fine; where the uplift is 0 lies water at height 0."""
    noise = random.Random(seed)
    heights: Field = [0.0] * LEVELS[0][0] ** 2
    for size, rounds in LEVELS:
        heights = [height + noise.random() * 0.02 for height in _resized(heights, size)]
        rise = _uplifts(size, extent, uplift, noise)
        for turn in range(rounds):
            if turn % RIVERS_STAY == 0:
                rivers = _drainage(heights, rise, size)
            _wear(heights, rise, rivers, extent / size)
    return _image([height if rate else 0.0 for height, rate in zip(heights, rise, strict=True)])


def _uplifts(size: int, extent: float, uplift: Callable[[float, float], float], noise: random.Random) -> Field:
    """Tell how fast each cell rises; the outermost cells never do."""
    cell = extent / size
    inner = range(1, size - 1)
    return [
        uplift(x * cell, y * cell) * noise.uniform(0.8, 1.2) if x in inner and y in inner else 0.0
        for y in range(size)
        for x in range(size)
    ]


def _wear(heights: Field, rise: Field, rivers: Rivers, cell: float) -> None:
    """Run one round of uplift and stream erosion, solved from the outlets upwards so that it is stable."""
    downhill, outlet, fall, basin = rivers
    for place in reversed(downhill):
        heights[place] += rise[place] * TIME_STEP
        below = heights[outlet[place]] if rise[outlet[place]] else 0.0
        if below < heights[place]:
            flow = EROSION * TIME_STEP * (basin[place] * cell * cell) ** AREA_EXPONENT / (fall[place] * cell)
            worn = (heights[place] + flow * below) / (1 + flow)
            heights[place] = min(worn, below + STEEPEST * fall[place] * cell)  # steeper slopes slide


def _drainage(heights: Field, rise: Field, size: int) -> Rivers:
    """Find the steepest way down from every cell of land, and how many cells drain through it."""
    straight = [(offset, 1.0) for offset in (-1, 1, -size, size)]
    slanted = [(offset, DIAGONAL) for offset in (-size - 1, -size + 1, size - 1, size + 1)]
    ways = straight + slanted
    outlet, fall = list(range(len(heights))), [1.0] * len(heights)
    land = [place for place, rate in enumerate(rise) if rate > 0]
    for place in land:
        here, steepest = heights[place], 0.0
        for offset, length in ways:
            slope = (here - heights[place + offset]) / length
            if slope > steepest:
                steepest = slope
                outlet[place], fall[place] = place + offset, length
    downhill = sorted(land, key=heights.__getitem__, reverse=True)
    basin = [1.0] * len(heights)
    for place in downhill:
        if outlet[place] != place:
            basin[outlet[place]] += basin[place]
    return downhill, outlet, fall, basin


def _resized(heights: Field, size: int) -> Field:
    """Resample a square field."""
    image = _image(heights)
    if image.width != size:
        image = image.resize(size / image.width, kernel="cubic")
    return list(memoryview(image.write_to_memory()).cast("f"))


def _image(heights: Field) -> Image:
    """Read a square field as a picture."""
    size = math.isqrt(len(heights))
    return Image.new_from_memory(array("f", heights).tobytes(), size, size, 1, "float")
