"""Files → images: opened by the loader that is trusted with their format, turned upright, in 8-bit gray or RGB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imageserver.errors import BadSource
from imageserver.file_formats import HEAD, format_of
from imageserver.layout.layout import LaidSource, Pixels
from imageserver.layout.levels import DECODER_REDUCES
from imageserver.protocol.values import Rect, Size
from imageserver.render.alpha import has_alpha, premultiplied
from imageserver.render.damages import DAMAGES, unreadable
from imageserver.render.decoders import FORMATS, WHOLE, decode_by_vips
from imageserver.render.engine import Image
from imageserver.render.exchange import to_image
from imageserver.render.frames import READERS, frame_of
from imageserver.render.levels import read_level
from imageserver.render.naive import light_of
from imageserver.render.svg import read_svg

COLORS = {"b-w": 1, "grey16": 1, "srgb": 3, "rgb": 3, "rgb16": 3, "cmyk": 4}
"""The bands of colours of an image, by what libvips says they are."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An image, and the factors by which it is smaller than what it stands for.

    `weighted` says that its colours are multiplied by its alpha already.
    """

    image: Image
    shrink_x: float
    shrink_y: float
    weighted: bool = False


def open_source(
    source: LaidSource, wanted: Callable[[Size], Rect], *, sequential: bool, hidden_matters: bool
) -> Opened:
    """Read a file, or the `wanted` part of the level in its place; raises `BadSource` or `DamagedPyramid`."""
    if source.pixels is not None:
        return read_frame(source, source.pixels, hidden_matters=hidden_matters)
    if source.frame and sniff(source.path) in READERS:
        return read_frame(source, frame_of(source), hidden_matters=hidden_matters)
    if source.level is None:
        return read_file(source, sequential=sequential, hidden_matters=hidden_matters)
    image, weighted = read_level(source.level, wanted)
    return Opened(image, source.reduction, source.reduction, weighted)


def read_file(source: LaidSource, *, sequential: bool, hidden_matters: bool) -> Opened:
    """Decode a file, reduced; raises `BadSource` for one that cannot be decoded."""
    name, kind = source.path.name, sniff(source.path)
    if kind not in FORMATS:
        raise BadSource(name, f"expected one of {', '.join(FORMATS)}")
    if kind == "SVG":
        return draw_vectors(source)
    by_decoder = min(source.reduction, DECODER_REDUCES) if kind == "JPEG" else 1
    try:
        page = max(0, source.frame - 1)
        image = load(source.path, kind, by_decoder, sequential=sequential and not source.turned, page=page)
        image = image.autorot() if source.oriented else image
        image = inks_of(image) if keeps_inks(source, image) else plain(image)
        image, weighted = averaged(image, source.reduction // by_decoder, hidden_matters=hidden_matters)
    except DAMAGES as error:
        raise BadSource(name, first_line(error)) from error
    return Opened(image, source.reduction, source.reduction, weighted)


def read_frame(source: LaidSource, frame: Pixels, *, hidden_matters: bool) -> Opened:
    """Take a frame that was decoded, reduced as its file would be."""
    image = to_image(frame.data, frame.bands, Size(frame.width, frame.height))
    image, weighted = averaged(image, source.reduction, hidden_matters=hidden_matters)
    return Opened(image, source.reduction, source.reduction, weighted)


def averaged(image: Image, reduction: int, *, hidden_matters: bool) -> tuple[Image, bool]:
    """Average squares of pixels, weighted with their alpha unless hidden colours matter; tell whether they were."""
    if reduction == 1:
        return image, False
    weighted = has_alpha(image) and not hidden_matters
    image = premultiplied(image) if weighted else image
    first = min(reduction, DECODER_REDUCES)
    return squares(squares(image, first), reduction // first), weighted


def squares(image: Image, side: int) -> Image:
    """Average squares that count from the upper left corner; those at the other edges are filled by repeating."""
    if side == 1:
        return image
    right, bottom = -image.width % side, -image.height % side
    if right or bottom:
        image = image.embed(0, 0, image.width + right, image.height + bottom, extend="copy")
    return image.shrink(side, side)


def load(path: Path, kind: str, shrink: int, *, sequential: bool, page: int = 0) -> Image:
    """Decode a file, lazily where its decoder can; one that ends too early is an error, not half a picture."""
    if kind in WHOLE:
        return WHOLE[kind](path)
    return decode_by_vips(path, kind, shrink, sequential=sequential, page=page)


def draw_vectors(source: LaidSource) -> Opened:
    """Draw an SVG as large as it is needed."""
    image = read_svg(source.path, dict(source.variables), source.drawn or 1.0)
    return Opened(image, source.size.width / image.width, source.size.height / image.height)


def plain(image: Image) -> Image:
    """Give an image as 8-bit gray or RGB, with or without alpha; bands beyond that are left out."""
    image = usual(image)
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


def keeps_inks(source: LaidSource, image: Image) -> bool:
    """Tell whether CMYK is left as it is, for a passage into another colour space."""
    return source.passage is not None and image.interpretation == "cmyk"


def inks_of(image: Image) -> Image:
    """Give CMYK in 8 bits, with or without alpha."""
    deep = image.format in {"ushort", "short"}
    return (image.cast("ushort") >> 8 if deep else image).cast("uchar").copy(interpretation="cmyk")


def usual(image: Image) -> Image:
    """Leave out the bands behind colours and alpha; an image of too few bands for its colours is gray."""
    colors = COLORS.get(image.interpretation)
    return image[: colors + 1] if colors and image.bands > colors + 1 else image


def from_cmyk(image: Image) -> Image:
    """Turn CMYK into RGB: by the file's own profile, or naively where it has none."""
    if image.format in {"ushort", "short"}:
        image = image.cast("ushort") >> 8
    alpha = image[4:] if image.hasalpha() else None
    inks = image[:4]
    if "icc-profile-data" in image.get_fields():
        rgb = inks.icc_transform("srgb", embedded=True, intent="relative")
    else:
        rgb = light_of(inks)
    return rgb if alpha is None else rgb.bandjoin(alpha.cast("uchar"))


def sniff(path: Path) -> str:
    """Tell the format by the first bytes of a file; an empty text is an unknown one."""
    try:
        with path.open("rb") as file:
            return format_of(file.read(HEAD))
    except OSError as error:
        raise unreadable(path, error) from error


def first_line(error: Exception) -> str:
    """Give what an imaging library says, on one line and without file names."""
    lines = [line.strip() for line in str(getattr(error, "detail", "") or error).splitlines() if line.strip()]
    return lines[0].rpartition("/")[2].rpartition(": ")[2][:120] if lines else "it cannot be decoded"
