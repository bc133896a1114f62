"""The file of a pyramid: tiles one after the other, then an index of them, then a foot that says whether all is there.

Each tile is checked when it is read. A file is written once, under another name until it is whole, and never changed.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Literal
from weakref import finalize

from imageserver.errors import DamagedPyramid
from imageserver.protocol.values import Size

Codec = Literal["JPEG", "PNG", "WEBP", "RAW"]
"""How tiles are written; a level of raw pixels, row by row, is one tile."""
TILE = 256
"""Pixels of a tile each way; those at the right and at the bottom may have fewer."""
MAGIC = b"imageserver pyramid 1\n"
ENTRY = struct.Struct("<QII")
"""A tile: its place, length and checksum."""
FOOT = struct.Struct("<QIII16s")
"""The place, the length and the checksum of the index, the length of its first part, and the digest of the file."""


@dataclass(frozen=True, slots=True)
class LevelFacts:
    """One level: its size in pixels, and how its tiles are written; `first` is the number of its first tile."""

    width: int
    height: int
    bands: int
    weighted: bool
    codec: Codec
    first: int

    @property
    def size(self) -> Size:
        """Its size in pixels."""
        return Size(self.width, self.height)

    @property
    def columns(self) -> int:
        """The tiles of a row."""
        return 1 if self.codec == "RAW" else -(-self.width // TILE)

    @property
    def rows(self) -> int:
        """The rows of tiles."""
        return 1 if self.codec == "RAW" else -(-self.height // TILE)


class Writer:
    """Writes the tiles of a pyramid, level by level, each row by row."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._entries: list[tuple[int, int, int]] = []
        self._levels: list[LevelFacts] = []
        file.write(MAGIC)

    def add(self, level: LevelFacts, tiles: Iterable[bytes]) -> None:
        """Write a level; its tiles count on from those that are there."""
        for tile in tiles:
            self._entries.append((self._file.tell(), len(tile), zlib.crc32(tile)))
            self._file.write(tile)
        self._levels.append(level)

    @property
    def count(self) -> int:
        """How many tiles there are."""
        return len(self._entries)

    def drop(self, first: int) -> None:
        """Take back the tiles from a number on, which belong to no level yet."""
        if first < len(self._entries):
            self._file.seek(self._entries[first][0])
            self._file.truncate()
            del self._entries[first:]

    def finish(self) -> None:
        """Write index and foot; after this all of the file is on the disk."""
        levels = json.dumps([asdict(level) for level in self._levels]).encode()
        index = levels + b"".join(ENTRY.pack(*entry) for entry in self._entries)
        digest = blake2b(index, digest_size=16).digest()
        place = self._file.tell()
        self._file.write(index + FOOT.pack(place, len(index), zlib.crc32(index), len(levels), digest))
        self._file.flush()
        os.fsync(self._file.fileno())


class Reader:
    """Reads the tiles of a pyramid; raises `DamagedPyramid` for what is not as it was written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with path.open("rb") as file:
                self.digest, self.levels, self._entries = read_index(file)
                self._number = os.dup(file.fileno())
        except (OSError, ValueError, TypeError, KeyError, struct.error) as error:
            raise DamagedPyramid(path) from error
        finalize(self, os.close, self._number)  # not before the last thread that reads from it is done

    def tile(self, level: LevelFacts, column: int, row: int) -> bytes:
        """Give the bytes of a tile."""
        number = level.first + row * level.columns + column
        place, length, checksum = ENTRY.unpack_from(self._entries, number * ENTRY.size)
        try:
            data = os.pread(self._number, length, place)
        except OSError as error:
            raise DamagedPyramid(self._path) from error
        if len(data) != length or zlib.crc32(data) != checksum:
            raise DamagedPyramid(self._path)
        return data


def read_index(file: BinaryIO) -> tuple[str, tuple[LevelFacts, ...], bytes]:
    """Read digest, levels and the entries of the tiles; raises `ValueError` or another error of what it reads."""
    size = file.seek(-FOOT.size, os.SEEK_END)
    place, length, checksum, split, digest = FOOT.unpack(file.read(FOOT.size))
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC or place + length != size:
        raise ValueError("no pyramid, or not all of it")
    file.seek(place)
    index = file.read(length)
    if zlib.crc32(index) != checksum:
        raise ValueError("a damaged index")
    levels = tuple(LevelFacts(**level) for level in json.loads(index[:split]))
    return digest.hex(), levels, index[split:]


def digest_of(path: Path) -> str:
    """Give the digest of a pyramid from its foot alone; raises `DamagedPyramid` when that is not all there."""
    try:
        with path.open("rb") as file:
            return read_index(file)[0]
    except (OSError, ValueError, TypeError, KeyError, struct.error) as error:
        raise DamagedPyramid(path) from error
