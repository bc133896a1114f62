"""A file → Facts: its header and the hash of its bytes; nothing is decoded."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

from PIL import ImageCms

from imageserver.config import Limits
from imageserver.errors import BadFont, LimitExceeded
from imageserver.layout.facts import Facts, PixelType
from imageserver.protocol.values import Size
from imageserver.render.built_in_profiles import digest_of, same_built_in
from imageserver.render.damages import unreadable
from imageserver.render.header import Header
from imageserver.render.headers import read_header
from imageserver.render.svg import names_in
from imageserver.typeset.font_files import fault

CHUNK = 2**20
PROFILE_TYPES: Mapping[bytes, PixelType] = {b"RGB ": "RGB", b"GRAY": "BW", b"CMYK": "CMYK"}
PROFILE_HEADER, SPACE, MARK = 128, slice(16, 20), slice(36, 40)
"""The length of the header of an ICC profile, and where it names its colour space, and itself."""


def probe(path: Path, limits: Limits) -> Facts:
    """Read what is known of a file; raises `BadSource` for one that is no image, `LimitExceeded` for a huge one."""
    return replace(probe_header(path, limits), content_hash=content_hash(path, limits))


def probe_header(path: Path, limits: Limits) -> Facts:
    """Read what is known of a file but for the hash of its bytes; raises what `probe` raises."""
    try:
        status = stat_of(path, limits)
        return facts_of(path, read_header(path, limits), "", status.st_mtime)
    except OSError as error:
        raise unreadable(path, error) from error


def content_hash(path: Path, limits: Limits) -> str:
    """Hash the bytes of a file; raises `BadSource` for one that cannot be read, `LimitExceeded` for a huge one."""
    try:
        stat_of(path, limits)
        return hash_file(path)
    except OSError as error:
        raise unreadable(path, error) from error


def probe_font(path: Path, limits: Limits) -> Facts:
    """Read what is known of a font file; raises `BadFont` for one that is none, `LimitExceeded` for a huge one."""
    try:
        stat_of(path, limits)
        reason = fault(path.read_bytes(), 0)
        if reason:
            raise BadFont(path.name, reason, str(path))
        return Facts(Size(0, 0), hash_file(path), format="font")
    except OSError as error:
        raise unreadable(path, error) from error


def stat_of(path: Path, limits: Limits) -> os.stat_result:
    """Look at a file that may be read; raises `LimitExceeded` for a huge one."""
    status = path.stat()
    if status.st_size > limits.file_size:
        raise LimitExceeded("limits.file_size", status.st_size, limits.file_size)
    return status


def hash_file(path: Path) -> str:
    """Hash the bytes of a file."""
    digest = blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def facts_of(path: Path, header: Header, content_hash: str, modified: float) -> Facts:
    """Put what is known of a file together."""
    return Facts(
        size=header.size,
        content_hash=content_hash,
        orientation=header.orientation,
        format=header.format,
        pixel_type=header.pixel_type,
        alpha=header.alpha,
        icc_name=profile_name(header.profile),
        icc_digest=profile_digest(header.profile, header.pixel_type),
        has_xmp=bool(header.packet),
        paths=header.paths,
        print_resolution=header.print_resolution,
        modified=modified,
        variables=names_in(path) if header.format == "SVG" else (),
        animation=header.animation,
        pages=header.pages,
    )


def profile_name(profile: bytes) -> str:
    """Give the description of an ICC profile."""
    if not profile:
        return ""
    try:
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).strip()
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return "unknown profile"


def is_profile(data: bytes) -> bool:
    """Tell an ICC profile by its first bytes."""
    return data[MARK] == b"acsp"


def profile_type(profile: bytes) -> PixelType | None:
    """Give the pixel type of a usable ICC profile; None for anything else."""
    return None if opened_profile(profile) is None else PROFILE_TYPES.get(profile[SPACE])


def opened_profile(profile: bytes) -> ImageCms.ImageCmsProfile | None:
    """Open a profile of gray, RGB or CMYK; None for anything else."""
    if not is_profile(profile) or profile[SPACE] not in PROFILE_TYPES:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return None


def profile_digest(profile: bytes, pixel_type: PixelType) -> str:
    """Give what stands for an embedded profile; an unusable one, or one of another pixel type, has none."""
    opened = opened_profile(profile)
    if opened is None or PROFILE_TYPES[profile[SPACE]] != pixel_type:
        return ""
    try:
        return same_built_in(opened) or digest_of(profile)
    except ImageCms.PyCMSError:
        return ""


def embedded_profile(path: Path) -> bytes:
    """Read the ICC profile that an image embeds; raises `BadSource`."""
    return read_header(path).profile


def read_xmp(path: Path) -> bytes:
    """Read the XMP packet of a file; raises `BadSource`."""
    return read_header(path).packet
