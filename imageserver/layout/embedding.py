"""What a reply carries beside its pixels. References: r-iccembed, r-xmpembed, r-pathembed."""

from __future__ import annotations

from imageserver.layout.embedded_paths import Point, encoded, moved, path_in_pixels
from imageserver.layout.facts import EmbeddedPath, Facts
from imageserver.layout.layout import Embedded, PacketSource
from imageserver.layout.measuring import Survey
from imageserver.layout.moving import composite_to_reply, corners_of, source_to_composite
from imageserver.plan.picture import Encoding, Picture, Source
from imageserver.plan.profiles import Profile


def embedded_in(picture: Picture, sent: Encoding, profile: Profile | None, survey: Survey) -> Embedded:
    """Say what a picture's reply carries of what is asked for, as far as the format that is `sent` can."""
    asked, source, held = picture.encoding, picture.layers[0].source, sent.output.format.carries
    profile = profile if asked.icc_embed and "profile" in held else None
    if not (asked.xmp_embed or asked.path_embed) or not isinstance(source, Source):
        return Embedded(profile)
    facts = survey.facts[source.path]
    has_packet = asked.xmp_embed and facts.has_xmp and "xmp" in held
    packet = PacketSource(source.path, facts.content_hash) if has_packet else None
    paths = paths_in_reply(picture, source, facts, survey) if asked.path_embed and "paths" in held else ()
    return Embedded(profile, packet, paths)


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
