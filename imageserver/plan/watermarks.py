"""Watermarks: attribute::Watermark names a record whose picture is laid over every image. Reference: r-watermarks."""

from __future__ import annotations

from dataclasses import replace

from imageserver.commands.adjust import Adjust
from imageserver.commands.layer import Layer, Opacity
from imageserver.commands.view import View
from imageserver.plan.picture import Picture, PlannedLayer
from imageserver.protocol.values import PointN, Size

UNBOUNDED = Size(0, 0)


def watermarked(picture: Picture, mark: Picture) -> Picture:
    """Lay a watermark over a picture: both become layers of one that has the view of the first.

    `sizeN=`, `align=`, `blendMode=` and `opac=` of the mark count relative to the picture; its view commands do not.
    """
    own, align = mark.layers[0].commands, mark.view.align
    place = PointN(align.horizontal / 2, align.vertical / 2)
    fade = Opacity(round(100 * own.opac.fraction * mark.composite.opac.fraction))
    laid = Layer(size=own.size, origin=place, pos=place, blend_mode=own.blend_mode, opac=fade)
    plain = replace(
        mark,
        layers=(replace(mark.layers[0], commands=replace(own, size=None, opac=Opacity(100))), *mark.layers[1:]),
        composite=replace(mark.composite, opac=Opacity(100)),
    )
    return replace(
        picture,
        layers=(PlannedLayer(0, whole(picture)), PlannedLayer(1, whole(plain), laid)),
        composite=Layer(),
        adjust=Adjust(),
        effects=(),
    )


def whole(picture: Picture) -> Picture:
    """Give a picture as it is before any view of it."""
    rules = replace(picture.rules, default_size=UNBOUNDED, max_size=UNBOUNDED)
    return replace(picture, view=View(), rules=rules, mask_only=False)
