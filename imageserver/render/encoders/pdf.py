"""A page of PDF that holds the picture, written by hand: six objects do not need a library. Reference: ISO 32000-1."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from itertools import accumulate

from PIL import Image as Pillow

from imageserver.plan.picture import Encoding
from imageserver.render.encoders.jpeg import jpeg
from imageserver.render.encoders.saving import DEVICE_SPACES, size_in_print
from imageserver.render.engine import Image
from imageserver.render.exchange import to_pillow
from imageserver.render.metadata import Metadata

HEADER = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
INVERTED = b" /Decode [1 0 1 0 1 0 1 0]"
"""What a JPEG of four inks needs, as it holds how much light they leave."""


def write_pdf(image: Image, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write a page as large as the picture is at its print resolution, with its profile and XMP."""
    picture = to_pillow(image)
    width, height = (f"{side:.4f}".encode() for side in size_in_print(picture, encoding))
    space = f"/{DEVICE_SPACES[picture.mode]}".encode()
    content = b"q %b 0 0 %b 0 0 cm /Picture Do Q" % (width, height)
    resources = b"<< /XObject << /Picture 5 0 R >> >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %b %b] /Contents 4 0 R /Resources %b >>"
    extras = [
        (b"/N %d /Alternate %b" % (len(picture.getbands()), space), metadata.icc),
        (b"/Type /Metadata /Subtype /XML", metadata.xmp),
    ]
    held = [stream(entries, data) for entries, data in extras if data]
    profile = b"[/ICCBased 6 0 R]" if metadata.icc else space
    packet = b" /Metadata %d 0 R" % (5 + len(held)) if metadata.xmp else b""
    return document(
        b"<< /Type /Catalog /Pages 2 0 R%b >>" % packet,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page % (width, height, resources),
        stream(b"", content),
        picture_object(picture, encoding, profile),
        *held,
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
