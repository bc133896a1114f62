"""A lighthouse at nightfall, painted tall."""

from __future__ import annotations

import math
import random

from .brush import Image, as_rgb, clamp, clouds, colour, columns, distance, grain, mix, ramp, ridges, rows, smoothstep
from .drawing import box, circle, linear, lit, normals, path, render, soft, stroke

WIDTH, HEIGHT = 1600, 2400
HORIZON = 1640
LAMP = (930, 707)
SUN = (420, 1500)
AIR = ((0, "#122250"), (0.30, "#3d4a8a"), (0.52, "#9c6d9e"), (0.70, "#ee9484"), (0.86, "#ffc48a"), (1, "#ffe2a8"))
CLIFF = (
    "M 480,2400 C 500,2290 540,2240 560,2160 C 580,2090 640,2070 660,2000 C 690,1930 720,1920 760,1880 "
    "C 800,1846 1080,1838 1140,1856 C 1230,1880 1260,1930 1340,1950 C 1430,1980 1480,2060 1600,2080 L 1600,2400 Z"
)
LEFT_LEDGE = (
    "M 640,2400 C 660,2300 700,2240 690,2160 C 720,2080 790,2040 800,1960 L 760,1880 C 720,1920 690,1930 660,2000 "
    "C 640,2070 580,2090 560,2160 C 540,2240 500,2290 480,2400 Z"
)
FRONT_LEDGE = (
    "M 980,2400 C 960,2260 1030,2180 1010,2080 C 1060,2010 1080,1930 1060,1850 C 900,1842 820,1846 780,1866 "
    "L 800,1960 C 790,2040 720,2080 690,2160 C 700,2240 660,2300 640,2400 Z"
)
RIGHT_LEDGE = (
    "M 980,2400 C 960,2260 1030,2180 1010,2080 C 1060,2010 1080,1930 1060,1850 L 1140,1856 C 1230,1880 1260,1930 "
    "1340,1950 C 1430,1980 1480,2060 1600,2080 L 1600,2400 Z"
)
LEDGES = ((LEFT_LEDGE, "#c0737c"), (FRONT_LEDGE, "#7d4f74"), (RIGHT_LEDGE, "#4b345f"))
GRASS = ("#4c5a45", "#6f7a4f", "#8d8a55")
TOWER = "M 838,830 L 1022,830 L 1076,1870 L 784,1870 Z"


def scene() -> Image:
    """Paint sky, sea, cliff and tower, then the light that falls on them."""
    back = mix(heaven(), sea(), smoothstep(rows(WIDTH, HEIGHT), HORIZON - 1, HORIZON + 1))
    drawing = cliff().composite(render(WIDTH, HEIGHT, tower() + grass() + gulls()), "over")
    front = drawing[:3] * (clouds(WIDTH, HEIGHT, 64, 6, seed=8) * 0.10 + 1)
    picture = mix(back, front, drawing[3] / 255)
    return as_rgb(picture + lamp_light() + grain(WIDTH, HEIGHT, 1.6, seed=2))


def heaven() -> Image:
    """Paint the sky: the sun on the horizon and banks of cloud lit from below."""
    x, y = columns(WIDTH, HEIGHT), rows(WIDTH, HEIGHT)
    glow = (distance(WIDTH, HEIGHT, *SUN) * (-1 / 420)).exp()
    base = mix(ramp(y / HORIZON, AIR), colour("#fff0c0"), glow * 0.8)
    noise = clouds(WIDTH, HEIGHT, 512, 8, seed=15).copy_memory()
    place = clamp(x * 0.45 + 300, 0, WIDTH - 1).bandjoin(clamp(y * 1.7 - y * y / 2200, 0, HEIGHT - 1))
    bank = noise.mapim(place, extend="mirror")
    veil = smoothstep(bank + (y - 900) / 4200, 0.02, 0.40) * smoothstep(y, HORIZON, 1200)
    base = mix(base, mix(colour("#6d5a94"), colour("#ffb49a"), smoothstep(y, 300, 1300)), veil * 0.7)
    disc = smoothstep(distance(WIDTH, HEIGHT, *SUN), 118, 113)
    return mix(base, colour("#fff6da"), disc) + stars()


def stars() -> Image:
    """Scatter the first stars."""
    chance = random.Random(4)
    dots = (
        circle(x * WIDTH, y**1.5 * 800, 0.8 + 1.6 * size**3, "#fff", f'opacity="{0.2 + 0.7 * size:.2f}"')
        for x, y, size in ((chance.random(), chance.random(), chance.random()) for _ in range(170))
    )
    return render(WIDTH, HEIGHT, "".join(dots))[3] * smoothstep(rows(WIDTH, HEIGHT), 850, 100)


def sea() -> Image:
    """Paint waves in perspective and the path of the sun on them."""
    x, y = columns(WIDTH, HEIGHT), rows(WIDTH, HEIGHT)
    near = clamp(y - HORIZON, 1, HEIGHT).copy_memory()
    depth = near / (HEIGHT - HORIZON)
    water = ramp(depth, [(0, "#e59c8c"), (0.18, "#9d7395"), (0.5, "#4a4f86"), (1, "#1c2a58")])
    texture = clouds(1024, 1024, 32, 4, seed=60).copy_memory()
    place = ((x - SUN[0]) / (near + 60) * 260 + 512).bandjoin((near + 60).log() * 900)
    wave = texture.mapim(place - (place / 1023).floor() * 1023, extend="copy").copy_memory()
    path_width = near * 0.32 + 120
    lane = (((x - SUN[0]) / path_width) ** 2 * -1).exp()
    glint = smoothstep(wave + lane * 0.42, 0.34, 0.52) * (lane * 0.9 + 0.04)
    return mix(water * (wave * 0.35 + 1), colour("#ffe3b0"), clamp(glint))


def cliff() -> Image:
    """Build the rock: three planes of colour, roughened and lit from the side of the sun."""
    drawing = render(WIDTH, HEIGHT, path(CLIFF, "#5a3d66") + "".join(path(shape, tint) for shape, tint in LEDGES))
    stone = ridges(WIDTH, HEIGHT // 2, 128, 7, seed=5).resize(1, vscale=2) + ridges(WIDTH, HEIGHT, 300, 8, seed=6)
    facing = normals((soft(drawing[0] / 255, 6) * 0.25 + stone).copy_memory(), 46)
    light = lit(facing, (-0.75, -0.35, 0.55)) * 1.15 + 0.42
    foot = smoothstep(rows(WIDTH, HEIGHT), 1900, 2500) * -0.35 + 1
    return as_rgb(drawing[:3] * light * foot).bandjoin(drawing[3]).copy(interpretation="srgb")


def grass() -> str:
    """Grow grass on top of the rock."""
    chance = random.Random(9)
    blades = []
    for _ in range(520):
        x = chance.uniform(760, 1330)
        y = 1872 + chance.uniform(-10, 24) + max(0, x - 1120) * 0.42 + max(0, 800 - x) * 0.6
        lean, tall = chance.uniform(-9, 9), chance.uniform(12, 30)
        blades.append(stroke(f"M {x:.0f},{y:.0f} q 0,-12 {lean:.0f},{-tall:.0f}", chance.choice(GRASS), 4))
    return "".join(blades)


def tower() -> str:
    """Draw the tower: a striped cone with windows, a gallery, the lantern and a small house."""
    stripes = (f"M 700,{top} q 230,44 460,0 v 150 q -230,44 -460,0 Z" for top in range(940, 1800, 300))
    window = 'rx="17" stroke="#6b3345" stroke-width="7"'
    parts = [
        linear("round", ((0, "#fff"), (0.25, "#fff"), (0.7, "#a59bb8"), (1, "#5f5680")), 'x2="1" y2="0"'),
        f'<clipPath id="tower"><path d="{TOWER}"/></clipPath><g clip-path="url(#tower)">',
        path(TOWER, "#f7efe6"),
        *(path(stripe, "#d8404a") for stripe in stripes),
        path(TOWER, "url(#round)", 'style="mix-blend-mode:multiply"') + "</g>",
        *(box(x, y, (34, 58), "#ffd98a", window) for x, y in ((905, 1010), (925, 1310), (902, 1610))),
        path("M 1050,1872 V 1730 L 1130,1668 L 1236,1730 V 1876 Z", "#d9c6cf"),
        path("M 1030,1742 L 1130,1650 L 1256,1742 Z", "#8c3746"),
        box(1120, 1764, (44, 52), "#ffcf7a", 'stroke="#6b3345" stroke-width="6"'),
        path("M 866,640 H 994 L 1000,800 H 860 Z", "#ffe9b0"),
        *(stroke(f"M {x},640 V 800", "#3b2f52", 9) for x in (866, 908, 952, 994)),
        path("M 842,642 C 870,560 910,536 930,500 C 950,536 990,560 1018,642 Z", "#b8323f"),
        path("M 930,500 C 950,536 990,560 1018,642 L 940,642 Z", "#7d2540"),
        stroke("M 930,500 V 440", "#3b2f52", 8) + circle(930, 436, 11, "#3b2f52"),
        path("M 800,796 H 1060 L 1036,842 H 824 Z", "#4a3b62"),
        stroke("M 806,742 H 1054", "#4a3b62", 9),
        *(stroke(f"M {x},742 V 800", "#4a3b62", 6) for x in range(810, 1060, 30)),
    ]
    return "".join(parts)


def gulls() -> str:
    """Draw a few gulls."""
    wings = "M -1,-0.3 Q -0.4,-0.6 0,0 Q 0.4,-0.6 1,-0.3"
    flock = ((300, 900, 46), (402, 960, 30), (230, 1010, 24), (1240, 1120, 40), (1330, 1180, 26), (610, 760, 20))
    return "".join(
        f'<g transform="translate({x},{y}) scale({size})">{stroke(wings, "#2b2547", 0.17)}</g>' for x, y, size in flock
    )


def lamp_light() -> Image:
    """Let the lamp throw two beams and a halo."""
    x, y = columns(WIDTH, HEIGHT) - LAMP[0], rows(WIDTH, HEIGHT) - LAMP[1]
    reach = (x * x + y * y) ** 0.5
    angle = math.tan(math.radians(-7))
    off = (y - x * angle).abs() / (x.abs() * 0.075 + 14)
    beams = smoothstep(off, 1, 0) * (reach * (-1 / 900)).exp() * 0.62
    halo = (reach * (-1 / 60)).exp() * 0.95 + (reach * (-1 / 240)).exp() * 0.35
    return clamp(beams + halo) * list(colour("#ffdf9a"))
