"""A glass bottle with a cork and amber oil: a turned body, so its normals follow from its outline."""

from __future__ import annotations

from array import array

from .brush import Image, clamp, colour, columns, mix, ramp, rows, smoothstep

WIDTH, HEIGHT = 1200, 1600
MIDDLE = 600.0
BASE = 1496
LEVEL = 800  # of the oil
TILT = 24  # how far circles bend, as seen from a little above
WALL = 24  # thickness of the glass
OUTLINE = (  # row, radius; a row given twice makes a corner
    (58, 0), (62, 60), (78, 80), (150, 82), (225, 72), (238, 72), (238, 92), (250, 108), (268, 112), (284, 104),
    (294, 84), (294, 80), (350, 78), (420, 84), (520, 128), (620, 214), (720, 296), (830, 348), (960, 370),
    (1120, 374), (1280, 362), (1400, 344), (1450, 326), (1476, 296), (1490, 240), (BASE, 0),
)  # fmt: skip
CORK_END = 238
CORK_RADIUS = 82


def bottle() -> Image:
    """Put shadow, cork and glass together as RGBA."""
    radius = turned(OUTLINE)
    glass, cork = body(radius), stopper(clamp(radius, 0, CORK_RADIUS))
    picture = shadow().composite([cork, glass], "over")
    return picture.copy(interpretation="srgb")


def turned(outline: tuple[tuple[int, int], ...]) -> Image:
    """Spread the outline, as a smooth curve, over the rows of the picture."""
    radius = [0.0] * HEIGHT
    slopes = [_slope(outline, place) for place in range(len(outline))]
    for place in range(len(outline) - 1):
        (top, above), (bottom, below) = outline[place : place + 2]
        for row in range(top, bottom):
            share, run = (row - top) / (bottom - top), bottom - top
            left, right = 1 - share, share
            ends = above * left * left * (1 + 2 * right) + below * right * right * (1 + 2 * left)
            bends = (slopes[place] * left - slopes[place + 1] * right) * left * right * run
            radius[row] = max(ends + bends, 0)
    column = Image.new_from_memory(array("f", radius).tobytes(), 1, HEIGHT, 1, "float")
    return column.replicate(WIDTH, 1).copy_memory()


def _slope(outline: tuple[tuple[int, int], ...], place: int) -> float:
    """Tell the slope of the curve at a point: that of its neighbours' chord, or none at a corner."""
    (top, above), (bottom, below) = outline[max(place - 1, 0)], outline[min(place + 1, len(outline) - 1)]
    row = outline[place][0]
    return 0.0 if row in (top, bottom) else (below - above) / (bottom - top)


def turn(radius: Image) -> tuple[Image, Image, Image]:
    """Tell where across the body every pixel lies, -1 to 1, how it faces the viewer, and where it is covered."""
    offset = columns(WIDTH, HEIGHT) + 0.5 - MIDDLE
    across = clamp(offset / clamp(radius, 1, WIDTH), -1, 1)
    towards = (across * across * -1 + 1) ** 0.5
    cover = clamp(radius - offset.abs() + 0.5).gaussblur(0.8, precision="float")
    return across.copy_memory(), towards.copy_memory(), cover.copy_memory()


def body(radius: Image) -> Image:
    """Blow the glass: clear in the middle, dense at the edges, with windows mirrored in it and oil inside."""
    across, towards, cover = turn(radius)
    y = rows(WIDTH, HEIGHT)
    inner, _, inside = turn(radius - WALL)
    edge = (towards * -1 + 1) ** 1.6
    tint = ramp(edge, [(0, "#bfe3da"), (0.45, "#5fa99c"), (0.8, "#1f5f5a"), (1, "#0d3b3a")])
    opacity = clamp(edge * 0.85 + 0.14)
    bend = (inner * inner * -1 + 1) ** 0.5 * TILT
    oil = smoothstep(y - bend, LEVEL - 1, LEVEL + 1) * smoothstep(y - bend, BASE - 62, BASE - 66) * inside
    top = smoothstep(y + bend, LEVEL - 1, LEVEL + 1) * inside * smoothstep(y - bend, LEVEL + 1, LEVEL - 1)
    depth = (inner * inner + ((y - 1270) / 620) ** 2) ** 0.5
    amber = ramp(depth, [(0, "#ffd069"), (0.35, "#f2a231"), (0.7, "#c8660f"), (1, "#6e2706")])
    tint = mix(mix(tint, amber, oil * (edge * -0.6 + 0.95)), colour("#f7c777"), top * 0.8)
    opacity = opacity + (opacity * -1 + 0.94) * oil + (opacity * -1 + 0.8) * top
    rim = smoothstep((y - bend - LEVEL).abs(), 5, 1) * inside
    gleam = windows(across, y) + rim * 0.4 + smoothstep(towards, 0.34, 0.12) * smoothstep(across, 0.2, 0.9) * 0.25
    gleam = clamp(gleam * smoothstep(y, CORK_END, CORK_END + 30))
    light = mix(tint, colour("#ffffff"), gleam)
    alpha = clamp(opacity + gleam * 0.8) * cover * smoothstep(y, CORK_END - 1, CORK_END + 1)
    return rgba(light, alpha)


def windows(across: Image, y: Image) -> Image:
    """Mirror two windows: a tall one on the left with a bar across, a narrow one on the right."""
    tall = smoothstep((across + 0.58).abs(), 0.17, 0.13) * smoothstep((y - 980).abs(), 330, 310)
    bar = smoothstep((y - 960).abs(), 6, 9) * smoothstep((across + 0.585).abs(), 0.006, 0.012)
    narrow = smoothstep((across - 0.80).abs(), 0.05, 0.03) * smoothstep((y - 1040).abs(), 300, 230)
    neck = smoothstep((across + 0.45).abs(), 0.22, 0.12) * smoothstep((y - 350).abs(), 75, 60)
    lip = smoothstep((across + 0.3).abs(), 0.5, 0.3) * smoothstep((y - 256).abs(), 10, 4)
    fade = smoothstep(y, 1500, 700) * 0.5 + 0.35
    return tall * bar * fade * 0.85 + narrow * 0.4 + neck * 0.6 + lip * 0.7


def stopper(radius: Image) -> Image:
    """Turn the cork."""
    across, towards, cover = turn(radius)
    y = rows(WIDTH, HEIGHT)
    speckle = Image.perlin(WIDTH, HEIGHT, cell_size=16, seed=7) + Image.perlin(WIDTH, HEIGHT, cell_size=6, seed=8) * 0.7
    wood = ramp(
        clamp(towards * 0.62 - across * 0.22 + speckle * 0.28), [(0, "#4a2a14"), (0.5, "#b07a45"), (1, "#eac795")]
    )
    return rgba(wood, cover * smoothstep(y, CORK_END + 14, CORK_END + 8))


def shadow() -> Image:
    """Let the bottle stand: a soft shadow with amber light in it."""
    x, y = columns(WIDTH, HEIGHT), rows(WIDTH, HEIGHT)
    reach = ((((x - 640) / 470) ** 2) + (((y - 1502) / 58) ** 2)) ** 0.5
    dark = smoothstep(reach, 1.05, 0.1) * 0.62
    warm = smoothstep((((x - 700) / 260) ** 2 + ((y - 1512) / 30) ** 2) ** 0.5, 1.0, 0.0)
    return rgba(mix(colour("#141a26"), colour("#d98324"), warm * 0.75), dark)


def rgba(light: Image, alpha: Image) -> Image:
    """Join colour and cover, 0 to 1, as 8 bits."""
    return clamp(light.bandjoin(alpha * 255), 0, 255).rint().cast("uchar").copy(interpretation="srgb")
