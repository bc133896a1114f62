"""The bytes of colour profiles, those that come with the server included, and what is known of a profile file.

Origin of the built-in ones: sRGB, Display P3 and the one of a press come with libvips; the first two are the Compact
ICC Profiles by Clinton Ingram (CC0), the last is "Chemical proof" by Graeme W. Gill (public domain). The one that is
compatible with Adobe RGB (1998), and gray with a gamma of 2.2, are made here, of the numbers that their definitions
give: version 2, a matrix and a gamma of 563/256.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from functools import cache, lru_cache, partial
from hashlib import blake2b
from pathlib import Path

from imageserver.config import Limits
from imageserver.errors import BadProfile, BadSource, LimitExceeded
from imageserver.layout.facts import Facts
from imageserver.plan.profiles import Profile
from imageserver.protocol.values import Size
from imageserver.render.engine import stored_profile
from imageserver.render.probe import embedded_profile, profile_name, profile_type

D50 = (0.9642, 1.0, 0.8249)
D65 = (0.95045, 1.0, 1.08905)
ADOBE_RED = (0.60974, 0.31111, 0.01947)
ADOBE_GREEN = (0.20528, 0.62567, 0.06087)
ADOBE_BLUE = (0.14919, 0.06322, 0.74457)
"""The primaries of Adobe RGB (1998), adapted to D50."""
GAMMA = 563
"""2.2 as Adobe RGB (1998) defines it, in 1/256."""
HEADER = 128
MOST_KEPT = 32
Tag = tuple[bytes, bytes]


def profile_bytes(profile: Profile) -> bytes:
    """Give the bytes of a profile; raises `BadSource` when they are others by now."""
    if profile.built_in:
        return built_in_bytes(profile.built_in)
    assert profile.file is not None  # noqa: S101, what a profile is without being built in
    return file_bytes(profile.file, profile.digest)


@lru_cache(MOST_KEPT)
def file_bytes(path: Path, digest: str) -> bytes:
    """Read a profile from its file, or from the image that embeds it."""
    try:
        data = path.read_bytes() if is_profile(path) else embedded_profile(path)
    except OSError as error:
        raise BadSource(path.name, error.strerror or "cannot be opened", str(path)) from error
    if digest_of(data) != digest:
        raise BadSource(path.name, "it has changed", str(path))
    return data


def is_profile(path: Path) -> bool:
    """Tell a profile from an image."""
    with path.open("rb") as file:
        return file.read(HEADER)[36:40] == b"acsp"


def digest_of(data: bytes) -> str:
    """Give what stands for the bytes of a profile; it is that of a file which holds nothing else."""
    return blake2b(data, digest_size=16).hexdigest()


def probe_profile(path: Path, limits: Limits) -> Facts:
    """Read what is known of a profile; raises `BadProfile` for a file that is none, `LimitExceeded` for a huge one."""
    try:
        length = path.stat().st_size
        if length > limits.file_size:
            raise LimitExceeded("limits.file_size", length, limits.file_size)
        data = path.read_bytes()
    except OSError as error:
        raise BadSource(path.name, "it cannot be opened", str(path)) from error
    kind = profile_type(data)
    if kind is None:
        raise BadProfile(path.name, "it is no ICC profile of gray, RGB or CMYK", str(path))
    return Facts(
        Size(0, 0), digest_of(data), format="profile", pixel_type=kind, icc_name=profile_name(data) or path.stem
    )


@cache
def built_in_bytes(identifier: str) -> bytes:
    """Give a profile that comes with the server."""
    return MAKERS[identifier]()


def compatible_with_adobe_rgb() -> bytes:
    """Make a profile with the primaries, the white and the gamma of Adobe RGB (1998)."""
    colorants = ((b"rXYZ", ADOBE_RED), (b"gXYZ", ADOBE_GREEN), (b"bXYZ", ADOBE_BLUE))
    curves = [(name, gamma()) for name in (b"rTRC", b"gTRC", b"bTRC")]
    tags = [(b"wtpt", xyz(D65)), *((name, xyz(value)) for name, value in colorants), *curves]
    return display_profile(b"RGB ", "Compatible with Adobe RGB (1998)", tags)


def gray_gamma() -> bytes:
    """Make a profile of gray with a gamma of 2.2."""
    return display_profile(b"GRAY", "Gray Gamma 2.2", [(b"wtpt", xyz(D50)), (b"kTRC", gamma())])


def display_profile(space: bytes, name: str, tags: list[Tag]) -> bytes:
    """Write a profile of a display, version 2.4, whose profile connection space is XYZ."""
    tags = [(b"desc", description(name)), (b"cprt", b"text\0\0\0\0No rights reserved, CC0\0"), *tags]
    table, data, start = struct.pack(">I", len(tags)), b"", HEADER + 4 + 12 * len(tags)
    for signature, value in tags:
        table += signature + struct.pack(">II", start + len(data), len(value))
        data += value + b"\0" * (-len(value) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(data), b"", 0x02400000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H4s", 2024, 1, 1, 0, 0, 0, b"acsp") + b"\0" * 28 + fixed(D50)
    return head.ljust(HEADER, b"\0") + table + data


def description(name: str) -> bytes:
    """Write a text as ICC's textDescriptionType, in ASCII only."""
    text = name.encode("ascii") + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + b"\0" * (4 + 4 + 2 + 1 + 67)


def gamma() -> bytes:
    """Write the curve of a gamma."""
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, GAMMA)


def xyz(values: tuple[float, float, float]) -> bytes:
    """Write a colour as ICC's XYZType."""
    return b"XYZ \0\0\0\0" + fixed(values)


def fixed(values: tuple[float, float, float]) -> bytes:
    """Write numbers as ICC's s15Fixed16."""
    return struct.pack(">3i", *(round(value * 65536) for value in values))


MAKERS: Mapping[str, Callable[[], bytes]] = {
    "sRGB": partial(stored_profile, "srgb"),
    "DisplayP3": partial(stored_profile, "p3"),
    "AdobeRGB": compatible_with_adobe_rgb,
    "GrayGamma22": gray_gamma,
    "Cmyk": partial(stored_profile, "cmyk"),
}
