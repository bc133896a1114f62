"""A paper doll: a shop-window figure, the wall behind it, and patterns of cloth as masks, all in one frame."""

from __future__ import annotations

from .brush import Image, clamp, clouds, columns, distance, grain, rows, smoothstep
from .drawing import circle, ellipse, lit, normals, path, render, shine, soft, stroke

WIDTH, HEIGHT = 1200, 1500
MIDDLE = 600
KEY_LIGHT = (-0.46, -0.52, 0.72)
RIM_LIGHT = (0.88, -0.22, 0.30)
BOUNCE = (0.30, 0.80, 0.45)
HEAD = (
    "M 602,128 C 500,128 436,206 436,318 C 436,372 450,420 474,470 C 500,524 548,578 602,578 Z",
    "M 440,330 C 424,322 416,342 422,368 C 428,398 440,412 452,408 Z",  # an ear
)
NECK = "M 602,470 L 522,500 C 530,580 528,640 500,676 C 470,702 440,716 410,728 L 602,860 Z"
CHEST = (
    "M 602,690 C 540,700 480,700 440,716 C 392,736 340,752 306,776 L 318,960 C 330,1120 336,1300 330,1520 L 602,1520 Z"
)
ARM = (
    "M 306,776 C 250,806 226,862 214,950 C 196,1090 176,1300 168,1520 L 306,1520 C 322,1330 332,1120 344,960 "
    "C 350,880 342,810 306,776 Z"
)
SWEATER = (
    "M 602,742 C 548,742 506,722 478,690 C 446,706 392,722 330,748 C 296,764 300,800 312,870 "
    "C 326,1080 330,1300 318,1520 L 602,1520 Z"
)
SLEEVE = (
    "M 336,746 C 250,778 214,850 198,950 C 178,1090 158,1300 148,1520 L 322,1520 C 336,1330 346,1120 356,970 "
    "C 362,880 366,800 336,746 Z"
)


def both(*halves: str) -> str:
    """Draw elements of the left half, and their mirror image."""
    drawn = "".join(halves)
    return f'{drawn}<g transform="translate({WIDTH},0) scale(-1,1)">{drawn}</g>'


def cover(*elements: str, height: int = HEIGHT) -> Image:
    """Render elements as a mask of 0 to 1."""
    return (render(WIDTH, height, "".join(elements))[3] / 255).copy_memory()


def rounded(shape: Image, *steps: tuple[float, float]) -> Image:
    """Make a flat shape a round one: a sum of its blurs, each with its weight."""
    return Image.sum([soft(shape, radius) * weight for radius, weight in steps])


def modelled(heights: Image, strength: float = 0.5) -> tuple[Image, Image]:
    """Light a relief from the left, with a rim of light on the right; gives the light and the gleam on it."""
    facing = normals(heights.copy_memory(), strength)
    light = lit(facing, KEY_LIGHT) * 0.74 + lit(facing, RIM_LIGHT) * 0.30 + lit(facing, BOUNCE) * 0.22 + 0.13
    return light.copy_memory(), (shine(facing, KEY_LIGHT, 30) + shine(facing, RIM_LIGHT, 14) * 0.5).copy_memory()


def cut_out(light: Image, shape: Image) -> Image:
    """Join light of 0 to 1 as gray with a shape as alpha."""
    gray = clamp(light * 255 + grain(light.width, light.height, 0.9, seed=4), 0, 255)
    return gray.bandjoin([gray, gray, shape * 255]).rint().cast("uchar").copy(interpretation="srgb")


def figure() -> Image:
    """Model the bare figure, with a face that is only hinted at."""
    head, neck = cover(both(*(path(one, "#fff") for one in HEAD))), cover(both(path(NECK, "#fff")))
    trunk, arms = cover(both(path(CHEST, "#fff"))), cover(both(path(ARM, "#fff")))
    light, gleam = modelled(rounded(head, (70, 620), (26, 90), (8, 12)) + face() * 1.0)
    throat, _ = modelled(rounded(neck, (40, 260), (14, 40)))
    body, sheen = modelled(rounded(trunk, (130, 620), (40, 120)) + rounded(arms, (40, 190), (12, 30)) + collarbones())
    gap = soft(arms, 14) * trunk * (arms * -1 + 1) * 0.5
    chin = soft(head.embed(26, 62, WIDTH, HEIGHT), 24)
    base = smoothstep(rows(WIDTH, HEIGHT) - (columns(WIDTH, HEIGHT) - MIDDLE).abs() * 0.25, 740, 660)
    picture = (body + sheen * 0.05) * (gap * -1 + 1) * (soft(neck.embed(24, 30, WIDTH, HEIGHT), 34) * -0.22 + 1)
    picture = laid(picture, throat * (chin * -0.62 + 1), neck * base)
    picture = laid(picture, light + gleam * 0.10, head)
    return cut_out(picture * 0.66 + 0.06, clamp(head + neck + trunk + arms))


def collarbones() -> Image:
    """Raise the collarbones and the muscles that run up from them."""
    bones = cover(both(stroke("M 572,772 C 520,756 430,768 352,776", "#fff", 16)))
    cords = cover(both(stroke("M 588,760 C 566,700 548,640 536,590", "#fff", 16)))
    return soft(bones, 9) * 24 + soft(cords, 12) * 16


def laid(below: Image, above: Image, mask: Image) -> Image:
    """Lay light over light where the mask is 1."""
    return (below + (above - below) * mask).copy_memory()


def face() -> Image:
    """Raise a nose, a brow, lips and a chin, and sink the eyes."""
    nose = cover(
        path("M 600,318 C 590,360 582,410 572,440 C 580,456 620,456 628,440 C 618,410 610,360 600,318 Z", "#fff")
    )
    tip = cover(ellipse(600, 436, (24, 17), "#fff"))
    brow = cover(both(stroke("M 596,322 C 570,296 530,292 488,316", "#fff", 20)))
    eyes = cover(both(ellipse(534, 346, (46, 24), "#fff")))
    lids = cover(both(path("M 494,350 C 512,326 556,328 574,356 C 552,346 518,344 494,350 Z", "#fff")))
    upper = cover(
        path(
            (
                "M 546,497 C 572,486 590,490 600,494 C 610,490 628,486 654,497 C 632,508 616,510 600,510 C 584,510 "
                "568,508 546,497 Z"
            ),
            "#fff",
        )
    )
    lower = cover(path("M 554,503 C 580,515 620,515 646,503 C 634,532 566,532 554,503 Z", "#fff"))
    relief = soft(nose, 11) * 70 + soft(tip, 9) * 34 + soft(brow, 14) * 40 - soft(eyes, 16) * 46
    relief = relief + soft(lids, 5) * 16 + soft(upper, 4) * 12 + soft(lower, 6) * 20
    return relief + soft(cover(circle(600, 548, 26, "#fff")), 16) * 16


def draped() -> tuple[Image, Image]:
    """Tell where on the cloth each pixel lies: across, and down along a body that bends away."""
    x, y = columns(WIDTH, HEIGHT) - MIDDLE, rows(WIDTH, HEIGHT)
    side = cover(both(path(SLEEVE, "#fff")))
    bend = x * x * 0.00016
    return (x * (side * -0.04 + 1) + side * (y - 900) * x.sign() * 0.07).copy_memory(), (
        y + bend * (side * -1 + 1) + side * (x.abs() * -0.12 + 52)
    ).copy_memory()


def stripes() -> Image:
    """Mark the stripes of a sailor's jumper."""
    _, y = draped()
    stripe = y / 92
    stripe = (stripe - stripe.floor() - 0.5).abs()
    cloth = clouds(WIDTH, HEIGHT, 8, 2, seed=6) * 0.02
    return marks(smoothstep(stripe + cloth, 0.20, 0.185) * smoothstep(y, 850, 852))


def dots() -> Image:
    """Mark dots in staggered rows."""
    x, y = draped()
    row = (y / 56).floor()
    odd = (row / 2 - (row / 2).floor()) * 2
    across = x / 64 + odd * 0.5
    across, down = (across - across.floor() - 0.5) * 64, (y / 56 - row - 0.5) * 56
    return marks(smoothstep((across * across + down * down) ** 0.5, 12.2, 10.6))


def checks() -> Image:
    """Mark the checks of a flannel shirt: half where one stripe runs, all where two cross."""
    x, y = draped()
    runs = [one / 112 for one in (x, y)]
    bands = [smoothstep((run - run.floor() - 0.5).abs(), 0.262, 0.25) for run in runs]
    lines = [smoothstep((run - run.floor() - 0.5).abs() - 0.42, 0.0, 0.012) for run in runs]
    return marks(clamp(bands[0] * 0.46 + bands[1] * 0.46 + (lines[0] + lines[1]) * 0.3))


def marks(pattern: Image) -> Image:
    """Write a pattern of 0 to 1 as a mask."""
    return (clamp(pattern) * 255).rint().cast("uchar").copy(interpretation="b-w")


def backdrop() -> Image:
    """Light a wall of paper from the left, with the shadow of somebody who stands before it."""
    width, height = WIDTH // 2, HEIGHT // 2
    pool = smoothstep(distance(width, height, 220, 240), 720, 60)
    shape = cover(both(*(path(one, "#fff") for one in (*HEAD, NECK, SWEATER, SLEEVE))))
    shade = soft(shape.embed(90, 90, WIDTH, HEIGHT), 46).shrink(2, 2)
    light = (pool * 0.22 + 0.40) * (shade * -0.30 + 1) + clouds(width, height, 48, 5, seed=3) * 0.006
    gray = light * 255 + grain(width, height, 1.0, seed=2)
    return clamp(gray, 0, 255).rint().cast("uchar").copy(interpretation="b-w")
