"""Watermarks: attribute::Watermark names a record whose picture is laid over every image. Reference: r-watermarks."""

from __future__ import annotations

from dataclasses import replace

from imageserver.commands.adjust import Adjust
from imageserver.commands.layer import Layer, Opacity
from imageserver.commands.view import View
from imageserver.plan.picture import Picture, PlannedLayer
from imageserver.protocol.values import PointN, Size, SizeN

UNBOUNDED = Size(0, 0)


def watermarked(picture: Picture, mark: Picture) -> Picture:
    """Lay a watermark over a picture: both become layers of one that has the view of the first.

    `sizeN=`, `align=`, `blendMode=` and `opac=` of the mark count relative to the picture; its view commands do not.
    Where layers are shown in turn, it is laid over each of them.
    """
    if picture.in_turn is not None:
        return each_watermarked(picture, mark)
    return replace(
        picture,
        layers=(PlannedLayer(0, whole(picture)), laid(mark)),
        composite=Layer(),
        adjust=Adjust(),
        effects=(),
    )


def each_watermarked(picture: Picture, mark: Picture) -> Picture:
    """Lay a watermark over each layer that has its turn; what they are shown over is only there for its size."""
    base, *turns = picture.layers
    alone = replace(picture, in_turn=None)
    shown = (whole(watermarked(replace(alone, layers=(base, one)), mark)) for one in turns)
    return replace(
        picture,
        layers=(
            PlannedLayer(0, whole(replace(alone, layers=(base,))), Layer(hide=True)),
            *(PlannedLayer(number, one) for number, one in enumerate(shown, 1)),
        ),
        composite=Layer(),
        adjust=Adjust(),
        effects=(),
    )


def laid(mark: Picture) -> PlannedLayer:
    """Give the layer that lays a watermark over a picture."""
    first, align = mark.layers[0], mark.view.align
    own, place = first.commands, PointN(align.horizontal / 2, align.vertical / 2)
    fade = Opacity(round(100 * own.opac.fraction * mark.composite.opac.fraction))
    relative = isinstance(own.size, SizeN)
    if relative and first.source is None and len(mark.layers) == 1:  # a colour: it has no size of its own
        return replace(first, number=1, commands=replace(own, origin=place, pos=place, opac=fade))
    plain = replace(
        mark,
        layers=(
            replace(first, commands=replace(own, size=None if relative else own.size, opac=Opacity(100))),
            *mark.layers[1:],
        ),
        composite=replace(mark.composite, opac=Opacity(100)),
    )
    size = own.size if relative else None
    return PlannedLayer(
        1, whole(plain), Layer(size=size, origin=place, pos=place, blend_mode=own.blend_mode, opac=fade)
    )


def whole(picture: Picture) -> Picture:
    """Give a picture as it is before any view of it."""
    rules = replace(picture.rules, default_size=UNBOUNDED, max_size=UNBOUNDED)
    return replace(picture, view=View(), rules=rules, mask_only=False)
