"""Large pictures, their pyramids, and how much replies differ."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Callable
from pathlib import Path

from commanding import run
from PIL import Image, ImageChops, ImageDraw
from serving import Client, Reply
from sites import QUIET

THRESHOLD = {**QUIET, "IMAGESERVER_PYRAMIDS__THRESHOLD": "200000"}
OFF = {**THRESHOLD, "IMAGESERVER_PYRAMIDS__BUILD": "off"}
AHEAD = {**THRESHOLD, "IMAGESERVER_PYRAMIDS__BUILD": "ahead"}
BACKGROUND = {**THRESHOLD, "IMAGESERVER_PYRAMIDS__BUILD": "background"}


def photo(width: int = 1501, height: int = 1003) -> Image.Image:
    """Noise at several scales, sharp edges, and colours: as hard to shrink as a photograph."""
    bands = []
    for band in range(3):
        coarse = Image.effect_noise((width // 40, height // 40), 90).resize((width, height), Image.Resampling.BICUBIC)
        fine = Image.effect_noise((width // (2 + band), height // (2 + band)), 60).resize((width, height))
        bands.append(Image.blend(coarse, fine, 0.4))
    image = Image.merge("RGB", bands)
    draw = ImageDraw.Draw(image)
    for step in range(12):
        draw.ellipse((step * 120, step * 70, step * 120 + 180, step * 70 + 140), outline=(255, 255, 20 * step), width=3)
    return image


def writing(width: int = 1203, height: int = 905) -> Image.Image:
    """Black and red letters on white."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    for line in range(0, height, 22):
        draw.text(
            (line % 13, line), "Sphinx of black quartz, judge my vow. " * 12, fill=("black", "red")[line % 4 // 2]
        )
    return image


def convert(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run(folder, "convert", *options, environment={**THRESHOLD, **environment})


def pyramids(folder: Path, ending: str = "pyramid") -> list[Path]:
    return sorted((folder / "state" / "pyramids").glob(f"*/*.{ending}"))


def counted(folder: Path) -> Callable[[], tuple[int, int]]:
    """Give what counts pyramids that are whole, and those that are not yet."""
    return lambda: (len(pyramids(folder)), len(pyramids(folder, "part")))


def ask(client: Client, url: str) -> Reply:
    reply = client.ask(f"/is/image/Co/{url}")
    assert reply.status == 200, reply.text
    return reply


def errors(one: Reply, other: Reply) -> list[int]:
    """Count the pixels' components by how much they differ."""
    assert one.image.mode == other.image.mode
    assert one.image.size == other.image.size
    counts = ImageChops.difference(one.image, other.image).histogram()
    return [sum(counts[value::256]) for value in range(256)]


def fidelity(one: Reply, other: Reply) -> float:
    """Give the PSNR between two replies, in dB."""
    counts = errors(one, other)
    error = sum(count * value**2 for value, count in enumerate(counts)) / sum(counts)
    return 10 * math.log10(255**2 / error) if error else math.inf


def largest_error(one: Reply, other: Reply) -> int:
    return max(value for value, count in enumerate(errors(one, other)) if count)
