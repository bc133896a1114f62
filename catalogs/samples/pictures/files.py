"""How pictures become files: a format for each ending, and what a file says beside its pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyvips
from PIL import Image as Pil
from PIL import ImageCms

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .brush import Image

MILLIMETRES = 25.4  # in an inch
LIES_ON_ITS_SIDE = 6  # the EXIF orientation of a camera turned to the left
PROFILE_DATE = slice(24, 36)  # in the header of an ICC profile
CREDITS = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{creator}</rdf:li></rdf:Seq></dc:creator>
<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">{rights}</rdf:li></rdf:Alt></dc:rights>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def write(picture: Image | Pil.Image, path: Path) -> None:
    """Write a picture under a temporary name, then give it its own, so that nobody sees half a file."""
    part = path.with_name(f".{path.name}.part")
    if isinstance(picture, Pil.Image):
        picture.save(part, format="PNG", optimize=True)
    else:
        FORMATS[path.suffix](picture, str(part))
    part.replace(path)


def at(dpi: float, picture: Image) -> Image:
    """Say how large a picture is meant to be printed."""
    return picture.copy(xres=dpi / MILLIMETRES, yres=dpi / MILLIMETRES)


def credited(picture: Image, title: str, creator: str, rights: str) -> Image:
    """Add an XMP packet with the credits and the profile of sRGB."""
    noted = picture.copy()
    packet = CREDITS.format(title=title, creator=creator, rights=rights).encode()
    noted.set_type(pyvips.GValue.blob_type, "xmp-data", packet)
    noted.set_type(pyvips.GValue.blob_type, "icc-profile-data", srgb_profile())
    return noted


def srgb_profile() -> bytes:
    """Make the profile of sRGB, dated so that it is the same in every run."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[PROFILE_DATE] = bytes.fromhex("07d0 0001 0001 0000 0000 0000")  # the year 2000
    return bytes(profile)


def for_press(picture: Image) -> Image:
    """Add the profile of a printing press, the one that comes with libvips."""
    noted = picture.copy()
    noted.set_type(pyvips.GValue.blob_type, "icc-profile-data", pyvips.Operation.call("profile_load", "cmyk"))
    return noted


def lying(picture: Image) -> Image:
    """Store a picture as a camera held upright does: on its side, with a note to turn it."""
    side = picture.rot270().copy_memory()
    side.set_type(pyvips.GValue.gint_type, "orientation", LIES_ON_ITS_SIDE)
    return side


def moving(strip: Image, frames: int, milliseconds: int) -> Image:
    """Make an endless animation of frames that lie one below the other."""
    noted = strip.copy()
    noted.set_type(pyvips.GValue.gint_type, "page-height", strip.height // frames)
    noted.set_type(pyvips.GValue.array_int_type, "delay", [milliseconds] * frames)
    noted.set_type(pyvips.GValue.gint_type, "loop", 0)
    return noted


FORMATS: dict[str, Callable[[Image, str], None]] = {
    ".jpg": lambda picture, path: picture.jpegsave(path, Q=88, optimize_coding=True),
    ".png": lambda picture, path: picture.pngsave(path, compression=7, filter="all"),
    ".webp": lambda picture, path: picture.webpsave(path, Q=80),
    ".tif": lambda picture, path: picture.tiffsave(path, compression="lzw", predictor="horizontal"),
}
