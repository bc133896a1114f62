"""What a business card is made of: cotton paper, two marks, and the sunlit plaster that it lies on."""

from __future__ import annotations

from .brush import Image, as_rgb, clamp, clouds, columns, grain, mix, ramp, rows, smoothstep
from .drawing import circle, path, render, soft, stroke

CARD = (1050, 600)
MARK = 400
TABLE = (1600, 1200)
BEAM = "M 196,{top} L 6,{high} L 6,{low} L 196,{bottom} Z"
SKY = "M 0,0 H 400 V 226 C 320,250 290,190 200,226 C 130,252 90,200 0,226 Z"
TOWER = "M 172,182 L 228,182 L 246,372 L 154,372 Z"
LEAF = "M 0,0 C 60,-46 190,-58 300,0 C 190,40 60,34 0,0 Z"


def paper() -> Image:
    """Press cotton into a card: nearly white, with a soft tooth."""
    tooth = clouds(*CARD, 16, 4, seed=31) * 3.2 + grain(*CARD, 1.6, seed=7)
    gray = tooth + 249
    return as_rgb(gray.bandjoin([gray - 1.5, gray - 4]))


def beacon() -> Image:
    """Draw a lighthouse with its two beams; white, to be dyed."""
    beams = path(BEAM.format(top=132, high=70, low=196, bottom=146), "#fff", 'opacity="0.55"')
    body = [
        beams,
        f'<g transform="translate({MARK},0) scale(-1,1)">{beams}</g>',
        path("M 158,110 L 200,70 L 242,110 Z", "#fff"),
        path("M 172,118 L 228,118 L 228,160 L 172,160 Z", "#fff"),
        path("M 152,166 L 248,166 L 248,180 L 152,180 Z", "#fff"),
        path(TOWER, "#fff"),
    ]
    mark = render(MARK, MARK, "".join(body))
    bands = "".join(stroke(f"M 120,{y} L 280,{y - 34}", "#fff", 20) for y in (262, 330))
    holes = render(MARK, MARK, bands + circle(200, 139, 13, "#fff"))[3]
    alpha = mark[3] - clamp(holes.cast("float"), 0, 255)
    return flat(clamp(alpha, 0, 255))


def waves() -> Image:
    """Draw three waves under a low sun; white, to be dyed."""
    swell = "M 40,{y} q 40,-46 80,0 t 80,0 t 80,0 t 80,0"
    body = [
        f'<clipPath id="sky">{path(SKY, "#fff")}</clipPath>',
        f'<g clip-path="url(#sky)">{circle(200, 176, 104, "#fff")}</g>',
        *(stroke(swell.format(y=y), "#fff", 17) for y in (262, 306, 350)),
    ]
    return flat(render(MARK, MARK, "".join(body))[3])


def flat(alpha: Image) -> Image:
    """Give a shape the gray that op_colorize turns into the colour itself."""
    gray = alpha * 0 + 127.5
    return gray.bandjoin([gray, gray, alpha]).rint().cast("uchar").copy(interpretation="srgb")


def table() -> Image:
    """Let the sun fall through a window, past a plant, onto plaster."""
    width, height = TABLE
    x, y = columns(width, height), rows(width, height)
    trowel = clouds(width, height, 256, 6, seed=41)
    plaster = ramp(clamp(trowel * 0.5 + 0.5), [(0, "#b3a79a"), (0.5, "#bdb1a4"), (1, "#c8bdb1")])
    panes = "".join(path(one, "#fff") for one in (
        "M -80,-60 L 620,-220 L 1180,560 L 380,760 Z", "M 700,-240 L 1240,-360 L 1860,420 L 1260,540 Z",
        "M 430,830 L 1230,630 L 1640,1220 L 800,1420 Z", "M 1310,610 L 1900,490 L 2300,1100 L 1720,1200 Z",
    ))  # fmt: skip
    leaves = "".join(
        path(LEAF, "#fff", f'transform="translate({a},{b}) rotate({turn}) scale({size})"')
        for a, b, turn, size in (
            (1500, -40, 150, 1.3), (1420, 60, 128, 1.2), (1560, 90, 172, 1.25), (1480, 190, 110, 1.1),
            (1620, 260, 160, 1.3), (1560, 360, 196, 1.0), (1660, 460, 140, 1.1), (1640, 10, 190, 1.2),
        )
    ) + stroke("M 1700,620 C 1640,380 1560,120 1460,-60", "#fff", 14)  # fmt: skip
    sun = soft(render(width, height, panes)[3] / 255, 20) * (
        soft(render(width, height, leaves)[3] / 255, 11) * -0.72 + 1
    )
    cool, warm = (0.60, 0.60, 0.64), (1.13, 1.08, 0.99)
    light = mix(cool, sun.bandjoin([sun, sun]) * 0 + list(warm), sun * smoothstep(x + y, 3300, 400) * 0.75 + sun * 0.22)
    return as_rgb(plaster * light + clouds(width, height, 8, 3, seed=42) * 3.5 + grain(width, height, 1.4, seed=8))
