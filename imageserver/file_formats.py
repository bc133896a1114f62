"""The format of a file by its first bytes, whatever it is called."""

from __future__ import annotations

HEAD = 16
"""First bytes that suffice."""
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
    (b"ftypavif", 4, "AVIF"),
    (b"ftypavis", 4, "AVIF"),
    (b"ftypmif1", 4, "AVIF"),
    (b"BM", 0, "BMP"),
    (b"%PDF", 0, "PDF"),
    (b"8BPS", 0, "PSD"),
    (b"<svg", 0, "SVG"),
)
"""Bytes, where they stand, and the format."""


def format_of(start: bytes) -> str:
    """Name the format that begins like this; an empty text is an unknown one."""
    return next((name for mark, offset, name in MAGIC if start[offset:].startswith(mark)), "")
