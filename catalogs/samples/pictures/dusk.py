"""The evening sky: a gradient with a glow, clouds in perspective, stars and the young moon."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from PIL import Image as Pil
from PIL import ImageDraw, ImageFilter

from .brush import (
    Image,
    clouds,
    colour,
    columns,
    distance,
    enlarged,
    from_pil,
    grain,
    mix,
    ramp,
    rows,
    smoothstep,
    wrapped,
)

if TYPE_CHECKING:
    from .view import Camera

Point = tuple[float, float]

ZENITH_TO_HORIZON = (
    (0.0, "#0c1238"),
    (0.28, "#252c69"),
    (0.52, "#5b5196"),
    (0.72, "#b0759f"),
    (0.86, "#e8968a"),
    (1.0, "#fbc58a"),
)
STARS = 1500
COARSE = 2  # soft things are painted at half the size
MOON_RADIUS = 62


def evening_sky(camera: Camera, height: int, sun: Point, moon: Point) -> Image:
    """Paint the sky down to a row, also where the land will cover it."""
    width = camera.width
    x, y = columns(width, height, COARSE), rows(width, height, COARSE)
    away, below = x - sun[0], y - sun[1]
    glow = ((away * away * 0.45 + below * below) ** 0.5 * (-1 / 620)).exp().copy_memory()
    base = mix(ramp(y / camera.horizon, ZENITH_TO_HORIZON), colour("#ffd9a0"), glow * 0.9)
    lit = mix(colour("#e58fa0"), colour("#ffd2a0"), glow**0.6)
    veil = cirrus(camera, x, y) * smoothstep(y, 0, camera.horizon * 0.7) * 0.75
    soft = enlarged(mix(base, lit, veil).copy_memory(), COARSE, width, height)
    return soft + stars(width, height) + crescent(width, height, moon, sun) + grain(width, height, 1.1, seed=4)


def cirrus(camera: Camera, x: Image, y: Image) -> Image:
    """Stretch noise over a flat ceiling, so that the clouds run together at the horizon."""
    ceiling = (clouds(2048, 2048, 256, 7, seed=21) + clouds(2048, 2048, 512, 3, seed=28) * 0.8).copy_memory()
    rise = ((y * -1 + camera.horizon + 260) ** -1).copy_memory()
    across = (x - camera.width * 0.62) * rise * 420 + 1024
    return smoothstep(wrapped(ceiling, across + rise * 260000, rise * 700000 + across * 0.25), 0.05, 0.75)


def stars(width: int, height: int) -> Image:
    """Scatter stars of many magnitudes, which fade towards the light; the brightest have a halo."""
    chance = random.Random(12)
    field, halo = Pil.new("L", (width, height)), Pil.new("L", (width // 4, height // 4))
    draw, glow = ImageDraw.Draw(field), ImageDraw.Draw(halo)
    for _ in range(STARS):
        x, share = chance.random() * width, chance.random() ** 1.3 * 0.75
        y, brightness = share * height, min(0.1 / (chance.random() + 0.02), 3.0)
        radius, fade = 0.8 + 0.7 * brightness, (1 - share / 0.78) ** 0.7
        light = fade * min(90 + 80 * brightness, 255)
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=round(light))
        if brightness > 2.1:
            glow.ellipse([x / 4 - 2, y / 4 - 2, x / 4 + 2, y / 4 + 2], fill=round(50 * fade * brightness))
    soft = enlarged(from_pil(halo.filter(ImageFilter.GaussianBlur(2.5))), 4, width, height // 4 * 4)
    return from_pil(field.filter(ImageFilter.GaussianBlur(0.8))) + soft.embed(0, 0, width, height)


def crescent(width: int, height: int, moon: Point, sun: Point) -> Image:
    """Light the edge of the moon that looks to the sun, and the rest with earthshine."""
    size = MOON_RADIUS * 12
    middle, shift = size / 2, MOON_RADIUS * 0.34
    towards = math.atan2(sun[1] - moon[1], sun[0] - moon[0])
    reach = distance(size, size, middle, middle)
    disc = smoothstep(reach, MOON_RADIUS + 1, MOON_RADIUS - 1)
    night = distance(size, size, middle - math.cos(towards) * shift, middle - math.sin(towards) * shift)
    day = smoothstep(night, MOON_RADIUS - 4, MOON_RADIUS + 5)
    halo = (reach * (-1 / (MOON_RADIUS * 0.9))).exp() * 26 * smoothstep(reach, size / 2, size / 4)
    light = (disc * (day * 190 + 14) + halo) * [band / 255 for band in colour("#fff3df")]
    return light.cast("float").embed(round(moon[0] - middle), round(moon[1] - middle), width, height)
