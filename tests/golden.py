"""Reference pictures: `golden/<name>.png` are what a picture has to look like, within a tolerance.

They are written only under `GOLDEN_WRITE=1`; look at each before it is committed. A failure keeps the picture, the
reference and ten times their difference in `golden-failures/`.
"""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image, ImageChops

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
FAILURES = HERE / "golden-failures"
WRITES = "GOLDEN_WRITE"
LIMIT = 30_000
"""Bytes that a reference picture may have."""
VISIBLE = 10
"""A difference of pictures is kept this many times as strong, so that it is seen."""


def check(name: str, image: Image.Image, tolerance: int = 2) -> None:
    """Compare a picture with its reference, or make it the reference if the environment says so."""
    path = GOLDEN / f"{name}.png"
    if os.environ.get(WRITES) == "1":
        write(path, image)
    assert path.is_file(), f"there is no {path}: write it with {WRITES}=1, and look at it"
    assert path.stat().st_size < LIMIT, f"{path} has {LIMIT} bytes or more: take a smaller picture"
    with Image.open(path) as expected:
        differs = difference(image, expected)
    if differs is not None and worst(differs) <= tolerance:
        return
    kept = keep(name, image, path, differs)
    what = f"differs by {worst(differs)}, not {tolerance}" if differs else "has another size or mode"
    raise AssertionError(f"{name} {what}: see {', '.join(map(str, kept))}")


def write(path: Path, image: Image.Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, optimize=True, icc_profile=None, exif=b"")


def difference(image: Image.Image, expected: Image.Image) -> Image.Image | None:
    """Give the difference of each band; None if the pictures cannot be compared."""
    if image.size != expected.size or image.mode != expected.mode:
        return None
    return ImageChops.difference(image.convert("RGBA"), expected.convert("RGBA"))


def worst(differs: Image.Image) -> int:
    return max(int(high) for _, high in differs.getextrema())  # type: ignore[misc]


def strong(differs: Image.Image) -> Image.Image:
    """Show a difference, that of the alphas as white."""
    red, green, blue, alpha = (band.point(lambda value: min(255, value * VISIBLE)) for band in differs.split())
    return Image.merge("RGB", [ImageChops.lighter(band, alpha) for band in (red, green, blue)])


def keep(name: str, image: Image.Image, path: Path, differs: Image.Image | None) -> list[Path]:
    """Write what a person needs to see why a picture failed."""
    FAILURES.mkdir(exist_ok=True)
    start = FAILURES / name.replace("/", "-")
    pictures = {"actual": image, "expected": Image.open(path)}
    if differs is not None:
        pictures["difference"] = strong(differs)
    kept = []
    for kind, picture in pictures.items():
        kept.append(start.with_name(f"{start.name}-{kind}.png"))
        picture.save(kept[-1])
    return kept
