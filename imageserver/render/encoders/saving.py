"""What several writers share: print resolutions, and writing with Pillow."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image as Pillow

from imageserver.errors import RenderFailed
from imageserver.plan.picture import Encoding
from imageserver.render.engine import Image

MM_IN_INCH = 25.4
POINTS_IN_INCH = 72
DEFAULT_RESOLUTION = 72.0
DEVICE_SPACES = {"L": "DeviceGray", "RGB": "DeviceRGB", "CMYK": "DeviceCMYK"}
"""What PostScript and PDF call the colours of a picture whose profile is not told."""


def resolution(encoding: Encoding) -> float:
    """Give the print resolution in dots per inch."""
    return encoding.print_resolution or DEFAULT_RESOLUTION


def size_in_print(image: Pillow.Image, encoding: Encoding) -> tuple[float, float]:
    """Give width and height of a picture on paper, in points."""
    points = POINTS_IN_INCH / resolution(encoding)
    return image.width * points, image.height * points


def with_resolution(image: Image, encoding: Encoding) -> Image:
    """Give an image its print resolution, for the writers of libvips."""
    per_mm = resolution(encoding) / MM_IN_INCH
    return image.copy(xres=per_mm, yres=per_mm)


def saved(image: Pillow.Image, form: str, **options: Any) -> bytes:  # noqa: ANN401, what a writer of Pillow takes
    """Write an image with Pillow; raises `RenderFailed` for one that the format cannot hold."""
    file = io.BytesIO()
    try:
        image.save(file, form, **options)
    except OSError as error:
        raise RenderFailed(f"{image.width} x {image.height} pixels cannot be written as {form}") from error
    return file.getvalue()
