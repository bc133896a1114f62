"""Woven cloth, thread by thread, that repeats without a seam."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .brush import Image, as_rgb, clamp, colour, columns, mix, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SIZE = 1000
MARGIN = 50


@dataclass(frozen=True, slots=True)
class Cloth:
    """How a cloth is woven: the colours of its threads and where the warp lies above the weft."""

    threads: int  # along a side
    warp: Sequence[str]  # the colours repeat
    weft: Sequence[str]
    warp_above: Callable[[int, int], bool]
    uneven: float  # how much threads differ in brightness
    wander: float  # how far threads stray, in pixels
    fuzz: float
    seed: int


def stripes(pattern: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """Spell out stripes of so many threads each, there and back."""
    sett = [shade for shade, count in pattern for _ in range(count)]
    return (*sett, *reversed(sett))


def twill(over: int, repeat: int) -> Callable[[int, int], bool]:
    """Let the warp float over some threads of every few, one further in each row: the diagonal of a twill."""
    return lambda column, row: (column + row) % repeat < over


DENIM = Cloth(125, ("#2c4a7c", "#28456f", "#31508a"), ("#c9d2dd",), twill(4, 5), 0.22, 2.2, 0.10, seed=3)
LINEN = Cloth(
    100, ("#d9cbb0", "#cfbf9f"), ("#d4c5a6", "#dccfb6"), lambda column, row: (column + row) % 2 == 0, 0.20, 3.2, 0.12, 8
)
SETT = stripes((("#1d3b2f", 22), ("#10202c", 8), ("#8c1f2b", 14), ("#e8d9a8", 2), ("#10202c", 4)))
TARTAN = Cloth(100, SETT, SETT, twill(2, 4), 0.10, 1.2, 0.07, seed=5)


def woven(cloth: Cloth) -> Image:
    """Weave the cloth: each thread is round, dives under the next and catches the light."""
    pitch = SIZE / cloth.threads
    above, warp, weft = (plan.resize(pitch, kernel="nearest") for plan in plans(cloth))
    x, y = (axis(SIZE, SIZE) + 0.5 for axis in (columns, rows))
    along_warp, along_weft = wave(x, pitch), wave(y, pitch)
    top = mix(weft * (along_weft * 0.55 + 0.5), warp * (along_warp * 0.55 + 0.5), above)
    crown = mix(along_warp, along_weft, above) * 0.22 + 0.86
    straight = (top * crown * fibres(cloth)).copy_memory()
    return as_rgb(strayed(straight, cloth))


def plans(cloth: Cloth) -> tuple[Image, Image, Image]:
    """Draw one pixel per crossing: whether the warp is above, and the colours of warp and weft."""
    chance = random.Random(cloth.seed)
    places = range(cloth.threads)
    above = Image.new_from_array([[float(cloth.warp_above(x, y)) for x in places] for y in places])
    warp = dyed(cloth.warp, cloth, chance)
    weft = dyed(cloth.weft, cloth, chance).rot90().fliphor()
    return above, warp, weft


def dyed(shades: Sequence[str], cloth: Cloth, chance: random.Random) -> Image:
    """Give every thread across its colour, a little lighter or darker than the next."""
    bands: list[list[float]] = [[], [], []]
    for thread in range(cloth.threads):
        level = 1 + chance.uniform(-cloth.uneven, cloth.uneven)
        for band, value in zip(bands, colour(shades[thread % len(shades)]), strict=True):
            band.append(value * level)
    row = [Image.new_from_array([band]) for band in bands]
    return row[0].bandjoin(row[1:]).replicate(1, cloth.threads)


def wave(position: Image, pitch: float) -> Image:
    """Round a thread: 1 along its middle, 0 between two threads."""
    turns = position / pitch
    return ((turns - turns.floor()) * 180).sin()


def fibres(cloth: Cloth) -> Image:
    """Roughen the threads; the cells divide the size, so that the noise repeats as well."""
    noise = Image.sum([Image.perlin(SIZE, SIZE, cell_size=cell, seed=cloth.seed + cell) for cell in (4, 10)])
    return noise * cloth.fuzz * 3 + 1


def strayed(straight: Image, cloth: Cloth) -> Image:
    """Let the threads wander and thicken as spun ones do."""
    wide = straight.embed(MARGIN, MARGIN, SIZE + 2 * MARGIN, SIZE + 2 * MARGIN, extend="repeat").copy_memory()
    stray = [
        (
            Image.perlin(SIZE, SIZE, cell_size=125, seed=seed)
            + Image.perlin(SIZE, SIZE, cell_size=25, seed=seed + 1) * 0.5
        )
        * cloth.wander
        * 2
        for seed in (cloth.seed, cloth.seed + 50)
    ]
    place = (columns(SIZE, SIZE) + stray[0] + MARGIN).bandjoin(rows(SIZE, SIZE) + stray[1] + MARGIN)
    return clamp(wide.mapim(place), 0, 255)
