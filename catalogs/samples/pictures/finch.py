"""A finch before the sun, printed in four inks: each ink is a plate of its own, two of them screened to dots."""

from __future__ import annotations

import math
import random

from .brush import Image, clamp, clouds, columns, mix, rows, smoothstep
from .drawing import path, render, stroke

PRINT = (1400, 1750)
SCREEN = 11  # pixels between the dots
LEAF = "M 0,0 C 40,-70 120,-90 200,0 C 120,70 40,60 0,0 Z"
LEAVES = (
    (250, 1480), (420, 1400), (560, 1340), (1000, 1255), (1150, 1190), (1290, 1090), (1000, 1405), (1130, 1428),
    (1340, 1030),
)  # fmt: skip


def four_inks() -> Image:
    """Print a bird on a branch before the sun: each ink is a plate of its own, two of them screened to dots."""
    width, height = PRINT
    y = rows(width, height) / height
    sun = plate('<circle cx="820" cy="640" r="400" fill="#fff"/>')
    leaves, bird, lines = plate(foliage()), plate(finch()), plate(details())
    sky = screened(smoothstep(y, 1.0, 0.0) * 0.62, 15)
    glow = screened(sun * (smoothstep(y, 0.08, 0.62) * 0.75 + 0.2), 75)
    cyan = mix(sky * (sun * -1 + 1), plate(branch()) * 0.5 + leaves, clamp(leaves + plate(branch())))
    magenta = glow * (leaves * -1 + 1) + plate(branch()) * 0.6
    yellow = sun * 0.85 + leaves * 0.75 + plate(branch()) * 0.5 + 0.06
    cyan, magenta, yellow = (
        cyan * (bird * -1 + 1) + bird * 0.1,
        mix(magenta, bird * 0.95, bird),
        mix(yellow, bird * 0.9, bird),
    )
    worn = clouds(width, height, 8, 3, seed=3) * 0.10 + 0.96
    inks = [clamp(ink * worn) * 255 for ink in (cyan, magenta, yellow, lines)]
    return inks[0].bandjoin(inks[1:]).rint().cast("uchar").copy(interpretation="cmyk")


def plate(drawing: str) -> Image:
    """Etch a plate: 1 where it prints."""
    return render(*PRINT, drawing)[3] / 255


def screened(tone: Image, angle: float) -> Image:
    """Break a tone into dots on a turned grid."""
    x, y = columns(*PRINT), rows(*PRINT)
    turn, pitch = math.radians(angle), 360 / SCREEN
    across = ((x * math.cos(turn) + y * math.sin(turn)) * pitch).cos()
    down = ((y * math.cos(turn) - x * math.sin(turn)) * pitch).cos()
    return smoothstep((across + down) * 0.25 + 0.5 + tone - 1, -0.06, 0.06)


def branch() -> str:
    """Draw the branch."""
    return stroke("M 60,1560 C 360,1420 560,1330 800,1290 S 1200,1180 1360,1010", "#fff", 44) + stroke(
        "M 760,1296 C 900,1380 1020,1420 1180,1430", "#fff", 26
    )


def foliage() -> str:
    """Draw leaves along the branch."""
    chance = random.Random(6)
    leaf = "M 0,0 C 40,-70 120,-90 200,0 C 120,70 40,60 0,0 Z"
    spots = (
        (250, 1480),
        (420, 1400),
        (560, 1340),
        (1000, 1255),
        (1150, 1190),
        (1290, 1090),
        (1000, 1405),
        (1130, 1428),
        (1340, 1030),
    )
    return "".join(
        f'<path d="{leaf}" fill="#fff" transform="translate({x},{y}) rotate({chance.uniform(-120, 60):.0f}) '
        f'scale({chance.uniform(0.8, 1.35):.2f})"/>'
        for x, y in spots
        for _ in range(2)
    )


def finch() -> str:
    """Draw the bird."""
    return path(
        "M 560,930 C 560,800 680,730 800,770 C 870,790 900,850 890,920 C 960,1010 960,1120 900,1210 "
        "C 830,1300 690,1290 610,1200 C 540,1120 520,1020 560,930 Z",
        "#fff",
    ) + path("M 890,1110 C 980,1210 1060,1290 1130,1400 L 1080,1440 C 990,1370 900,1300 850,1230 Z", "#fff")


def details() -> str:
    """Draw what is printed in black."""
    lines = [
        path("M 566,880 L 470,930 L 570,962 Z", "#fff"),
        '<circle cx="650" cy="880" r="22" fill="#fff"/>',
        path("M 760,980 C 880,990 960,1090 1000,1230 C 900,1220 780,1150 740,1060 Z", "#fff"),
        stroke("M 700,1270 l -16,60 M 770,1286 l -6,50", "#fff", 14),
        *(stroke(f"M {600 + step * 34},{1090 + step * 14} q 24,26 52,12", "#fff", 8) for step in range(4)),
        *(stroke(f"M {600 + step * 34},{1150 + step * 12} q 24,26 52,12", "#fff", 8) for step in range(3)),
        stroke("M 60,1575 C 360,1436 560,1346 800,1306 S 1200,1196 1360,1030", "#fff", 9),
    ]
    return "".join(lines)
