"""What is known of a source file from its header and its bytes, without decoding it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from imageserver.protocol.values import Size

Alpha = Literal["none", "associated", "unassociated"]
TURNED_FROM = 5
"""EXIF orientations from here on swap width and height."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A source file; `size` is as stored, before `orientation` (EXIF, 1-8) is applied."""

    size: Size
    content_hash: str
    orientation: int = 1
    format: str = "JPEG"
    pixel_type: Literal["RGB", "BW", "CMYK"] = "RGB"
    alpha: Alpha = "none"
    icc_name: str = ""
    has_xmp: bool = False
    path_names: tuple[str, ...] = ()
    print_resolution: float | None = None
    modified: float = 0.0

    def shown_size(self, *, oriented: bool) -> Size:
        """Give the size as shown, with the EXIF orientation applied or not."""
        if oriented and self.orientation >= TURNED_FROM:
            return Size(self.size.height, self.size.width)
        return self.size


FactsOf = Mapping[Path, Facts]
