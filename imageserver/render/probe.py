"""A file → Facts: its header and the hash of its bytes; nothing is decoded."""

from __future__ import annotations

import io
from hashlib import blake2b
from pathlib import Path
from typing import Any

from PIL import ExifTags, ImageCms
from PIL import Image as Pillow

from imageserver.config import Limits
from imageserver.errors import BadFont, BadSource, LimitExceeded
from imageserver.layout.facts import Alpha, Facts
from imageserver.protocol.values import Size
from imageserver.render.packets import packet_of
from imageserver.render.photoshop import SEGMENT, paths_of, resources
from imageserver.render.sources import LOADERS, first_line, sniff
from imageserver.typeset.font_files import fault

CHUNK = 2**20
PIXEL_TYPES = {"CMYK": "CMYK", "L": "BW", "LA": "BW", "La": "BW", "1": "BW", "I;16": "BW", "I;16B": "BW", "I": "BW"}
WIDTH, LENGTH = 256, 257
EXTRA_SAMPLES = 338
PHOTOSHOP = 34377
ASSOCIATED = 1


def probe(path: Path, limits: Limits) -> Facts:
    """Read what is known of a file; raises `BadSource` for one that is no image, `LimitExceeded` for a huge one."""
    try:
        status = path.stat()
        if status.st_size > limits.file_size:
            raise LimitExceeded("limits.file_size", status.st_size, limits.file_size)
        content_hash = hash_file(path)
        kind = sniff(path)
        if kind not in LOADERS:
            raise BadSource(path.name, f"expected one of {', '.join(LOADERS)}", str(path))
        with Pillow.open(path, formats=[kind]) as image:
            check_pixels(image, limits)
            return facts_of(image, path, content_hash, status.st_mtime)
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError) as error:
        raise BadSource(
            path.name, "it cannot be opened" if isinstance(error, OSError) else first_line(error)
        ) from error


def probe_font(path: Path, limits: Limits) -> Facts:
    """Read what is known of a font file; raises `BadFont` for one that is none, `LimitExceeded` for a huge one."""
    try:
        length = path.stat().st_size
        if length > limits.file_size:
            raise LimitExceeded("limits.file_size", length, limits.file_size)
        reason = fault(path.read_bytes(), 0)
        if reason:
            raise BadFont(path.name, reason, str(path))
        return Facts(Size(0, 0), hash_file(path), format="font")
    except OSError as error:
        raise BadSource(path.name, "it cannot be opened", str(path)) from error


def check_pixels(image: Pillow.Image, limits: Limits) -> None:
    """Refuse an image with too many pixels, before any of them is decoded."""
    if image.width * image.height > limits.source_pixels:
        raise LimitExceeded("limits.source_pixels", image.width * image.height, limits.source_pixels)
    if not image.width or not image.height:
        raise ValueError("an image without pixels")


def hash_file(path: Path) -> str:
    """Hash the bytes of a file."""
    digest = blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def facts_of(image: Pillow.Image, path: Path, content_hash: str, modified: float) -> Facts:
    """Read the header of an opened image."""
    return Facts(
        size=stored_size(image),
        content_hash=content_hash,
        orientation=orientation_of(image),
        format=image.format or "",
        pixel_type="CMYK" if image.mode == "CMYK" else "BW" if PIXEL_TYPES.get(image.mode) == "BW" else "RGB",
        alpha=alpha_of(image),
        icc_name=profile_name(image.info.get("icc_profile")),
        has_xmp=bool(packet_of(image, path)),
        paths=paths_of(resources(photoshop_blocks(image))),
        print_resolution=resolution_of(image),
        modified=modified,
    )


def stored_size(image: Pillow.Image) -> Size:
    """Give the size as stored; for TIFF, Pillow tells the one that is shown."""
    tags: Any = getattr(image, "tag_v2", {})
    if image.format == "TIFF" and WIDTH in tags and LENGTH in tags:
        return Size(int(tags[WIDTH]), int(tags[LENGTH]))
    return Size(image.width, image.height)


def orientation_of(image: Pillow.Image) -> int:
    """Give the EXIF orientation, 1 to 8; anything else is 1."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except (ValueError, TypeError, SyntaxError, OSError):
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1  # noqa: PLR2004, EXIF's range


def alpha_of(image: Pillow.Image) -> Alpha:
    """Tell whether an image has alpha, and whether its colours are premultiplied with it."""
    tags: Any = getattr(image, "tag_v2", {})
    extra = tags.get(EXTRA_SAMPLES) if image.format == "TIFF" else None
    if extra:
        return "associated" if ASSOCIATED in extra else "unassociated"
    has_alpha = bool({"A", "a"} & set(image.getbands())) or "transparency" in image.info
    return "unassociated" if has_alpha else "none"


def profile_name(profile: bytes | None) -> str:
    """Give the description of an ICC profile."""
    if not profile:
        return ""
    try:
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).strip()
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return "unknown profile"


def read_xmp(path: Path) -> bytes:
    """Read the XMP packet of a file; raises `BadSource`."""
    try:
        with Pillow.open(path, formats=[sniff(path)]) as image:
            return packet_of(image, path)
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError) as error:
        raise BadSource(path.name, first_line(error), str(path)) from error


def resolution_of(image: Pillow.Image) -> float | None:
    """Give the horizontal print resolution in dots per inch, if the file says one."""
    dpi = image.info.get("dpi")
    if isinstance(dpi, tuple) and dpi and isinstance(dpi[0], int | float) and dpi[0] > 1:
        return round(float(dpi[0]), 2)
    return None


def photoshop_blocks(image: Pillow.Image) -> bytes:
    """Give the image resources of Photoshop, from a JPEG's APP13 or a TIFF's tag."""
    tags: Any = getattr(image, "tag_v2", {})
    if image.format == "TIFF":
        data = tags.get(PHOTOSHOP, b"")
        return data if isinstance(data, bytes) else b""
    segments = [data for marker, data in getattr(image, "applist", []) if marker == "APP13"]
    return b"".join(data.removeprefix(SEGMENT) for data in segments if data.startswith(SEGMENT))
