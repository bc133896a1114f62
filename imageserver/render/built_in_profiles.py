"""The colour profiles that come with the server, so that colours are managed on a machine without any.

Their origin: that of a press, "Chemical proof" by Graeme W. Gill (public domain), comes with libvips.
The others are made here, of the numbers that the definitions of sRGB (IEC 61966-2-1), Display P3, Adobe RGB (1998) and
gray with a gamma of 2.2 give: a matrix and curves, in version 2 of the format, which everything reads, and for which
black points are compensated only where that is asked for (LittleCMS always does in version 4, in two of the intents).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping
from functools import cache
from hashlib import blake2b
from itertools import chain, product

from PIL import Image as Pillow
from PIL import ImageChops, ImageCms

from imageserver.plan.profiles import BY_NAME
from imageserver.render.engine import stored_profile

D50 = (0.9642, 1.0, 0.8249)
D65 = (0.95045, 1.0, 1.08905)
SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
DISPLAY_P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
"""Red, green and blue of each, adapted to D50."""
GAMMA = 563
"""2.2 as Adobe RGB (1998) defines it, in 1/256."""
STEPS = 1024
"""Points of a curve that is no mere power."""
HEADER = 128
Tag = tuple[bytes, bytes]
XYZ = tuple[float, float, float]
Primaries = tuple[XYZ, XYZ, XYZ]
NEAR = 0.002
LEVELS = (0, 16, 40, 80, 128, 192, 255)
RELATIVE = ImageCms.Intent.RELATIVE_COLORIMETRIC
SAME = 1
"""Profiles whose colours differ by no more, of 255, are taken for the same."""


def digest_of(data: bytes) -> str:
    """Give what stands for the bytes of a profile; it is that of a file which holds nothing else."""
    return blake2b(data, digest_size=16).hexdigest()


@cache
def built_in_bytes(identifier: str) -> bytes:
    """Give a profile that comes with the server."""
    return MAKERS[identifier]()


def rgb_profile(name: str, primaries: Primaries, curve: bytes) -> bytes:
    """Make a profile of RGB whose white is D65."""
    names = (b"rXYZ", b"gXYZ", b"bXYZ")
    colorants = [(tag, xyz(value)) for tag, value in zip(names, primaries, strict=True)]
    curves = [(tag, curve) for tag in (b"rTRC", b"gTRC", b"bTRC")]
    return display_profile(b"RGB ", name, [(b"wtpt", xyz(D65)), *colorants, *curves])


def gray_profile(name: str, curve: bytes) -> bytes:
    """Make a profile of gray."""
    return display_profile(b"GRAY", name, [(b"wtpt", xyz(D50)), (b"kTRC", curve)])


def display_profile(space: bytes, name: str, tags: list[Tag]) -> bytes:
    """Write a profile of a display, version 2.4, whose profile connection space is XYZ."""
    tags = [(b"desc", description(name)), (b"cprt", b"text\0\0\0\0No rights reserved, CC0\0"), *tags]
    table, data, start = struct.pack(">I", len(tags)), b"", HEADER + 4 + 12 * len(tags)
    places: dict[bytes, int] = {}
    for signature, value in tags:
        if value not in places:
            places[value] = start + len(data)
            data += value + b"\0" * (-len(value) % 4)
        table += signature + struct.pack(">II", places[value], len(value))
    head = struct.pack(">I4sI4s4s4s", start + len(data), b"", 0x02400000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H4s", 2024, 1, 1, 0, 0, 0, b"acsp") + b"\0" * 28 + fixed(D50)
    return head.ljust(HEADER, b"\0") + table + data


def description(name: str) -> bytes:
    """Write a text as ICC's textDescriptionType, in ASCII only."""
    text = name.encode("ascii") + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + b"\0" * (4 + 4 + 2 + 1 + 67)


def power() -> bytes:
    """Write the curve of a gamma of 2.2."""
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, GAMMA)


def curve_of_srgb() -> bytes:
    """Write the curve of sRGB, which is linear near black."""
    values = (value / (STEPS - 1) for value in range(STEPS))
    light = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values)  # noqa: PLR2004
    return b"curv\0\0\0\0" + struct.pack(f">I{STEPS}H", STEPS, *(round(value * 65535) for value in light))


def xyz(values: XYZ) -> bytes:
    """Write a colour as ICC's XYZType."""
    return b"XYZ \0\0\0\0" + fixed(values)


def fixed(values: XYZ) -> bytes:
    """Write numbers as ICC's s15Fixed16."""
    return struct.pack(">3i", *(round(value * 65536) for value in values))


MAKERS: Mapping[str, Callable[[], bytes]] = {
    "sRGB": lambda: rgb_profile("sRGB IEC61966-2.1", SRGB, curve_of_srgb()),
    "DisplayP3": lambda: rgb_profile("Display P3", DISPLAY_P3, curve_of_srgb()),
    "AdobeRGB": lambda: rgb_profile("Compatible with Adobe RGB (1998)", ADOBE_RGB, power()),
    "GrayGamma22": lambda: gray_profile("Gray Gamma 2.2", power()),
    "Cmyk": lambda: stored_profile("cmyk"),
}

PRIMARIES: Mapping[str, Primaries] = {"sRGB": SRGB, "DisplayP3": DISPLAY_P3, "AdobeRGB": ADOBE_RGB}


def same_built_in(profile: ImageCms.ImageCmsProfile) -> str:
    """Give what stands for the built-in profile of RGB that another one is but for rounding; else nothing."""
    for identifier, primaries in PRIMARIES.items():
        if has_primaries(profile, primaries):
            built_in = ImageCms.ImageCmsProfile(io.BytesIO(built_in_bytes(identifier)))
            return BY_NAME[identifier.casefold()].digest if is_same(profile, built_in) else ""
    return ""


def has_primaries(profile: ImageCms.ImageCmsProfile, primaries: Primaries) -> bool:
    """Tell whether red, green and blue of a profile are these, about."""
    known = profile.profile
    own = [one[0] for one in (known.red_colorant, known.green_colorant, known.blue_colorant) if one is not None]
    if not known.is_matrix_shaper or len(own) < len(primaries):
        return False
    pairs = zip(chain.from_iterable(own), chain.from_iterable(primaries), strict=True)
    return all(abs(mine - wanted) < NEAR for mine, wanted in pairs)


def is_same(one: ImageCms.ImageCmsProfile, other: ImageCms.ImageCmsProfile) -> bool:
    """Tell whether a conversion from one profile of RGB to another changes nothing that can be seen."""
    colors = samples()
    converted = ImageCms.applyTransform(colors, ImageCms.buildTransform(one, other, "RGB", "RGB", RELATIVE))
    assert converted is not None  # noqa: S101, it is None only for conversions in place
    bands = ImageChops.difference(colors, converted).getextrema()
    return all(band[1] <= SAME for band in bands if isinstance(band, tuple))


@cache
def samples() -> Pillow.Image:
    """Give an image of colours from all over RGB."""
    data = bytes(component for color in product(LEVELS, repeat=3) for component in color)
    return Pillow.frombytes("RGB", (len(LEVELS) ** 3, 1), data)
