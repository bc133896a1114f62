"""Nested pictures that are kept between requests (`cache=on` within `is{…}`): their pixels, at the size of the reply.

Reference: is-http-cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from imageserver.answers.answering import digest, tag_of
from imageserver.cache.disk import Disk, opened
from imageserver.config import Cache
from imageserver.layout.layout import Laid, LaidPicture, Layout, Pixels
from imageserver.layout.levels import sources_of
from imageserver.render.compose import finished
from imageserver.render.probe import hash_file

NUMBER = 4
HEAD = 3 * NUMBER
"""Bytes in front of the pixels: width, height and bands."""


def with_intermediates(layout: Layout, kept: Cache) -> Layout:
    """Put the pixels of nested pictures that are to be kept into a layout, drawn now or before."""
    if not kept.max_size or not any(picture.kept for picture in nested(layout)):
        return layout
    return resolved(layout, opened(kept))


def nested(layout: Layout) -> Iterator[LaidPicture]:
    """Yield all nested pictures."""
    for layer in layout.layers:
        for one in (layer.source, layer.mask):
            if isinstance(one, LaidPicture):
                yield one
                yield from nested(one.layout)


def resolved(layout: Layout, disk: Disk) -> Layout:
    """Put pixels in place of kept pictures, wherever in the layout they are."""
    layers = (
        replace(layer, source=with_pixels(layer.source, disk), mask=with_pixels(layer.mask, disk))
        for layer in layout.layers
    )
    return replace(layout, layers=tuple(layers))


def with_pixels(source: Laid | None, disk: Disk) -> Laid | None:
    """Find the pixels of a kept picture, or draw and keep them."""
    if not isinstance(source, LaidPicture):
        return source
    if not source.kept:
        return replace(source, layout=resolved(source.layout, disk))
    key = digest(f"pixels {tag_of(source.layout)}")
    data = disk.read(key)
    if data is None:
        data = drawn(resolved(source.layout, disk))
        if all(hash_file(file.path) == file.content_hash for file in sources_of(source.layout)):
            disk.write(key, data)
    width, height, bands = (int.from_bytes(data[at : at + NUMBER], "big") for at in range(0, HEAD, NUMBER))
    return replace(source, pixels=Pixels(width, height, bands, data[HEAD:]))


def drawn(layout: Layout) -> bytes:
    """Draw a picture as bytes: its size, its bands, and its pixels."""
    image = finished(layout)
    head = b"".join(number.to_bytes(NUMBER, "big") for number in (image.width, image.height, image.bands))
    return head + bytes(image.write_to_memory())
