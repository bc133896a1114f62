"""Formats that hold one picture as it is: PNG, TIFF, WebP and AVIF, written by libvips."""

from __future__ import annotations

from dataclasses import replace

from imageserver.plan.picture import Encoding
from imageserver.render.encoders.saving import with_resolution
from imageserver.render.engine import Image
from imageserver.render.metadata import Metadata, carrying, with_packet

PNG_COMPRESSION, PNG_FILTER = 6, "all"
WEBP_EFFORT, WEBP_LOSSLESS_EFFORT = 4, 2
AVIF_EFFORT = 1
"""These are argued from measurements in bench/README.md."""
TIFF_COMPRESSIONS = {"none": "none", "lzw": "lzw", "zip": "deflate", "jpeg": "jpeg"}


def write_png(image: Image, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write PNG with 8 bits a component."""
    image, kept = carrying(with_resolution(image, encoding), replace(metadata, xmp=b"", paths=b""))
    return with_packet(
        bytes(image.pngsave_buffer(compression=PNG_COMPRESSION, filter=PNG_FILTER, keep=kept)), metadata.xmp
    )


def write_tiff(image: Image, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write TIFF with one of its compressions."""
    compression = TIFF_COMPRESSIONS[encoding.output.compression or "none"]
    image, kept = carrying(with_resolution(image, encoding), metadata)
    quality = encoding.quality.quality
    return bytes(image.tiffsave_buffer(compression=compression, Q=quality, resunit="inch", keep=kept))


def write_webp(image: Image, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write WebP, lossy or lossless."""
    lossless = encoding.output.compression == "lossless"
    effort = WEBP_LOSSLESS_EFFORT if lossless else WEBP_EFFORT
    image, kept = carrying(image, metadata)
    options = {"Q": encoding.quality.quality, "lossless": lossless}
    return bytes(image.webpsave_buffer(**options, effort=effort, keep=kept))


def write_avif(image: Image, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write AVIF, lossy or lossless."""
    image, kept = carrying(image, metadata)
    return bytes(
        image.heifsave_buffer(
            compression="av1",
            Q=encoding.quality.quality,
            lossless=encoding.output.compression == "lossless",
            effort=AVIF_EFFORT,
            subsample_mode="off" if encoding.quality.full_chroma else "auto",
            keep=kept,
        )
    )
