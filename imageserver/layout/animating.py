"""Which replies are animated, and what that may cost: known from the facts, before any frame is decoded."""

from __future__ import annotations

from dataclasses import replace

from imageserver.errors import LimitExceeded
from imageserver.layout.facts import Animation, FactsOf
from imageserver.layout.layout import LaidSource, Layout
from imageserver.plan.picture import AnimationRules, InTurn, Picture, Source
from imageserver.protocol.values import Size


def animated(layout: Layout, picture: Picture, facts: FactsOf) -> Layout:
    """Keep the frames of the one image of a picture, if it has several; raises `LimitExceeded` for too many.

    They are read from the file, since a pyramid has the first one only. Layers that are shown in turn are frames, too.
    """
    if picture.in_turn is not None:
        return shown_in_turn(layout, picture.in_turn)
    animation = animation_of(picture, facts)
    layer = layout.layers[0]
    if animation is None or not picture.animated or not isinstance(layer.source, LaidSource):
        return layout
    check(animation.frames, max(area(layer.source.size), area(layout.reply)), picture.frames)
    from_file = replace(layer, source=replace(layer.source, level=None))
    return replace(layout, layers=(from_file,), animation=animation)


def shown_in_turn(layout: Layout, shown: InTurn) -> Layout:
    """Make frames of the layers above layer 0, the first of which decides what is seen; raises `LimitExceeded`."""
    frames = len(layout.layers) - 1
    check(frames, area(layout.reply), shown.rules)
    turns, focus = shown.turns, layout.focus
    if focus is not None:
        focus = replace(focus, preview=replace(focus.preview, layers=focus.preview.layers[:2]))
    animation = Animation(frames, (turns.delay,) * frames, turns.plays)
    return replace(layout, animation=animation, in_turn=True, focus=focus)


def check(frames: int, pixels: int, rules: AnimationRules) -> None:
    """Raise `LimitExceeded` for too many frames, or too many pixels of all of them."""
    if frames > rules.most_frames:
        raise LimitExceeded("limits.frames", frames, rules.most_frames)
    if frames * pixels > rules.most_pixels:
        raise LimitExceeded("limits.animation_pixels", frames * pixels, rules.most_pixels)


def animation_of(picture: Picture, facts: FactsOf) -> Animation | None:
    """Give the animation of a picture that shows one image and no other layers, in a format that holds animations."""
    shown = picture.layers[0].source
    if len(picture.layers) > 1 or not isinstance(shown, Source) or picture.mask_only:
        return None
    if picture.layers[0].commands.frame is not None:
        return None
    return facts[shown.path].animation if picture.encoding.output.format.moving else None


def area(size: Size) -> int:
    """Give the pixels of a size."""
    return size.width * size.height
