"""What a reply carries besides its pixels, and how JPEG and PNG hold it."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from pyvips import GValue

from imageserver.render.engine import Image
from imageserver.render.packets import EXTENSION
from imageserver.render.photoshop import SEGMENT

LONGEST = 65533
"""Bytes of one segment of a JPEG, without its marker and length."""
IHDR = 33
"""Bytes of a PNG up to the end of its header."""
APP1, APP13 = b"\xff\xe1", b"\xff\xed"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
POINTER = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="{}"/>'
    "</rdf:RDF></x:xmpmeta>"
)


@dataclass(frozen=True, slots=True)
class Metadata:
    """An ICC profile, an XMP packet, and Photoshop's image resource blocks (8BIM…) that hold paths; each may be empty.

    A writer embeds what its format can hold, and leaves out the rest.
    """

    icc: bytes = b""
    xmp: bytes = b""
    paths: bytes = b""


NONE = Metadata()


def carrying(image: Image, metadata: Metadata) -> tuple[Image, str]:
    """Give an image with its metadata and what the writers of libvips have to keep of it."""
    named = (
        ("icc-profile-data", metadata.icc, "icc"),
        ("xmp-data", metadata.xmp, "xmp"),
        ("photoshop-data", metadata.paths, "other"),
    )
    held = [(field, data, kept) for field, data, kept in named if data]
    image = image.copy()
    for field, data, _ in held:
        image.set_type(GValue.blob_type, field, data)
    return image, "|".join(kept for *_, kept in held) or "none"


def with_packet(png: bytes, packet: bytes) -> bytes:
    """Give a PNG with an XMP packet, in the text chunk that is its place; libvips writes another one."""
    if not packet:
        return png
    chunk = b"iTXt" + b"XML:com.adobe.xmp" + bytes(5) + packet
    held = (len(chunk) - 4).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
    return png[:IHDR] + held + png[IHDR:]


def segments(metadata: Metadata) -> bytes:
    """Write XMP and paths as the segments of a JPEG; what is longer than one is spread over several."""
    return b"".join((*xmp_segments(metadata.xmp), *path_segments(metadata.paths)))


def xmp_segments(packet: bytes) -> Iterator[bytes]:
    """Write a packet; a long one as extended XMP, which a short packet announces. Reference: XMP part 3, 1.1.3.1."""
    if not packet:
        return
    if len(packet) <= LONGEST - len(XMP):
        yield segment(APP1, XMP + packet)
        return
    digest = hashlib.md5(packet, usedforsecurity=False).hexdigest().upper()
    yield segment(APP1, XMP + POINTER.format(digest).encode())
    for start, part in parts(packet, LONGEST - len(EXTENSION) - 40):
        place = len(packet).to_bytes(4) + start.to_bytes(4)
        yield segment(APP1, EXTENSION + digest.encode() + place + part)


def path_segments(blocks: bytes) -> Iterator[bytes]:
    """Write image resource blocks."""
    for _, part in parts(blocks, LONGEST - len(SEGMENT)):
        yield segment(APP13, SEGMENT + part)


def parts(data: bytes, most: int) -> Iterator[tuple[int, bytes]]:
    """Cut bytes into parts of bounded length, each with the place where it starts."""
    for start in range(0, len(data), most):
        yield start, data[start : start + most]


def segment(marker: bytes, content: bytes) -> bytes:
    """Write one segment of a JPEG."""
    return marker + (len(content) + 2).to_bytes(2) + content
