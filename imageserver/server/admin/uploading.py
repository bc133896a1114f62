"""Files over HTTP: streamed to the disk, checked to be images, and only then stored."""

from __future__ import annotations

PARTS = ("source", "mask")
IMAGE_TYPES = (
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/tiff",
    "image/webp",
    "image/avif",
    "image/bmp",
    "application/octet-stream",
)
