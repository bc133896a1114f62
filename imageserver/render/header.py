"""A Header: what the first bytes of an image file tell of it; no pixel is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imageserver.layout.facts import Alpha, EmbeddedPath
from imageserver.protocol.values import Size


@dataclass(frozen=True, slots=True)
class Header:
    """An image as its file describes it; `size` is as stored, before `orientation` (EXIF, 1-8) is applied."""

    format: str
    size: Size
    pixel_type: Literal["RGB", "BW", "CMYK"] = "RGB"
    alpha: Alpha = "none"
    orientation: int = 1
    profile: bytes = b""
    packet: bytes = b""
    paths: tuple[EmbeddedPath, ...] = ()
    print_resolution: float | None = None
