"""The pictures and catalogs that are measured with: made by numbers, the same at every run, kept between runs."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Iterable
from pathlib import Path

import pyvips
from PIL import Image, ImageChops, ImageStat

SIZES = {
    "one": (1224, 816),
    "mid": (2400, 1600),
    "big": (6000, 4000),
    "huge": (12000, 8000),
    "square": (3000, 3000),
    "base": (1000, 1000),
}
PATTERN = (1500, 1000)
CLOUDS = ((768, 60), (384, 60), (192, 60))
SAME = 99.0
DETAIL = ((96, 60), (48, 60), (24, 50), (12, 40), (6, 30))
LAYERS = ("red", "green", "blue")
HOT_WIDTH = 351


def name(kind: str, number: int) -> str:
    """Give the name of a copy of a picture."""
    return f"{kind}{number:02}"


def names(kind: str, count: int) -> list[str]:
    """Give the names of all copies but the first, which is kept for checks."""
    return [name(kind, number) for number in range(1, count)]


def make(images: Path, wanted: Iterable[tuple[str, int]]) -> None:
    """Make the pictures that are missing, and the catalog of all that are there."""
    images.mkdir(parents=True, exist_ok=True)
    for kind, count in wanted:
        if kind == "layers":
            make_layers(images)
            continue
        missing = [path for number in range(count) if not (path := images / f"{name(kind, number)}.jpg").exists()]
        data = picture(SIZES[kind]).jpegsave_buffer(Q=92) if missing else b""
        for path in missing:
            write(path, with_comment(data, path.name))
    records = "".join(f"  {path.stem}: {{path: {path.name}}}\n" for path in sorted(images.glob("*.*g")))
    catalog = f"attributes: {{root_path: images, max_pix: [16000, 16000]}}\nimages:\n{records}"
    (images.parent / "catalog.yaml").write_text(catalog)


def write(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all."""
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)


def with_comment(jpeg: bytes, text: str) -> bytes:
    """Give a JPEG with a comment: other bytes, so that nobody can take two copies for one picture."""
    comment = text.encode()
    return jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + jpeg[2:]


@functools.cache
def pattern() -> pyvips.Image:
    """Draw coloured clouds with detail at all scales, hard edges and grain, as much of each as a photo has."""
    width, height = PATTERN
    edges = (pyvips.Image.worley(width, height, cell_size=500, seed=5) > 150).cast("float") * 0.25
    same = edges + pyvips.Image.gaussnoise(width, height, sigma=4, mean=113, seed=1)
    for size, strength in DETAIL:
        same += pyvips.Image.perlin(width, height, cell_size=size, seed=size) * strength
    bands = [same] * 3
    for size, strength in CLOUDS:
        colours = [pyvips.Image.perlin(width, height, cell_size=size, seed=size + band) for band in range(3)]
        bands = [band + colour * strength for band, colour in zip(bands, colours, strict=True)]
    return bands[0].bandjoin(bands[1:]).cast("uchar").copy(interpretation="srgb").copy_memory()


def picture(size: tuple[int, int]) -> pyvips.Image:
    """Fill a picture with the pattern, mirrored again and again."""
    row = pattern()
    while row.width < size[0]:
        row = row.join(row.fliphor(), "horizontal")
    while row.height < size[1]:
        row = row.join(row.flipver(), "vertical")
    return row.crop(0, 0, *size)


def make_layers(images: Path) -> None:
    """Make three pictures with soft round alpha, to be laid over `base`."""
    make_missing = [one for one in LAYERS if not (images / f"{one}.png").exists()]
    if not make_missing:
        return
    square = picture((1000, 1000))
    x_and_y = pyvips.Image.xyz(1000, 1000) - 500
    distance = (x_and_y[0] ** 2 + x_and_y[1] ** 2) ** 0.5
    alpha = ((1 - distance / 500) * 400).cast("uchar")
    for one, layer in zip(LAYERS, (square.fliphor(), square.flipver(), square.invert()), strict=True):
        write(images / f"{one}.png", layer.bandjoin(alpha).pngsave_buffer(compression=6))


def make_pyramids(images: Path, pyramids: Path) -> None:
    """Make tiled pyramids for servers that need them; copies of a picture share one."""
    pyramids.mkdir(parents=True, exist_ok=True)
    for path in sorted(images.glob("*.jpg")):
        made = pyramids / f"{path.stem}.tif"
        if made.exists():
            continue
        first = pyramids / f"{path.stem[:-2]}00.tif"
        if first.exists():
            os.link(first, made)
            continue
        image = pyvips.Image.new_from_file(str(path), access="sequential")
        image.tiffsave(
            str(made), tile=True, pyramid=True, tile_width=256, tile_height=256, compression="jpeg", Q=90, bigtiff=False
        )


def make_hot(images: Path, path: Path) -> None:
    """Make the reply of about 30 KB that floors send as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        smaller(images / f"{name('mid', 0)}.jpg", HOT_WIDTH).save(path, "JPEG", quality=85)


@functools.cache
def smaller(path: Path, width: int) -> Image.Image:
    """Decode a picture whole and scale it as exactly as possible: what replies are compared with."""
    with Image.open(path) as image:
        height = round(image.height * width / image.width)
        return image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)


def make_catalog(folder: Path, records: int) -> Path:
    """Make a folder of catalogs with so many records of one small picture."""
    catalogs = folder / f"catalogs-{records}"
    images = catalogs / "bench" / "images"
    images.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 64), (200, 80, 40)).save(images / "small.png")
    lines = [f"  record{number}: {{path: small.png, user_data: {{sku: {number}}}}}\n" for number in range(records)]
    (catalogs / "bench" / "catalog.yaml").write_text("attributes: {root_path: images}\nimages:\n" + "".join(lines))
    return catalogs


def levels_of(size: tuple[int, int], tile: int) -> list[tuple[int, int]]:
    """Give the sizes of the levels of a pyramid, the largest first, down to one that fits into a tile."""
    found = [size]
    while max(found[-1]) > tile:
        found.append((found[-1][0] // 2, found[-1][1] // 2))
    return found


def psnr(one: Image.Image, other: Image.Image) -> float:
    """Give the likeness of two pictures of the same size in dB; more is better, and `SAME` is all."""
    difference = ImageChops.difference(one.convert("RGB"), other.convert("RGB"))
    squares = sum(ImageStat.Stat(difference).sum2) / (3 * one.width * one.height)
    return 10 * math.log10(255**2 / squares) if squares else SAME
