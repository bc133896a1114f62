"""JPEG: its quality, which may follow from the most bytes that it may have, its chroma and its scans."""

from __future__ import annotations

from PIL import Image as Pillow

from imageserver.errors import TooManyBytes
from imageserver.plan.picture import Encoding
from imageserver.render.encoders.saving import resolution, saved
from imageserver.render.encoders.scans import in_passes
from imageserver.render.engine import Image
from imageserver.render.exchange import to_pillow
from imageserver.render.metadata import NONE, Metadata, segments

FULL, HALVED = 0, 2
"""Pillow's names for JPEG's chroma, 4:4:4 and 4:2:0."""
LARGEST_DENSITY = 65535
KILOBYTE = 1024
OPTIMIZED = False
"""Whether Huffman codes are made for each picture."""


def write_jpeg(image: Image, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write JPEG."""
    return jpeg(to_pillow(image), encoding, metadata)


def jpeg(picture: Pillow.Image, encoding: Encoding, metadata: Metadata = NONE) -> bytes:
    """Write JPEG, with the best quality up to `qlt=` that `jpegSize=` permits. Reference: r-jpegsize."""
    quality, most = encoding.quality.quality, encoding.most_kilobytes * KILOBYTE
    written = at_quality(picture, quality, encoding, metadata)
    if not most or len(written) <= most:
        return written
    best, low, high = at_quality(picture, 1, encoding, metadata), 1, quality
    if len(best) > most:
        raise TooManyBytes("jpegSize", encoding.most_kilobytes, -(-len(best) // KILOBYTE))
    while high - low > 1:  # a file of `low` fits, one of `high` does not: at most seven are written
        middle = (low + high) // 2
        tried = at_quality(picture, middle, encoding, metadata)
        if len(tried) <= most:
            best, low = tried, middle
        else:
            high = middle
    return best


def at_quality(picture: Pillow.Image, quality: int, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write JPEG at a quality; chroma is halved unless `qlt=` keeps it, or there is none."""
    form = encoding.output.format
    halved = picture.mode == "RGB" and not encoding.quality.full_chroma
    written = saved(
        picture,
        "JPEG",
        quality=quality,
        subsampling=HALVED if halved else FULL,
        progressive=form.progressive,
        optimize=OPTIMIZED,
        dpi=(0, 0) if picture.mode == "CMYK" else density(encoding),
        icc_profile=metadata.icc,
        extra=segments(metadata),
    )
    return in_passes(written, encoding.scans, len(picture.getbands())) if form.progressive else written


def density(encoding: Encoding) -> tuple[int, int]:
    """Give the print resolution as JPEG can hold it."""
    dots = max(1, min(LARGEST_DENSITY, round(resolution(encoding))))
    return dots, dots
