"""The format of a file by its first bytes, whatever it is called."""

from __future__ import annotations

import re
from collections.abc import Mapping

HEAD = 1024
"""First bytes that suffice; but for SVG, 64 do."""
MAGIC = (
    (b"\xff\xd8\xff", 0, "JPEG"),
    (b"\x89PNG\r\n\x1a\n", 0, "PNG"),
    (b"GIF87a", 0, "GIF"),
    (b"GIF89a", 0, "GIF"),
    (b"II*\0", 0, "TIFF"),
    (b"MM\0*", 0, "TIFF"),
    (b"II+\0", 0, "TIFF"),
    (b"MM\0+", 0, "TIFF"),
    (b"WEBP", 8, "WEBP"),
    (b"BM", 0, "BMP"),
    (b"%PDF", 0, "PDF"),
    (b"8BPS", 0, "PSD"),
    (b"\0\0\1\0", 0, "ICO"),
    (b"%!PS-Adobe-", 0, "EPS"),
    (b"\xc5\xd0\xd3\xc6", 0, "EPS"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", 0, "JPEG2000"),
    (b"\xff\x4f\xff\x51", 0, "JPEG2000"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", 0, "JXL"),
    (b"\xff\x0a", 0, "JXL"),
)
"""Bytes, where they stand, and the format."""
BRANDS: Mapping[bytes, str] = {
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), "HEIF"),
}
"""What the first box of a file of the HEIF family may name: the codec of its image."""
SVG = re.compile(
    rb"(?:\xef\xbb\xbf)?(?>\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)*+<(?:\w+:)?svg[\s>/]", re.DOTALL
)
"""The root element, and what may stand in front of it; no part is looked at twice."""


def format_of(start: bytes) -> str:
    """Name the format that begins like this; an empty text is an unknown one."""
    found = next((name for mark, offset, name in MAGIC if start[offset:].startswith(mark)), "")
    return found or coded_by(start) or ("SVG" if SVG.match(start) else "")


def coded_by(start: bytes) -> str:
    """Name the codec of a file of the HEIF family by its main brand, or the first one that tells."""
    if start[4:8] != b"ftyp":
        return ""
    length = min(int.from_bytes(start[:4]), len(start))
    brands = [start[8:12], *(start[place : place + 4] for place in range(16, length, 4))]
    known = (BRANDS[brand] for brand in brands if brand in BRANDS)
    return next(known, "AVIF" if b"mif1" in brands else "")
