"""Who decodes which format. What is decoded is as the file has it; the formats are told by first bytes alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PIL import Image as Pillow

from imageserver.errors import BadSource
from imageserver.render.engine import Image, with_orientation, with_profile
from imageserver.render.eps import read_eps
from imageserver.render.exchange import from_pillow
from imageserver.render.ico import opened_ico
from imageserver.render.jxl import opened_jxl
from imageserver.render.psd import read_psd

BY_VIPS: Mapping[str, Callable[..., Image]] = {
    "JPEG": Image.jpegload,
    "PNG": Image.pngload,
    "WEBP": Image.webpload,
    "TIFF": Image.tiffload,
    "GIF": Image.gifload,
    "AVIF": Image.heifload,
}
"""Loaders that read a part of a file, or all of it in a stream."""
MODES = {"1": "L", "P": "RGBA", "PA": "RGBA", "I;16": "L", "I;16B": "L", "I;16L": "L", "I": "L", "YCbCr": "RGB"}
"""What images of Pillow are turned into that cannot be taken as they are."""
DEEP = ("I;16", "I;16B", "I;16L", "I")


def decode_by_vips(path: Path, kind: str, shrink: int, *, sequential: bool, page: int = 0) -> Image:
    """Decode lazily; a file that ends too early is an error, not half a picture."""
    options = {"shrink": shrink} if kind == "JPEG" and shrink > 1 else {"page": page} if page else {}
    access = "sequential" if sequential else "random"
    return BY_VIPS[kind](str(path), access=access, fail_on="error", **options)


def decode_by_pillow(path: Path, kind: str) -> Image:
    """Decode all of an image, which keeps its colour profile."""
    with open_by_pillow(path, kind) as opened:
        return taken(opened, opened.info.get("icc_profile") or b"")


def open_by_pillow(path: Path, kind: str) -> Pillow.Image:
    """Open an image with Pillow; raises `BadSource` where its codec is not installed."""
    if kind == "HEIF":
        try:
            import pillow_heif  # noqa: PLC0415, an extra
        except ImportError as error:
            raise BadSource(path.name, "this server has no codec for HEIC; pillow-heif brings one") from error
        pillow_heif.register_heif_opener(thumbnails=False)
    return Pillow.open(path, formats=[kind])


def taken(image: Pillow.Image, profile: bytes) -> Image:
    """Take an image over from Pillow, in 8 bits."""
    if image.mode in DEEP:
        image = image.point(lambda value: value / 256).convert("L") if image.mode == "I" else deep(image)
    wanted = MODES.get(image.mode, image.mode)
    if image.mode == "P" and "transparency" not in image.info:
        wanted = "RGB"
    picture = from_pillow(image if image.mode == wanted else image.convert(wanted))
    return with_profile(picture.copy(interpretation="cmyk") if wanted == "CMYK" else picture, profile)


def deep(image: Pillow.Image) -> Pillow.Image:
    """Give the upper 8 bits of 16."""
    data = image.tobytes()
    upper = data[::2] if image.mode == "I;16B" else data[1::2]
    return Pillow.frombytes("L", image.size, upper)


def decode_jxl(path: Path) -> Image:
    """Decode JPEG XL."""
    image, header = opened_jxl(path)
    decoded = taken(image, header.profile)
    return with_orientation(decoded, header.orientation)


def decode_ico(path: Path) -> Image:
    """Decode the largest picture among icons, as colours with alpha."""
    with opened_ico(path) as opened:
        image = taken(opened, b"").colourspace("srgb")
    return image if image.hasalpha() else image.addalpha()


WHOLE: Mapping[str, Callable[[Path], Image]] = {
    "BMP": lambda path: decode_by_pillow(path, "BMP"),
    "JPEG2000": lambda path: decode_by_pillow(path, "JPEG2000"),
    "HEIF": lambda path: decode_by_pillow(path, "HEIF"),
    "JXL": decode_jxl,
    "PSD": read_psd,
    "ICO": decode_ico,
    "EPS": read_eps,
}
"""Decoders that give all of an image at once."""
FORMATS = (*BY_VIPS, *WHOLE, "SVG")
"""The formats that are read; nothing else is opened at all."""
