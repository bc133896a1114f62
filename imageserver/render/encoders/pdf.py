"""Pages of PDF that hold a picture each, written by hand: few objects do not need a library. Reference: ISO 32000-1."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from itertools import accumulate

from PIL import Image as Pillow

from imageserver.layout.facts import Animation
from imageserver.plan.picture import Encoding
from imageserver.render.encoders.jpeg import jpeg
from imageserver.render.encoders.moving import Frames
from imageserver.render.encoders.saving import DEVICE_SPACES, size_in_print
from imageserver.render.engine import Image
from imageserver.render.exchange import to_pillow
from imageserver.render.metadata import Metadata

HEADER = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
FIRST, OF_A_PAGE = 3, 3
"""The number of the first object that belongs to a page, and how many each page has."""
INVERTED = b" /Decode [1 0 1 0 1 0 1 0]"
"""What a JPEG of four inks needs, as it holds how much light they leave."""


def write_pdf(image: Image, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write a page as large as the picture is at its print resolution, with its profile and XMP."""
    return paged([to_pillow(image)], 1, encoding, metadata)


def write_pages(pictures: Frames, animation: Animation, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write a page for each of some pictures."""
    return paged(pictures, animation.frames, encoding, metadata)


def paged(pictures: Frames, count: int, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write pages of three objects each, with a profile and XMP behind all of them."""
    behind, pages, space, bands = FIRST + count * OF_A_PAGE, list[bytes](), b"", 0
    for number, picture in enumerate(pictures):
        space = f"/{DEVICE_SPACES[picture.mode]}".encode()
        profile = b"[/ICCBased %d 0 R]" % behind if metadata.icc else space
        pages += page_objects(picture, FIRST + number * OF_A_PAGE, encoding, profile)
        bands = len(picture.getbands())
    extras = [
        (b"/N %d /Alternate %b" % (bands, space), metadata.icc),
        (b"/Type /Metadata /Subtype /XML", metadata.xmp),
    ]
    held = [stream(entries, data) for entries, data in extras if data]
    packet = b" /Metadata %d 0 R" % (behind - 1 + len(held)) if metadata.xmp else b""
    kids = b" ".join(b"%d 0 R" % (FIRST + number * OF_A_PAGE) for number in range(count))
    return document(
        b"<< /Type /Catalog /Pages 2 0 R%b >>" % packet,
        b"<< /Type /Pages /Kids [%b] /Count %d >>" % (kids, count),
        *pages,
        *held,
    )


def page_objects(picture: Pillow.Image, first: int, encoding: Encoding, space: bytes) -> tuple[bytes, bytes, bytes]:
    """Write a page, numbered `first`, with what is drawn on it and the pixels of that."""
    width, height = (f"{side:.4f}".encode() for side in size_in_print(picture, encoding))
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %b %b] /Contents %d 0 R /Resources %b >>"
    resources = b"<< /XObject << /Picture %d 0 R >> >>" % (first + 2)
    content = b"q %b 0 0 %b 0 0 cm /Picture Do Q" % (width, height)
    return (
        page % (width, height, first + 1, resources),
        stream(b"", content),
        picture_object(picture, encoding, space),
    )


def picture_object(picture: Pillow.Image, encoding: Encoding, space: bytes) -> bytes:
    """Write the object that holds the pixels."""
    filters, data = COMPRESSIONS[encoding.output.compression or "jpeg"](picture, encoding)
    size = b"/Width %d /Height %d" % picture.size
    return stream(
        b"/Type /XObject /Subtype /Image %b /ColorSpace %b /BitsPerComponent 8%b" % (size, space, filters), data
    )


def as_jpeg(picture: Pillow.Image, encoding: Encoding) -> tuple[bytes, bytes]:
    """Give the filter that reads JPEG, and JPEG."""
    return b" /Filter /DCTDecode" + (INVERTED if picture.mode == "CMYK" else b""), jpeg(picture, encoding)


def deflated(picture: Pillow.Image, _: Encoding) -> tuple[bytes, bytes]:
    """Give the filter that reads deflated pixels, and those."""
    return b" /Filter /FlateDecode", zlib.compress(picture.tobytes())


def plain(picture: Pillow.Image, _: Encoding) -> tuple[bytes, bytes]:
    """Give pixels as they are."""
    return b"", picture.tobytes()


def stream(entries: bytes, data: bytes) -> bytes:
    """Write an object with a content."""
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(data), entries, data)


def document(*objects: bytes) -> bytes:
    """Write objects, numbered from 1, and where each starts; the first is the catalog."""
    written = [b"%d 0 obj\n%b\nendobj\n" % (number, one) for number, one in enumerate(objects, 1)]
    starts = list(accumulate(map(len, written), initial=len(HEADER)))
    count, table = len(objects) + 1, starts.pop()
    entries = b"".join(b"%010d 00000 n \n" % start for start in starts)
    return (
        HEADER
        + b"".join(written)
        + b"xref\n0 %d\n0000000000 65535 f \n%b" % (count, entries)
        + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, table)
    )


COMPRESSIONS: Mapping[str, Callable[[Pillow.Image, Encoding], tuple[bytes, bytes]]] = {
    "jpeg": as_jpeg,
    "zip": deflated,
    "none": plain,
}
