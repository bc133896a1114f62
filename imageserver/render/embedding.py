"""What a reply carries beside its pixels, read where it is to be had."""

from __future__ import annotations

from imageserver.layout.layout import Embedded
from imageserver.render.metadata import Metadata
from imageserver.render.photoshop import written_paths
from imageserver.render.probe import read_xmp
from imageserver.render.profiles import profile_bytes


def metadata_of(embedded: Embedded) -> Metadata:
    """Give the profile, the packet and the paths that a reply carries; raises `BadSource` for a file gone bad."""
    profile = profile_bytes(embedded.profile) if embedded.profile else b""
    packet = read_xmp(embedded.packet.path) if embedded.packet else b""
    return Metadata(icc=profile, xmp=packet, paths=written_paths(embedded.paths))
