"""Icon files that mean harm: small ones that claim much, wherever in them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Mapping

from PIL import Image
from written import ico, icon

HUGE = 19_999


def picture() -> bytes:
    """A small PNG."""
    file = io.BytesIO()
    Image.new("RGBA", (40, 30), "red").save(file, "PNG")
    return file.getvalue()


def bitmap() -> bytes:
    """A small bitmap with its mask."""
    return icon([bytes(range(120))] * 30, (40, 30), 24, [bytes(5)] * 30)


def good_icons() -> dict[str, bytes]:
    """Give small icons of both kinds."""
    return {"a.ico": ico(picture()), "b.ico": ico(bitmap())}


def claiming(width: int, height: int) -> bytes:
    """A PNG that claims a size."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return picture()[:12] + head + struct.pack(">I", zlib.crc32(head)) + picture()[33:]


def bitmap_claiming(width: int, height: int) -> bytes:
    """A bitmap that claims a size."""
    data = bytearray(bitmap())
    struct.pack_into("<ii", data, 4, width, height)
    return bytes(data)


def many(count: int) -> bytes:
    """Have a long list of icons, all of which are the same."""
    entry = struct.pack("<BBBBHHII", 40, 30, 0, 0, 1, 32, len(picture()), 6 + 16 * count)
    return struct.pack("<HHH", 0, 1, count) + entry * count + picture()


ICON_BOMBS: Mapping[str, Callable[[], bytes]] = {
    "claims.ico": lambda: ico(picture(), claiming(HUGE, HUGE)),
    "claims-more.ico": lambda: ico(claiming(2**31 - 1, 2**31 - 1)),
    "bitmap.ico": lambda: ico(picture(), bitmap_claiming(HUGE, 2 * HUGE)),
    "bitmap-more.ico": lambda: ico(bitmap_claiming(-(2**31), 2**31 - 1)),
    "list.ico": lambda: many(65_535),
}
"""What makes each bomb, under a name that ends like its format."""
ICON_REASONS: Mapping[str, str] = {
    "claims.ico": "limits.whole_pixels",
    "claims-more.ico": "limits.source_pixels",
    "bitmap.ico": "limits.whole_pixels",
    "bitmap-more.ico": "limits.source_pixels",
}
"""What is said of those that are refused because of what they claim."""
