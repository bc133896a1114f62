"""Which part of a picture is seen that is larger than its view: the one that draws the eye, or has most detail."""

from __future__ import annotations

from dataclasses import replace

from imageserver.layout.layout import Focus, Layout
from imageserver.protocol.color import Color
from imageserver.protocol.values import rounded
from imageserver.render.alpha import as_rgb, on_color
from imageserver.render.engine import Image

BEHIND = Color("rgb", (128, 128, 128))
"""What lies behind a picture that is looked at; edges against it count little."""
LEAST = 0.5
"""The deviation of a component, at least, of a picture in which something can be found; others show their middle."""


def moved(layout: Layout, focus: Focus, preview: Image) -> Layout:
    """Move the window of a layout to what is found in its preview."""
    shown = on_color(as_rgb(preview), BEHIND).copy_memory()
    if max(band.deviate() for band in shown.bandsplit()) < LEAST:
        return replace(layout, focus=None)
    region, view = focus.region, layout.view
    width, height = seen(shown.width, view.width, region.width), seen(shown.height, view.height, region.height)
    part = shown.smartcrop(width, height, interesting=focus.interest)
    x = corner(-part.xoffset / shown.width, region.x, region.width, view.width)
    y = corner(-part.yoffset / shown.height, region.y, region.height, view.height)
    window = replace(layout.window, x=layout.window.x + x, y=layout.window.y + y)
    return replace(layout, window=window, focus=None)


def seen(length: int, view: int, region: int) -> int:
    """Give how many pixels of a side of the preview the view shows."""
    return max(1, min(length, rounded(length * view / region)))


def corner(share: float, start: int, length: int, view: int) -> int:
    """Give how far the view moves along one side, so that it stays within the region; not at all where it is larger."""
    if length <= view:
        return 0
    return min(max(start + rounded(share * length), start), start + length - view)
