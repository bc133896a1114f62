"""Where pixels end up, and what they are: tiles, resampling, alpha, orientation."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from pictures import GREEN, RED, quadrants
from PIL import Image, ImageChops, ImageDraw
from serving import Client, serving
from sites import QUIET

from imageserver.commands.delivery import ResMode

MODES: list[ResMode] = ["bilin", "bicub", "sharp2", "bisharp"]
CATALOG = "attributes: {root_path: images, default_pix: [0, 0], jpeg_quality: [100, 1]}\n"
WIDTH, HEIGHT = 397, 301
"""The detailed picture; neither side has a divisor in common with anything."""


def noise(size: tuple[int, int], contrast: int) -> Image.Image:
    """Random grays about the middle, the same in each run."""
    data = random.Random(contrast).randbytes(size[0] * size[1])  # noqa: S311, no secret
    return Image.frombytes("L", size, data).point(lambda value: 128 + (value - 128) * contrast // 128)


def detailed() -> Image.Image:
    """Edges, thin lines and texture everywhere, so that every shift and every seam shows."""
    image = noise((WIDTH, HEIGHT), 60).convert("RGB")
    draw = ImageDraw.Draw(image)
    for step in range(0, WIDTH, 13):
        draw.line((step, 0, WIDTH - step, HEIGHT), fill=(step % 256, 255 - step % 256, 40), width=1 + step % 3)
        draw.ellipse((step, step // 2, step + 29, step // 2 + 17), outline=(255, 255, step % 200))
    return image


def fringe() -> Image.Image:
    """A red disc; what is transparent is bright green, which nobody may ever see."""
    image = Image.new("RGBA", (240, 240), (*GREEN, 0))
    ImageDraw.Draw(image).ellipse((40, 40, 200, 200), fill=(*RED, 255))
    return image


def smooth(size: tuple[int, int]) -> Image.Image:
    """A photograph in its statistics: soft shapes and fine grain."""
    shapes = noise((60, 40), 110).resize(size, Image.Resampling.BICUBIC)
    grain = noise(size, 20)
    ramp = Image.linear_gradient("L").resize(size)
    return Image.merge("RGB", (shapes, Image.blend(shapes, grain, 0.5), Image.blend(shapes, ramp, 0.5)))


def checkerboard(size: int = 256) -> Image.Image:
    """Single pixels, black and white."""
    image = Image.new("L", (size, size))
    image.putdata([255 * ((x + y) % 2) for y in range(size) for x in range(size)])
    return image


def asymmetric() -> Image.Image:
    """A picture that differs from all its mirror images and turns."""
    image = quadrants(80, 60)
    ImageDraw.Draw(image).rectangle((0, 0, 29, 9), fill=(255, 255, 255))
    return image


LYING = {
    1: [],
    2: [Image.Transpose.FLIP_LEFT_RIGHT],
    3: [Image.Transpose.ROTATE_180],
    4: [Image.Transpose.FLIP_TOP_BOTTOM],
    5: [Image.Transpose.TRANSPOSE],
    6: [Image.Transpose.ROTATE_90],
    7: [Image.Transpose.TRANSVERSE],
    8: [Image.Transpose.ROTATE_270],
}
"""How a picture is stored that an EXIF orientation brings upright again."""


def stored(orientation: int) -> tuple[Image.Image, Image.Exif]:
    """Give a picture as a camera stores it, with the EXIF data that say how it is turned."""
    image, exif = asymmetric(), Image.Exif()
    for transpose in LYING[orientation]:
        image = image.transpose(transpose)
    exif[0x0112] = orientation
    return image, exif


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("rendering")
    images = folder / "catalogs" / "Co" / "images"
    images.mkdir(parents=True)
    (images.parent / "catalog.yaml").write_text(CATALOG)
    detailed().save(images / "detail.png")
    fringe().save(images / "fringe.png")
    Image.merge("LA", (Image.new("L", (90, 90), 255), Image.radial_gradient("L").resize((90, 90)))).save(
        images / "la.png"
    )
    checkerboard().save(images / "checks.png")
    smooth((1600, 1200)).save(images / "photo.jpg", quality=95, subsampling=0)
    smooth((1599, 1197)).save(images / "odd.jpg", quality=95, subsampling=0)
    for orientation in LYING:
        image, exif = stored(orientation)
        image.save(images / f"turned{orientation}.jpg", quality=100, subsampling=0, exif=exif)
        image.save(images / f"turned{orientation}.png", exif=exif)
        image.save(images / f"turned{orientation}.webp", lossless=True, exif=exif)
        image.save(images / f"turned{orientation}.tif", tiffinfo={0x0112: orientation})
    with serving(folder, environment=QUIET) as client:
        yield client


def shown(client: Client, commands: str, picture: str = "detail.png") -> Image.Image:
    """Ask for a picture as PNG."""
    reply = client.ask(f"/is/image/Co/{picture}?{commands}&fmt=png-alpha")
    assert reply.status == 200, reply.text
    return reply.image


def greatest_difference(one: Image.Image, other: Image.Image) -> int:
    """Give the most that any component of any pixel differs."""
    assert one.size == other.size
    extrema = ImageChops.difference(one.convert("RGBA"), other.convert("RGBA")).split()
    return max(int(band.getextrema()[1]) for band in extrema)  # type: ignore[arg-type]


def pixels_of(image: Image.Image) -> list[tuple[int, ...]]:
    """Give red, green, blue and alpha of all pixels."""
    data = image.convert("RGBA").tobytes()
    return [tuple(data[start : start + 4]) for start in range(0, len(data), 4)]


def signal_to_noise(one: Image.Image, other: Image.Image) -> float:
    """Give the PSNR in decibels."""
    assert one.size == other.size
    histogram = ImageChops.difference(one.convert("RGB"), other.convert("RGB")).histogram()
    error = sum(count * (index % 256) ** 2 for index, count in enumerate(histogram)) / (one.width * one.height * 3)
    return 10 * math.log10(255**2 / error) if error else math.inf


VIEWS = [
    "scl=1",
    "wid=251",
    "wid=40",
    "wid=131&hei=200&fit=stretch",
    "scl=1.1",
    "scl=3.7",
    "wid=600&fit=fit,1",
    "scl=0.4",
    "wid=180&hei=120&fit=crop",
    "wid=300&hei=300",
    "scl=2&rotate=90",
    "scl=2&rotate=180",
    "scl=1.5&rotate=30",
    "scl=1.5&rotate=-77.5&bgColor=0,0,255",
    "wid=150&op_blur=6",
    "wid=150&layer=0&op_blur=6",
    "wid=150&op_usm=2,5,0",
    "wid=150&op_usmR=3,4,2",
    "wid=150&op_sharpen=1",
    "wid=150&op_grow=4",
    "wid=150&op_noise=30",
    "wid=150&op_colorize=90,40,10",
    "wid=150&op_colorize=90,40,10,norm,80",
    "wid=173&crop=50,40,111,97",
    "wid=173&crop=-50,-40,300,260",
    "wid=171&flip=lr",
    "wid=171&flip=ud",
    "wid=171&layer=0&flip=lrud",
    "wid=171&extend=10,20,30,40&bgColor=9,9,9",
    "wid=150&rgn=100,80,120,110",
    "wid=170&rotate=20&crop=30,30,300,200&flip=lr&op_blur=3&extend=7,7,7,7",
]


@pytest.mark.parametrize("view", VIEWS)
def test_tiles_are_pieces_of_the_whole(client: Client, view: str) -> None:
    """To the pixel: resampling, sharpening and blurring see their neighbours across the edges of tiles."""
    whole = shown(client, view)
    width, height = whole.size
    left, top = width // 3, height // 3
    rects = [
        (0, 0, left, top),
        (left, top, left, top),
        (left + 2, top + 3, 1, 1),
        (2 * left, 2 * top, width - 2 * left, height - 2 * top),
    ]
    for x, y, w, h in rects:
        tile = shown(client, f"{view}&rect={x},{y},{w},{h}")
        piece = whole.crop((x, y, x + w, y + h))
        assert greatest_difference(tile, piece) == 0, f"rect={x},{y},{w},{h}"


def test_tiles_make_up_the_whole(client: Client) -> None:
    """As a zoom viewer asks for them, at a scale with a remainder."""
    whole = shown(client, "scl=1.37")
    made = Image.new("RGBA", whole.size)
    for top in range(0, whole.height, 128):
        for left in range(0, whole.width, 128):
            tile = shown(client, f"req=tile&scl=1.37&rect={left},{top},128,128")
            assert tile.size == (128, 128)
            made.paste(tile, (left, top))
    assert greatest_difference(whole, made) == 0


@pytest.mark.parametrize(
    "url",
    [
        "wid=300&hei=300&rect=280,270,10,10",
        "scl=1&rect=1000,0,50,50",
        "scl=1&rect=-60,0,50,50",
        "scl=1&rect=0,-60,50,50",
        "scl=2&rotate=30&rect=9,999,7,5",
        "wid=173&crop=50,40,111,97&rect=153,1,20,20",
        "wid=100&layer=0&crop=1000,1000,50,50",
    ],
)
def test_what_lies_outside_of_the_picture_is_background(client: Client, url: str) -> None:
    """r-rect: "Any areas of the ROI extending outside the view image are padded with bgc="."""
    reply = client.ask(f"/is/image/Co/detail.png?{url}&bgc=00ff00&fmt=png")
    assert reply.status == 200, reply.text
    assert reply.image.getcolors() == [(reply.image.width * reply.image.height, GREEN)]


@pytest.mark.parametrize("scale", [0.25, 0.5, 0.77])
def test_scaled_tiles_are_pieces_of_the_scaled_view(client: Client, scale: float) -> None:
    whole = shown(client, f"scl=1&rect=0,0,0,0,{scale}")
    tile = shown(client, f"scl=1&rect=20,30,40,25,{scale}")
    assert whole.size == (int(WIDTH * scale + 0.5), int(HEIGHT * scale + 0.5))
    assert greatest_difference(tile, whole.crop((20, 30, 60, 55))) == 0


@pytest.mark.parametrize("factor", [2, 3, 4, 7])
@pytest.mark.parametrize("mode", MODES)
def test_enlarging_does_not_shift(client: Client, factor: int, mode: str) -> None:
    """An edge between two pixels stays between the enlarged ones: the picture and its mirror image agree."""
    commands = f"wid={WIDTH * factor}&fit=fit,1&rgn=0,0,{WIDTH},{HEIGHT}&resMode={mode}&rect=100,100,300,200"
    one = shown(client, commands)
    width, height = WIDTH * factor, HEIGHT * factor
    mirrored = commands.replace("rect=100,100", f"rect={width - 400},{height - 300}")
    other = shown(client, f"{mirrored}&layer=0&flip=lrud").transpose(Image.Transpose.ROTATE_180)
    assert greatest_difference(one, other) <= 2


@pytest.mark.parametrize("commands", ["wid=200", "wid=60", "wid=100&hei=31&fit=stretch", "scl=1.5", "scl=1", "scl=9"])
@pytest.mark.parametrize("mode", ["bilin", "bicub", "sharp2"])
def test_mirror_images_agree(client: Client, commands: str, mode: str) -> None:
    """Resampling has no direction. Odd sizes leave fractions of pixels, which may be seen only faintly."""
    one = shown(client, f"{commands}&resMode={mode}")
    other = shown(client, f"{commands}&resMode={mode}&layer=0&flip=lrud").transpose(Image.Transpose.ROTATE_180)
    assert signal_to_noise(one, other) > 38


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "commands", ["wid=60", "wid=97", "scl=1.3", "wid=500&fit=fit,1", "rotate=33", "op_blur=8", "scl=7"]
)
def test_invisible_colours_never_bleed(client: Client, commands: str, mode: str) -> None:
    """Neither as a green fringe nor as a dark one: whatever is seen at all is pure red."""
    image = shown(client, f"{commands}&resMode={mode}", "fringe.png")
    seen = [pixel for pixel in pixels_of(image) if pixel[3] >= 16]
    assert len(seen) > 50
    assert min(red for red, _, _, _ in seen) >= 240
    assert max(max(green, blue) for _, green, blue, _ in seen) <= 12


def test_edge_over_white_is_between_red_and_white(client: Client) -> None:
    """What a client of JPEG sees of it: no darker and no greener pixel than the two colours that meet."""
    reply = client.ask("/is/image/Co/fringe.png?wid=70&fmt=png&bgc=ffffff")
    for red, green, blue, _ in pixels_of(reply.image):
        assert red >= 250
        assert abs(green - blue) <= 2


def test_gray_with_alpha_keeps_its_gray(client: Client) -> None:
    image = shown(client, "wid=31", "la.png")
    assert min(pixel[0] for pixel in pixels_of(image) if pixel[3] >= 16) >= 250


@pytest.mark.parametrize(
    "commands", ["wid=32", "wid=30", "scl=8", "scl=7.3", "wid=32&rotate=90", "wid=40&hei=20&fit=stretch"]
)
@pytest.mark.parametrize("mode", MODES)
def test_reduction_is_antialiased(client: Client, commands: str, mode: str) -> None:
    """Single pixels of black and white are gray once they are too small to be seen; no moiré."""
    image = shown(client, f"{commands}&resMode={mode}", "checks.png").convert("L")
    low, high = image.crop((2, 2, image.width - 2, image.height - 2)).getextrema()
    assert 118 <= low <= high <= 138  # type: ignore[operator]


@pytest.mark.parametrize("picture", ["photo.jpg", "odd.jpg"])
@pytest.mark.parametrize(
    "commands", ["wid=100", "wid=64", "scl=9", "scl=17", "wid=90&crop=208,328,904,704", "wid=50&flip=ud"]
)
def test_decoding_at_a_reduced_size_is_close(client: Client, picture: str, commands: str) -> None:
    """The same pixels as a PNG have to be decoded in full."""
    images = client.folder / "catalogs" / "Co" / "images"
    full = images / f"{picture}.png"
    if not full.exists():
        Image.open(images / picture).save(full)
    assert signal_to_noise(shown(client, commands, picture), shown(client, commands, full.name)) > 35


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("orientation", LYING)
def test_orientation_is_applied(client: Client, orientation: int, suffix: str) -> None:
    """All eight show the same picture, in whatever way its rows are stored."""
    image = shown(client, "scl=1", f"turned{orientation}.{suffix}")
    assert image.size == (80, 60)
    assert signal_to_noise(image, asymmetric()) > 30


@pytest.mark.parametrize("orientation", LYING)
@pytest.mark.parametrize("commands", ["crop=10,5,40,30", "wid=20", "rotate=90", "flip=lr&wid=40", "rect=3,4,30,20"])
def test_commands_count_in_the_picture_as_shown(client: Client, orientation: int, commands: str) -> None:
    one, other = (shown(client, commands, f"turned{number}.png") for number in (1, orientation))
    assert greatest_difference(one, other) <= 1


def test_orientation_may_be_left_alone(client: Client, tmp_path: Path) -> None:
    """attribute::ApplyOrientation 0 is what the reference's server does."""
    images = tmp_path / "catalogs" / "Co" / "images"
    images.mkdir(parents=True)
    (images.parent / "catalog.yaml").write_text("attributes: {root_path: images, apply_orientation: 0}")
    name = "turned6.png"
    (images / name).write_bytes((client.folder / "catalogs" / "Co" / "images" / name).read_bytes())
    with serving(tmp_path, environment=QUIET) as other:
        image = shown(other, "scl=1", name)
        assert image.size == (60, 80)
        assert greatest_difference(image, stored(6)[0]) == 0


def test_same_size_is_the_same_pixels(client: Client) -> None:
    assert greatest_difference(shown(client, "scl=1"), detailed_as_stored(client)) == 0


@pytest.mark.parametrize("box", [(0, 0, 50, 40), (7, 11, 200, 100), (390, 290, 7, 11)])
def test_crop_is_the_same_pixels(client: Client, box: tuple[int, int, int, int]) -> None:
    x, y, w, h = box
    piece = detailed_as_stored(client).crop((x, y, x + w, y + h))
    assert greatest_difference(shown(client, f"crop={x},{y},{w},{h}"), piece) == 0


@pytest.mark.parametrize(
    ("commands", "transpose"),
    [
        ("rotate=90", Image.Transpose.ROTATE_270),
        ("rotate=180", Image.Transpose.ROTATE_180),
        ("rotate=-90", Image.Transpose.ROTATE_90),
        ("rotate=270", Image.Transpose.ROTATE_90),
        ("flip=lr", Image.Transpose.FLIP_LEFT_RIGHT),
        ("flip=ud", Image.Transpose.FLIP_TOP_BOTTOM),
        ("flip=lrud", Image.Transpose.ROTATE_180),
    ],
)
def test_quarters_and_mirrors_are_exact(client: Client, commands: str, transpose: Image.Transpose) -> None:
    assert greatest_difference(shown(client, commands), detailed_as_stored(client).transpose(transpose)) == 0


def detailed_as_stored(client: Client) -> Image.Image:
    """Open the detailed picture, which is not the same in each run."""
    data = (client.folder / "catalogs" / "Co" / "images" / "detail.png").read_bytes()
    return Image.open(io.BytesIO(data))
