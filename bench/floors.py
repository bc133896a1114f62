"""The plainest programs that do the same work, each a process of its own: `python floors.py WORK IMAGES`.

It makes one picture, says `ready`, and then for each line on its standard input, a number of seconds, works so long and
answers with a line of JSON: the seconds that each picture took, and how many all took together.
"""

from __future__ import annotations

import io
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pymupdf_fonts
import pyvips
from PIL import Image, ImageDraw, ImageFilter, ImageFont

LAYERS = ("red", "green", "blue")
STEP = 3
WORDS, WORDS_SIZE, WORDS_AT = "Three layers and words", 60, (50, 700)
Work = Callable[[Path, int], bytes]


def main(work: str, images: str) -> None:
    """Answer each line of the standard input."""
    make, folder = WORKS[work], Path(images)
    numbers = itertools.cycle(range(100))
    make(folder, next(numbers))
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(timed(make, folder, numbers, float(line))), flush=True)


def timed(make: Work, folder: Path, numbers: Iterator[int], seconds: float) -> dict[str, object]:
    """Make pictures until the time is over."""
    times: list[float] = []
    start = end = time.perf_counter()
    while end - start < seconds:
        before = end
        make(folder, next(numbers))
        end = time.perf_counter()
        times.append(end - before)
    return {"times": times, "seconds": end - start}


def pillow(folder: Path, number: int) -> bytes:
    """Scale a large JPEG as Pillow does it best: the decoder shrinks, Lanczos does the rest."""
    width = 201 + STEP * number
    with Image.open(folder / "big00.jpg") as image:
        height = image.height * width // image.width
        image.draft("RGB", (width * 2, height * 2))
        return saved(image.resize((width, height), Image.Resampling.LANCZOS))


def vips(folder: Path, number: int) -> bytes:
    """Scale a large JPEG with libvips alone."""
    image = pyvips.Image.thumbnail(str(folder / "big00.jpg"), 201 + STEP * number, height=10000)
    return bytes(image.jpegsave_buffer(Q=85))


def libjpeg(folder: Path, _number: int) -> bytes:
    """Scale a large JPEG to an eighth with the programs of libjpeg."""
    decode = ["djpeg", "-scale", "1/8", str(folder / "big00.jpg")]
    with subprocess.Popen(decode, stdout=subprocess.PIPE) as decoder:
        done = subprocess.run(
            ["cjpeg", "-quality", "85"],  # noqa: S607
            stdin=decoder.stdout,
            capture_output=True,
            check=True,
        )
    return done.stdout


def composed(folder: Path, number: int) -> Image.Image:
    """Lay three layers over a base."""
    with Image.open(folder / "base00.jpg") as image:
        base = image.convert("RGBA")
    for place, name in enumerate(LAYERS, 1):
        with Image.open(folder / f"{name}.png") as layer:
            canvas = Image.new("RGBA", base.size)
            canvas.paste(layer, (10 * place + number, place))
        base = Image.alpha_composite(base, canvas)
    return base.convert("RGB")


def composition(folder: Path, number: int) -> bytes:
    """Make the composition."""
    return saved(composed(folder, number))


def lettered(folder: Path, number: int) -> bytes:
    """Make the composition with words on it and an unsharp mask over it."""
    image = composed(folder, number)
    ImageDraw.Draw(image).text(WORDS_AT, WORDS, "black", typeface(), anchor="ls")
    return saved(image.filter(ImageFilter.UnsharpMask(radius=2, percent=100, threshold=0)))


@cache
def typeface() -> ImageFont.FreeTypeFont:
    """Open the face that our text has."""
    return ImageFont.truetype(io.BytesIO(pymupdf_fonts.myfont("figo")), WORDS_SIZE)


def saved(image: Image.Image) -> bytes:
    """Encode a picture."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    """Decode a picture that was made here."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


WORKS: dict[str, Work] = {
    "pillow": pillow,
    "pyvips": vips,
    "djpeg+cjpeg": libjpeg,
    "composition": composition,
    "composition-text": lettered,
}


if __name__ == "__main__":
    main(*sys.argv[1:])
