"""The finished picture → bytes of its format. The table at the end says who writes which."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from PIL import Image as Pillow

from imageserver.commands.formats import Codec
from imageserver.layout.layout import Layout
from imageserver.plan.picture import Encoding
from imageserver.protocol.color import Color
from imageserver.render.alpha import OPAQUE, alpha, as_gray, as_rgb, colors, filled, has_alpha, on_color, with_alpha
from imageserver.render.engine import Image
from imageserver.render.exchange import from_pillow, to_pillow
from imageserver.render.metadata import NONE, Metadata, carrying, segments, with_packet
from imageserver.render.palette import quantized

MM_IN_INCH = 25.4
WEBP_EFFORT = 4
AVIF_EFFORT = 2
PNG_COMPRESSION = 6
FULL, HALVED = 0, 2
"""Pillow's names for JPEG's chroma, 4:4:4 and 4:2:0."""
LARGEST_DENSITY = 65535
TIFF_COMPRESSIONS = {"none": "none", "lzw": "lzw", "zip": "deflate", "jpeg": "jpeg"}


def encode(image: Image, layout: Layout, metadata: Metadata = NONE) -> bytes:
    """Write the picture in the format of its reply, with its print resolution and what it carries."""
    encoding = layout.encoding
    image = mask_of(image) if layout.mask_only else visible(image, layout)
    return ENCODERS[encoding.output.format.codec](in_pixel_type(image, encoding), encoding, metadata)


def encode_plain(picture: Pillow.Image, layout: Layout, metadata: Metadata = NONE) -> bytes:
    """Write an opaque picture in colour in the format of its reply."""
    encoding = layout.encoding
    if encoding.output.format.codec == "jpeg" and encoding.output.pixel_type == "rgb":
        return jpeg(picture, encoding, metadata)
    return encode(from_pillow(picture), layout, metadata)


def mask_of(image: Image) -> Image:
    """Give the alpha of a picture as gray."""
    return alpha(image).copy(interpretation="b-w")


def visible(image: Image, layout: Layout) -> Image:
    """Give RGB: with alpha where the format has it, else over the background."""
    image = as_rgb(image)
    if layout.encoding.output.format.alpha:
        return image if has_alpha(image) else with_alpha(image, filled(image, (OPAQUE,)))
    return on_color(image, Color("rgb", layout.background.rgb))


def in_pixel_type(image: Image, encoding: Encoding) -> Image:
    """Convert to the pixel type of the reply, naively; the alpha stays."""
    mask = alpha(image) if has_alpha(image) else None
    match encoding.output.pixel_type:
        case "gray":
            image = as_gray(colors(image))
        case "cmyk":
            image = as_cmyk(as_rgb(colors(image)))
        case _:
            image = as_rgb(colors(image))
    return image if mask is None else image.bandjoin(mask)


def as_cmyk(image: Image) -> Image:
    """Convert RGB to CMYK naively: as much black as all three inks share."""
    inks = image.invert()
    black = inks[0].bandrank([inks[1], inks[2]], index=0)
    rest = (black == OPAQUE).ifthenelse(1, OPAQUE - black)
    return ((inks - black) * OPAQUE / rest).rint().cast("uchar").bandjoin(black).copy(interpretation="cmyk")


def write_jpeg(image: Image, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write JPEG."""
    return jpeg(to_pillow(image), encoding, metadata)


def jpeg(picture: Pillow.Image, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write JPEG; chroma is halved unless `qlt=` keeps it, or there is none."""
    halved = picture.mode == "RGB" and not encoding.quality.full_chroma
    return saved(
        picture,
        "JPEG",
        quality=encoding.quality.quality,
        subsampling=HALVED if halved else FULL,
        progressive=encoding.output.format.progressive,
        dpi=(0, 0) if picture.mode == "CMYK" else density(encoding),
        icc_profile=metadata.icc,
        extra=segments(metadata),
    )


def density(encoding: Encoding) -> tuple[int, int]:
    """Give the print resolution as JPEG can hold it."""
    dots = max(1, min(LARGEST_DENSITY, round(encoding.print_resolution or 72)))
    return dots, dots


def write_png(image: Image, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write PNG with 8 bits a component."""
    image, kept = carrying(with_resolution(image, encoding), replace(metadata, xmp=b"", paths=b""))
    return with_packet(bytes(image.pngsave_buffer(compression=PNG_COMPRESSION, keep=kept)), metadata.xmp)


def with_resolution(image: Image, encoding: Encoding) -> Image:
    """Give an image its print resolution, for the writers of libvips."""
    per_mm = (encoding.print_resolution or 72) / MM_IN_INCH
    return image.copy(xres=per_mm, yres=per_mm)


def write_webp(image: Image, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write WebP, lossy or lossless."""
    lossless = encoding.output.compression == "lossless"
    quality = encoding.quality.quality
    image, kept = carrying(image, metadata)
    return bytes(image.webpsave_buffer(Q=quality, lossless=lossless, effort=WEBP_EFFORT, keep=kept))


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


def write_tiff(image: Image, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write TIFF with one of its compressions."""
    compression = TIFF_COMPRESSIONS[encoding.output.compression or "none"]
    quality = encoding.quality.quality
    image, kept = carrying(with_resolution(image, encoding), metadata)
    return bytes(image.tiffsave_buffer(compression=compression, Q=quality, resunit="inch", keep=kept))


def write_png8(image: Image, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write PNG with a palette."""
    picture = quantized(to_pillow(image), encoding.quantize, key_color=False)
    written = saved(picture, "PNG", dpi=dots(encoding), icc_profile=metadata.icc or None)
    return with_packet(written, metadata.xmp)


def write_gif(image: Image, encoding: Encoding, _: Metadata) -> bytes:
    """Write GIF, which carries nothing; where the alpha is below one half, pixels have the key colour."""
    return saved(quantized(to_pillow(image), encoding.quantize, key_color=True), "GIF")


def write_pdf(image: Image, encoding: Encoding, _: Metadata) -> bytes:
    """Write a page of PDF that holds the picture as JPEG, at its print resolution."""
    resolution = encoding.print_resolution or 72
    return saved(to_pillow(image), "PDF", quality=encoding.quality.quality, resolution=resolution)


def dots(encoding: Encoding) -> tuple[float, float]:
    """Give the print resolution as Pillow takes it."""
    resolution = encoding.print_resolution or 72
    return resolution, resolution


def saved(image: Pillow.Image, form: str, **options: Any) -> bytes:  # noqa: ANN401, what a writer of Pillow takes
    """Write an image with Pillow."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


ENCODERS: Mapping[Codec, Callable[[Image, Encoding, Metadata], bytes]] = {
    "jpeg": write_jpeg,
    "png": write_png,
    "webp": write_webp,
    "avif": write_avif,
    "tif": write_tiff,
    "png8": write_png8,
    "gif": write_gif,
    "pdf": write_pdf,
}
