"""A file → Facts: its header and the hash of its bytes; nothing is decoded."""

from __future__ import annotations

import io
from hashlib import blake2b
from pathlib import Path

from PIL import ImageCms

from imageserver.config import Limits
from imageserver.errors import BadFont, BadSource, LimitExceeded
from imageserver.layout.facts import Facts
from imageserver.protocol.values import Size
from imageserver.render.header import Header
from imageserver.render.headers import read_header
from imageserver.render.svg import names_in
from imageserver.typeset.font_files import fault

CHUNK = 2**20


def probe(path: Path, limits: Limits) -> Facts:
    """Read what is known of a file; raises `BadSource` for one that is no image, `LimitExceeded` for a huge one."""
    try:
        status = path.stat()
        if status.st_size > limits.file_size:
            raise LimitExceeded("limits.file_size", status.st_size, limits.file_size)
        content_hash = hash_file(path)
        return facts_of(path, read_header(path, limits), content_hash, status.st_mtime)
    except OSError as error:
        raise BadSource(path.name, "it cannot be opened", str(path)) from error


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
        has_xmp=bool(header.packet),
        paths=header.paths,
        print_resolution=header.print_resolution,
        modified=modified,
        variables=names_in(path) if header.format == "SVG" else (),
    )


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
    return read_header(path).packet
