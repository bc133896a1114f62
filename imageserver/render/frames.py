"""The frames of animated GIF, WebP and PNG: how many there are and for how long, and their pixels one by one.

What is known of them is read without decoding: by libvips, which reads no animated PNG. Pillow decodes them: it tells
of a GIF that ends too early, where libvips gives what there is.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from PIL import Image as Pillow

from imageserver.errors import BadSource
from imageserver.layout.facts import Animation
from imageserver.layout.layout import LaidSource, Pixels
from imageserver.protocol.values import Size
from imageserver.render.decoders import BY_VIPS
from imageserver.render.engine import Error
from imageserver.render.header import orientation_of

CHUNK = struct.Struct(">I4s")
SIGNATURE, CHECKSUM = 8, 4
DELAY = slice(20, 24)
"""Where a frame of PNG tells how long it is shown: a fraction of seconds of two short numbers."""
PER_SECOND = 100
"""The denominator of that fraction when it is 0."""
MILLISECONDS = 1000
BROKEN = (OSError, EOFError, ValueError, SyntaxError, IndexError, struct.error, Pillow.DecompressionBombError)
"""What Pillow raises for a frame that it cannot read."""
OPAQUE = 255
UPRIGHT: Mapping[int, Pillow.Transpose] = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}
"""How an image of an EXIF orientation is turned upright."""


def animation_in(path: Path, kind: str, most: int) -> Animation | None:
    """Tell what is known of the frames of a file, or None for a still image; raises `OSError`."""
    found = READERS[kind](path) if kind in READERS else None
    if found is None or found.frames <= 1:
        return None
    if found.frames > most:
        return Animation(found.frames, (), found.plays)
    missing = (0,) * (found.frames - len(found.durations))
    return replace(found, durations=found.durations + missing)


def animation_by_vips(path: Path, kind: str) -> Animation | None:
    """Read how many frames a file has, and for how long each is shown; one that is broken is left to its decoder."""
    try:
        image = BY_VIPS[kind](str(path), access="sequential")
        fields = set(image.get_fields())
        durations = tuple(image.get("delay")) if "delay" in fields else ()
        plays = image.get("loop") if "loop" in fields else 1
    except Error:
        return None
    return Animation(len(durations), durations, plays)


def animation_in_png(path: Path) -> Animation | None:
    """Read the chunks of an animated PNG; one that ends too early has the frames that it promises, which then fail."""
    durations, promised, plays = [], 0, None
    for name, data in chunks(path):
        match name:
            case b"acTL" if len(data) == 2 * CHECKSUM:
                promised, plays = int.from_bytes(data[:4]), int.from_bytes(data[4:])
            case b"fcTL" if len(data) >= DELAY.stop:
                over, under = struct.unpack(">2H", data[DELAY])
                durations.append(round(over * MILLISECONDS / (under or PER_SECOND)))
            case b"IDAT" if plays is None:
                return None
            case b"IEND":
                break
    return None if plays is None else Animation(max(promised, len(durations)), tuple(durations), plays)


def chunks(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yield the names of the chunks of a PNG, with the first bytes of each."""
    with path.open("rb") as file:
        file.seek(SIGNATURE)
        while len(head := file.read(CHUNK.size)) == CHUNK.size:
            length, name = CHUNK.unpack(head)
            data = file.read(min(length, DELAY.stop))
            yield name, data
            file.seek(length - len(data) + CHECKSUM, 1)


def frames_of(source: LaidSource, count: int) -> Iterator[Pixels]:
    """Decode the frames of a file as they are shown, one after the other; raises `BadSource` for a broken one.

    An image of PNG that is no part of the animation is left out.
    """
    name = source.path.name
    number = 0
    try:
        with Pillow.open(source.path, formats=list(READERS)) as image:
            turn = UPRIGHT.get(orientation_of(image)) if source.oriented else None
            first = int(bool(image.info.get("default_image")))
            for number in range(count):
                image.seek(first + number)
                yield pixels_of(image, turn, source.size)
            if not ends_at(image, first + count):
                raise ValueError("libvips knows of fewer frames")
    except BROKEN as error:
        raise BadSource(name, f"frame {number + 1} of {count} cannot be read", str(source.path)) from error


def frame_of(source: LaidSource) -> Pixels:
    """Decode the frame of a file that is asked for; raises `BadSource` where it, or one before it, is broken."""
    try:
        with Pillow.open(source.path, formats=list(READERS)) as image:
            turn = UPRIGHT.get(orientation_of(image)) if source.oriented else None
            image.seek(int(bool(image.info.get("default_image"))) + source.frame - 1)
            return pixels_of(image, turn, source.size)
    except BROKEN as error:
        name = source.path.name
        raise BadSource(name, f"frame {source.frame} cannot be read", str(source.path)) from error


def ends_at(image: Pillow.Image, count: int) -> bool:
    """Tell whether an opened image has no more frames than these."""
    try:
        image.seek(count)
    except EOFError:
        return True
    return False


def pixels_of(image: Pillow.Image, turn: Pillow.Transpose | None, size: Size) -> Pixels:
    """Give the frame that an opened image is at, turned upright, without alpha where it is opaque.

    A frame of GIF that is larger than its image is cut.
    """
    frame = image.convert("RGBA")
    frame = frame if turn is None else frame.transpose(turn)
    frame = frame if frame.size == (size.width, size.height) else frame.crop((0, 0, size.width, size.height))
    if frame.getchannel("A").getextrema() == (OPAQUE, OPAQUE):
        frame = frame.convert("RGB")
    return Pixels(frame.width, frame.height, len(frame.mode), frame.tobytes())


READERS: Mapping[str, Callable[[Path], Animation | None]] = {
    "GIF": partial(animation_by_vips, kind="GIF"),
    "WEBP": partial(animation_by_vips, kind="WEBP"),
    "PNG": animation_in_png,
}
