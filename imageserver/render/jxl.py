"""JPEG XL: how large an image is, by its own first bits, since the decoder tells nothing before it has decoded all."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image as Pillow

from imageserver.protocol.values import Size
from imageserver.render.header import Header, orientation_of
from imageserver.render.packets import boxes

BARE = b"\xff\x0a"
RATIOS: Mapping[int, tuple[int, int]] = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
WIDTHS = (9, 13, 18, 30)
"""How many bits a length may have."""


class Bits:
    """Reads bits, the lowest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        """Give the next bits as a number, or raise `ValueError`."""
        if count > self._left:
            raise ValueError("it ends too early")
        value = self._value & ((1 << count) - 1)
        self._value >>= count
        self._left -= count
        return value


def size_in_jxl(path: Path) -> Size:
    """Read the size in front of the image's data, before it is turned. Reference: ISO/IEC 18181-1, SizeHeader."""
    bits = Bits(codestream(path)[len(BARE) :])
    small = bits.take(1)
    height = length_in(bits, small=bool(small))
    ratio = bits.take(3)
    if not ratio:
        return Size(length_in(bits, small=bool(small)), height)
    wide, tall = RATIOS[ratio]
    return Size(height * wide // tall, height)


def length_in(bits: Bits, *, small: bool) -> int:
    """Read a length: a multiple of eight, or of a number of bits that is told."""
    return (bits.take(5) + 1) * 8 if small else bits.take(WIDTHS[bits.take(2)]) + 1


def codestream(path: Path) -> bytes:
    """Give the first bytes of the image's data, which may stand in a box, or in parts of one."""
    with path.open("rb") as file:
        start = file.read(64)
    if start.startswith(BARE):
        return start
    for kind, data in boxes(path):
        if kind == b"jxlc" and data.startswith(BARE):
            return data[:64]
        if kind == b"jxlp" and data[4:].startswith(BARE):
            return data[4:68]
    raise ValueError("expected a JPEG XL image")


def opened_jxl(path: Path) -> tuple[Pillow.Image, Header]:
    """Decode an image, and tell what it is; raises `ValueError` for what cannot be decoded."""
    try:
        import pillow_jxl  # noqa: PLC0415, an extra
    except ImportError as error:
        raise ValueError("this server has no codec for JPEG XL; pillow-jxl-plugin brings one") from error
    try:
        is_jpeg, info, data, profile, found = pillow_jxl.Decoder(num_threads=1)(path.read_bytes())
    except (RuntimeError, OSError) as error:
        raise ValueError("it cannot be decoded") from error
    image: Pillow.Image
    if is_jpeg:
        image = Pillow.open(io.BytesIO(data), formats=["JPEG"])
        orientation = orientation_of(image)
        profile = image.info.get("icc_profile") or profile
    else:
        image, orientation = Pillow.frombytes(info.mode, (info.width, info.height), data), 1
    return image, Header(
        format="JXL",
        size=Size(image.width, image.height),
        pixel_type="BW" if image.mode in {"L", "LA", "I;16"} else "CMYK" if image.mode == "CMYK" else "RGB",
        alpha="unassociated" if "A" in image.mode else "none",
        orientation=orientation,
        profile=profile or b"",
        packet=next((bytes(one.data) for one in found if is_packet(one)), b""),
    )


def is_packet(box: Any) -> bool:  # noqa: ANN401, a box of the decoder
    """Tell whether a box holds an XMP packet."""
    return bytes(box.box_type) == b"xml " and b"xmpmeta" in bytes(box.data)
