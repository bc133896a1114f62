"""The view: scale and place of the composite, and the rectangle that is sent.

References: r-view-transform-for-images, r-fit, r-align, r-rgn, r-rect, and the page of each of their commands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from imageserver.commands.view import Align, Fit, View
from imageserver.errors import IllegalSize
from imageserver.plan.picture import ViewRules
from imageserver.protocol.values import Rect, Size, at_least_one, rounded

CENTER = Align(0.0, 0.0)
PREVIEW = 256
"""Pixels of the longest side of a picture in which `focus=` looks for what matters."""
LARGEST_COORDINATE = 10_000_000
"""The most pixels that a side of an image may have on its way; it is libvips' own limit."""


@dataclass(frozen=True, slots=True)
class ViewLayout:
    """Where the composite lies in the view.

    A point x of the composite is at `left + x * scale_x` in the view, and likewise in y. `scaled` is the size of the
    region of interest in the view, `size` that of the whole view, and `window` is the part of the view that is sent.
    """

    scaled: Size
    size: Size
    scale_x: float
    scale_y: float
    left: float
    top: float
    window: Rect


def lay_out_view(view: View, composite: Size, rules: ViewRules) -> ViewLayout:
    """Find the scale and the place of the composite in the view; raises `IllegalSize` beyond attribute::MaxPix."""
    view = with_device_pixels(view, rules)
    region = whole(view.rgn, composite)
    scale_x, scale_y = scales(view, Size(region.width, region.height), rules)
    scaled = Size(at_least_one(region.width * scale_x), at_least_one(region.height * scale_y))
    reply = reply_size(view, scaled, rules)
    align = view.align if view.wid and view.hei else CENTER
    return finish(view, region, scaled, reply, align=align, rules=rules)


def finish(view: View, region: Rect, scaled: Size, reply: Size, *, align: Align, rules: ViewRules) -> ViewLayout:
    """Put the scaled region into the reply rectangle and cut `rect=` out of it."""
    scale_x, scale_y = scaled.width / region.width, scaled.height / region.height
    x = rounded((reply.width - scaled.width) * (align.horizontal + 1) / 2)
    y = rounded((reply.height - scaled.height) * (align.vertical + 1) / 2)
    layout = ViewLayout(
        scaled=scaled,
        size=reply,
        scale_x=scale_x,
        scale_y=scale_y,
        left=x - region.x * scale_x,
        top=y - region.y * scale_y,
        window=Rect(0, 0, reply.width, reply.height),
    )
    layout = cut(layout, view)
    check(layout, rules)
    return layout


def region_in_view(view: View, layout: ViewLayout, composite: Size) -> Rect:
    """Give the region of interest in pixels of the view, which may reach beyond it."""
    region = whole(view.rgn, composite)
    left, top = layout.left + region.x * layout.scale_x, layout.top + region.y * layout.scale_y
    size = Size(at_least_one(region.width * layout.scale_x), at_least_one(region.height * layout.scale_y))
    return Rect(rounded(left), rounded(top), size.width, size.height)


def small_view(view: View, composite: Size) -> ViewLayout:
    """Show all of the region of interest, small; nobody gets to see that, so no catalog bounds it."""
    region = whole(view.rgn, composite)
    scale = min(1.0, PREVIEW / max(region.width, region.height))
    size = Size(at_least_one(region.width * scale), at_least_one(region.height * scale))
    return finish(View(), region, size, size, align=CENTER, rules=ViewRules(max_size=Size(0, 0)))


def cut(layout: ViewLayout, view: View) -> ViewLayout:
    """Cut `rect=` out of the view, scaled by its own factor first."""
    rect = view.rect
    if rect is None:
        return layout
    size = Size(at_least_one(layout.size.width * rect.scale), at_least_one(layout.size.height * rect.scale))
    layout = scaled_by(layout, size.width / layout.size.width, size.height / layout.size.height)
    return replace(layout, window=whole(Rect(rect.x, rect.y, rect.width, rect.height), layout.size))


def scaled_by(layout: ViewLayout, factor_x: float, factor_y: float) -> ViewLayout:
    """Scale a view with everything in it; the whole of it is the window."""
    size = Size(at_least_one(layout.size.width * factor_x), at_least_one(layout.size.height * factor_y))
    return ViewLayout(
        scaled=Size(at_least_one(layout.scaled.width * factor_x), at_least_one(layout.scaled.height * factor_y)),
        size=size,
        scale_x=layout.scale_x * factor_x,
        scale_y=layout.scale_y * factor_y,
        left=layout.left * factor_x,
        top=layout.top * factor_y,
        window=Rect(0, 0, size.width, size.height),
    )


def zoomed(layout: ViewLayout, size: Size) -> ViewLayout:
    """Scale a view such that its window gets a size."""
    window = layout.window
    factor_x, factor_y = size.width / window.width, size.height / window.height
    if factor_x == factor_y == 1:
        return layout
    left, top = rounded(window.x * factor_x), rounded(window.y * factor_y)
    return replace(scaled_by(layout, factor_x, factor_y), window=Rect(left, top, size.width, size.height))


def check(layout: ViewLayout, rules: ViewRules) -> None:
    """Raise `IllegalSize` for a reply that is too large, or for a scale that nothing can be drawn at."""
    width, height = layout.window.width, layout.window.height
    most = rules.max_size
    if (most.width and width > most.width) or (most.height and height > most.height):
        raise IllegalSize(width, height, f"{most.width or '∞'}x{most.height or '∞'} (attribute::MaxPix)")
    if width * height > rules.most_pixels:
        raise IllegalSize(width, height, f"{rules.most_pixels} pixels (limits.reply_pixels)")
    if max(layout.scaled.width, layout.scaled.height, layout.size.width, layout.size.height) > LARGEST_COORDINATE:
        raise IllegalSize(layout.scaled.width, layout.scaled.height, f"{LARGEST_COORDINATE} pixels a side while scaled")


def with_device_pixels(view: View, rules: ViewRules) -> View:
    """Multiply `wid=` and `hei=` by the device pixel ratio, and bring them below attribute::MaxPix together."""
    ratio = view.dpr.ratio
    if ratio == 1 or not (view.wid or view.hei):
        return view
    width, height = (view.wid or 0) * ratio, (view.hei or 0) * ratio
    most = rules.max_size
    shrink = min(
        1.0,
        most.width / width if most.width and width else 1.0,
        most.height / height if most.height and height else 1.0,
    )
    return replace(
        view,
        wid=at_least_one(width * shrink) if view.wid else None,
        hei=at_least_one(height * shrink) if view.hei else None,
    )


def whole(rect: Rect | None, size: Size) -> Rect:
    """Fill in a rectangle: all without one, and up to the edge where a side is 0."""
    if rect is None:
        return Rect(0, 0, size.width, size.height)
    return Rect(rect.x, rect.y, rect.width or max(1, size.width - rect.x), rect.height or max(1, size.height - rect.y))


def scales(view: View, region: Size, rules: ViewRules) -> tuple[float, float]:
    """Find the scale in x and in y: from `scl=`, or `wid=`, `hei=` and `fit=`, or attribute::DefaultPix."""
    if view.scl is not None:
        return 1 / view.scl, 1 / view.scl
    if view.wid or view.hei:
        return fitted(view.fit or rules.default_fit, view, region)
    most = rules.default_size
    scale = min(
        1.0,
        most.width / region.width if most.width else 1.0,
        most.height / region.height if most.height else 1.0,
    )
    return scale, scale


def fitted(fit: Fit, view: View, region: Size) -> tuple[float, float]:
    """Find the scale that `fit=` asks for; with only one of `wid=` and `hei=`, that one decides."""
    limit = float("inf") if fit.upscale else 1.0
    x = view.wid / region.width if view.wid else None
    y = view.hei / region.height if view.hei else None
    if x is None or y is None:
        scale = min(limit, x or y or 1.0)
        return scale, scale
    x, y = {
        "fit": (min(x, y), min(x, y)),
        "constrain": (min(x, y), min(x, y)),
        "crop": (max(x, y), max(x, y)),
        "wrap": (max(x, y), max(x, y)),
        "stretch": (x, y),
        "hfit": (x, x),
        "vfit": (y, y),
    }[fit.mode]
    return min(limit, x), min(limit, y)


def reply_size(view: View, scaled: Size, rules: ViewRules) -> Size:
    """Find the size of the reply: what was asked for, or that of the picture where the fit follows it."""
    follows = (view.fit or rules.default_fit).mode in {"constrain", "wrap", "stretch"}
    if view.scl is None and follows:
        return scaled
    return Size(view.wid or scaled.width, view.hei or scaled.height)
