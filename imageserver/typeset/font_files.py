"""Whether the bytes of a file are a font that can be used: TrueType, OpenType, or a collection of those."""

from __future__ import annotations

import struct
from collections.abc import Iterator

ALLOWED = "expected TrueType or OpenType (.ttf, .otf, .ttc, .otc)"
FLAVOURS = (b"\x00\x01\x00\x00", b"true", b"OTTO")
OUTLINES = frozenset({b"glyf", b"CFF ", b"CFF2"})
NEEDED = (b"head", b"maxp", b"cmap", b"hhea", b"hmtx")
LARGEST_EM = 16384
LARGEST_COLLECTION = 4096


def fault(data: bytes, index: int) -> str | None:
    """Say in one line what keeps the face at `index` of a file from being used; None when nothing does."""
    if data[:4] not in (*FLAVOURS, b"ttcf"):
        return f"it is not a font; {ALLOWED}"
    try:
        return _fault_of_face(data, _offset(data, index))
    except (struct.error, IndexError):
        return "the file is cut off or damaged"
    except ValueError as error:
        return str(error)


def _offset(data: bytes, index: int) -> int:
    """Give the place of a face in a file, which is its start unless the file is a collection."""
    count = struct.unpack_from(">I", data, 8)[0] if data[:4] == b"ttcf" else 1
    if not 0 < count <= LARGEST_COLLECTION:
        raise ValueError(f"it is a collection of {count} faces; expected 1 to {LARGEST_COLLECTION}")
    if not 0 <= index < count:
        raise ValueError(f"it has no face {index}; expected 0 to {count - 1}")
    if data[:4] != b"ttcf":
        return 0
    offset: int = struct.unpack_from(">I", data, 12 + 4 * index)[0]
    return offset


def _fault_of_face(data: bytes, offset: int) -> str | None:
    if data[offset : offset + 4] not in FLAVOURS:
        return "the file is cut off or damaged"
    tables = dict(_tables(data, offset))
    lacking = [tag.decode() for tag in NEEDED if not tables.get(tag, (0, 0))[1]]
    if lacking:
        return f"it lacks the table {lacking[0]}"
    if not OUTLINES & tables.keys():
        return f"it has no outlines, perhaps bitmaps; {ALLOWED}"
    for tag, (start, length) in tables.items():
        if start + length > len(data):
            return f"the file is cut off: table {tag.decode('latin-1').strip()} reaches beyond its end"
    units: int = struct.unpack_from(">H", data, tables[b"head"][0] + 18)[0]
    if not 0 < units <= LARGEST_EM:
        return f"its em has {units} units; expected 16 to {LARGEST_EM}"
    return None


def _tables(data: bytes, offset: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Yield each table's tag with its start and its length."""
    for place in range(struct.unpack_from(">H", data, offset + 4)[0]):
        tag, _, start, length = struct.unpack_from(">4sIII", data, offset + 12 + 16 * place)
        yield tag, (start, length)
