"""The pictures of the golden tests: a landscape, a vase, a doll with its clothes; drawn in code, large, and reduced."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw

HERE = Path(__file__).parent
FINE = 4
"""How much larger a picture is drawn than it is, so that its edges are smooth."""
Draw = ImageDraw.ImageDraw
Box = tuple[int, int, int, int]
Paint = Callable[["Brush"], None]


class Brush:
    """Draws on a picture in units of its final pixels."""

    def __init__(self, image: Image.Image, left: int = 0, top: int = 0, unit: int = FINE) -> None:
        self.draw = ImageDraw.Draw(image)
        self.left, self.top, self.unit = left, top, unit

    def points(self, *numbers: float) -> list[tuple[float, float]]:
        """Give pairs of numbers as points of the large picture."""
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        return [((x - self.left) * self.unit, (y - self.top) * self.unit) for x, y in pairs]

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: str) -> None:
        (left, top), (right, bottom) = self.points(x0, y0, x1, y1)
        self.draw.rectangle((left, top, right - 1, bottom - 1), fill=fill)

    def disc(self, x: float, y: float, across: float, down: float, fill: str) -> None:
        (left, top), (right, bottom) = self.points(x - across, y - down, x + across, y + down)
        self.draw.ellipse((left, top, right, bottom), fill=fill)

    def shape(self, *numbers: float, fill: str) -> None:
        self.draw.polygon(self.points(*numbers), fill=fill)


def drawn(width: int, height: int, paint: Paint, ground: str = "#00000000") -> Image.Image:
    """Draw a picture on a ground, which is clear unless something else is said; its clear pixels are gray."""
    big = Image.new("RGBA", (width * FINE, height * FINE), ground)
    paint(Brush(big))
    small = big.convert("RGBa").resize((width, height), Image.Resampling.BOX).convert("RGBA")
    return small if len(ground) > len("#ffffff") else small.convert("RGB")


def piece(box: Box, paint: Paint, resolution: int = 1) -> Image.Image:
    """Draw what lies in a box of a larger picture, at a multiple of its resolution."""
    left, top, right, bottom = box
    width, height = (right - left) * resolution, (bottom - top) * resolution
    big = Image.new("RGBA", (width * FINE, height * FINE), "#00000000")
    paint(Brush(big, left, top, FINE * resolution))
    return big.convert("RGBa").resize((width, height), Image.Resampling.BOX).convert("RGBA")


def landscape(brush: Brush, width: int = 200, height: int = 150) -> None:
    """Sky, sun, hills and a house."""
    brush.box(0, 0, width, height, "#9fd0f5")
    brush.disc(width * 0.8, height * 0.22, 14, 14, "#ffd84a")
    brush.shape(0, height * 0.7, width * 0.3, height * 0.25, width * 0.62, height * 0.7, fill="#7d8fa8")
    brush.disc(width * 0.75, height, width * 0.55, height * 0.42, "#4f9a4a")
    brush.disc(width * 0.1, height, width * 0.5, height * 0.33, "#6db35a")
    brush.box(width * 0.4, height * 0.62, width * 0.6, height * 0.82, "#f3ead6")
    brush.shape(width * 0.37, height * 0.63, width * 0.5, height * 0.48, width * 0.63, height * 0.63, fill="#b0402f")
    brush.box(width * 0.47, height * 0.7, width * 0.53, height * 0.82, "#5a3b26")


def tower(brush: Brush) -> None:
    """A lighthouse, 90x160."""
    brush.box(0, 0, 90, 160, "#cfe6f7")
    brush.box(0, 125, 90, 160, "#3f78a8")
    brush.shape(30, 140, 60, 140, 54, 45, 36, 45, fill="#ffffff")
    for top in (55, 85, 115):
        brush.shape(36 - top * 0.02, top, 54 + top * 0.02, top, 55 + top * 0.02, top + 14, 35, top + 14, fill="#d23b3b")
    brush.box(38, 30, 52, 45, "#ffd84a")
    brush.shape(34, 30, 45, 18, 56, 30, fill="#333333")


def vase(brush: Brush) -> None:
    """A vase with a flower, 120x150, on nothing."""
    brush.box(58, 20, 62, 80, "#3c7a3c")
    brush.disc(60, 22, 16, 16, "#e8558a")
    brush.disc(60, 22, 6, 6, "#ffd84a")
    brush.disc(60, 105, 34, 34, "#b9b9b9")
    brush.box(48, 62, 72, 90, "#b9b9b9")
    brush.box(42, 58, 78, 66, "#8e8e8e")
    brush.disc(48, 98, 9, 14, "#e6e6e6")


def silhouette(brush: Brush) -> None:
    """What the vase covers, in white."""
    brush.box(58, 20, 62, 80, "#ffffff")
    brush.disc(60, 22, 16, 16, "#ffffff")
    brush.disc(60, 105, 34, 34, "#ffffff")
    brush.box(48, 62, 72, 90, "#ffffff")
    brush.box(42, 58, 78, 66, "#ffffff")


def wallpaper(brush: Brush, width: int = 120, height: int = 150) -> None:
    """Diamonds."""
    brush.box(0, 0, width, height, "#d9c7a3")
    for x in range(0, width + 20, 20):
        for y in range(0, height + 20, 20):
            brush.shape(x, y - 7, x + 7, y, x, y + 7, x - 7, y, fill="#8a6f45")


def studio(brush: Brush) -> None:
    """The vase in front of a wallpaper."""
    wallpaper(brush)
    vase(brush)


def label(brush: Brush) -> None:
    """A tag with a hole and a percent sign, 80x36."""
    brush.shape(0, 18, 16, 2, 78, 2, 78, 34, 16, 34, fill="#d62828")
    brush.disc(14, 18, 4, 4, "#ffffff")
    brush.disc(38, 12, 6, 6, "#ffffff")
    brush.disc(56, 25, 6, 6, "#ffffff")
    brush.shape(52, 6, 57, 6, 42, 30, 37, 30, fill="#ffffff")


def logo(brush: Brush) -> None:
    """A ring with a bar, 80x80."""
    brush.disc(40, 40, 38, 38, "#202040")
    brush.disc(40, 40, 24, 24, "#ffffff")
    brush.box(34, 2, 46, 78, "#202040")


def poster(brush: Brush) -> None:
    """A picture whose corners can be told apart, 120x160."""
    brush.box(0, 0, 120, 160, "#fff4d6")
    for x, y, color in ((0, 0, "#d62828"), (90, 0, "#2a9d3a"), (90, 130, "#e0b000"), (0, 130, "#2850d6")):
        brush.box(x, y, x + 30, y + 30, color)
    brush.disc(60, 80, 34, 34, "#404080")
    brush.shape(60, 52, 84, 98, 36, 98, fill="#fff4d6")


def doll(brush: Brush) -> None:
    """A mannequin, 100x200, that stands on 50,100."""
    brush.box(0, 0, 100, 200, "#eef0f4")
    skin = "#d9a679"
    brush.disc(50, 30, 13, 16, skin)
    brush.box(45, 42, 55, 54, skin)
    brush.shape(34, 52, 66, 52, 61, 84, 64, 112, 36, 112, 39, 84, fill=skin)
    brush.shape(34, 52, 27, 60, 23, 112, 29, 112, 34, 70, fill=skin)
    brush.shape(66, 52, 73, 60, 77, 112, 71, 112, 66, 70, fill=skin)
    brush.shape(37, 110, 49, 110, 48, 192, 40, 192, fill=skin)
    brush.shape(63, 110, 51, 110, 52, 192, 60, 192, fill=skin)


def tank_top(brush: Brush) -> None:
    brush.shape(36, 52, 42, 50, 45, 60, 55, 60, 58, 50, 64, 52, 61, 84, 63, 106, 37, 106, 39, 84, fill="#9a9a9a")
    brush.shape(41, 70, 59, 70, 58, 76, 42, 76, fill="#c8c8c8")


def skirt(brush: Brush) -> None:
    brush.shape(36, 104, 64, 104, 74, 146, 26, 146, fill="#355c9c")
    brush.box(36, 104, 64, 109, "#1d3560")


def jacket(brush: Brush) -> None:
    brush.shape(34, 51, 44, 49, 46, 116, 32, 116, 34, 80, 29, 112, 21, 112, 26, 58, fill="#6a4a8c")
    brush.shape(66, 51, 56, 49, 54, 116, 68, 116, 66, 80, 71, 112, 79, 112, 74, 58, fill="#6a4a8c")


def hat(brush: Brush) -> None:
    brush.disc(50, 20, 24, 5, "#808080")
    brush.shape(38, 20, 40, 4, 60, 4, 62, 20, fill="#a0a0a0")


def sunglasses(brush: Brush) -> None:
    brush.disc(44, 29, 5, 4, "#101010")
    brush.disc(56, 29, 5, 4, "#101010")
    brush.box(44, 27, 56, 29, "#101010")


def shoes(brush: Brush) -> None:
    brush.shape(38, 186, 49, 186, 49, 197, 30, 197, fill="#7a1f1f")
    brush.shape(62, 186, 51, 186, 51, 197, 70, 197, fill="#7a1f1f")


CLOTHES: dict[str, tuple[Box, Paint, int]] = {
    "tank-top": ((30, 46, 70, 112), tank_top, 1),
    "skirt": ((24, 102, 76, 148), skirt, 1),
    "jacket": ((20, 46, 80, 118), jacket, 2),
    "hat": ((24, 2, 76, 26), hat, 2),
    "sunglasses": ((38, 24, 62, 34), sunglasses, 1),
    "shoes": ((28, 184, 72, 198), shoes, 1),
}
"""Each piece: the part of the mannequin's picture that it is cut to, and at how many times its resolution."""


def stripes(first: int, last: int) -> Image.Image:
    """A mask of the sofa that is white in some of its columns and fades at both ends, 150x100."""
    mask = Image.new("L", (150, 100), 0)
    ImageDraw.Draw(mask).rectangle((first + 4, 30, last - 4, 80), fill=255)
    for step in range(4):
        shade = 51 * (step + 1)
        ImageDraw.Draw(mask).line((first + step, 30, first + step, 80), fill=shade)
        ImageDraw.Draw(mask).line((last - step, 30, last - step, 80), fill=shade)
    return mask


def sofa(brush: Brush) -> None:
    """Three gray cushions with light and shade, 150x100."""
    brush.box(0, 0, 150, 100, "#e9e2d4")
    brush.box(0, 84, 150, 100, "#9b7b52")
    for left in (10, 55, 100):
        brush.box(left, 30, left + 40, 80, "#8c8c8c")
        brush.disc(left + 20, 55, 14, 18, "#b8b8b8")
        brush.box(left, 74, left + 40, 80, "#5c5c5c")


def checks(size: int = 320, step: int = 2) -> Image.Image:
    """A fine checkerboard in a dark frame."""
    image = Image.new("L", (size, size), 255)
    draw = ImageDraw.Draw(image)
    for y in range(0, size, step):
        for x in range(step * (y // step % 2), size, 2 * step):
            draw.rectangle((x, y, x + step - 1, y + step - 1), fill=0)
    draw.rectangle((0, 0, size - 1, size - 1), outline=60, width=16)
    return image


def spectrum() -> Image.Image:
    """Red grows to the right, green downwards; blue falls to the right. 100x100."""
    right = Image.linear_gradient("L").rotate(90).resize((100, 100))
    down = Image.linear_gradient("L").resize((100, 100))
    return Image.merge("RGB", (right, down, right.point(lambda value: 255 - value)))


def make_scenes(folder: Path) -> Path:
    """Write the catalogs of the golden tests, and the pictures that they share."""
    images = folder / "scenes"
    images.mkdir(parents=True)
    drawn(200, 150, landscape, "#000000").save(images / "landscape.png")
    drawn(240, 80, lambda brush: landscape(brush, 240, 80), "#000000").save(images / "strip.png")
    drawn(90, 160, tower, "#000000").save(images / "tower.png")
    drawn(120, 150, vase).save(images / "vase.png")
    drawn(120, 150, studio, "#000000").save(images / "studio.png")
    drawn(120, 150, silhouette, "#000000").convert("L").save(images / "studio-mask.png")
    drawn(200, 200, lambda brush: wallpaper(brush, 200, 200), "#000000").save(images / "wallpaper.png")
    drawn(80, 36, label).save(images / "label.png")
    drawn(80, 80, logo).save(images / "logo.png")
    drawn(120, 160, poster, "#000000").save(images / "poster.png")
    drawn(100, 200, doll, "#000000").save(images / "doll.png")
    drawn(150, 100, sofa, "#000000").save(images / "sofa.png")
    for name, (box, paint, resolution) in CLOTHES.items():
        piece(box, paint, resolution).save(images / f"{name}.png")
    for number, left in enumerate((10, 55, 100), 1):
        stripes(left, left + 40).save(images / f"cushion-{number}.png")
    checks().save(images / "checks.png")
    spectrum().save(images / "spectrum.png")
    for path in (HERE / "golden-catalogs").glob("*.yaml"):
        catalog = folder / "catalogs" / path.stem
        catalog.mkdir(parents=True)
        shutil.copy(path, catalog / "catalog.yaml")
        shutil.copytree(images, catalog / "images")
    return folder
