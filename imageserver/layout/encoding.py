"""How a reply is written: what its request leaves open, and whether its format can hold it."""

from __future__ import annotations

from dataclasses import replace

from imageserver.errors import IllegalSize
from imageserver.layout.coloring import Colors, with_pixel_type
from imageserver.layout.converting import converted
from imageserver.layout.facts import FactsOf
from imageserver.plan.picture import Encoding, Picture
from imageserver.protocol.values import Size


def check_side(encoding: Encoding, size: Size) -> None:
    """Raise `IllegalSize` for a reply that its format cannot hold."""
    most = encoding.output.format.most_side
    if most and max(size.width, size.height) > most:
        raise IllegalSize(size.width, size.height, f"{most}x{most} (fmt={encoding.output.name})")


def lay_encoding(picture: Picture, facts: FactsOf, colors: Colors, size: Size) -> Encoding:
    """Fill in pixel type, format, and the print resolution: `printRes=`, the lowest image's, or the catalog's.

    What is embedded stands in the layout itself, so that asking in vain makes no other reply.
    """
    encoding = picture.encoding
    source = next(iter(picture.sources), None)
    own = (source.print_resolution or facts[source.path].print_resolution) if source else None
    output = with_pixel_type(encoding.output, colors.output)
    settled = replace(
        encoding,
        output=output,
        print_resolution=encoding.print_resolution or own or encoding.default_print_resolution,
        icc_embed=False,
        xmp_embed=False,
        path_embed=False,
        offered=encoding.offered if output.pixel_type == "rgb" else (),
    )
    return converted(settled, size)
