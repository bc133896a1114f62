"""What stands by the lake: woods on the far shore, a headland with huts, and spruces close by."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFilter

from .brush import to_pil
from .drawing import box, circle, path, render, stroke
from .trees import plant

if TYPE_CHECKING:
    from .brush import Image as Vips
    from .view import Camera, Ground

Picture = Image.Image
NIGHT = (13, 17, 36)
LAMP = (255, 196, 110)
TREE = 0.024  # kilometres
COVER = 8  # the woods are looked up on a grid this coarse
FAR_HUTS = ((1840, 2535), (1905, 2540), (2430, 2537), (3290, 2534), (3330, 2538), (4900, 2538))
HUT = "".join(
    [
        box(12, 50, (76, 50), "#261c26"),
        box(70, 8, (8, 26), "#18141f"),
        path("M 0,56 L 50,4 L 100,56 Z", "#141222"),
        stroke("M 3,54 L 50,5 L 97,54", "#7a749e", 4),
        *(box(left, 64, (20, 20), "#ffc46e") + stroke(f"M {left + 10},64 v 20", "#5a3428", 2) for left in (22, 58)),
    ]
)
BOAT = "".join(
    [
        path("M 4,54 C 20,60 70,60 96,50 C 92,64 84,70 74,70 H 22 C 12,70 8,62 4,54 Z", "#15131f"),
        stroke("M 5,54 C 20,60 70,60 95,50", "#8d6a55", 2),
        path("M 34,56 C 32,42 38,34 44,34 C 51,34 54,44 54,57 Z", "#1b1826") + circle(44, 28, 6.5, "#241d26"),
        stroke("M 50,44 L 66,56 L 78,68", "#2b2430", 2.5),
        stroke("M 83,53 V 34", "#2b2430", 2) + circle(83, 33, 4.5, "#ffdf9c"),
    ]
)
SPRUCES = (  # foot, height, variant
    ((5860, 3900), 1500, 1),
    ((5480, 3960), 1180, 2),
    ((5660, 3990), 820, 4),
    ((5210, 4010), 560, 0),
    ((60, 3960), 1250, 3),
    ((330, 3990), 760, 5),
)


def grow_woods(picture: Picture, ground: Ground, woods: Vips, camera: Camera) -> None:
    """Plant the far shore from the back to the front, each tree in the colour of its place."""
    chance = random.Random(31)
    away = memoryview(ground.away.subsample(COVER, COVER).cast("float").write_to_memory()).cast("f")
    cover = bytes((woods * 255).subsample(COVER, COVER).cast("uchar").write_to_memory())
    across = camera.width // COVER
    row = float(len(away) // across * COVER - 1)
    spots: list[tuple[int, int, float]] = []
    while row > 0:
        column = chance.random() * 20
        nearest = 9.0
        while column < across * COVER - 1:
            cell = int(row) // COVER * across + int(column) // COVER
            height = TREE * camera.focal / away[cell]
            nearest = max(nearest, height)
            if height > 6 and chance.random() * 255 < cover[cell]:
                spots.append((round(column), round(row) + ground.top, height))
            column += height * chance.uniform(0.2, 0.7)
        row -= nearest * 0.26
    for x, y, height in reversed(spots):
        shade = chance.uniform(0.5, 0.9)
        tint = picture.getpixel((x, min(y, picture.height - 1)))
        colour = tuple(round(value * shade) for value in tint) if isinstance(tint, tuple) else NIGHT
        plant(picture, (x, y), height * chance.uniform(0.7, 1.25), colour, chance.randrange(6))


def build_far_huts(picture: Picture) -> None:
    """Set tiny huts with lit windows on the far shore."""
    for x, y in FAR_HUTS:
        hut(picture, (x, y), 20)


def hut(picture: Picture, foot: tuple[int, int], width: int) -> None:
    """Put up a hut with a snowy roof, warm windows and the glow around them."""
    spread = Image.new("L", (width * 3, width * 3))
    middle, radius = width * 1.5, width * 0.5
    ImageDraw.Draw(spread).circle((middle, middle), radius, fill=110)
    shine(picture, (foot[0], foot[1] - width // 3), spread.filter(ImageFilter.GaussianBlur(width * 0.35)))
    house = to_pil(render(width, width, f'<g transform="scale({width / 100})">{HUT}</g>'))
    picture.paste(house, (foot[0] - width // 2, foot[1] - width), house)


def boat(picture: Picture, place: tuple[int, int], width: int) -> None:
    """Let a boat with a lantern lie on the water, with its reflection and that of its light."""
    scale = width / 100
    mirror = f'<g opacity="0.5" transform="translate(0,140) scale(1,-1)">{BOAT}</g>'
    afloat = to_pil(render(width, round(width * 1.2), f'<g transform="scale({scale})">{BOAT}{mirror}</g>'))
    picture.paste(afloat, place, afloat)
    lantern = (place[0] + round(83 * scale), place[1] + round(33 * scale))
    halo, glint = Image.new("L", (width * 3, width * 3)), Image.new("L", (width * 3, width * 3))
    ImageDraw.Draw(halo).circle((width * 1.5, width * 1.5), width * 0.2, fill=255)
    draw, middle = ImageDraw.Draw(glint), width * 1.5
    for step in range(14):
        half, down = (10 - step * 0.5) * (1 + step % 3 * 0.5) * scale, middle + (52 + step * 6) * scale
        draw.line([middle - half, down, middle + half, down], fill=200 - step * 12, width=max(round(scale * 2), 2))
    shine(picture, lantern, halo.filter(ImageFilter.GaussianBlur(width * 0.2)))
    shine(picture, lantern, glint.filter(ImageFilter.GaussianBlur(width * 0.02)))


def shine(picture: Picture, centre: tuple[int, int], light: Image.Image) -> None:
    """Let lamplight fall around a point."""
    picture.paste(LAMP, (centre[0] - light.width // 2, centre[1] - light.height // 2), light)


def headland(width: int, height: int) -> Picture:
    """Draw a wooded headland with two huts on nothing; its waterline is the lower edge."""
    chance = random.Random(8)
    layer = Image.new("RGBA", (width, height), (*NIGHT, 0))
    crest = [height - 95 * (1 - (x / width) ** 2) ** 0.6 + chance.uniform(-3, 3) for x in range(0, width, 6)]
    outline = [(x * 6.0, y) for x, y in enumerate(crest)]
    for depth in range(260):
        x = chance.random() ** 0.8 * width * 0.86
        ground = crest[int(x) // 6] + depth * 0.12
        tall = chance.uniform(110, 250) * (1.15 - x / width) * (0.8 + depth / 900)
        tint = tuple(round(channel * (1.5 - depth / 430)) for channel in (20, 25, 50))
        plant(layer, (x, min(ground + 14, height - 12)), tall, (*tint, 255), chance.randrange(6))
    draw = ImageDraw.Draw(layer)
    draw.polygon([(0, height), *((x, y + 34) for x, y in outline), (width, height)], fill=(*NIGHT, 255))
    hut(layer, (round(width * 0.60), height - 26), 96)
    hut(layer, (round(width * 0.71), height - 20), 74)
    for tuft in range(700):
        x = chance.random() * width * 0.97
        y = crest[int(x) // 6] + 38 - tuft % 3
        draw.line([(x, y + 4), (x + chance.uniform(-4, 4), y - chance.uniform(2, 16))], fill=(26, 30, 52, 255))
    return layer


def foreground(picture: Picture) -> None:
    """Frame the view with the near bank, its grass and a few tall spruces."""
    chance = random.Random(77)
    width, height = picture.size
    for foot, tall, variant in SPRUCES:
        plant(picture, foot, tall, (9, 11, 25), variant)
    draw = ImageDraw.Draw(picture)
    left = [(x, height - 330 * max(0.0, 1 - x / 2300) ** 1.5 - 8) for x in range(0, 2400, 20)]
    right = [(x, height - 420 * max(0.0, (x - 3900) / 2100) ** 1.4 - 8) for x in range(3900, width + 20, 20)]
    for bank in (left, right):
        draw.polygon([(bank[0][0], height), *bank, (bank[-1][0], height)], fill=(7, 9, 20))
        for _ in range(2600):
            spot, root = chance.choice(bank)
            x, tip = spot + chance.uniform(-12, 12), chance.uniform(-30, 30)
            top = root - chance.uniform(20, 110) * chance.random() - 12
            blade = [(x, root + 14), (x + tip * 0.3, root * 0.4 + top * 0.6), (x + tip, top)]
            draw.line(blade, fill=(8, 10, 22), width=3)
