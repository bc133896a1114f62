"""Images moved: turned by any angle, or led to four corners by a perspective."""

from __future__ import annotations

from imageserver.commands.delivery import ResMode
from imageserver.layout.layout import Loop, Turn
from imageserver.layout.moving import Matrix, homography
from imageserver.protocol.values import Rect, Size
from imageserver.render.alpha import premultiplied, unpremultiplied
from imageserver.render.engine import Image, interpolator
from imageserver.render.resample import INTERPOLATORS

EDGE = 2
"""Clear pixels around an image, into which its edge fades."""


def rotated(image: Image, turn: Turn, box: Rect, mode: ResMode) -> Image:
    """Map an image with alpha about its centre into a box."""
    middle_x, middle_y = image.width / 2, image.height / 2
    result = (
        premultiplied(image)
        .cast("float")
        .affine(  # so that ringing is cut off behind the division by alpha
            (turn.a, turn.b, turn.c, turn.d),
            interpolate=interpolator(INTERPOLATORS[mode]),
            idx=0.5,
            idy=0.5,
            odx=box.width / 2 - (turn.a * middle_x + turn.b * middle_y) - 0.5,
            ody=box.height / 2 - (turn.c * middle_x + turn.d * middle_y) - 0.5,
            oarea=[0, 0, box.width, box.height],
            extend="background",
            premultiplied=True,
            background=[0],
        )
    )
    return unpremultiplied(result).copy(interpretation="srgb")


def warped(image: Image, corners: Loop, size: Size, *, smooth: bool) -> Image:
    """Lead the corners of an image with alpha to others, on a canvas of this size."""
    forward = homography(image.width, image.height, corners)
    a, b, c, d, e, f, g, h, i = inverse(forward)
    place = Image.xyz(size.width, size.height) + 0.5
    x, y = place[0], place[1]
    weight = x * g + y * h + i
    index = ((x * a + y * b + c) / weight - 0.5 + EDGE).bandjoin((x * d + y * e + f) / weight - 0.5 + EDGE)
    framed = premultiplied(image).embed(EDGE, EDGE, image.width + 2 * EDGE, image.height + 2 * EDGE)
    result = framed.mapim(index, interpolate=interpolator("bilinear" if smooth else "nearest"), premultiplied=True)
    return unpremultiplied(result).copy(interpretation="srgb")


def inverse(matrix: Matrix) -> Matrix:
    """Give the inverse of a map, up to a factor, which a homography does not mind."""
    a, b, c, d, e, f, g, h, i = matrix
    return (
        e * i - f * h,
        c * h - b * i,
        b * f - c * e,
        f * g - d * i,
        a * i - c * g,
        c * d - a * f,
        d * h - e * g,
        b * g - a * h,
        a * e - b * d,
    )
