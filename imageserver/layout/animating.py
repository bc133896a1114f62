"""Which replies are animated, and what that may cost: known from the facts, before any frame is decoded."""

from __future__ import annotations

from dataclasses import replace

from imageserver.errors import LimitExceeded
from imageserver.layout.facts import Animation, FactsOf
from imageserver.layout.layout import LaidSource, Layout
from imageserver.plan.picture import Picture, Source
from imageserver.protocol.values import Size


def animated(layout: Layout, picture: Picture, facts: FactsOf) -> Layout:
    """Keep the frames of the one image of a picture, if it has several; raises `LimitExceeded` for too many.

    They are read from the file, since a pyramid has the first one only.
    """
    animation = animation_of(picture, facts)
    layer = layout.layers[0]
    if animation is None or picture.animation is None or not isinstance(layer.source, LaidSource):
        return layout
    rules, frames = picture.animation, animation.frames
    if frames > rules.most_frames:
        raise LimitExceeded("limits.frames", frames, rules.most_frames)
    pixels = frames * max(area(layer.source.size), area(layout.reply))
    if pixels > rules.most_pixels:
        raise LimitExceeded("limits.animation_pixels", pixels, rules.most_pixels)
    from_file = replace(layer, source=replace(layer.source, level=None))
    return replace(layout, layers=(from_file,), animation=animation)


def animation_of(picture: Picture, facts: FactsOf) -> Animation | None:
    """Give the animation of a picture that shows one image and no other layers, in a format that holds animations."""
    shown = picture.layers[0].source
    if len(picture.layers) > 1 or not isinstance(shown, Source) or picture.mask_only:
        return None
    return facts[shown.path].animation if picture.encoding.output.format.moving else None


def area(size: Size) -> int:
    """Give the pixels of a size."""
    return size.width * size.height
