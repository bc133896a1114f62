"""Formats that libvips as it is packaged cannot write: JPEG 2000, HEIC, JPEG XL, BMP and ICO."""

from __future__ import annotations

import io
from importlib import import_module
from types import ModuleType

from imageserver.errors import NotSupported
from imageserver.plan.picture import Encoding
from imageserver.render.encoders.saving import resolution, saved
from imageserver.render.engine import Image
from imageserver.render.exchange import to_pillow
from imageserver.render.metadata import Metadata

JPEG_2000_NOISE = (20.0, 0.25)
"""The ratio of signal to noise in dB that quality 0 stands for, and what each step adds to it."""
JXL_EFFORT = 4
LOSSLESS = -1
IDENTITY = 0
"""The matrix that leaves red, green and blue as they are."""


def write_jpeg2000(image: Image, encoding: Encoding, _: Metadata) -> bytes:
    """Write JPEG 2000, which carries nothing, lossy or lossless; quality is a ratio of signal to noise."""
    picture = to_pillow(image)
    if encoding.output.compression == "lossless":
        return saved(picture, "JPEG2000", mct=int(picture.mode in {"RGB", "RGBA"}))
    base, step = JPEG_2000_NOISE
    noise = base + step * encoding.quality.quality
    options = {"quality_mode": "dB", "quality_layers": [noise], "irreversible": True}
    return saved(picture, "JPEG2000", mct=int(picture.mode in {"RGB", "RGBA"}), **options)


def write_heic(image: Image, _: Encoding, metadata: Metadata) -> bytes:
    """Write HEIC without loss, as the reference has it."""
    pillow_heif = codec("heic", "pillow_heif", "pillow-heif")
    picture, file = to_pillow(image), io.BytesIO()
    carried = {name: data for name, data in (("icc_profile", metadata.icc), ("xmp", metadata.xmp)) if data}
    options = {"quality": LOSSLESS, "chroma": 444, "matrix_coefficients": IDENTITY}
    pillow_heif.encode(picture.mode, picture.size, picture.tobytes(), file, **options, **carried)
    return file.getvalue()


def write_jxl(image: Image, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write JPEG XL, lossy or lossless."""
    codec("jxl", "pillow_jxl", "pillow-jxl-plugin")
    picture = to_pillow(image)
    lossless = encoding.output.compression == "lossless"
    quality = encoding.quality.quality
    carried = {"xmp": metadata.xmp} if metadata.xmp else {}
    return saved(picture, "JXL", lossless=lossless, quality=quality, effort=JXL_EFFORT, num_threads=1, **carried)


def write_bmp(image: Image, encoding: Encoding, _: Metadata) -> bytes:
    """Write BMP, which carries nothing but its print resolution."""
    return saved(to_pillow(image), "BMP", dpi=(resolution(encoding),) * 2)


def write_ico(image: Image, _: Encoding, __: Metadata) -> bytes:
    """Write an icon of one size, a PNG inside, which has alpha in any case, as Windows wants it."""
    picture = to_pillow(image).convert("RGBA")
    return saved(picture, "ICO", sizes=[picture.size])


def codec(name: str, module: str, package: str) -> ModuleType:
    """Load the codec of a format, which is an extra; raises `NotSupported` where it is not installed."""
    try:
        return import_module(module)
    except ImportError as error:
        raise NotSupported(f"fmt={name}", f"this server has no codec for it; {package} brings one") from error
