"""Balls in space: the moon with its craters and a small planet that turns."""

from __future__ import annotations

import math
import random
from functools import cache
from typing import TYPE_CHECKING

from .brush import Image, clamp, clouds, colour, columns, mix, ramp, ridges, rows, smoothstep, wrapped
from .drawing import ellipse, lit, normals, render, shine, soft

if TYPE_CHECKING:
    from collections.abc import Iterable

MAP = 2048  # around the equator; half of it from pole to pole
MOON, MOON_RADIUS = 1600, 720
GLOBE, GLOBE_RADIUS = 800, 320
FRAMES = 12
MOVING_FRAMES, MOVING_SHARE = 24, 0.4
TILT = math.radians(-18)
SUN = (-0.55, -0.45, 0.70)
LOW_SUN = (-0.86, -0.18, 0.34)

Facing = tuple[Image, Image, Image]


def ball(size: int, radius: float, middle: float) -> tuple[Facing, Image]:
    """Tell where each pixel of a ball faces (right, down, towards the viewer), and what it covers."""
    across, down = (columns(size, size) + 0.5 - size / 2) / radius, (rows(size, size) + 0.5 - middle) / radius
    square = (across * across + down * down).copy_memory()
    towards = (clamp(square * -1 + 1) ** 0.5).copy_memory()
    return (across, down, towards), clamp((square**0.5 * -1 + 1) * radius + 0.5)


def wrapped_on(chart: Image, facing: Facing, turn: float, tilt: float) -> Image:
    """Wrap a map of the whole surface around a ball, turned by a share of a full circle."""
    across, down, towards = facing
    east = across * math.cos(tilt) + down * math.sin(tilt)
    south = down * math.cos(tilt) - across * math.sin(tilt)
    longitude = towards.atan2(east) / -360 + turn
    latitude = clamp(south, -1, 1).asin() / 180 + 0.5
    place = (longitude - longitude.floor()) * (chart.width - 1)
    return chart.mapim(place.bandjoin(latitude * (chart.height - 1)), extend="copy", premultiplied=True)


def turning() -> Image:
    """Paint the planet turning once, smaller, one frame below the other."""
    views = (globe(FRAMES * number / MOVING_FRAMES) for number in range(MOVING_FRAMES))
    return Image.arrayjoin([view.resize(MOVING_SHARE).copy_memory() for view in views], across=1)


def globe(frame: float) -> Image:
    """Paint one of the views of the planet, or one between two of them, on white."""
    facing, cover = ball(GLOBE, GLOBE_RADIUS, GLOBE * 0.47)
    turn = frame / FRAMES
    chart = wrapped_on(planet(), facing, turn, TILT).copy_memory()
    ground, water, cloud = chart[:3], chart[3] / 255, chart[4] / 255
    day = lit(facing, SUN) * 1.05 + 0.12
    thin = (facing[2] * -1 + 1) ** 2.4
    surface = ground * day + shine(facing, SUN, 40) * water * 150
    surface = mix(surface, (day * 232) + 14, cloud * 0.92)
    surface = mix(surface, mix(colour("#1c3f86"), colour("#9fd4ff"), clamp(day)), thin * 0.85)
    return (mix(floor(), surface, cover)).rint().clamp(min=0, max=255).cast("uchar").copy(interpretation="srgb")


def floor() -> Image:
    """Lay the planet's soft shadow on white paper."""
    x, y = (columns(GLOBE, GLOBE) - GLOBE * 0.52) / 300, (rows(GLOBE, GLOBE) - GLOBE * 0.925) / 34
    dark = smoothstep((x * x + y * y) ** 0.5, 1.15, 0.0)
    return mix(colour("#ffffff"), colour("#8d97ad"), dark * 0.75)


@cache
def planet() -> Image:
    """Chart the planet: three bands of colour, one of water, one of clouds."""
    width, height = MAP, MAP // 2
    x, y = columns(width, height), rows(width, height)
    bend = [clouds(width, height, 256, 5, seed=seed) * 110 for seed in (5, 6)]
    land = folded(clouds(width, height, 512, 9, seed=44), x + bend[0], y + bend[1]).copy_memory()
    polar = ((y / height - 0.5).abs() * 2).copy_memory()
    rough = clouds(width, height, 64, 6, seed=9).copy_memory()
    level = land + 0.04
    dry = smoothstep(polar + rough * 0.25, 0.08, 0.30) * smoothstep(polar + rough * 0.25, 0.62, 0.35)
    low = mix(colour("#2f7d46"), colour("#c9a45c"), dry * smoothstep(level + rough * 0.3, 0.05, 0.3))
    soil = mix(low, colour("#7b6a55"), smoothstep(level + rough * 0.35, 0.32, 0.6)) * (rough * 0.5 + 1)
    sea = ramp(clamp(level * 2.2 + 1), [(0, "#08245c"), (0.6, "#0f4c97"), (0.9, "#1b7fb8"), (1, "#3fb6c9")])
    shore = smoothstep(level, -0.004, 0.004)
    ice = smoothstep(polar + rough * 0.10 + land * 0.08, 0.80, 0.84)
    ground = mix(mix(sea, soil, shore), colour("#f3f8fd"), ice)
    swirl = [clouds(width, height, 256, 4, seed=seed) * 190 for seed in (70, 80)]
    veil = folded(clouds(width, height, 256, 8, seed=33), x + swirl[0], y * 2 + swirl[1])
    cloud = smoothstep(veil, 0.10, 0.55)
    chart = ground.bandjoin([(shore * -1 + 1) * (ice * -1 + 1) * 255, cloud * 255])
    return clamp(chart, 0, 255).cast("uchar").copy_memory()


def folded(texture: Image, x: Image, y: Image) -> Image:
    """Read an endless chart that is twice as wide as high."""
    tall = texture.join(texture, "vertical").cast("float").copy_memory()
    return wrapped(tall, x, y)


def moon() -> Image:
    """Light the moon from the side, in 16 bits of gray."""
    facing, cover = ball(MOON, MOON_RADIUS, MOON / 2)
    bands = wrapped_on(craters(), facing, turn=0.0, tilt=0.2).copy_memory()
    height, dust = bands[0], bands[1]
    across, down, _ = normals(height * cover, 9)
    bumpy = (facing[0] + across * 0.9, facing[1] + down * 0.9, facing[2])
    light = lit(bumpy, LOW_SUN) ** 0.8 * (dust * 0.9 + 0.1)
    gray = clamp(light * 1.12 + 0.004) * cover
    return (gray * 65535).rint().cast("ushort").copy(interpretation="grey16")


@cache
def craters() -> Image:
    """Chart the moon: heights, and how bright the dust is."""
    width, height = MAP, MAP // 2
    pits = render(width, height, "".join(pit_drawings(random.Random(1969))))
    depth = soft(pits[0] / 255 * (pits[3] / 255) + (pits[3] / 255 * -1 + 1) * 0.5, 1.0) - 0.5
    seas = smoothstep(clouds(width, height, 512, 7, seed=26), 0.0, 0.24).copy_memory()
    rough = clouds(width, height, 64, 6, seed=3) + ridges(width, height, 48, 5, seed=13) * 0.4 - 0.32
    ground = rough * (seas * -0.26 + 0.40) + depth * (seas * -0.75 + 1)
    ground = ground * smoothstep((rows(width, height) / height - 0.5).abs(), 0.49, 0.40)  # a chart is drawn out there
    bright = seas * -0.46 + 0.86 + rough * 0.12 + depth * 0.25
    return ground.bandjoin(bright).cast("float").copy_memory()


def pit_drawings(chance: random.Random) -> Iterable[str]:
    """Draw craters of every size, old ones first: a bright rim around a dark floor, wider near the poles."""
    stops = ((0, "#484848", 1), (0.4, "#505050", 1), (0.72, "#a6a6a6", 1), (0.79, "#d2d2d2", 1), (1, "#808080", 0))
    marks = "".join(f'<stop offset="{at}" stop-color="{tint}" stop-opacity="{cover}"/>' for at, tint, cover in stops)
    yield f'<radialGradient id="pit">{marks}</radialGradient>'
    for _ in range(7000):
        sine = chance.uniform(-0.97, 0.97)
        x, y = chance.random() * MAP, (math.asin(sine) / math.pi + 0.5) * MAP / 2
        radius = min(1.5 / (chance.random() + 0.002) ** 0.6, 44)
        wide = radius / math.sqrt(1 - sine * sine)
        cover = chance.uniform(0.35, 1.0)
        yield ellipse(x, y, (wide, radius), "url(#pit)", f'opacity="{cover:.2f}"')
