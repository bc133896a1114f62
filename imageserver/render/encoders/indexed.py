"""Formats with a palette: PNG8 and GIF."""

from __future__ import annotations

from imageserver.plan.picture import Encoding
from imageserver.render.encoders.palette import quantized
from imageserver.render.encoders.saving import resolution, saved
from imageserver.render.engine import Image
from imageserver.render.exchange import to_pillow
from imageserver.render.metadata import Metadata, with_packet


def write_png8(image: Image, encoding: Encoding, metadata: Metadata) -> bytes:
    """Write PNG with a palette."""
    picture = quantized(to_pillow(image), encoding.quantize, key_color=False)
    dots = resolution(encoding), resolution(encoding)
    return with_packet(saved(picture, "PNG", dpi=dots, icc_profile=metadata.icc or None), metadata.xmp)


def write_gif(image: Image, encoding: Encoding, _: Metadata) -> bytes:
    """Write GIF, which carries nothing; where the alpha is below one half, pixels have the key colour."""
    return saved(quantized(to_pillow(image), encoding.quantize, key_color=True), "GIF")
