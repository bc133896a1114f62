"""Levels of pyramids → images. They are our own, so they are decoded where the reply is made.

What was decoded is kept, as long as there is room, and shared by all threads of a process.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from PIL import Image as Pillow

from imageserver.errors import DamagedPyramid
from imageserver.layout.layout import Level
from imageserver.protocol.values import Rect, Size
from imageserver.render.container import TILE, LevelFacts, Reader
from imageserver.render.engine import Image
from imageserver.render.exchange import MODES, from_memory, from_pillow, to_image

SMALL = 2**20
"""Levels of up to so many pixels are decoded whole, whatever part of them is asked for."""
MOST_OF_ALL = 4
"""One level may take a fourth of the memory for all."""
OPEN_FILES = 256
T = TypeVar("T")


class Kept(Generic[T]):
    """Values that were used lately, up to a total size; safe to use by several threads."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._values: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._total = 0
        self._lock = Lock()

    def find(self, key: Hashable) -> T | None:
        """Give the value of a key, if it is still there."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def keep(self, key: Hashable, value: T, size: int) -> T:
        """Keep a value, in place of those that were used least lately."""
        with self._lock:
            _, before = self._values.pop(key, (None, 0))
            self._values[key] = (value, size)
            self._total += size - before
            while self._total > self.room and self._values:
                _, (_, gone) = self._values.popitem(last=False)
                self._total -= gone
        return value


DECODED: Kept[Image | Pillow.Image] = Kept(32 * 2**20)
"""Whole levels, and tiles of large ones."""
READERS: Kept[Reader] = Kept(OPEN_FILES)


def keep_decoded(room: int) -> None:
    """Set how many bytes of decoded levels and tiles this process keeps."""
    DECODED.room = room


def read_level(level: Level, wanted: Callable[[Size], Rect]) -> tuple[Image, bool]:
    """Give a level, of which only the wanted part is filled, and whether its colours are multiplied by its alpha."""
    reader, facts = opened(level)
    size = facts.size
    area = wanted(size)
    whole = whole_level(reader, facts, area, level)
    if whole is not None:
        return whole, facts.weighted
    part = from_pillow(pasted(reader, facts, area, level, kept=True))
    return part.embed(area.x, area.y, size.width, size.height), facts.weighted


def facts_of(level: Level) -> LevelFacts:
    """Tell what is known of a level."""
    return opened(level)[1]


def read_area(level: Level, area: Rect) -> Pillow.Image:
    """Give the pixels of an area of a level."""
    reader, facts = opened(level)
    whole = whole_level(reader, facts, area, level)
    if whole is None:
        return pasted(reader, facts, area, level, kept=True)
    data = whole.crop(area.x, area.y, area.width, area.height).write_to_memory()
    return from_memory(data, facts.bands, Size(area.width, area.height))


def opened(level: Level) -> tuple[Reader, LevelFacts]:
    """Give the file of a level and what is known of it; raises `DamagedPyramid` when it is another file by now."""
    reader = reader_of(level)
    return reader, reader.levels[level.index]


def whole_level(reader: Reader, facts: LevelFacts, area: Rect, level: Level) -> Image | None:
    """Give all of a level where it is kept, or worth to be; None where the tiles of an area are the better way."""
    key = (level.digest, level.index)
    found = DECODED.find(key)
    if isinstance(found, Image):
        return found
    if facts.codec == "RAW":
        data = reader.tile(facts, 0, 0)
    elif is_worth_it(facts, area):
        data = pasted(reader, facts, Rect(0, 0, facts.width, facts.height), level, kept=False).tobytes()
    else:
        return None
    if len(data) != facts.width * facts.height * facts.bands:
        raise DamagedPyramid(level.path)
    DECODED.keep(key, image := to_image(data, facts.bands, facts.size), len(data))
    return image


def is_worth_it(facts: LevelFacts, area: Rect) -> bool:
    """Tell whether a level is decoded whole, and kept: a small one, or one of which most is asked for."""
    pixels = facts.width * facts.height
    if pixels <= SMALL:
        return True
    return 2 * area.width * area.height > pixels and pixels * facts.bands * MOST_OF_ALL <= DECODED.room


def reader_of(level: Level) -> Reader:
    """Give the open file of a pyramid; raises `DamagedPyramid` when it is another one by now."""
    reader = READERS.find(level.digest)
    if reader is None:
        reader = Reader(level.path)
        if reader.digest != level.digest or level.index >= len(reader.levels):
            raise DamagedPyramid(level.path)
        READERS.keep(level.digest, reader, 1)
    return reader


def pasted(reader: Reader, facts: LevelFacts, area: Rect, level: Level, *, kept: bool) -> Pillow.Image:
    """Put the tiles of an area together; of one that is as large a copy will do."""
    places = list(tiles_of(area))
    if len(places) == 1:
        tile = decoded_tile(reader, facts, places[0], level, kept=kept)
        if tile.size == (area.width, area.height):
            return tile.copy()  # what is written takes notes in the image, and others share it
    canvas = Pillow.new(MODES[facts.bands], (area.width, area.height))
    for column, row in places:
        tile = decoded_tile(reader, facts, (column, row), level, kept=kept)
        canvas.paste(tile, (column * TILE - area.x, row * TILE - area.y))
    return canvas


def tiles_of(area: Rect) -> Iterator[tuple[int, int]]:
    """Yield the columns and rows of the tiles that an area touches."""
    for row in range(area.y // TILE, (area.y + area.height - 1) // TILE + 1):
        for column in range(area.x // TILE, (area.x + area.width - 1) // TILE + 1):
            yield column, row


def decoded_tile(
    reader: Reader, facts: LevelFacts, place: tuple[int, int], level: Level, *, kept: bool
) -> Pillow.Image:
    """Decode a tile, or give the one that is kept."""
    key = (level.digest, level.index, place)
    found = DECODED.find(key)
    if isinstance(found, Pillow.Image):
        return found
    tile = decode(reader.tile(facts, *place), facts, level.path)
    if kept:
        DECODED.keep(key, tile, tile.width * tile.height * len(tile.getbands()))
    return tile


def decode(data: bytes, facts: LevelFacts, path: Path) -> Pillow.Image:
    """Decode the bytes of a tile."""
    try:
        image = Pillow.open(io.BytesIO(data), formats=[facts.codec])
        image.load()
    except (OSError, ValueError, SyntaxError) as error:
        raise DamagedPyramid(path) from error
    if image.mode != MODES[facts.bands]:
        raise DamagedPyramid(path)
    return image
