"""A Header: what the first bytes of an image file tell of it; no pixel is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import ExifTags
from PIL import Image as Pillow

from imageserver.layout.facts import Alpha, Animation, EmbeddedPath, PixelType
from imageserver.protocol.values import Size

EXIF_TEXT = "Raw profile type exif"


@dataclass(frozen=True, slots=True)
class Header:
    """An image as its file describes it; `size` is as stored, before `orientation` (EXIF, 1-8) is applied."""

    format: str
    size: Size
    pixel_type: PixelType = "RGB"
    alpha: Alpha = "none"
    orientation: int = 1
    profile: bytes = b""
    packet: bytes = b""
    paths: tuple[EmbeddedPath, ...] = ()
    print_resolution: float | None = None
    animation: Animation | None = None
    pages: int = 1


def usual_orientation(value: object) -> int:
    """Give an EXIF orientation; anything else is upright."""
    return value if isinstance(value, int) and 1 <= value <= 8 else 1  # noqa: PLR2004, EXIF's range


def exif_in_text(image: Pillow.Image) -> bytes:
    """Give the EXIF data that a PNG has as a text: hexadecimal numbers behind three lines."""
    return bytes.fromhex("".join(str(image.info.get(EXIF_TEXT, "")).split("\n")[3:]))


def orientation_of(image: Pillow.Image) -> int:
    """Give the EXIF orientation of an opened image, 1 to 8; anything else is 1. No pixel is decoded for it."""
    try:
        if image.format == "PNG" and "exif" not in image.info:  # Pillow would decode all, to see what is behind
            image.info["exif"] = exif_in_text(image)
        return usual_orientation(image.getexif().get(ExifTags.Base.Orientation, 1))
    except (ValueError, TypeError, SyntaxError, OSError):
        return 1
