"""A running shoe in a studio: one drawing of its colours, one of its heights, and light on both."""

from __future__ import annotations

from .brush import Image, as_rgb, clamp, colour, columns, distance, grain, mix, ramp, rows, smoothstep
from .drawing import lit, normals, path, render, shine, silhouette, soft, stroke

WIDTH, HEIGHT = 2000, 1500
KEY_LIGHT = (-0.42, -0.66, 0.62)  # right, down, towards the viewer
RIM_LIGHT = (0.80, -0.45, 0.40)
BOUNCE = (0.05, 0.86, 0.50)  # from the floor

MIDSOLE = (
    "M 268,972 C 232,1030 246,1108 330,1128 C 520,1150 760,1138 960,1132 C 1160,1126 1400,1146 1560,1132 "
    "C 1690,1118 1784,1064 1790,996 C 1792,968 1770,952 1742,960 C 1600,1000 1450,1002 1300,980 "
    "C 1150,952 1050,944 950,954 C 750,975 560,950 420,930 C 360,922 296,926 268,972 Z"
)
OUTSOLE = (
    "M 256,1086 C 272,1112 300,1122 330,1128 C 520,1150 760,1138 960,1132 C 1160,1126 1400,1146 1560,1132 "
    "C 1650,1122 1722,1090 1762,1046 C 1748,1116 1650,1162 1560,1168 C 1400,1180 1160,1162 960,1166 "
    "C 760,1172 520,1184 340,1164 C 286,1156 256,1128 256,1086 Z"
)
UPPER = (
    "M 306,985 C 286,880 312,780 300,700 C 290,630 276,560 306,508 C 322,484 356,486 378,510 "
    "C 424,566 488,612 564,616 C 642,618 694,564 734,498 C 752,464 784,448 820,458 C 872,474 912,500 940,532 "
    "C 1024,618 1142,682 1300,716 C 1440,744 1572,752 1664,814 C 1740,868 1776,940 1764,1000 "
    "C 1600,1030 1450,1030 1300,1006 C 1150,980 1050,970 950,980 C 750,1000 560,985 306,985 Z"
)
LINING = "M 330,508 C 420,548 500,566 580,556 C 650,546 700,510 752,452 L 780,560 L 560,700 L 330,600 Z"
TONGUE = (
    "M 730,520 C 736,424 778,374 842,382 C 888,388 920,418 946,462 C 1010,560 1120,640 1262,684 "
    "C 1300,698 1300,730 1270,740 L 1000,700 L 820,600 Z"
)
HEEL = "M 290,1000 C 284,880 312,780 300,704 C 384,716 486,768 556,850 C 606,908 640,960 652,1010 Z"
TOE = "M 1404,1040 C 1398,936 1436,830 1512,762 C 1640,780 1760,880 1780,1020 Z"
MUDGUARD = "M 820,1020 C 960,930 1130,872 1310,880 C 1480,888 1650,920 1790,985 L 1780,1040 L 820,1040 Z"
EYESTAY = (
    "M 752,548 C 800,520 870,500 940,532 C 1024,618 1142,682 1300,716 C 1336,728 1338,780 1284,786 "
    "C 1110,784 950,716 846,634 C 800,604 764,580 752,548 Z"
)
COLLAR = (
    "M 284,560 C 286,500 336,470 378,510 C 424,566 488,612 564,616 C 642,618 694,564 734,498 L 782,560 "
    "C 726,650 650,702 560,700 C 450,696 360,650 296,604 Z"
)
TAB = "M 288,620 C 262,560 262,480 300,448 C 324,430 348,446 344,476 C 336,520 336,560 344,610 Z"
WAVES = (
    ("M 566,914 C 716,962 862,900 972,792 C 1012,752 1052,728 1100,728", "#ff7a52"),
    ("M 606,846 C 730,886 850,838 940,746 C 972,716 1002,698 1036,692", "#ffc15e"),
)
EYELETS = tuple((866 + step * 77, 568 + step * 47 - step * step * 3.4) for step in range(6))
LACES = tuple(
    f"M {x},{y} c 12,-30 {34 - step * 2},{-50 + step * 2} {74 - step * 6},{-54 + step * 3}"
    for step, (x, y) in enumerate(EYELETS)
)
GROOVES = tuple(f"M {x},{1000 + abs(1000 - x) // 60} q -22,40 4,82" for x in range(390, 1690, 60))
LUGS = tuple(f"M {x},1156 l 24,0" for x in range(330, 1600, 52))
SEAMS = (
    "M 316,722 C 392,736 478,782 544,860 C 588,914 616,958 630,1000",
    "M 1424,1010 C 1420,936 1452,846 1518,784",
    "M 872,990 C 1000,926 1140,890 1310,896 C 1470,904 1630,934 1752,980",
    "M 776,560 C 812,596 836,610 868,630 C 976,714 1120,766 1278,768",
    "M 318,630 C 372,668 456,712 560,716 C 660,718 740,662 794,580",
)

Part = tuple[str, str, str]  # shape, colour, height as a gray
PANELS: tuple[Part, ...] = (
    (MUDGUARD, "#0d5765", "#7a7a7a"),
    (TOE, "#10707c", "#848484"),
    (HEEL, "#ff6f4e", "#848484"),
    (EYESTAY, "#0b4f5e", "#808080"),
    (COLLAR, "#0f6472", "#8c8c8c"),
)


def product() -> Image:
    """Light the shoe in front of a paper sweep."""
    drawing, heights = drawn(by_colour=True), drawn(by_colour=False)[0] / 255
    body = silhouette(WIDTH, HEIGHT, UPPER + MIDSOLE)
    knit = weave() * soft(clamp(silhouette(WIDTH, HEIGHT, UPPER) - panels()), 3)
    figure = soft(body, 90) * 540 + soft(body, 34) * 110
    facing = normals((figure + soft(heights, 7) * 150 + soft(heights, 2) * 36 + knit * 0.8).copy_memory(), 0.5)
    shelter = clamp((soft(heights, 22) - heights) * 2.6)
    light = lit(facing, KEY_LIGHT) * 0.84 + lit(facing, RIM_LIGHT) * 0.30 + lit(facing, BOUNCE) * 0.34 + 0.24
    gleam = shine(facing, KEY_LIGHT, 26) * 46 + shine(facing, RIM_LIGHT, 10) * 22
    paint = drawing[:3] * light * (shelter * -0.6 + 1) + gleam
    return as_rgb(mix(studio(), paint, drawing[3] / 255) + grain(WIDTH, HEIGHT, 0.8, seed=3))


def mask() -> Image:
    """Cut the shoe out of the picture of it."""
    return drawn(by_colour=True)[3].copy(interpretation="b-w")


def drawn(*, by_colour: bool) -> Image:
    """Draw every part of the shoe, back to front, in its colour or in a gray that tells how far it stands out."""

    def shade(tint: str, height: str) -> str:
        return tint if by_colour else height

    holes = "".join(f'<circle cx="{x}" cy="{y}" r="14" fill="{shade("#0a2c36", "#555")}"/>' for x, y in EYELETS)
    parts = [
        path(LINING, shade("#a85a44", "#161616")),
        path(TONGUE, shade("#15858f", "#545454")),
        path(TAB, shade("#ff6f4e", "#5c5c5c")),
        path(UPPER, shade("#137684", "#6c6c6c")),
        f'<clipPath id="upper"><path d="{UPPER}"/></clipPath><g clip-path="url(#upper)">',
        *(stroke(wave, shade(tint, "#868686"), 40) for wave, tint in WAVES),
        *(path(shape, shade(tint, height)) for shape, tint, height in PANELS),
        *(stroke(seam, shade("#8fc7c6", "#707070"), 4, 'stroke-dasharray="13 9"') for seam in SEAMS),
        "</g>",
        holes,
        *(stroke(lace, shade("#fdf6ea", "#b0b0b0"), 30) for lace in LACES),
        path(OUTSOLE, shade("#3d4566", "#8c8c8c")),
        *(stroke(lug, shade("#2b3150", "#808080"), 10) for lug in LUGS),
        path(MIDSOLE, shade("#faf5ec", "#a4a4a4")),
        *(stroke(groove, shade("#efe8dc", "#989898"), 12) for groove in GROOVES),
        stroke(
            "M 252,1046 C 420,1080 700,1072 960,1060 C 1260,1046 1540,1086 1776,1030", shade("#ff6f4e", "#9e9e9e"), 11
        ),
    ]
    return render(WIDTH, HEIGHT, "".join(parts))


def panels() -> Image:
    """Tell which parts of the upper are covered, 0 to 1."""
    covers = [path(shape, "#fff") for shape, _, _ in PANELS] + [stroke(wave, "#fff", 40) for wave, _ in WAVES]
    covers.append(path(MIDSOLE, "#fff"))
    return render(WIDTH, HEIGHT, "".join(covers))[3] / 255


def weave() -> Image:
    """Knit a mesh."""
    x, y = columns(WIDTH, HEIGHT), rows(WIDTH, HEIGHT)
    degrees = 360 / 11
    return ((x + y * 0.5) * degrees).sin() * ((y - x * 0.5) * degrees).cos()


def studio() -> Image:
    """Paint the sweep of paper with the shadow of the shoe."""
    paper = ramp(rows(WIDTH, HEIGHT) / HEIGHT, [(0, "#dfe3e6"), (0.62, "#f3f4f4"), (0.76, "#e6e8ea"), (1, "#d3d7db")])
    pool = smoothstep(distance(WIDTH, HEIGHT, WIDTH / 2, 640), 1500, 200)
    contact = soft(render(WIDTH, HEIGHT, '<ellipse cx="1020" cy="1164" rx="770" ry="26"/>')[3] / 255, 14)
    spread = soft(render(WIDTH, HEIGHT, '<ellipse cx="1070" cy="1190" rx="870" ry="60"/>')[3] / 255, 60)
    shadow = contact * 0.75 + spread * 0.30 - contact * spread * 0.22
    return mix(paper * (pool * 0.10 + 0.92), colour("#3b4254"), shadow)
