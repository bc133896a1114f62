"""Image files → Headers, each format by who reads its header."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image as Pillow
from PIL import UnidentifiedImageError
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from imageserver.config import Limits
from imageserver.errors import BadSource
from imageserver.layout.facts import Alpha, PixelType
from imageserver.protocol.values import Size
from imageserver.render.claims import Claims, check, claims_of, whole
from imageserver.render.damages import DAMAGES, unreadable
from imageserver.render.decoders import FORMATS, WHOLE, open_by_pillow
from imageserver.render.eps import header_of_eps
from imageserver.render.frames import animation_in
from imageserver.render.header import Header, orientation_of, usual_orientation
from imageserver.render.ico import header_of_ico
from imageserver.render.jxl import opened_jxl, size_in_jxl
from imageserver.render.packets import packet_of, tidy
from imageserver.render.photoshop import SEGMENT, paths_of, resources
from imageserver.render.psd import header_of_psd
from imageserver.render.sources import first_line, sniff
from imageserver.render.svg import header_of_svg
from imageserver.render.tiff_pages import pages_in_tiff

GRAY = frozenset({"L", "LA", "La", "1", "I;16", "I;16B", "I"})
WIDTH, LENGTH = 256, 257
EXTRA_SAMPLES = 338
PHOTOMETRIC, ORIENTATION, XMP, PHOTOSHOP, PROFILE = 262, 274, 700, 34377, 34675
LIGHT, INKS = frozenset({0, 1}), 5
"""Values of the photometric interpretation: gray, and CMYK."""
SMALL_HEAD, BIG_HEAD, BIG = 8, 16, 43
ASSOCIATED = 1


def read_header(path: Path, limits: Limits | None = None) -> Header:
    """Read what a file tells of its image; raises `BadSource` for none.

    With limits, a huge one raises `LimitExceeded` before any pixel is decoded; who has seen the file before needs none.
    """
    kind = sniff(path)
    if kind not in FORMATS:
        raise BadSource(path.name, f"expected one of {', '.join(FORMATS)}", str(path))
    try:
        if limits and kind not in READ_CHEAPLY:
            check(whole(size_in_jxl(path)) if kind == "JXL" else claims_of(path, kind), limits)
        header = OWN[kind](path) if kind in OWN else header_by_pillow(path, kind)
        if limits:
            check(whole(header.size) if kind in WHOLE else Claims(header.size), limits)
            header = replace(header, animation=animation_in(path, kind, limits.frames))
            header = replace(header, pages=pages_in_tiff(path, limits.frames) if kind == "TIFF" else 1)
    except DAMAGES as error:
        if isinstance(error, OSError):
            raise unreadable(path, error) from error
        raise BadSource(path.name, first_line(error), str(path)) from error
    return replace(header, packet=tidy(header.packet))


def header_by_pillow(path: Path, kind: str) -> Header:
    """Read the header of a format that Pillow knows."""
    try:
        opened = open_by_pillow(path, kind)
    except UnidentifiedImageError:
        if kind != "TIFF":
            raise
        return header_of_tiff(path)
    with opened as image:
        return Header(
            format=image.format or "",
            size=stored_size(image),
            pixel_type=pixel_type_of(image),
            alpha=alpha_of(image),
            orientation=orientation_of(image),
            profile=bytes(image.info.get("icc_profile") or b""),
            packet=packet_of(image, path),
            paths=paths_of(resources(photoshop_blocks(image))),
            print_resolution=resolution_of(image),
        )


def pixel_type_of(image: Pillow.Image) -> PixelType:
    """Give the pixel type of an image."""
    tiles: Any = getattr(image, "tile", ())
    deep_gray = image.format == "PNG" and bool(tiles) and str(tiles[0].args).startswith("LA")
    return "CMYK" if image.mode == "CMYK" else "BW" if image.mode in GRAY or deep_gray else "RGB"


def header_of_tiff(path: Path) -> Header:
    """Read the tags of a TIFF whose pixels Pillow has no name for, such as CMYK with alpha."""
    with path.open("rb") as file:
        head = file.read(BIG_HEAD)
        large = BIG in (head[2], head[3])
        tags = ImageFileDirectory_v2(head if large else head[:SMALL_HEAD])
        file.seek(tags.next)
        tags.load(file)
    photometric, extra = tags.get(PHOTOMETRIC), tags.get(EXTRA_SAMPLES)
    profile, packet, blocks = (tags.get(tag) for tag in (PROFILE, XMP, PHOTOSHOP))
    return Header(
        format="TIFF",
        size=Size(int(tags.get(WIDTH, 0)), int(tags.get(LENGTH, 0))),
        pixel_type="CMYK" if photometric == INKS else "BW" if photometric in LIGHT else "RGB",
        alpha="none" if not extra else "associated" if ASSOCIATED in extra else "unassociated",
        orientation=usual_orientation(tags.get(ORIENTATION)),
        profile=profile if isinstance(profile, bytes) else b"",
        packet=packet if isinstance(packet, bytes) else b"",
        paths=paths_of(resources(blocks if isinstance(blocks, bytes) else b"")),
    )


def stored_size(image: Pillow.Image) -> Size:
    """Give the size as stored; for TIFF, Pillow tells the one that is shown."""
    tags: Any = getattr(image, "tag_v2", {})
    if image.format == "TIFF" and WIDTH in tags and LENGTH in tags:
        return Size(int(tags[WIDTH]), int(tags[LENGTH]))
    return Size(image.width, image.height)


def alpha_of(image: Pillow.Image) -> Alpha:
    """Tell whether an image has alpha, and whether its colours are premultiplied with it."""
    tags: Any = getattr(image, "tag_v2", {})
    extra = tags.get(EXTRA_SAMPLES) if image.format == "TIFF" else None
    if extra:
        return "associated" if ASSOCIATED in extra else "unassociated"
    has_alpha = bool({"A", "a"} & set(image.getbands())) or "transparency" in image.info
    return "unassociated" if has_alpha else "none"


def resolution_of(image: Pillow.Image) -> float | None:
    """Give the horizontal print resolution in dots per inch, if the file says one."""
    dpi = image.info.get("dpi")
    if isinstance(dpi, tuple) and dpi and isinstance(dpi[0], int | float) and dpi[0] > 1:
        return round(float(dpi[0]), 2)
    return None


def photoshop_blocks(image: Pillow.Image) -> bytes:
    """Give the image resources of Photoshop, from a JPEG's APP13 or a TIFF's tag."""
    tags: Any = getattr(image, "tag_v2", {})
    if image.format == "TIFF":
        data = tags.get(PHOTOSHOP, b"")
        return data if isinstance(data, bytes) else b""
    segments = [data for marker, data in getattr(image, "applist", []) if marker == "APP13"]
    return b"".join(data.removeprefix(SEGMENT) for data in segments if data.startswith(SEGMENT))


def header_of_jxl(path: Path) -> Header:
    """Decode JPEG XL, which tells nothing before."""
    return opened_jxl(path)[1]


OWN: Mapping[str, Callable[[Path], Header]] = {
    "PSD": header_of_psd,
    "EPS": header_of_eps,
    "SVG": header_of_svg,
    "JXL": header_of_jxl,
    "ICO": header_of_ico,
}
"""The formats whose headers are read here; Pillow reads those of the others."""
READ_CHEAPLY = frozenset({"PSD", "EPS", "SVG", "ICO"})
"""Those of them that are not decoded for it."""
