"""Layout → bytes: the one function of this package that the server calls, in its worker processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from imageserver.config import Cache
from imageserver.errors import BadSource, RenderFailed
from imageserver.layout.layout import Laid, LaidPicture, LaidSource, Layout
from imageserver.layout.levels import whole
from imageserver.render.compose import finished, focused
from imageserver.render.embedding import metadata_of
from imageserver.render.encode import encode, encode_frames, encode_plain
from imageserver.render.engine import Error, Image
from imageserver.render.frames import frames_of
from imageserver.render.intermediates import with_intermediates
from imageserver.render.plain import plain_picture
from imageserver.render.sources import first_line, open_source


def draw(layout: Layout, kept: Cache) -> bytes:
    """Draw a layout and write it in the format of its reply; raises `BadSource` for a file that cannot be decoded.

    `kept` is where nested pictures are kept that several requests show.
    """
    return draw_in(layout, (layout,), kept)[0]


def draw_converted(layout: Layout, kept: Cache) -> tuple[bytes, int]:
    """Draw a layout in the format that was chosen for it, and tell its length in the one that was asked for."""
    asked = replace(layout, encoding=layout.encoding.instead_of or layout.encoding)
    written, other = draw_in(layout, (layout, asked), kept)
    return written, len(other)


def draw_in(layout: Layout, written: Sequence[Layout], kept: Cache) -> list[bytes]:
    """Draw a layout once, and write it in one or more formats."""
    metadata = metadata_of(layout.embedded)
    try:
        layout = focused(layout)
        if layout.animation is not None:
            return [encode_frames(drawn_frames(with_intermediates(layout, kept)), one, metadata) for one in written]
        plain = plain_picture(layout)
        if plain is not None:
            return [encode_plain(plain, one, metadata) for one in written]
        composed = finished(with_intermediates(layout, kept))
        if len(written) > 1:  # what is computed while it is written is computed once only
            composed = composed.copy_memory()
        return [encode(composed, one, metadata) for one in written]
    except Error as error:
        for layer in layout.layers:
            check(layer.source)
            check(layer.mask)
        raise RenderFailed(first_line(error)) from error


def drawn_frames(layout: Layout) -> Iterator[Image]:
    """Draw a layout once for each frame of its source, or once for each layer that has its turn."""
    if layout.in_turn:
        yield from (finished(replace(layout, layers=(layout.layers[0], one))) for one in layout.layers[1:])
        return
    layer, animation = layout.layers[0], layout.animation
    assert isinstance(layer.source, LaidSource)  # noqa: S101, as the layout has an animation
    assert animation is not None  # noqa: S101, likewise
    for pixels in frames_of(layer.source, animation.frames):
        yield finished(replace(layout, layers=(replace(layer, source=replace(layer.source, pixels=pixels)),)))


def check(source: Laid | None) -> None:
    """Decode all of a file, or of the files of a nested picture; raises `BadSource` when that is what fails."""
    if isinstance(source, LaidPicture):
        for layer in source.layout.layers:
            check(layer.source)
            check(layer.mask)
    elif isinstance(source, LaidSource):
        try:
            from_file = replace(source, reduction=1, level=None)
            open_source(from_file, whole, sequential=True, hidden_matters=True).image.avg()
        except Error as error:
            raise BadSource(source.path.name, first_line(error), str(source.path)) from error
