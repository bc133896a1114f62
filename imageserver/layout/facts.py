"""What is known of a source file from its header and its bytes, without decoding it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from imageserver.protocol.values import Size

Alpha = Literal["none", "associated", "unassociated"]
PixelType = Literal["RGB", "BW", "CMYK"]
TURNED_FROM = 5
"""EXIF orientations from here on swap width and height."""


@dataclass(frozen=True, slots=True)
class Pyramid:
    """A source decoded ahead at its own size and at halves of it; `digest` names the bytes that it was written as.

    `upright` says that the EXIF orientation is applied in it.
    """

    path: Path = field(repr=False)
    digest: str
    upright: bool = False


@dataclass(frozen=True, slots=True)
class EmbeddedPath:
    """A path of Photoshop within a file: its name, and its points as they are written there, 26 bytes each."""

    name: str
    records: bytes


@dataclass(frozen=True, slots=True)
class Animation:
    """The frames of an animated image, each with its milliseconds, and how often all are played (0: for ever).

    Of more frames than the limit, only the count is known.
    """

    frames: int
    durations: tuple[int, ...]
    plays: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """A source file; `size` is as stored, before `orientation` (EXIF, 1-8) is applied. Of a font the hash is all.

    `icc_digest` stands for the embedded colour profile, if that is usable. Of a file that is a profile itself,
    `content_hash` does, and `pixel_type` is its own.
    Of an SVG, `variables` are the names of those that it shows. Of a TIFF, `pages` are those that are like the first.
    Pyramids come and go while the file stays what it is, so they do not count when facts are compared.
    """

    size: Size
    content_hash: str
    orientation: int = 1
    format: str = "JPEG"
    pixel_type: PixelType = "RGB"
    alpha: Alpha = "none"
    icc_name: str = ""
    icc_digest: str = ""
    has_xmp: bool = False
    paths: tuple[EmbeddedPath, ...] = ()
    print_resolution: float | None = None
    modified: float = 0.0
    variables: tuple[str, ...] = ()
    animation: Animation | None = None
    pages: int = 1
    pyramids: tuple[Pyramid, ...] = field(default=(), compare=False)

    def shown_size(self, *, oriented: bool) -> Size:
        """Give the size as shown, with the EXIF orientation applied or not."""
        if oriented and self.orientation >= TURNED_FROM:
            return Size(self.size.height, self.size.width)
        return self.size

    @property
    def frame_count(self) -> int:
        """Count the frames, or the pages that are like the first one."""
        return self.animation.frames if self.animation else self.pages

    def is_turned(self, *, oriented: bool) -> bool:
        """Tell whether the EXIF orientation changes what is shown."""
        return oriented and self.orientation > 1

    def pyramid(self, *, oriented: bool) -> Pyramid | None:
        """Give the pyramid of the source as it is shown, if there is one."""
        upright = self.is_turned(oriented=oriented)
        return next((one for one in self.pyramids if one.upright is upright), None)


FactsOf = Mapping[Path, Facts]
