"""Files → images: opened by the loader that is trusted with their format, turned upright, in 8-bit gray or RGB."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as Pillow

from imageserver.errors import BadSource
from imageserver.layout.layout import LaidSource
from imageserver.render.engine import Error, Image
from imageserver.render.exchange import from_pillow

LOADERS = {
    "JPEG": "vips",
    "PNG": "vips",
    "WEBP": "vips",
    "TIFF": "vips",
    "GIF": "vips",
    "AVIF": "vips",
    "BMP": "pillow",
}
"""Who reads which format; no other is opened at all."""

SHRINKS = (8, 4, 2)
LEFT_TO_DO = 2
"""What decoding at a reduced size leaves for the resampler, at least, so that its kernel decides the quality."""
TOLERANCE = 1 / 8
"""How far, in pixels of the reply, reduced decoding may shift a picture."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An image and the factors by which it is smaller than what it stands for."""

    image: Image
    shrink_x: float
    shrink_y: float


def open_source(source: LaidSource, scale: float, *, sequential: bool) -> Opened:
    """Open a file at a size that suffices for `scale`; raises `BadSource` for one that cannot be decoded."""
    name = source.path.name
    kind = sniff(source.path)
    if kind not in LOADERS:
        raise BadSource(name, f"expected one of {', '.join(LOADERS)}")
    shrink = shrink_on_load(source, scale) if kind == "JPEG" else 1
    try:
        image = load(source.path, kind, shrink, sequential=sequential and not source.turned)
        if source.oriented:
            image = image.autorot()
        return Opened(plain(image), shrink, shrink)
    except (Error, OSError, ValueError) as error:
        raise BadSource(name, first_line(error)) from error


def load(path: Path, kind: str, shrink: int, *, sequential: bool) -> Image:
    """Decode lazily; a file that ends too early is an error, not half a picture."""
    if LOADERS[kind] == "pillow":
        with Pillow.open(path, formats=[kind]) as opened:
            return from_pillow(opened.convert("RGBA" if "A" in opened.getbands() else "RGB"))
    access = "sequential" if sequential else "random"
    options = {"shrink": shrink} if kind == "JPEG" and shrink > 1 else {}
    return Image.new_from_file(str(path), access=access, fail_on="error", **options)


def shrink_on_load(source: LaidSource, scale: float) -> int:
    """Choose by how much a JPEG is reduced while it is decoded, so that neither sharpness nor place suffers."""
    width, height = source.size.width, source.size.height
    for shrink in SHRINKS:
        drift = max(misfit(width, shrink), misfit(height, shrink)) / 2 * scale * shrink
        if scale * shrink * LEFT_TO_DO <= 1 and drift <= TOLERANCE and min(width, height) >= shrink:
            return shrink
    return 1


def misfit(length: int, shrink: int) -> float:
    """Give the share of its last pixel that a reduced image has too much."""
    return math.ceil(length / shrink) - length / shrink


def plain(image: Image) -> Image:
    """Give an image as 8-bit gray or RGB, with or without alpha."""
    if image.interpretation == "cmyk":
        return from_cmyk(image)
    if image.interpretation in {"rgb16", "scrgb", "lab", "labs", "xyz", "lch", "hsv"}:
        return image.colourspace("srgb").cast("uchar")
    if image.interpretation == "grey16":
        return image.colourspace("b-w").cast("uchar")
    if image.format in {"ushort", "short"}:
        image = image.cast("ushort") >> 8
    image = image.cast("uchar")
    gray = image.bands <= 2  # noqa: PLR2004, gray with or without alpha
    return image.copy(interpretation="b-w" if gray else "srgb")


def from_cmyk(image: Image) -> Image:
    """Turn CMYK into RGB: by the file's own profile, or naively where it has none."""
    alpha = image[4:] if image.hasalpha() else None
    inks = image[:4]
    if "icc-profile-data" in image.get_fields():
        rgb = inks.icc_transform("srgb", embedded=True, intent="relative")
    else:
        light = inks.cast("uchar").invert()
        rgb = (light[:3] * light[3] / 255).rint().cast("uchar").copy(interpretation="srgb")
    return rgb if alpha is None else rgb.bandjoin(alpha.cast("uchar"))


def sniff(path: Path) -> str:
    """Tell the format by the first bytes of a file; an empty text is an unknown one."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise BadSource(path.name, error.strerror or "cannot be opened", str(path)) from error
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:12] in {b"ftypavif", b"ftypavis", b"ftypmif1"}:
        return "AVIF"
    return ""


def first_line(error: Exception) -> str:
    """Give what an imaging library says, on one line and without file names."""
    lines = [line.strip() for line in str(getattr(error, "detail", "") or error).splitlines() if line.strip()]
    return lines[0].rpartition("/")[2].rpartition(": ")[2][:120] if lines else "it cannot be decoded"


MAGIC = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"BM", "BMP"),
)
