"""The finished picture → bytes of its format. The table at the end says who writes which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from PIL import Image as Pillow

from imageserver.commands.formats import Codec
from imageserver.layout.facts import Animation
from imageserver.layout.layout import Layout
from imageserver.plan.picture import Encoding
from imageserver.protocol.color import Color
from imageserver.protocol.values import Size
from imageserver.render.alpha import (
    OPAQUE,
    alpha,
    as_gray,
    as_rgb,
    colors,
    filled,
    has_alpha,
    on_color,
    plane,
    with_alpha,
)
from imageserver.render.encoders.eps import write_eps
from imageserver.render.encoders.extra import write_bmp, write_heic, write_ico, write_jpeg2000, write_jxl
from imageserver.render.encoders.indexed import write_gif, write_png8
from imageserver.render.encoders.jpeg import jpeg, write_jpeg
from imageserver.render.encoders.moving import Frames, write_moving_gif, write_moving_webp
from imageserver.render.encoders.pdf import write_pages, write_pdf
from imageserver.render.encoders.still import write_avif, write_png, write_tiff, write_webp
from imageserver.render.engine import Image
from imageserver.render.exchange import from_pillow, to_pillow
from imageserver.render.metadata import NONE, Metadata
from imageserver.render.naive import as_cmyk


def encode(image: Image, layout: Layout, metadata: Metadata = NONE) -> bytes:
    """Write the picture in the format of its reply, with its print resolution and what it carries."""
    encoding = layout.encoding
    return ENCODERS[encoding.output.format.codec](sent(image, layout), encoding, metadata)


def encode_frames(frames: Iterable[Image], layout: Layout, metadata: Metadata = NONE) -> bytes:
    """Write an animation, or pages, in the format of its reply, the frames being drawn one after the other."""
    assert layout.animation is not None  # noqa: S101, it has frames
    pictures = (to_pillow(sent(frame, layout)) for frame in frames)
    return MOVING[layout.encoding.output.format.codec](pictures, layout.animation, layout.encoding, metadata)


def sent(image: Image, layout: Layout) -> Image:
    """Give what is sent of a picture, in the pixel type of the reply."""
    image = mask_of(image) if layout.mask_only else visible(image, layout)
    return in_pixel_type(image, layout.encoding)


def encode_plain(picture: Pillow.Image, layout: Layout, metadata: Metadata = NONE) -> bytes:
    """Write an opaque picture in colour in the format of its reply."""
    encoding = layout.encoding
    if encoding.output.format.codec == "jpeg" and encoding.output.pixel_type == "rgb":
        return jpeg(picture, encoding, metadata)
    return encode(from_pillow(picture), layout, metadata)


def mask_of(image: Image) -> Image:
    """Give the alpha of a picture as gray."""
    return alpha(image).copy(interpretation="b-w")


def visible(image: Image, layout: Layout) -> Image:
    """Give RGB, or CMYK: with alpha where the format has it, else over the background."""
    if image.interpretation == "cmyk":
        return visible_inks(image, layout)
    image = as_rgb(image)
    if layout.encoding.output.format.alpha:
        return image if has_alpha(image) else with_alpha(image, filled(image, (OPAQUE,)))
    return on_color(image, Color("rgb", layout.background.rgb))


def visible_inks(image: Image, layout: Layout) -> Image:
    """Give CMYK: with alpha where the format has it, else over the background, whose colour is not managed."""
    if layout.encoding.output.format.alpha:
        return image if has_alpha(image) else with_alpha(image, filled(image, (OPAQUE,)))
    if not has_alpha(image):
        return image
    color = layout.background
    inks = list(color.components) if color.space == "cmyk" else as_cmyk(plane(Size(1, 1), color.rgb))(0, 0)
    return image.flatten(background=inks).cast("uchar").copy(interpretation="cmyk")


def in_pixel_type(image: Image, encoding: Encoding) -> Image:
    """Convert to the pixel type of the reply, naively; the alpha stays."""
    if image.interpretation == "cmyk":
        return image
    mask = alpha(image) if has_alpha(image) else None
    match encoding.output.pixel_type:
        case "gray":
            image = as_gray(colors(image))
        case "cmyk":
            image = as_cmyk(as_rgb(colors(image)))
        case _:
            image = as_rgb(colors(image))
    return image if mask is None else image.bandjoin(mask)


ENCODERS: Mapping[Codec, Callable[[Image, Encoding, Metadata], bytes]] = {
    "jpeg": write_jpeg,
    "png": write_png,
    "webp": write_webp,
    "avif": write_avif,
    "tif": write_tiff,
    "png8": write_png8,
    "gif": write_gif,
    "pdf": write_pdf,
    "eps": write_eps,
    "jpeg2000": write_jpeg2000,
    "heic": write_heic,
    "jxl": write_jxl,
    "bmp": write_bmp,
    "ico": write_ico,
}

MOVING: Mapping[Codec, Callable[[Frames, Animation, Encoding, Metadata], bytes]] = {
    "gif": write_moving_gif,
    "webp": write_moving_webp,
    "pdf": write_pages,
}
