"""A source → its pyramid, in a worker process: each level is what reading the source at that reduction gives.

The level of full size of a JPEG is JPEG again, with its own quantization, which hardly changes it. What that harms,
other files, and all smaller levels are kept without loss, so that replies made from them are the same to the byte.
"""

from __future__ import annotations

import fcntl
import io
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal

from PIL import Image as Pillow
from PIL import ImageChops

from imageserver.config import Limits
from imageserver.errors import BadSource
from imageserver.layout.facts import Facts
from imageserver.layout.layout import LaidSource
from imageserver.layout.levels import DECODER_REDUCES, largest_reduction
from imageserver.protocol.values import Rect, Size
from imageserver.render.alpha import has_alpha
from imageserver.render.container import TILE, Codec, LevelFacts, Writer
from imageserver.render.drawing import check
from imageserver.render.engine import Error, Image
from imageserver.render.exchange import to_pillow
from imageserver.render.probe import probe
from imageserver.render.sources import averaged, first_line, read_file, sniff, squares
from imageserver.store.durable import flush

Compression = Literal["auto", "jpeg", "lossless"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How the tiles of a level are written: the format, and options of Pillow's writer of it."""

    codec: Codec
    options: Mapping[str, object]


LOSSLESS = Settings("WEBP", {"lossless": True, "method": 0, "quality": 0, "exact": True})
LOSSLESS_GRAY = Settings("PNG", {"compress_level": 1})
RAW = Settings("RAW", {})
MOST_RAW = 2**21
"""Reduced levels of up to so many pixels are not compressed: to decode them costs ten times as much as to read them."""
QUALITIES = (95, 98)
FULL_SIZE_LEAST = 48.0
"""The least PSNR in dB, in each tile that is looked at, of the level of full size; replies may be made of it 1 to 1."""
REDUCED_LEAST = 43.0
"""The same of smaller ones in JPEG, if they have to be; what is made of them is at most half as large."""
EVERY = 3
"""Each of so many tiles is looked at."""
NICE = 10
PLAIN = {1, 3}
"""Bands of images without alpha."""
LEAST_COLORED = 3


@dataclass(frozen=True, slots=True)
class Job:
    """A pyramid to build: of which file and content, where to, and how; without a quality, the least that will do."""

    source: Path
    content_hash: str
    oriented: bool
    target: Path
    limits: Limits
    compression: Compression = "auto"
    quality: int | None = None


def build(job: Job) -> int:
    """Build a pyramid and give its bytes; 0 when another process does that. Raises `BadSource`."""
    os.setpriority(os.PRIO_PROCESS, 0, NICE)
    job.target.parent.mkdir(parents=True, exist_ok=True)
    part = job.target.with_suffix(".part")
    with locked(part) as file:
        if file is None:
            return 0
        try:
            write(job, file)
            part.replace(job.target)
        except (Error, OSError, ValueError) as error:
            check(whole(job, 1))
            raise BadSource(job.source.name, first_line(error), str(job.source)) from error
        finally:
            part.unlink(missing_ok=True)
        flush(job.target.parent)
        return file.tell()


@contextmanager
def locked(path: Path) -> Iterator[BinaryIO | None]:
    """Open an empty file that this process alone writes; None when another one does."""
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino
        except OSError:
            mine = False
        if mine:
            file.truncate(0)
        yield file if mine else None


def write(job: Job, file: BinaryIO) -> None:
    """Write all levels; raises `BadSource` when the file is not, or does not stay, what it was asked for."""
    facts = probe(job.source, job.limits)
    if facts.content_hash != job.content_hash:
        raise BadSource(job.source.name, "it has changed", str(job.source))
    before = job.source.stat()
    writer = Writer(file)
    for make, weighted in levels(job, facts):
        write_level(writer, make, settings_of(job, make(), reduced=writer.count > 0), weighted=weighted)
    writer.finish()
    after = job.source.stat()
    if (before.st_ino, before.st_size, before.st_mtime_ns) != (after.st_ino, after.st_size, after.st_mtime_ns):
        raise BadSource(job.source.name, "it has changed", str(job.source))


def whole(job: Job, reduction: int, *, turned: bool = False) -> LaidSource:
    """Describe the reading of all of the source."""
    rect = Rect(0, 0, 1, 1)
    return LaidSource(
        job.source, "", Size(1, 1), job.oriented, turned, premultiplied=False, rect=rect, reduction=reduction
    )


def levels(job: Job, facts: Facts) -> Iterator[tuple[Callable[[], Image], bool]]:
    """Yield the ways to the levels, the largest first, and whether their colours are multiplied by their alpha.

    A JPEG is decoded once for each size that its decoder knows, anything else only once; what is smaller still is
    averaged from the smallest of these, as it is when a file is read.
    """
    turned, deepest = facts.is_turned(oriented=job.oriented), largest_reduction(facts.size)
    decode = partial(opened, job, turned=turned, sequential=True)
    weighted = False
    if sniff(job.source) != "JPEG":
        first = opened(job, 1, turned=turned, sequential=False)
        weighted = has_alpha(first)
        decode = partial(shrunk, first)
    for reduction in powers(1, min(deepest, DECODER_REDUCES)):
        yield partial(decode, reduction), weighted and reduction > 1
    if deepest > DECODER_REDUCES:
        last = decode(DECODER_REDUCES).copy_memory()
        for reduction in powers(2 * DECODER_REDUCES, deepest):
            yield partial(squares, last, reduction // DECODER_REDUCES), weighted


def powers(first: int, last: int) -> Iterator[int]:
    """Yield powers of two."""
    while first <= last:
        yield first
        first *= 2


def opened(job: Job, reduction: int, *, turned: bool, sequential: bool) -> Image:
    """Read the source."""
    return read_file(whole(job, reduction, turned=turned), sequential=sequential, hidden_matters=False).image


def shrunk(image: Image, reduction: int) -> Image:
    """Average a source that its decoder does not reduce."""
    return averaged(image, reduction, hidden_matters=False)[0]


def settings_of(job: Job, image: Image, *, reduced: bool) -> list[Settings]:
    """Give the ways to write a level in the order in which they are tried."""
    bands = image.bands
    lossless = LOSSLESS if bands >= LEAST_COLORED else LOSSLESS_GRAY
    if reduced and image.width * image.height <= MOST_RAW:
        lossless = RAW
    lossy = job.compression == "jpeg" or (job.compression == "auto" and not reduced and sniff(job.source) == "JPEG")
    if not lossy or bands not in PLAIN:
        return [lossless]
    if job.quality is not None:
        return [in_jpeg(quality=job.quality)]
    tables = None if reduced else own_tables(job.source)
    tries = [in_jpeg(qtables=tables) if tables else in_jpeg(quality=QUALITIES[0]), in_jpeg(quality=QUALITIES[1])]
    return tries if job.compression == "jpeg" else [tries[0], lossless]


def in_jpeg(**options: object) -> Settings:
    """Write JPEG in full chroma."""
    return Settings("JPEG", {"subsampling": 0, **options})


def own_tables(path: Path) -> object:
    """Give the quantization of a JPEG: what is written with it again, on the same grid, hardly changes."""
    if sniff(path) != "JPEG":
        return None
    with Pillow.open(path, formats=["JPEG"]) as image:
        tables = getattr(image, "quantization", None)
    return list(tables.values()) if tables and len(tables) <= 2 else None  # noqa: PLR2004, brightness and chroma


def write_level(writer: Writer, make: Callable[[], Image], tries: list[Settings], *, weighted: bool) -> None:
    """Write a level in the first way that is good enough, or in the last one."""
    least = REDUCED_LEAST if writer.count else FULL_SIZE_LEAST
    first = writer.count
    for number, settings in enumerate(tries, 1):
        image = make()
        facts = LevelFacts(image.width, image.height, image.bands, weighted, settings.codec, first)
        try:
            return writer.add(facts, tiles(image, settings, least if number < len(tries) else 0.0))
        except NotGoodEnough:
            writer.drop(first)
    return None


class NotGoodEnough(Exception):
    """A tile that JPEG harms."""


def tiles(image: Image, settings: Settings, least: float) -> Iterator[bytes]:
    """Yield the tiles of a level, row by row; raises `NotGoodEnough` for one that is worse than the least PSNR."""
    if settings is RAW:
        yield bytes(image.write_to_memory())
        return
    number = 0
    for top in range(0, image.height, TILE):
        strip = to_pillow(image.crop(0, top, image.width, min(TILE, image.height - top)))
        for left in range(0, image.width, TILE):
            tile = strip.crop((left, 0, min(left + TILE, image.width), strip.height))
            data = coded(tile, settings)
            if least and number % EVERY == 0 and fidelity(tile, data) < least:
                raise NotGoodEnough
            number += 1
            yield data


def coded(tile: Pillow.Image, settings: Settings) -> bytes:
    """Write a tile."""
    file = io.BytesIO()
    tile.save(file, settings.codec, **settings.options)
    return file.getvalue()


def fidelity(tile: Pillow.Image, data: bytes) -> float:
    """Give the PSNR of a tile as written, in dB."""
    counts = ImageChops.difference(tile, Pillow.open(io.BytesIO(data), formats=["JPEG"])).histogram()
    error = sum(count * (value % 256) ** 2 for value, count in enumerate(counts)) / sum(counts)
    return 10 * math.log10(255**2 / error) if error else math.inf
