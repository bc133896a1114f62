"""Which frame of an animation, or page of a TIFF, a layer shows where `frame=` asks for one."""

from __future__ import annotations

from dataclasses import replace

from imageserver.errors import BadValue, LimitExceeded
from imageserver.layout.facts import Facts, FactsOf
from imageserver.layout.layout import LaidLayer, LaidSource
from imageserver.plan.picture import Picture, PlannedLayer, Source


def check_frames(picture: Picture, facts: FactsOf) -> None:
    """Raise `BadValue` for a frame that is not there, in nested pictures as well, and `LimitExceeded` for a late one.

    A frame of an animation is drawn onto those before it.
    """
    for layer in picture.layers:
        asked = layer.commands.frame
        known = facts_of(layer, facts)
        if asked is None:
            continue
        count = known.frame_count if known else 1
        if asked > count:
            raise BadValue("frame", str(asked), f"1 to {count}" if count > 1 else "1, as there is one frame only")
        if known is not None and known.animation is not None:
            rules, pixels = picture.frames, asked * known.size.width * known.size.height
            if known.animation.frames > rules.most_frames:
                raise LimitExceeded("limits.frames", known.animation.frames, rules.most_frames)
            if pixels > rules.most_pixels:
                raise LimitExceeded("limits.animation_pixels", pixels, rules.most_pixels)
    for inner in picture.pictures:
        check_frames(inner, facts)


def facts_of(layer: PlannedLayer, facts: FactsOf) -> Facts | None:
    """Give the facts of the file that a layer shows, if it shows one."""
    return facts[layer.source.path] if isinstance(layer.source, Source) else None


def with_frame(laid: LaidLayer, layer: PlannedLayer, facts: FactsOf) -> LaidLayer:
    """Read the frame that is asked for, from the file, since levels are made of the first one."""
    known, asked = facts_of(layer, facts), layer.commands.frame
    if asked is None or known is None or not isinstance(laid.source, LaidSource):
        return laid
    if known.animation is None and asked == 1:
        return laid
    return replace(laid, source=replace(laid.source, frame=asked, level=None))
