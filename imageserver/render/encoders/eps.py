"""Encapsulated PostScript of level 2 with binary pixels, with comments as Photoshop writes them.

Pillow writes hexadecimal pixels of level 1, one point each, whatever the print resolution.
"""

from __future__ import annotations

import math

from PIL import Image as Pillow

from imageserver.plan.picture import Encoding
from imageserver.render.encoders.saving import DEVICE_SPACES, size_in_print
from imageserver.render.engine import Image
from imageserver.render.exchange import to_pillow
from imageserver.render.metadata import Metadata

HEX_WIDTH = 64
"""Digits of a line of hexadecimal comments."""


def write_eps(image: Image, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write a picture as large as it is at its print resolution, with its profile and paths as comments."""
    picture = to_pillow(image)
    width, height = size_in_print(picture, encoding)
    pixels = picture.tobytes()
    head = f"""%!PS-Adobe-3.0 EPSF-3.0
%%Creator: imageserver
%%BoundingBox: 0 0 {math.ceil(width)} {math.ceil(height)}
%%HiResBoundingBox: 0 0 {width:.4f} {height:.4f}
%%LanguageLevel: 2
%%DocumentData: Binary
%%Pages: 1
%%EndComments
"""
    image_data = program(picture)
    body = f"""%%Page: 1 1
gsave
/{DEVICE_SPACES[picture.mode]} setcolorspace
{width:.4f} {height:.4f} scale
%%BeginBinary: {len(image_data) + len(pixels)}
"""
    foot = b"\n%%EndBinary\ngrestore\nshowpage\n%%Trailer\n%%EOF\n"
    carried = comments(metadata)
    return head.encode() + carried + body.encode() + image_data + pixels + foot


def program(picture: Pillow.Image) -> bytes:
    """Write what reads the pixels that follow it; the word `image` ends with one newline, behind which they start."""
    width, height = picture.size
    decode = " ".join(["0 1"] * len(picture.getbands()))
    return (
        f"<< /ImageType 1 /Width {width} /Height {height} /BitsPerComponent 8 /Decode [{decode}]"
        f" /ImageMatrix [{width} 0 0 -{height} 0 {height}] /DataSource currentfile >> image\n"
    ).encode()


def comments(metadata: Metadata) -> bytes:
    """Write the profile and the image resource blocks as comments."""
    written = b""
    if metadata.paths:
        written += b"%%%%BeginPhotoshop: %d\n%b%%%%EndPhotoshop\n" % (len(metadata.paths), hexadecimal(metadata.paths))
    if metadata.icc:
        written += b"%%%%BeginICCProfile: (profile) -1 Hex\n%b%%%%EndICCProfile\n" % hexadecimal(metadata.icc)
    return written


def hexadecimal(data: bytes) -> bytes:
    """Write bytes as lines of hexadecimal digits, each a comment."""
    digits = data.hex().upper()
    lines = (digits[start : start + HEX_WIDTH] for start in range(0, len(digits), HEX_WIDTH))
    return "".join(f"% {line}\n" for line in lines).encode()
