"""The job `encode`: what the settings of each encoder cost and give, on the same pixels; CPU of all threads."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

import pyvips
from PIL import Image

from bench.report import lines
from bench.sources import SIZES, picture, psnr
from imageserver.render.encoders import jpeg, still

TITLE = "### encode: the settings of encoders, on pixels that are there already"
HEADER = ("format and setting", "pixels", "KB", "CPU ms", "PSNR dB", "")
SIDES = (400, 1000)
TURNS = 3
Write = Callable[[pyvips.Image, Image.Image], bytes]


@dataclass(frozen=True, slots=True)
class Choice:
    """A setting of an encoder; `ours` is the one that replies are written with."""

    name: str
    write: Write
    ours: bool = False


def pillow_jpeg(*, progressive: bool, optimize: bool) -> Write:
    """Write as replies are written, but for these settings."""

    def write(_: pyvips.Image, image: Image.Image) -> bytes:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=85, subsampling=jpeg.HALVED, progressive=progressive, optimize=optimize)
        return file.getvalue()

    return write


def vips(saver: str, **settings: object) -> Write:
    """Write with libvips."""
    return lambda image, _: bytes(image.write_to_buffer(f".{saver}", keep="none", **settings))


CHOICES = (
    *(
        Choice(
            f"JPEG 85{', progressive' if progressive else ''}{', optimised' if optimize else ''}",
            pillow_jpeg(progressive=progressive, optimize=optimize),
            optimize == jpeg.OPTIMIZED or progressive,
        )
        for progressive in (False, True)
        for optimize in (False, True)
        if not (progressive and optimize)  # progressive JPEG is optimised anyway
    ),
    Choice("JPEG 85, trellis (mozjpeg)", vips("jpg", Q=85, trellis_quant=True, optimize_coding=True)),
    *(
        Choice(
            f"PNG level {level}, {rule}",
            vips("png", compression=level, filter=rule),
            (level, rule) == (still.PNG_COMPRESSION, still.PNG_FILTER),
        )
        for rule in ("none", "sub", "paeth", "all")
        for level in (1, 6, 9)
    ),
    *(
        Choice(f"WebP 80, effort {one}", vips("webp", Q=80, effort=one), one == still.WEBP_EFFORT)
        for one in (0, 2, 4, 6)
    ),
    *(
        Choice(
            f"WebP lossless, effort {one}", vips("webp", lossless=True, effort=one), one == still.WEBP_LOSSLESS_EFFORT
        )
        for one in (0, 2, 4, 6)
    ),
    *(
        Choice(f"AVIF 64, effort {one}", vips("avif", Q=64, effort=one), one == still.AVIF_EFFORT)
        for one in (0, 1, 2, 3)
    ),
)


def encoded(photos: Path | None) -> Iterator[str]:
    """Yield the lines of the table: means over the pictures, of sizes, of times and of PSNR."""
    rows: list[tuple[str, ...]] = []
    for side in SIDES:
        pictures = [pixels(path, side) for path in sorted(photos.glob("*.*g"))] if photos else [pixels(None, side)]
        for choice in CHOICES:
            found = [tried(choice, *one) for one in pictures]
            size, cpu, quality = (mean(numbers) for numbers in zip(*found, strict=True))
            row = (choice.name, str(side), f"{size / 1000:.1f}", f"{cpu * 1000:.1f}", f"{quality:.1f}")
            rows.append((*row, "ours" if choice.ours else ""))
    yield TITLE
    yield ""
    yield from lines(HEADER, rows)
    yield ""


def pixels(path: Path | None, side: int) -> tuple[pyvips.Image, Image.Image]:
    """Give a picture of a width, painted or of a file, for both libraries."""
    whole = picture(SIZES["one"]) if path is None else pyvips.Image.new_from_file(str(path)).colourspace("srgb")[:3]
    image = whole.resize(side / whole.width, kernel="lanczos3").cast("uchar").copy_memory()
    return image, Image.frombytes("RGB", (image.width, image.height), image.write_to_memory())


def tried(choice: Choice, image: pyvips.Image, reference: Image.Image) -> tuple[int, float, float]:
    """Give bytes, seconds of CPU, and PSNR of a setting on a picture."""
    seconds = []
    for _ in range(TURNS):
        start = time.process_time()
        written = choice.write(image, reference)
        seconds.append(time.process_time() - start)
    return len(written), median(seconds), psnr(Image.open(io.BytesIO(written)).convert("RGB"), reference)
