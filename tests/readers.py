"""Programs that read replies and know nothing of us: ImageMagick, exiftool, poppler, Ghostscript, libheif, libjxl."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

MAGICK, EXIFTOOL, GHOSTSCRIPT, HEIF, JXL = "convert-im6.q16", "exiftool", "gs", "heif-convert", "djxl"
POPPLER, POPPLER_IMAGES = "pdftoppm", "pdfimages"
PROGRAMS = (MAGICK, EXIFTOOL, POPPLER, POPPLER_IMAGES, GHOSTSCRIPT, HEIF, JXL, "jpegtran")
MISSING = [name for name in PROGRAMS if not shutil.which(name)]
needs_readers = pytest.mark.skipif(
    bool(MISSING) and not os.environ.get("CI"), reason=f"not installed: {', '.join(MISSING)}"
)
RAW = {"L": "gray", "LA": "rgba", "RGB": "rgb", "RGBA": "rgba", "CMYK": "cmyk"}
"""How ImageMagick names raw pixels; it knows no gray with alpha."""


def run(*command: str | Path) -> bytes:
    """Run a program that must succeed without a complaint about the file."""
    done = subprocess.run([str(word) for word in command], capture_output=True, timeout=60, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return done.stdout


def read_with_magick(file: Path, mode: str, size: tuple[int, int]) -> Image.Image:
    data = run(MAGICK, file, "-depth", "8", f"{RAW[mode]}:-")
    return Image.frombytes("RGBA" if mode == "LA" else mode, size, data)


def read_inks_with_alpha(file: Path, size: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
    """Inks and alpha of a file with five bands, which Pillow does not know."""
    data = run(MAGICK, file, "-depth", "8", "cmyka:-")
    bands = [Image.frombytes("L", size, data[band::5]) for band in range(5)]
    return Image.merge("CMYK", bands[:4]), bands[4]


def read_with_poppler(file: Path, mode: str, size: tuple[int, int]) -> Image.Image:
    """The page must look like the picture within it, which is given as it is stored; inks are left to Ghostscript."""
    if mode == "CMYK":
        return read_with_ghostscript(file, mode, size)
    page, stored = file.with_name("page"), file.with_name("stored")
    run(POPPLER, "-r", "72", "-png", "-singlefile", file, page)
    run(POPPLER_IMAGES, "-png", file, stored)
    shown, picture = Image.open(f"{page}.png").convert(mode), Image.open(f"{stored}-000.png")
    assert shown.size == picture.size
    assert max(ImageStat.Stat(ImageChops.difference(shown, picture.convert(mode))).mean) < 2.5
    return picture


def read_with_ghostscript(file: Path, mode: str, _: tuple[int, int]) -> Image.Image:
    device = {"L": "pnggray", "RGB": "png16m", "CMYK": "tiff32nc"}[mode]
    target = file.with_suffix(".page")
    said = run(GHOSTSCRIPT, "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-dEPSCrop", "-r72", f"-sDEVICE={device}",
               f"-sOutputFile={target}", file)  # fmt: skip
    assert not said, said
    return Image.open(target)


def read_with_libheif(file: Path, mode: str, _: tuple[int, int]) -> Image.Image:
    run(HEIF, file, file.with_suffix(".png"))
    picture = Image.open(file.with_suffix(".png"))
    assert picture.mode == mode
    return picture


def read_with_libjxl(file: Path, mode: str, _: tuple[int, int]) -> Image.Image:
    run(JXL, file, file.with_suffix(".png"))
    picture = Image.open(file.with_suffix(".png"))
    assert picture.mode == mode
    return picture


READERS = {
    "pdf": read_with_poppler,
    "eps": read_with_ghostscript,
    "heic": read_with_libheif,
    "avif": read_with_libheif,
    "jxl": read_with_libjxl,
}
"""Who reads which codec; ImageMagick the others."""


def told(file: Path) -> dict[str, str]:
    """What exiftool finds in a file, by the names of its tags."""
    lines = run(EXIFTOOL, "-s", "-s", "-e", file).decode("utf-8", "replace").splitlines()
    return dict(line.split(": ", 1) for line in lines if ": " in line)
