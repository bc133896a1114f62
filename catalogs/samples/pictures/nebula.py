"""A nebula: glowing gas, dust in front of it, and stars."""

from __future__ import annotations

import random

from PIL import Image as Pil
from PIL import ImageDraw, ImageFilter

from .brush import (
    Image,
    as_rgb,
    clamp,
    clouds,
    colour,
    columns,
    distance,
    enlarged,
    from_pil,
    grain,
    mix,
    ramp,
    ridges,
    rows,
    smoothstep,
)

NEBULA = (3000, 2000)
COARSE = 2
STAR_TINTS = ((255, 214, 170), (255, 244, 232), (206, 222, 255), (170, 200, 255))

Tint = tuple[int, int, int]


def nebula() -> Image:
    """Paint glowing gas, dust in front of it and stars behind and before."""
    width, height = NEBULA
    gas = enlarged(exposed(glowing_gas(width // COARSE, height // COARSE)), COARSE, width, height)
    return as_rgb(gas + star_field(width, height, 6000, seed=3) + grain(width, height, 2.0, seed=5))


def exposed(light: Image) -> Image:
    """Expose like film, on which the brightest parts never burn out."""
    return ((light * (-1 / 165)).exp() * -1 + 1) * 262


def glowing_gas(width: int, height: int) -> Image:
    """Mix hydrogen red and oxygen blue along folded noise, with lanes of dust."""
    x, y = columns(width, height), rows(width, height)
    fold_x, fold_y = (clouds(width, height, 380, 6, seed=seed) for seed in (31, 47))
    place = (clamp(x + fold_x * 230, 0, width - 1)).bandjoin(clamp(y + fold_y * 230, 0, height - 1)).copy_memory()

    def folded(texture: Image) -> Image:
        return texture.cast("float").copy_memory().mapim(place, extend="mirror").copy_memory()

    veil = folded(clouds(width, height, 420, 8, seed=11)) + 0.02
    threads = folded(ridges(width, height, 300, 7, seed=71)) - 0.62
    dust = folded(clouds(width, height, 300, 8, seed=91))
    core = (distance(width, height, width * 0.56, height * 0.48) * (-1 / (width * 0.17))).exp().copy_memory()
    band = smoothstep((y - height * 0.5 + (x - width * 0.5) * 0.28).abs(), height * 0.62, 0)
    red = smoothstep(veil * 0.9 + band * 0.55 + core * 0.5, 0.18, 1.05) * (threads * 0.9 + 0.75)
    blue = smoothstep(veil * -0.8 + core * 0.85 + band * 0.12 + threads * 0.35, 0.10, 1.15)
    light = ramp(red * 0.9, [(0, "#05060f"), (0.25, "#2b0f33"), (0.5, "#8c2149"), (0.75, "#e8655a"), (1, "#ffd2a1")])
    light = light + ramp(blue, [(0, "#000000"), (0.35, "#0c3a66"), (0.7, "#3fa6c8"), (1, "#d9fbff")])
    light = light + ramp(core**2.2, [(0, "#000000"), (1, "#ffe9c8")]) * 0.35
    lanes = smoothstep(dust + threads * -0.25, 0.02, 0.42) * 0.88
    return mix(light, mix(colour("#080611"), colour("#2a1410"), core), lanes)


def star_field(width: int, height: int, count: int, seed: int) -> Image:
    """Scatter stars of every magnitude and colour; the few brightest throw spikes."""
    chance = random.Random(seed)
    fine, glow = Pil.new("RGB", (width, height)), Pil.new("RGB", (width // 4, height // 4))
    draw, halo = ImageDraw.Draw(fine), ImageDraw.Draw(glow)
    for _ in range(count):
        x, y, size = chance.random() * width, chance.random() * height, 0.012 / (chance.random() + 0.003)
        tint, reach = chance.choice(STAR_TINTS), 0.6 + 0.8 * size
        if size > 1.2:
            spikes(draw, (x, y), size * 22, tint)
            near = size * 1.6
            halo.ellipse([x / 4 - near, y / 4 - near, x / 4 + near, y / 4 + near], fill=tint)
        draw.ellipse([x - reach, y - reach, x + reach, y + reach], fill=dimmed(tint, min(0.25 + size, 1)))
    points = from_pil(fine.filter(ImageFilter.GaussianBlur(0.9)))
    haze = from_pil(glow.filter(ImageFilter.GaussianBlur(5)))
    return points * 1.15 + enlarged(haze, 4, width, height) * 0.8


def spikes(draw: ImageDraw.ImageDraw, centre: tuple[float, float], length: float, tint: Tint) -> None:
    """Draw the cross that a telescope adds to a bright star, fading outwards."""
    x, y = centre
    for step in range(12):
        reach, shade = length * (1 - step / 12), dimmed(tint, (step + 1) / 12)
        draw.line([x - reach, y, x + reach, y], fill=shade, width=2)
        draw.line([x, y - reach, x, y + reach], fill=shade, width=2)


def dimmed(tint: Tint, level: float) -> Tint:
    """Darken a colour."""
    red, green, blue = (round(band * level) for band in tint)
    return (red, green, blue)
