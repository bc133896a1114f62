"""The settings of libvips, made once in each process that renders."""

from __future__ import annotations

import os

os.environ.setdefault("VIPS_CONCURRENCY", "1")  # read when libvips is loaded; there is a worker for each core

import pyvips
from PIL import Image as Pillow

Image = pyvips.Image
"""An image of libvips: a recipe that computes only the pixels that are asked for."""

Error = pyvips.Error


def interpolator(name: str) -> object:
    """Give one of libvips' interpolators."""
    return pyvips.Interpolate.new(name)


def stored_profile(name: str) -> bytes:
    """Give one of the colour profiles that libvips brings along."""
    return bytes(pyvips.Operation.call("profile_load", name))


def with_profile(image: pyvips.Image, profile: bytes) -> pyvips.Image:
    """Give an image the colour profile that its file brings along, if there is one."""
    if not profile:
        return image
    image = image.copy()
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return image


def with_orientation(image: pyvips.Image, orientation: int) -> pyvips.Image:
    """Give an image the EXIF orientation that its file tells."""
    image = image.copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    return image


def allow_vectors() -> None:
    """Let this process draw SVG, whose loader libvips does not trust: only where all is lost that may be lost."""
    pyvips.operation_block_set("VipsForeignLoadSvg", False)


def configure() -> None:
    """Switch off caches that never hit, and the loaders that libvips itself does not trust."""
    pyvips.cache_set_max(0)
    pyvips.block_untrusted_set(True)
    Pillow.MAX_IMAGE_PIXELS = None  # the pixels are counted by our own limit, before anything is decoded
