"""Garments of the paper doll, drawn in its frame so that they fit, in grays that take any colour."""

from __future__ import annotations

from .brush import Image, clamp, clouds, columns, distance, rows, smoothstep
from .doll import HEIGHT, MIDDLE, SLEEVE, SWEATER, WIDTH, both, cover, cut_out, draped, laid, modelled, rounded
from .drawing import circle, path, soft, stroke

HATS = 700  # rows of the frame that hats are drawn in
NECKLINE = "M 462,676 C 492,722 544,752 602,752 L 602,790 C 528,790 464,750 436,700 Z"
COLLAR = "M 604,770 C 560,742 520,700 500,640 C 488,650 470,668 458,690 C 476,750 500,800 522,846 Z"
STAND = "M 602,762 C 556,742 520,704 498,642 L 512,630 C 530,680 562,706 602,716 Z"
DASHES = 'stroke-dasharray="7 5"'
BRIM = (
    "M 228,300 C 300,246 440,236 600,236 C 760,236 900,246 972,300 C 982,320 954,332 912,330 C 820,350 "
    "724,386 600,386 C 476,386 380,350 288,330 C 246,332 218,320 228,300 Z"
)
CROWN = (
    "M 420,312 C 416,210 440,104 486,62 C 520,36 560,60 600,66 C 640,60 680,36 714,62 C 760,104 784,210 "
    "780,312 C 700,332 500,332 420,312 Z"
)
RIBBON = (
    "M 418,312 C 417,290 418,268 420,242 C 520,262 680,262 780,242 C 782,268 783,290 782,312 C 700,334 "
    "500,334 418,312 Z"
)
DENTS = "M 520,66 C 545,118 580,128 600,128 C 620,128 655,118 680,66 C 650,60 630,78 600,80 C 570,78 550,60 520,66 Z"
CAP = "M 424,300 C 416,180 470,84 600,80 C 730,84 784,180 776,300 Z"
CUFF = (
    "M 412,232 C 408,214 420,206 440,208 C 540,220 660,220 760,208 C 780,206 792,214 788,232 C 796,268 "
    "796,300 790,322 C 786,336 776,340 760,338 C 660,350 540,350 440,338 C 424,340 414,336 410,322 C "
    "404,300 404,268 412,232 Z"
)
LOOPS = (
    (
        "M 492,612 C 470,586 446,606 440,644 C 434,684 436,706 458,722 C 510,782 690,782 742,722 C 764,706 "
        "766,684 760,644 C 754,606 730,586 708,612 C 680,660 520,660 492,612 Z"
    ),
    (
        "M 446,640 C 470,700 560,742 640,736 C 700,730 750,700 764,660 C 790,710 776,770 716,800 C 640,834 "
        "520,820 462,770 C 428,736 430,690 446,640 Z"
    ),
    (
        "M 486,776 C 540,800 600,806 640,786 C 664,840 676,960 684,1150 C 630,1172 560,1172 520,1160 C "
        "524,1000 510,880 486,776 Z"
    ),
)


def sweater() -> Image:
    """Knit a jumper with a round neck in ribs."""
    body, sleeves = cover(both(path(SWEATER, "#fff"))), cover(both(path(SLEEVE, "#fff")))
    collar = cover(both(path(NECKLINE, "#fff")))
    shape = clamp(body + sleeves + collar)
    x, y = draped()
    folds = wrinkles(seed=21) * 26
    heights = rounded(body, (150, 800), (30, 70)) + rounded(sleeves, (46, 210), (10, 34)) + folds * soft(shape, 20)
    mesh = knitted(x, y, 15)
    ribs = ribbed((columns(WIDTH, HEIGHT) - MIDDLE) * (smoothstep(rows(WIDTH, HEIGHT), 790, 650) * -0.25 + 1.0), 12)
    texture = laid(mesh, ribs, collar)
    light, _ = modelled(heights + soft(collar, 7) * 30 + soft(texture, 0.8) * 3.4)
    seam = soft(cover(both(stroke("M 336,748 C 366,800 362,880 356,970", "#fff", 3))), 2) * 0.25
    shade = soft(collar.embed(0, 16, WIDTH, HEIGHT), 9) * (collar * -1 + 1) * 0.30
    under = soft(sleeves, 16) * (sleeves * -1 + 1) * 0.5
    light = light * (texture * 0.34 + 0.76) * (shade * -1 + 1) * (seam * -1 + 1) * (under * -1 + 1)
    return cut_out(light * 0.66 + 0.03, shape)


def shirt() -> Image:
    """Sew a shirt with a collar, a placket, buttons and a pocket."""
    body, sleeves = (
        cover(both(path(SWEATER, "#fff"), path("M 478,690 L 500,642 L 602,770 L 602,760 Z", "#fff"))),
        cover(both(path(SLEEVE, "#fff"))),
    )
    collar, stand = cover(both(path(COLLAR, "#fff"))), cover(both(path(STAND, "#fff")))
    placket = cover(path("M 578,766 L 622,766 L 622,1520 L 578,1520 Z", "#fff"))
    pocket = cover(path("M 676,930 L 806,922 L 812,1060 L 748,1090 L 682,1066 Z", "#fff"))
    buttons = cover(*(circle(600, y, 10, "#fff") for y in range(850, 1500, 128)))
    holes = cover(
        *(circle(600 + dx, y + dy, 1.8, "#fff") for y in range(850, 1500, 128) for dx in (-3, 3) for dy in (-3, 3))
    )
    shape = clamp(body + sleeves + collar + stand)
    folds = wrinkles(seed=8) * 54 + creases() * 30
    heights = rounded(body, (150, 800), (30, 70)) + rounded(sleeves, (46, 210), (10, 34)) + folds * soft(shape, 20)
    heights = heights + soft(collar, 5) * 30 + soft(placket, 2) * 7 + soft(pocket, 2) * 6 + soft(buttons, 2) * 9
    light, gleam = modelled(heights)
    shade = Image.sum(
        [
            soft(one.embed(dx, dy, WIDTH, HEIGHT), blur) * (one * -1 + 1) * share
            for one, dx, dy, blur, share in (
                (collar, 6, 14, 9, 0.42), (sleeves, 0, 0, 16, 0.45), (placket, 4, 0, 4, 0.24),
                (pocket, 3, 5, 4, 0.22), (buttons, 2, 4, 3, 0.5),
            )
        ]
    )  # fmt: skip
    stitches = cover(
        both(
            stroke("M 512,668 C 530,716 566,752 596,772", "#fff", 1.6),
            stroke("M 470,694 C 486,742 506,790 524,830", "#fff", 2, DASHES),
        ),
        stroke("M 584,790 L 584,1500", "#fff", 1.8, DASHES) + stroke("M 616,790 L 616,1500", "#fff", 1.8, DASHES),
        stroke("M 682,938 L 802,930", "#fff", 1.8, DASHES),
        stroke("M 683,960 L 803,952", "#fff", 1.8, DASHES),
        both(stroke("M 336,748 C 366,800 362,880 356,970", "#fff", 2.4)),
    )
    inside = stand * (soft(stand, 10) * 0.5 + 0.2)
    light = light * (clamp(shade, 0, 0.8) * -1 + 1) * (soft(stitches, 0.7) * -0.30 + 1) * (holes * -0.6 + 1)
    return cut_out(light * (inside * -0.4 + 1) * twilled() * 0.72 + 0.02 + gleam * 0.03, shape)


def wrinkles(seed: int) -> Image:
    """Let cloth fall in soft folds that run down and a little outwards."""
    wide = clouds(WIDTH // 2, HEIGHT // 6, 96, 3, seed)
    return soft(wide.resize(2, vscale=6, kernel="linear").crop(0, 0, WIDTH, HEIGHT), 8)


def creases() -> Image:
    """Fold cloth at the elbows, under the arms and across the waist."""
    lines = both(
        *(stroke(one, "#fff", 15) for one in (
            "M 206,1090 C 250,1110 300,1100 330,1070", "M 196,1150 C 250,1150 300,1140 336,1108",
            "M 200,1230 C 240,1226 290,1200 318,1170", "M 372,900 C 400,960 450,1010 510,1040",
            "M 366,980 C 400,1040 440,1080 500,1110", "M 340,1300 C 420,1330 500,1330 560,1300",
            "M 338,1390 C 400,1400 470,1410 540,1380",
        ))
    )  # fmt: skip
    return soft(cover(lines), 17)


def twilled() -> Image:
    """Weave a fine twill, as a factor of light."""
    x, y = columns(WIDTH, HEIGHT), rows(WIDTH, HEIGHT)
    return ((x + y) * 72).sin() * 0.018 + ((x * 0.5 - y) * 90).sin() * 0.012 + 1


def knitted(x: Image, y: Image, pitch: float) -> Image:
    """Knit: columns of stitches, each a pair of legs that lean towards each other; 0 to 1."""
    across = x / pitch
    across = across - across.floor() - 0.5
    leg = (across.abs() * 360).sin().abs()
    phase = y / (pitch * 0.82) - across.abs() * 1.5
    stitch = ((phase - phase.floor()) * 180).sin()
    return leg * 0.55 + leg * stitch * 0.45


def ribbed(x: Image, pitch: float) -> Image:
    """Knit ribs: round ridges side by side, 0 to 1."""
    turns = x / pitch
    return ((turns - turns.floor()) * 180).sin()


def fedora() -> Image:
    """Block a felt hat: a pinched crown, a ribbon, a brim that dips in front."""
    brim, crown = cover(path(BRIM, "#fff"), height=HATS), cover(path(CROWN, "#fff"), height=HATS)
    ribbon, dents = cover(path(RIBBON, "#fff"), height=HATS), cover(path(DENTS, "#fff"), height=HATS)
    bow = cover(path("M 716,250 C 742,240 758,244 770,238 L 776,312 C 756,318 740,322 720,324 Z", "#fff"), height=HATS)
    felt = clouds(WIDTH, HATS, 8, 2, seed=5) * 0.5
    top, _ = modelled(rounded(crown, (70, 460), (20, 60)) - soft(dents, 14) * 120 + soft(ribbon, 2) * 8 + felt)
    rim, _ = modelled(rounded(brim, (34, 190), (9, 40)) + felt)
    rim = rim * (soft(crown.embed(10, 26, WIDTH, HATS), 18) * -0.45 + 1)
    folds = (rows(WIDTH, HATS) * 40).sin() * 0.03 + 1
    band = top * folds * (soft(bow.embed(-4, 3, WIDTH, HATS), 4) * (bow * -1 + 1) * -0.5 + 1) * 0.42
    return cut_out(laid(laid(rim, top, crown), band, ribbon) * 0.76 + 0.02, clamp(brim + crown))


def beanie() -> Image:
    """Knit a cap with a turned-up cuff and a bobble."""
    cap, cuff = cover(path(CAP, "#fff"), height=HATS), cover(path(CUFF, "#fff"), height=HATS)
    x, y = columns(WIDTH, HATS) - MIDDLE, rows(WIDTH, HATS)
    lean = x / (clamp((y - 40) / 190, 0.25, 1.0))
    ribs, cuffs = ribbed(lean, 17), ribbed(x + x * x.abs() * 0.0003, 19)
    stitches = ((y + x * x * 0.0002) * 30).sin() * 0.16 + 0.84
    top, _ = modelled(rounded(cap, (80, 480), (20, 60)) + soft(ribs, 1.4) * 9)
    roll, _ = modelled(rounded(cuff, (34, 170), (10, 34)) + soft(cuffs, 1.4) * 10)
    top = top * (ribs * stitches * 0.5 + 0.62) * (soft(cuff.embed(0, -8, WIDTH, HATS), 10) * -0.4 + 1)
    knit = laid(top, roll * (cuffs * stitches * 0.45 + 0.66), cuff)
    return cut_out(laid(knit, *bobble()) * 0.70 + 0.02, clamp(cap + cuff + bobble()[1]))


def bobble() -> tuple[Image, Image]:
    """Wind a ball of yarn: its light, and its ragged shape."""
    away = distance(WIDTH, HATS, MIDDLE, 84)
    angle = (rows(WIDTH, HATS) - 84).atan2(columns(WIDTH, HATS) - MIDDLE)
    fray = clouds(WIDTH, HATS, 12, 3, seed=9)
    shape = smoothstep(away + fray * 14 + (angle * 41).sin() * 2.5, 62, 56).copy_memory()
    light, _ = modelled(soft(shape, 26) * 150 + fray * 22)
    return (light * (fray * 0.5 + 0.92) * 1.15).copy_memory(), shape


def scarf() -> Image:
    """Wrap a woollen scarf twice about the neck and let one end hang."""
    x, y = columns(WIDTH, HEIGHT) - MIDDLE, rows(WIDTH, HEIGHT)
    picture, shape = None, None
    for step, loop in enumerate((LOOPS[2], LOOPS[1], LOOPS[0])):
        part = cover(path(loop, "#fff"))
        hangs = step == 0
        along = ribbed(x + (y - 776) * -0.05, 13) if hangs else ribbed(y - x * x * 0.0006 + x * (0.1 - step * 0.14), 13)
        cross = ((y if hangs else x) * 24).sin() * 0.14 + 0.86
        fold = soft((ribbed(x + 20, 74) if hangs else ribbed(y - x * x * 0.0012 + step * 24, 62)) * part, 6) * 34
        light, _ = modelled(rounded(part, (30, 170), (8, 40)) + fold + soft(along, 1.2) * 5)
        light = light * (along * cross * 0.36 + 0.72)
        if picture is None:
            picture, shape = light, part
        else:
            under = soft(part.embed(4, 20, WIDTH, HEIGHT), 14) * (part * -1 + 1)
            picture, shape = laid(picture * (under * -0.62 + 1), light, part), clamp(shape + part)
    return cut_out(fringed(picture) * 0.72 + 0.02, clamp(shape + fringe()))


def fringe() -> Image:
    """Knot the end of the scarf into tassels."""
    return cover(
        *(
            stroke(f"M {x},1150 q {-4 + i % 3 * 4},40 {-6 + i % 4 * 4},{72 + i % 3 * 7}", "#fff", 9)
            for i, x in enumerate(range(526, 684, 13))
        )
    )


def fringed(picture: Image) -> Image:
    """Light the tassels."""
    tassels = fringe()
    light, _ = modelled(rounded(tassels, (4, 22)))
    return laid(picture, light * 0.9, tassels * smoothstep(rows(WIDTH, HEIGHT), 1150, 1164))
