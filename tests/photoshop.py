"""Photoshop's image resources as a test writes them: paths whose geometry is known, and whatever else is asked for."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence

from PIL import Image

Point = tuple[float, float]
Knot = tuple[Point, Point, Point]
Loop = Sequence[Knot]
ROUND = 0.5522847498
"""How far the handles of a quarter of a circle reach, in radii."""


def corners(*points: Point) -> Loop:
    """Straight lines from corner to corner."""
    return [(point, point, point) for point in points]


def box(left: float, top: float, right: float, bottom: float) -> Loop:
    return corners((left, top), (right, top), (right, bottom), (left, bottom))


def ellipse(x: float, y: float, across: float, down: float) -> Loop:
    """Four curves around a centre."""
    a, b = across * ROUND, down * ROUND
    return [
        ((x - a, y - down), (x, y - down), (x + a, y - down)),
        ((x + across, y - b), (x + across, y), (x + across, y + b)),
        ((x + a, y + down), (x, y + down), (x - a, y + down)),
        ((x - across, y + b), (x - across, y), (x - across, y - b)),
    ]


def records(loops: Iterable[Loop], size: tuple[int, int], *, is_open: bool = False) -> bytes:
    """Write loops in pixels of an image as records of a path."""
    written = struct.pack(">h24x", 6) + struct.pack(">hH22x", 8, 0)
    for loop in loops:
        written += struct.pack(">hHHH18x", 3 if is_open else 0, len(loop), 1, 1)
        for knot in loop:
            numbers = [round(share * 2**24) for x, y in knot for share in (y / size[1], x / size[0])]
            written += struct.pack(">h6i", 4 if is_open else 1, *numbers)
    return written


def resource(number: int, name: str, data: bytes) -> bytes:
    pascal = bytes([len(name)]) + name.encode("latin-1")
    pascal += b"\0" * (len(pascal) % 2)
    return b"8BIM" + struct.pack(">H", number) + pascal + struct.pack(">I", len(data)) + data + b"\0" * (len(data) % 2)


def path_resources(paths: Mapping[str, Iterable[Loop]], size: tuple[int, int]) -> bytes:
    """Write paths by name, between resources that are none."""
    named = (resource(number, name, records(loops, size)) for number, (name, loops) in enumerate(paths.items(), 2000))
    return resource(1036, "", b"a thumbnail") + b"".join(named) + resource(2999, "", b"\x03Box")


def in_jpeg(data: bytes, blocks: bytes) -> bytes:
    """Put image resources into a JPEG, behind its first marker, spread over two segments."""
    middle = len(blocks) // 2
    parts = [b"Photoshop 3.0\0" + part for part in (blocks[:middle], blocks[middle:])]
    segments = b"".join(b"\xff\xed" + struct.pack(">H", len(part) + 2) + part for part in parts)
    return data[:2] + segments + data[2:]


def paths_in(image: Image.Image) -> dict[str, list[Point]]:
    """Read the knots of the paths of a reply, in pixels of it; read here, so that our own reader is not asked."""
    tags = getattr(image, "tag_v2", {})
    applied = getattr(image, "applist", [])
    blocks = tags.get(34377, b"") if tags else b"".join(d[14:] for m, d in applied if m == "APP13")
    found: dict[str, list[Point]] = {}
    position = 0
    while blocks[position : position + 4] == b"8BIM":
        number, length = struct.unpack_from(">HB", blocks, position + 4)
        name = blocks[position + 7 : position + 7 + length].decode("latin-1")
        position += 7 + length + (length + 1) % 2
        (size,) = struct.unpack_from(">I", blocks, position)
        data = blocks[position + 4 : position + 4 + size]
        position += 4 + size + size % 2
        if 2000 <= number <= 2997:
            knots = [struct.unpack_from(">h6i", data, start) for start in range(0, len(data), 26)]
            found[name] = [
                (knot[4] / 2**24 * image.width, knot[3] / 2**24 * image.height) for knot in knots if knot[0] in {1, 2}
            ]
    return found
