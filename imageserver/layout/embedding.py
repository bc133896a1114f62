"""What a reply brings along of the file that layer 0 shows. References: r-xmpembed, r-pathembed."""

from __future__ import annotations

from imageserver.commands.formats import Codec
from imageserver.layout.embedded_paths import Point, encoded, moved, path_in_pixels
from imageserver.layout.facts import EmbeddedPath, Facts
from imageserver.layout.layout import Embedded, PacketSource
from imageserver.layout.measuring import Survey
from imageserver.layout.moving import composite_to_reply, corners_of, source_to_composite
from imageserver.plan.picture import Picture, Source

HOLD_XMP: frozenset[Codec] = frozenset({"jpeg", "tif", "png", "png8", "webp", "avif", "heic", "jxl"})
"""The reference knows JPEG and TIFF; the others can hold a packet as well."""
HOLD_PATHS: frozenset[Codec] = frozenset({"jpeg", "tif", "eps"})


def embedded_in(picture: Picture, survey: Survey) -> Embedded:
    """Say what of its lowest image is embedded in a picture's reply, as far as its format can hold that."""
    encoding, source = picture.encoding, picture.layers[0].source
    if not (encoding.xmp_embed or encoding.path_embed) or not isinstance(source, Source):
        return Embedded()
    codec, facts = encoding.output.format.codec, survey.facts[source.path]
    has_packet = encoding.xmp_embed and facts.has_xmp and codec in HOLD_XMP
    packet = PacketSource(source.path, facts.content_hash) if has_packet else None
    paths = paths_in_reply(picture, source, facts, survey) if encoding.path_embed and codec in HOLD_PATHS else ()
    return Embedded(packet, paths)


def paths_in_reply(picture: Picture, source: Source, facts: Facts, survey: Survey) -> tuple[EmbeddedPath, ...]:
    """Give the closed paths of a file, moved as its pixels are, in shares of the reply."""
    geometry = survey.measure(picture)
    layer, placed = picture.layers[0], geometry.layers[0]
    onto_composite = source_to_composite(layer, placed, corners_of(layer, placed, geometry))
    into_reply, window = composite_to_reply(picture, geometry), geometry.view.window

    def move(point: Point) -> Point:
        x, y = into_reply(onto_composite(point))
        return x / window.width, y / window.height

    found = ((one, path_in_pixels(one, facts, oriented=source.apply_orientation)) for one in facts.paths)
    written = (EmbeddedPath(one.name, encoded(moved(path, move))) for one, path in found)
    return tuple(one for one in written if one.records)
