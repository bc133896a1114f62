"""By how much a source is reduced while it is read, and which level of its pyramid is read in its place.

Both follow one rule, and a level holds what reading the file at that reduction gives. So a reply made from levels is
the same computation on the same pixels as one made from the file, but for the coding of the levels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from imageserver.commands.delivery import ResMode
from imageserver.layout.facts import Facts, FactsOf
from imageserver.layout.layers import intersection
from imageserver.layout.layout import Box, LaidLayer, LaidPicture, LaidSource, Layout, Level
from imageserver.protocol.values import Rect, Size, rounded

REDUCED_BY_DECODER = {"JPEG", "MPO"}
"""Formats whose decoder reduces; it averages like a good filter, so that less is left for the kernel to do."""
BY_DECODER = (2, 4, 8)
"""By how much that decoder reduces."""
DECODER_REDUCES = BY_DECODER[-1]
VECTORS = "SVG"
"""The format that has no size of its own in pixels: it is drawn at the one that is needed."""
SHARPENING: ResMode = "bisharp"
"""The kernel that does more than to resample, so that it is always used."""
LEFT_TO_DO = 4
LEFT_BY_DECODER = 1.5
"""What is left for the resampler, at least, so that its kernel decides the quality."""
MOST_READ = 8_000_000
"""Pixels of a level that are read for one reply."""
TOLERANCE = 1 / 8
"""How far, in pixels of the reply, reading at a reduced size may shift a picture."""
EPSILON = 1e-6


def with_reductions(layer: LaidLayer, facts: FactsOf, window: Rect, mode: ResMode) -> LaidLayer:
    """Say how far the source and the mask of a layer are reduced while they are read, and from which levels.

    `window` is the part of the canvas that is sent.
    """
    source, mask = layer.source, layer.mask
    share = share_seen(layer, window)
    if isinstance(source, LaidSource):
        hidden_matters = layer.hidden_matters
        source = reduced(source, layer.target, facts[source.path], share, mode, hidden_matters=hidden_matters)
    if isinstance(mask, LaidSource):
        mask = reduced(mask, layer.target, facts[mask.path], share, mode, hidden_matters=True)
    return layer if (source, mask) == (layer.source, layer.mask) else replace(layer, source=source, mask=mask)


def reduced(
    source: LaidSource, target: Box, facts: Facts, share: float, mode: ResMode = "sharp2", *, hidden_matters: bool
) -> LaidSource:
    """Reduce a source as far as it lands on `target` without a loss, and take the level that is so.

    The file is read where levels would not do: they lack hidden colours, but for the one of full size, and they are
    held in memory, so that a file is the better source of very many pixels; and they are RGB where the file is CMYK.
    """
    rect = source.rect
    if not (rect.width and rect.height):
        return source
    scale = max((target.right - target.left) / rect.width, (target.bottom - target.top) / rect.height)
    if facts.format == VECTORS:
        return replace(source, drawn=scale)
    by_decoder = facts.format in REDUCED_BY_DECODER
    reduction = whole_reduction(rect, target) if by_decoder and mode != SHARPENING else 1
    if reduction == 1:
        reduction = reduction_of(source.size, scale, LEFT_BY_DECODER if by_decoder else LEFT_TO_DO)
    pyramid = facts.pyramid(oriented=source.oriented)
    lacks_colors = hidden_matters and facts.alpha != "none" and reduction > 1
    pixels = rect.width * rect.height * share / reduction**2
    in_inks = source.passage is not None and source.passage.origin.pixel_type == "cmyk"
    if pyramid is None or lacks_colors or in_inks or pixels > MOST_READ:
        return replace(source, reduction=reduction)
    return replace(source, reduction=reduction, level=Level(pyramid.path, pyramid.digest, reduction.bit_length() - 1))


def whole_reduction(rect: Rect, target: Box) -> int:
    """Give the reduction by the decoder after which each pixel is one of the reply; 1 where there is none.

    So tiles at the zoom levels of viewers are cut out of a level as it is.
    """
    return next((one for one in BY_DECODER if lands_on_pixels(rect, target, one)), 1)


def lands_on_pixels(rect: Rect, target: Box, reduction: int) -> bool:
    """Tell whether the pixels of a rectangle, when it is reduced so, are whole ones of what it lands on."""
    wide, tall = target.right - target.left, target.bottom - target.top
    if abs(wide * reduction - rect.width) > EPSILON or abs(tall * reduction - rect.height) > EPSILON:
        return False
    placed = abs(target.left - rounded(target.left)) <= EPSILON and abs(target.top - rounded(target.top)) <= EPSILON
    return placed and not any(length % reduction for length in (rect.x, rect.y, rect.width, rect.height))


def share_seen(layer: LaidLayer, window: Rect) -> float:
    """Give the share of a layer's image that a window shows, where that is easily told; else all of it."""
    if layer.flip or layer.angle or layer.corners or layer.effects:
        return 1.0
    seen = intersection(replace(window, x=window.x - layer.box.x, y=window.y - layer.box.y), whole(layer.image))
    return seen.width * seen.height / (layer.image.width * layer.image.height)


def whole(size: Size) -> Rect:
    """Give all of an image."""
    return Rect(0, 0, size.width, size.height)


def reduction_of(size: Size, scale: float, left_to_do: float) -> int:
    """Choose the power of two by which a source is reduced, so that neither sharpness nor place suffers."""
    reduction = largest_reduction(size)
    while reduction > 1:
        drift = max(misfit(size.width, reduction), misfit(size.height, reduction)) / 2 * scale * reduction
        if scale * reduction * left_to_do <= 1 and drift <= TOLERANCE:
            return reduction
        reduction //= 2
    return 1


def largest_reduction(size: Size) -> int:
    """Give the power of two that leaves a pixel each way."""
    return 1 << (max(1, min(size.width, size.height)).bit_length() - 1)


def misfit(length: int, reduction: int) -> float:
    """Give the share of its last pixel that a reduced image has too much."""
    return math.ceil(length / reduction) - length / reduction


def sources_of(layout: Layout) -> Iterator[LaidSource]:
    """Yield all files that a layout reads, those of nested pictures included."""
    if layout.focus is not None:
        yield from sources_of(layout.focus.preview)
    for layer in layout.layers:
        for source in (layer.source, layer.mask):
            if isinstance(source, LaidPicture):
                yield from sources_of(source.layout)
            elif isinstance(source, LaidSource):
                yield source


def is_managed(layout: Layout) -> bool:
    """Tell whether a colour profile is read for a layout, or for a picture that is nested in it."""
    if layout.coloring is not None or layout.embedded.profile is not None:
        return True
    shown = (one for layer in layout.layers for one in (layer.source, layer.mask))
    return any(is_managed(one.layout) or one.passage is not None for one in shown if isinstance(one, LaidPicture))


def work_of(layout: Layout) -> int:
    """Give the pixels that are drawn for a reply, each as often as there are layers and effects over it."""
    work = layout.reply.width * layout.reply.height * (1 + len(layout.effects))
    for layer in layout.layers:
        work += layout.reply.width * layout.reply.height * (1 + len(layer.effects))
        nested = (one.layout for one in (layer.source, layer.mask) if isinstance(one, LaidPicture))
        work += sum(work_of(one) for one in nested)
    return work if layout.focus is None else work + work_of(layout.focus.preview)
