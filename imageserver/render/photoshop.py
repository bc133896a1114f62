"""Photoshop's image resources, as JPEG, TIFF, PSD and EPS files hold them: read, within bounds, and written.

A resource is `8BIM`, its number, its name with a length in front, the length of its data, and that; all padded to
pairs of bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from imageserver.layout.embedded_paths import RECORD
from imageserver.layout.facts import EmbeddedPath

SIGNATURES = (b"8BIM", b"MeSa", b"AgHg", b"PHUT", b"DCSR")
"""What resources begin with; all but the first are of other programs."""
PATHS = range(2000, 2998)
WORK_PATH, WORK_PATH_NAME = 1025, "Work Path"
PROFILE, XMP, RESOLUTION = 1039, 1060, 1005
FIXED = 65536
RESOLUTION_LENGTH = 16
NAMES = "mac_roman"
MOST_POINTS = 40_000
"""The points of all paths of a file together that are kept; paths beyond have none."""
SEGMENT = b"Photoshop 3.0\0"
"""What stands in front of resources in a segment of a JPEG."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One image resource."""

    number: int
    name: str
    data: bytes


def resources(blocks: bytes) -> Iterator[Resource]:
    """Yield image resources, up to the first thing that is none."""
    position = 0
    while position + 12 <= len(blocks) and blocks[position : position + 4] in SIGNATURES:
        number, length = struct.unpack_from(">HB", blocks, position + 4)
        name = blocks[position + 7 : position + 7 + length]
        start = position + 7 + length + (length + 1) % 2
        if start + 4 > len(blocks):
            return
        (size,) = struct.unpack_from(">I", blocks, start)
        if start + 4 + size > len(blocks):
            return
        yield Resource(number, name.decode(NAMES), blocks[start + 4 : start + 4 + size])
        position = start + 4 + size + size % 2


def first_data(found: Iterable[Resource], number: int) -> bytes:
    """Give the data of the first resource that has a number; nothing without one."""
    return next((one.data for one in found if one.number == number), b"")


def paths_of(found: Iterable[Resource]) -> tuple[EmbeddedPath, ...]:
    """Give the paths among resources: those that were saved under a name, and the one that was worked on."""
    paths, room = [], MOST_POINTS * RECORD
    for one in found:
        if one.number in PATHS or one.number == WORK_PATH:
            name = one.name or (WORK_PATH_NAME if one.number == WORK_PATH else f"Path {one.number - PATHS.start + 1}")
            records = one.data if len(one.data) <= room else b""
            room -= len(records)
            paths.append(EmbeddedPath(name, records))
    return tuple(paths)


def resolution_in(found: Iterable[Resource]) -> float | None:
    """Give the horizontal resolution in dots per inch that resources tell."""
    data = first_data(found, RESOLUTION)
    if len(data) < RESOLUTION_LENGTH:
        return None
    (dots,) = struct.unpack_from(">I", data)  # in dots per inch, whatever the unit is that is shown
    return round(dots / FIXED, 2) if dots else None


def written_paths(paths: Iterable[EmbeddedPath]) -> bytes:
    """Write paths as image resources."""
    return b"".join(written(Resource(number, one.name, one.records)) for number, one in zip(PATHS, paths, strict=False))


def written(resource: Resource) -> bytes:
    """Write an image resource."""
    name = resource.name.encode(NAMES, "replace")[:255]
    padded = bytes([len(name)]) + name + b"\0" * ((len(name) + 1) % 2)
    data = resource.data + b"\0" * (len(resource.data) % 2)
    return b"8BIM" + struct.pack(">H", resource.number) + padded + struct.pack(">I", len(resource.data)) + data
