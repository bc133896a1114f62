"""A small picture that needs no file: what is drawn to see that drawing works."""

from __future__ import annotations

from imageserver.render.engine import Image

SIDE = 32
JPEG_START = b"\xff\xd8\xff"


def draw_sample() -> bytes:
    """Draw a gradient, halve it, and write it as JPEG."""
    across = Image.xyz(SIDE, SIDE).extract_band(0) * (255 / (SIDE - 1))
    written: bytes = across.cast("uchar").resize(0.5).write_to_buffer(".jpg", Q=80)
    return written
