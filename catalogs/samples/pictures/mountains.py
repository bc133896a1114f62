"""Dusk over a mountain lake: eroded ranges in haze, a sky with stars and the water that mirrors both."""

from __future__ import annotations

import math

import pyvips

from .brush import (
    Image,
    as_rgb,
    clamp,
    clouds,
    colour,
    columns,
    from_pil,
    mix,
    ramp,
    ridges,
    rows,
    smoothstep,
    to_pil,
    wrapped,
)
from .dusk import evening_sky
from .lake import reflected
from .shore import boat, build_far_huts, foreground, grow_woods, headland
from .terrain import eroded
from .view import Camera, Ground, survey

CAMERA = Camera(width=6000, height=4000, horizon=2400, focal=5200, altitude=0.12)
EXTENT = 24.0  # of the land, in kilometres
MAP = 3072  # pixels of the land seen from above
TOP = 800  # no land is higher in the picture than this row
SUN = (4080, 2290)
SHORE = 2548  # the row of the far shore
WATERLINE = 2990  # of the headland
HEADLAND = (1900, 420)  # pixels
BOAT = (2960, 3260)
LIGHT = (0.78, -0.30, 0.50)  # towards the light: right, away, up
PEAKS = (  # across, away, radius, strength
    (-2.7, 9.5, 2.2, 1.9),
    (-0.9, 12.5, 1.3, 0.9),
    (4.3, 10.0, 2.2, 1.2),
    (-7.0, 8.0, 2.0, 0.7),
    (7.0, 14.0, 3.0, 0.8),
)
MOON = (4940, 760)


def scene() -> Image:
    """Paint the whole picture, back to front."""
    above = dry_land()
    cape = from_pil(headland(*HEADLAND)).copy(interpretation="srgb")
    water = reflected(mirrored_headland(above, cape), CAMERA.horizon, CAMERA.height - SHORE)
    picture = to_pil(as_rgb(above.join(water, "vertical")))
    stand = to_pil(cape)
    picture.paste(stand, (0, WATERLINE - cape.height), stand)
    boat(picture, BOAT, 190)
    foreground(picture)
    return from_pil(picture).copy(interpretation="srgb")


def dry_land() -> Image:
    """Paint everything above the far shore."""
    heights = land_heights()
    ground = survey(CAMERA, heights, EXTENT, TOP, SHORE)
    land, woods = painted(ground, relief(heights))
    sky = evening_sky(CAMERA, SHORE, SUN, MOON)
    front, back = as_rgb(hazy(land, ground)).copy_memory(), sky.crop(0, TOP, CAMERA.width, SHORE - TOP)
    below = as_rgb(mix(back, mix(front, front.gaussblur(1.2), ground.edge), ground.mask))
    picture = to_pil(as_rgb(sky.crop(0, 0, CAMERA.width, TOP)).join(below, "vertical"))
    grow_woods(picture, ground, woods * ground.mask, CAMERA)
    build_far_huts(picture)
    return from_pil(picture)


def mirrored_headland(dry: Image, cape: Image) -> Image:
    """Hang the headland where its reflection about its own waterline belongs."""
    top = SHORE - (WATERLINE - SHORE) - cape.height
    return dry.composite(cape, "over", x=0, y=top).flatten()


def lake_distance(across: float, away: float) -> float:
    """Tell how far a point lies from the shore, less than 0 on the water."""
    shore = 4.3 + 0.35 * math.sin(across * 1.3 + 1) + 0.15 * math.sin(across * 4.1)
    return away - shore + max(0.0, abs(across - 0.5) - 2.0) * 0.5


def uplift(x: float, y: float) -> float:
    """Tell how fast the land rises: not in the lake, little in the valley of the sun, most at the peaks."""
    across, away = x - EXTENT / 2, y
    inland = lake_distance(across, away)
    if inland <= 0:
        return 0.0
    rise = 0.04 + 0.38 * (1 - math.exp(-max(0.0, inland - 0.3) / 2.4))
    for peak_across, peak_away, radius, strength in PEAKS:
        square = (across - peak_across) ** 2 + (away - peak_away) ** 2
        rise += 0.38 * strength * math.exp(-square / radius**2)
    valley = math.exp(-(((across - 0.21 * away) / (0.5 + 0.07 * away)) ** 2))
    return rise * (1 - 0.8 * valley)


def land_heights() -> Image:
    """Enlarge the eroded land and roughen it with rock."""
    coarse = eroded(EXTENT, uplift, seed=5)
    smooth = bent(coarse).resize(MAP / coarse.width, kernel="cubic") * 0.98
    rough = clouds(MAP, MAP, 64, 6, seed=90) * 0.06 + (ridges(MAP, MAP, 96, 6, seed=190) - 0.8) * 0.12
    return (smooth + rough * clamp(smooth * 2.2)).copy_memory()


def bent(coarse: Image) -> Image:
    """Bend the land a little, because rivers that follow a grid know only eight directions."""
    size = coarse.width
    aside = [clouds(size, size, 40, 4, seed=seed) * 14 for seed in (300, 400)]
    place = (columns(size, size) + aside[0]).bandjoin(rows(size, size) + aside[1])
    return coarse.mapim(place, interpolate=pyvips.Interpolate.new("bicubic"), extend="copy")


def relief(heights: Image) -> Image:
    """Measure the land as seen from above: how it faces the light, how steep and how sheltered it is."""
    scale = MAP / EXTENT
    east = heights.conv(Image.new_from_array([[-1, 0, 1]], scale=2), precision="float") * scale
    away = heights.conv(Image.new_from_array([[-1], [0], [1]], scale=2), precision="float") * scale
    length = (east * east + away * away + 1) ** 0.5
    facing = (east * -LIGHT[0] - away * LIGHT[1] + LIGHT[2]) / length
    slope = length**-1 * -1 + 1
    shelter = clamp((heights.gaussblur(16) - heights) * 6, -1, 1)
    return facing.bandjoin([slope, shelter]).cast("float").copy_memory()


def painted(ground: Ground, land: Image) -> tuple[Image, Image]:
    """Colour the land in the last light, which has left the valleys; also tell where woods grow."""
    facing, slope, shelter = ground.look_up(land, EXTENT).copy_memory().bandsplit()
    rough, height = rock(ground).copy_memory(), ground.altitude
    light = (smoothstep(facing + rough * 0.3, -0.1, 1.0) * smoothstep(height, 0.15, 1.7)).copy_memory()
    snow = smoothstep(height + rough * 0.3 + shelter * 0.2, 0.8, 1.0) * smoothstep(slope + rough * 0.2, 0.40, 0.30)
    woods = smoothstep(height + rough * 0.3, 0.75, 0.45) * smoothstep(slope, 0.5, 0.35) * clearings(ground)
    stone = ramp(light, [(0, "#272a4d"), (0.5, "#6b4a62"), (1, "#d88a78")]) * (rough * 0.6 + 1)
    trees = ramp(light, [(0, "#0d1830"), (1, "#4a4048")])
    white = ramp(light, [(0, "#5a66a4"), (0.5, "#b48fb4"), (1, "#ffcdb4")])
    shade = shelter * -0.35 + facing * 0.25 + 0.85
    return mix(mix(stone, trees, woods), white, snow) * shade, woods


def rock(ground: Ground) -> Image:
    """Lay a grain of stone over the slopes, finer with distance as everything else."""
    cracks = (ridges(2048, 2048, 96, 6, seed=40) - 0.78) * 1.3
    texture = (cracks + clouds(2048, 2048, 256, 7, seed=90)).copy_memory()
    return wrapped(texture, ground.across * 700, ground.altitude * 520 + ground.away * 300) * 1.4


def clearings(ground: Ground) -> Image:
    """Leave gaps in the woods."""
    texture = clouds(1024, 1024, 128, 5, seed=66).copy_memory()
    return smoothstep(wrapped(texture, ground.across * 260, ground.away * 150), -0.22, -0.02)


def hazy(land: Image, ground: Ground) -> Image:
    """Let the air between swallow what is far, warm towards the sun; mist lies in the valleys."""
    mist = (clamp(ground.altitude, 0, 9) * (-1 / 0.3)).exp() * smoothstep(ground.away, 3.5, 12)
    clear = (ground.away * (-1 / 12)).exp() * (1 - mist * 0.6)
    sunward = (((columns(land.width, land.height) - SUN[0]) / 2300) ** 2 * -1).exp()
    air = mix(colour("#7376ae"), colour("#f0a884"), sunward)
    return mix(air, land, clear)
