"""Layout → bytes: the one function of this package that the server calls, in its worker processes."""

from __future__ import annotations

from collections.abc import Iterator

from imageserver.errors import BadSource
from imageserver.layout.layout import LaidSource, Layout
from imageserver.render.compose import compose
from imageserver.render.encode import encode
from imageserver.render.engine import Error
from imageserver.render.sources import first_line


def draw(layout: Layout) -> bytes:
    """Draw a layout and write it in the format of its reply; raises `BadSource` for a file that cannot be decoded."""
    try:
        return encode(compose(layout), layout)
    except Error as error:
        raise BadSource(", ".join(dict.fromkeys(names(layout))), first_line(error)) from error


def names(layout: Layout) -> Iterator[str]:
    """Yield the names of all files that a layout reads."""
    for layer in layout.layers:
        if isinstance(layer.source, LaidSource):
            yield layer.source.path.name
        elif layer.source is not None:
            yield from names(layer.source.layout)
