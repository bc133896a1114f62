"""Layout → bytes: the one function of this package that the server calls, in its worker processes."""

from __future__ import annotations

from imageserver.errors import BadSource
from imageserver.layout.layout import Layout
from imageserver.render.compose import compose
from imageserver.render.encode import encode
from imageserver.render.engine import Error
from imageserver.render.sources import first_line


def draw(layout: Layout) -> bytes:
    """Draw a layout and write it in the format of its reply; raises `BadSource` for a file that cannot be decoded."""
    try:
        return encode(compose(layout), layout)
    except Error as error:
        names = ", ".join(dict.fromkeys(layer.source.path.name for layer in layout.layers))
        raise BadSource(names, first_line(error)) from error
