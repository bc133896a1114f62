"""What a reply carries beside its pixels, read where it is to be had."""

from __future__ import annotations

from imageserver.layout.layout import Layout
from imageserver.render.metadata import Metadata
from imageserver.render.photoshop import written_paths
from imageserver.render.probe import read_xmp


def metadata_of(layout: Layout) -> Metadata:
    """Give the packet and the paths that a layout embeds; raises `BadSource` for a file that has gone bad."""
    embedded = layout.embedded
    packet = read_xmp(embedded.packet.path) if embedded.packet else b""
    return Metadata(xmp=packet, paths=written_paths(embedded.paths))
