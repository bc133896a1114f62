"""Colours and alpha of an image: apart, together, premultiplied, and over a background."""

from __future__ import annotations

from imageserver.protocol.color import Color
from imageserver.protocol.values import Size
from imageserver.render.engine import Image

OPAQUE = 255
LUMA = (0.299, 0.587, 0.114)
GRAY_BANDS = 2
"""Images with fewer bands are gray, with these or without alpha."""


def has_alpha(image: Image) -> bool:
    """Tell whether the last band is alpha; of four, it is unless they are inks."""
    return image.bands in {2, 5} or (image.bands == 4 and image.interpretation != "cmyk")  # noqa: PLR2004, RGB and alpha


def colors(image: Image) -> Image:
    """Give the bands without alpha."""
    return image[: image.bands - 1] if has_alpha(image) else image


def alpha(image: Image) -> Image:
    """Give the alpha band; that of an opaque image is full."""
    return image[image.bands - 1] if has_alpha(image) else filled(image, (OPAQUE,))


def with_alpha(image: Image, mask: Image) -> Image:
    """Give an image with another alpha band."""
    return colors(image).bandjoin(mask.cast("uchar"))


def filled(like: Image, values: tuple[int, ...]) -> Image:
    """Give an image of the same size in one colour."""
    return plane(Size(like.width, like.height), values)


def plane(size: Size, values: tuple[int, ...]) -> Image:
    """Give an image in one colour, which costs nothing until it is used."""
    pixel = Image.black(1, 1, bands=len(values)) + list(values)
    interpretation = "b-w" if len(values) <= GRAY_BANDS else "srgb"
    return pixel.cast("uchar").copy(interpretation=interpretation).embed(0, 0, size.width, size.height, extend="copy")


def as_rgb(image: Image) -> Image:
    """Give gray as RGB; alpha stays."""
    if image.bands > GRAY_BANDS:
        return image
    gray = image[0]
    rgb = gray.bandjoin([gray, gray]).copy(interpretation="srgb")
    return rgb.bandjoin(image[1]) if has_alpha(image) else rgb


def as_gray(image: Image) -> Image:
    """Give the luma of an image without alpha."""
    if image.bands == 1:
        return image
    return image.recomb(Image.new_from_array([list(LUMA)])).rint().cast("uchar").copy(interpretation="b-w")


def over(image: Image, below: Image) -> Image:
    """Lay an image over another of the same size."""
    if not has_alpha(image):
        return image
    return below.composite2(image, "over").cast("uchar")


def on_color(image: Image, color: Color) -> Image:
    """Lay an image over a colour, which may be transparent itself."""
    if not has_alpha(image) or not color.alpha:
        return image
    if color.alpha == OPAQUE:
        return image.flatten(background=list(color.rgb)).cast("uchar")
    return over(image, filled(image, (*color.rgb, color.alpha)))


def faded(image: Image, opacity: float) -> Image:
    """Multiply the alpha by an opacity from 0 to 1."""
    if opacity == 1:
        return image
    return with_alpha(image, (alpha(image) * opacity).rint())


def premultiplied(image: Image) -> Image:
    """Multiply the colours by the alpha, so that invisible ones have no weight."""
    if not has_alpha(image):
        return image
    return image.premultiply().rint().cast("uchar").copy(interpretation=image.interpretation)


def whole_numbers(image: Image) -> Image:
    """Give an image in whole numbers from 0 to 255."""
    return image if image.format == "uchar" else image.rint().cast("uchar")


def unpremultiplied(image: Image) -> Image:
    """Undo `premultiplied`; the ringing of kernels makes no colour brighter than its alpha."""
    if not has_alpha(image):
        return whole_numbers(image)
    share = image[image.bands - 1]
    bands = image[: image.bands - 1]
    whole = (bands < share).ifthenelse(bands, share).bandjoin(share).copy(interpretation=image.interpretation)
    return whole.unpremultiply().rint().cast("uchar")
