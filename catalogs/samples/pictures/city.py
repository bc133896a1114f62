"""The map of a town that does not exist: districts, a river with bridges, a park and a harbour."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from .brush import Image, from_pil, to_pil
from .drawing import box, circle, ellipse, path, polygon, render, stroke
from .lettering import put, word

if TYPE_CHECKING:
    from PIL import Image as Pil

WIDTH, HEIGHT = 2400, 1600
PAPER, STREET, WATER, QUAY = "#e9e1d3", "#fbf8f2", "#8ec6e0", "#6fa9c8"
PARK, LAWN = "#b9d39a", "#cadfae"
TREES = ("#86ab6b", "#79a061", "#94b878", "#6d9459")
INK = (47, 52, 74)
RIVER = (
    "M 1560,-40 C 1500,190 1300,330 1280,520 C 1260,720 1450,820 1400,1020 C 1350,1200 1080,1260 1010,1400 "
    "C 970,1480 960,1560 960,1660"
)
AVENUES = (
    "M -20,440 C 300,470 600,420 760,405 L 1240,385",
    "M 1410,400 L 1760,450 L 2420,420",
    "M 740,405 L 745,1020",
    "M -20,1000 L 400,1060 L 745,1020 L 975,1140",
    "M -20,1400 L 510,1440 L 890,1350",
    "M 1470,845 L 1820,950 L 2420,920",
    "M 1790,460 L 1820,950",
)
BRIDGES = (
    "M 1200,388 L 1440,402",
    "M 1200,700 L 1460,640",
    "M 1280,930 L 1500,852",
    "M 1010,1190 L 1240,1330",
    "M 880,1352 L 1120,1470",
    "M 1400,120 L 1640,180",
)
RAILWAY = "M -20,690 C 260,700 430,700 560,700 M 1905,-20 C 1930,120 1950,220 2060,300 S 2300,360 2420,360"


@dataclass(frozen=True, slots=True)
class District:
    """A part of the town; its outline is the area of the image map in catalog.yaml as well."""

    name: str
    outline: str
    label: tuple[int, int]
    turn: float  # of its streets, in degrees
    block: tuple[int, int]
    roofs: tuple[str, ...]


DISTRICTS = (
    District("NORTH QUARTER", "80,70 1440,70 1370,240 1235,365 760,380 430,420 80,405", (610, 235), -4, (104, 74),
             ("#f0c9a0", "#e8b78c", "#f3d6b3", "#dfa97f")),
    District("OLD TOWN", "775,430 1185,410 1205,560 1225,710 1320,860 1290,970 1010,1110 775,1000", (1000, 770), 17,
             (58, 44), ("#e58f76", "#d97b66", "#eda58b", "#c96a5b", "#e9b49c")),
    District("STATION", "80,470 430,490 715,440 715,995 400,1030 80,965", (395, 800), 3, (116, 82),
             ("#d9cdb6", "#cfc0a6", "#e4dac7", "#c4b498")),
    District("GARDEN SUBURB", "80,1430 515,1470 890,1380 925,1420 880,1540 80,1540", (480, 1512), -6, (64, 50),
             ("#f1dcae", "#ead09a", "#f6e6c2")),
    District("EAST BANK", "1415,440 1755,485 1785,905 1480,815 1385,650", (1600, 668), -12, (84, 66),
             ("#b9c9de", "#a8bcd6", "#ccd8e7", "#97aecb")),
    District("UNIVERSITY", "1660,70 2330,70 2330,385 1760,415 1425,370 1450,300 1580,180", (1720, 268), 8, (122, 90),
             ("#cdbfe0", "#bfaed6", "#dbd0e9", "#ae9bc9")),
    District("MARKET", "1830,480 2330,455 2330,880 1855,905", (2085, 690), 6, (92, 70),
             ("#f3b6a6", "#eca593", "#f7c9bd", "#e39481")),
    District("HARBOUR", "1500,905 1815,990 2330,955 2330,1540 1070,1540 1130,1410 1380,1260 1480,1100", (1560, 1250),
             -8, (132, 80), ("#c2ccd2", "#b1bdc5", "#d2dadf", "#9fadb7")),
)  # fmt: skip
BASINS = (
    "M 1640,1120 L 2060,1085 L 2075,1180 L 1655,1220 Z M 1690,1300 L 2200,1250 L 2216,1350 L 1705,1400 Z "
    "M 1330,1160 L 1660,1118 L 1676,1215 L 1310,1300 Z M 1150,1300 L 1720,1298 L 1722,1396 L 1080,1400 Z"
)
HULL, DECK = "M -60,-13 H 40 L 66,0 L 40,13 H -60 Z", "M -46,-7 H 10 V 7 H -46 Z"
PARK_OUTLINE = "80,1060 400,1100 735,1065 955,1165 880,1305 505,1395 80,1360"
PARK_PATHS = (
    "M 60,1200 C 260,1130 420,1330 620,1240 S 860,1140 980,1200",
    "M 250,1080 C 300,1200 250,1300 330,1400",
    "M 640,1060 C 600,1160 680,1280 620,1400",
)
POND = "M 690,1130 C 740,1095 840,1120 850,1165 C 860,1205 760,1215 720,1195 C 680,1180 660,1150 690,1130 Z"


def town() -> Image:
    """Draw the map and print the names on it."""
    chance = random.Random(42)
    layers = [
        box(0, 0, (WIDTH, HEIGHT), PAPER),
        *(quarter(district, place, chance) for place, district in enumerate(DISTRICTS)),
        park(chance),
        *(stroke(avenue, "#dccfb9", 40) for avenue in AVENUES),
        *(stroke(avenue, STREET, 32) for avenue in AVENUES),
        railway(),
        stroke(RIVER, QUAY, 152) + path(BASINS, QUAY, f'stroke="{QUAY}" stroke-width="14" stroke-linejoin="round"'),
        stroke(RIVER, WATER, 138) + path(BASINS, WATER),
        stroke(RIVER, "#a5d4ea", 60, 'opacity="0.6"'),
        ships(),
        *(stroke(bridge, "#c9b99f", 38, 'opacity="0.9"') + stroke(bridge, STREET, 28) for bridge in BRIDGES),
        landmarks(),
        compass(),
    ]
    sheet = to_pil(render(WIDTH, HEIGHT, "".join(layers)).flatten())
    for district in DISTRICTS:
        title(sheet, district.name, district.label)
    title(sheet, "ROYAL PARK", (420, 1255))
    title(sheet, "R. LINDE", (1210, 1130), size=26)
    return from_pil(sheet).copy(interpretation="srgb")


def title(sheet: Pil.Image, text: str, centre: tuple[int, int], size: float = 40) -> None:
    """Print a name on a light halo."""
    put(sheet, word(text, size, weight=size / 6 + 1, spacing=size * 0.12), centre, (255, 252, 245))
    put(sheet, word(text, size, weight=size / 26, spacing=size * 0.12), centre, INK)


def quarter(district: District, place: int, chance: random.Random) -> str:
    """Fill the outline of a district with blocks of houses."""
    wide, deep = district.block
    gap = 13 if wide > 70 else 9
    houses, shadows = [], []
    for row in range(-900, 900, deep + gap):
        for column in range(-900, 900, wide + gap):
            for x, width in parcels(column, wide, chance):
                roof = chance.choice(district.roofs)
                shadows.append(f"M {x + 4},{row + 5} h {width} v {deep} h -{width} Z")
                houses.append(box(x, row, (width, deep), roof, 'rx="3"'))
    x, y = district.label
    parts = [
        f'<clipPath id="d{place}"><polygon points="{district.outline}"/></clipPath>',
        polygon(district.outline, STREET, f'stroke="{STREET}" stroke-width="22" stroke-linejoin="round"'),
        f'<g clip-path="url(#d{place})"><g transform="translate({x},{y}) rotate({district.turn})">',
        path(" ".join(shadows), "#8d857759"),
        *houses,
        "</g></g>",
    ]
    return "".join(parts)


def parcels(start: int, width: int, chance: random.Random) -> list[tuple[int, int]]:
    """Split a block into one to three houses."""
    cuts = sorted(chance.sample(range(20, width - 16), chance.choice((0, 1, 1, 2)))) if width > 50 else []
    edges = [0, *cuts, width]
    return [(start + left, right - left - 2) for left, right in pairwise(edges) if right - left > 12]


def park(chance: random.Random) -> str:
    """Lay out lawns, paths, a pond and many trees."""
    trees = []
    for _ in range(900):
        x, y, size = chance.uniform(80, 950), chance.uniform(1060, 1395), chance.uniform(6, 13)
        trees.append(circle(x + 3, y + 4, size, "#5d7d4b59") + circle(x, y, size, chance.choice(TREES)))
    parts = [
        f'<clipPath id="park"><polygon points="{PARK_OUTLINE}"/></clipPath><g clip-path="url(#park)">',
        box(0, 0, (WIDTH, HEIGHT), PARK),
        *trees,
        ellipse(420, 1255, (170, 66), LAWN),
        *(stroke(way, "#efe6cf", 9) for way in PARK_PATHS),
        path(POND, WATER, f'stroke="{QUAY}" stroke-width="5"'),
        "</g>",
    ]
    return "".join(parts)


def railway() -> str:
    """Draw the line, its sleepers and the station."""
    line = stroke(RAILWAY, "#6d6a72", 15) + stroke(RAILWAY, "#efeae0", 7, 'stroke-dasharray="14 20"')
    hall = box(548, 640, (120, 118), "#7d6f8a", 'rx="10"')
    return line + hall + "".join(box(556, 650 + step * 34, (104, 24), "#a596b3", 'rx="6"') for step in range(3))


def ships() -> str:
    """Put ships and cranes into the harbour."""
    fleet = (
        (1850, 1150, -5, "#b5473f"),
        (1980, 1120, -5, "#3f5d80"),
        (1830, 1345, -5, "#3f5d80"),
        (2060, 1312, 175, "#d08a3a"),
        (1530, 1350, 0, "#5a7d5f"),
    )
    hulls = (
        f'<g transform="translate({x},{y}) rotate({turn})">{path(HULL, hull)}{path(DECK, "#f7f3ea")}</g>'
        for x, y, turn, hull in fleet
    )
    quays = ((1760, 1240), (1900, 1228), (1800, 1420), (2000, 1404))
    return "".join(hulls) + "".join(stroke(f"M {x},{y} l 60,-8", "#e0a33a", 8) for x, y in quays)


def landmarks() -> str:
    """Mark the cathedral, the stadium, the campus and a fountain."""
    cross = "M 988,585 h 24 v 36 h 34 v 24 h -34 v 56 h -24 v -56 h -34 v -24 h 34 Z"
    parts = [
        circle(1000, 640, 62, "#f6ecd9") + circle(1000, 640, 44, "#e8d9bd") + path(cross, "#7c4a5b"),
        ellipse(2150, 560, (96, 66), "#8fa3b8") + ellipse(2150, 560, (62, 38), "#a8cf8b"),
        box(2000, 140, (190, 120), "#8c76ad", 'rx="10"') + box(2030, 168, (130, 64), "#c3dba5", 'rx="6"'),
        circle(620, 330, 34, "#f6ecd9") + circle(620, 330, 13, WATER),
    ]
    return "".join(parts)


def compass() -> str:
    """Draw a small rose that points north."""
    north, south = path("M 0,-50 L 13,0 L 0,-8 L -13,0 Z", "#c8443c"), path("M 0,50 L 13,0 L 0,8 L -13,0 Z", "#2f344a")
    dial = circle(0, 0, 62, "#fbf8f2", 'stroke="#2f344a" stroke-width="4"')
    return f'<g transform="translate(2270,1470)">{dial}{north}{south}</g>'
