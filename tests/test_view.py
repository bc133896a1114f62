"""Where the composite lies in the view. References: r-fit, r-align, r-rgn, r-rect."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import FITS, SIDES, SIZES, VIEWS

from imageserver.commands.view import Align, DevicePixelRatio, Fit, FitMode, View, ViewRect
from imageserver.errors import IllegalSize
from imageserver.layout.view import lay_out_view
from imageserver.plan.picture import ViewRules
from imageserver.protocol.values import Rect, Size

RULES = ViewRules()
FREE = ViewRules(default_size=Size(0, 0), max_size=Size(0, 0), most_pixels=10**12)
CONSTRAINED = replace(RULES, default_fit=Fit("constrain"))
BIG, SMALL = Size(1000, 500), Size(200, 100)


def laid(view: View, composite: Size = BIG, rules: ViewRules = FREE) -> tuple[Size, Size]:
    """Give the size of the scaled region, and that of the reply."""
    layout = lay_out_view(view, composite, rules)
    return layout.scaled, layout.size


@pytest.mark.parametrize(
    ("composite", "view", "scaled", "reply"),
    [
        (BIG, View(), Size(400, 200), Size(400, 200)),  # DefaultPix 400,400
        (SMALL, View(), SMALL, SMALL),  # which never enlarges
        (Size(100, 800), View(), Size(50, 400), Size(50, 400)),
        (BIG, View(wid=100), Size(100, 50), Size(100, 50)),
        (BIG, View(hei=100), Size(200, 100), Size(200, 100)),
        (BIG, View(wid=100, scl=1.0), BIG, Size(100, 500)),
        (BIG, View(scl=2.0), Size(500, 250), Size(500, 250)),
        (BIG, View(scl=0.5), Size(2000, 1000), Size(2000, 1000)),
        (BIG, View(scl=4.0, wid=900, hei=30), Size(250, 125), Size(900, 30)),
        (BIG, View(scl=2.0, wid=9, fit=Fit("constrain")), Size(500, 250), Size(9, 250)),  # scl wins over fit
        (SMALL, View(wid=400), SMALL, Size(400, 100)),  # nothing is enlarged, and the reply has the size asked for
        (SMALL, View(hei=400), SMALL, Size(200, 400)),
        (SMALL, View(wid=400, hei=400), SMALL, Size(400, 400)),
        (BIG, View(wid=100, hei=100), Size(100, 50), Size(100, 100)),
        (SMALL, View(wid=400, fit=Fit("fit", upscale=True)), Size(400, 200), Size(400, 200)),
        (Size(3, 1000), View(wid=1), Size(1, 333), Size(1, 333)),
        (Size(1000, 1), View(wid=10), Size(10, 1), Size(10, 1)),  # never smaller than a pixel
        (Size(5, 5), View(scl=10.0), Size(1, 1), Size(1, 1)),  # half a pixel rounds up
        (Size(25, 25), View(scl=10.0), Size(3, 3), Size(3, 3)),  # half away from zero, not to even
    ],
)
def test_view(composite: Size, view: View, scaled: Size, reply: Size) -> None:
    assert laid(view, composite, RULES) == (scaled, reply)


@pytest.mark.parametrize(
    ("mode", "upscale", "composite", "scaled", "reply"),
    [
        ("fit", 0, BIG, Size(300, 150), Size(300, 300)),
        ("constrain", 0, BIG, Size(300, 150), Size(300, 150)),
        ("crop", 0, BIG, Size(600, 300), Size(300, 300)),
        ("wrap", 0, BIG, Size(600, 300), Size(600, 300)),
        ("stretch", 0, BIG, Size(300, 300), Size(300, 300)),
        ("hfit", 0, BIG, Size(300, 150), Size(300, 300)),
        ("vfit", 0, BIG, Size(600, 300), Size(300, 300)),
        ("fit", 0, SMALL, SMALL, Size(300, 300)),
        ("constrain", 0, SMALL, SMALL, SMALL),
        ("crop", 0, SMALL, SMALL, Size(300, 300)),
        ("wrap", 0, SMALL, SMALL, SMALL),
        ("stretch", 0, SMALL, SMALL, SMALL),
        ("hfit", 0, SMALL, SMALL, Size(300, 300)),
        ("vfit", 0, SMALL, SMALL, Size(300, 300)),
        ("fit", 1, SMALL, Size(300, 150), Size(300, 300)),
        ("constrain", 1, SMALL, Size(300, 150), Size(300, 150)),
        ("crop", 1, SMALL, Size(600, 300), Size(300, 300)),
        ("wrap", 1, SMALL, Size(600, 300), Size(600, 300)),
        ("stretch", 1, SMALL, Size(300, 300), Size(300, 300)),
        ("hfit", 1, SMALL, Size(300, 150), Size(300, 300)),
        ("vfit", 1, SMALL, Size(600, 300), Size(300, 300)),
        ("stretch", 0, Size(1000, 100), Size(300, 100), Size(300, 100)),  # no side is enlarged
        ("crop", 0, Size(1000, 100), Size(1000, 100), Size(300, 300)),
    ],
)
def test_fit(mode: FitMode, upscale: int, composite: Size, scaled: Size, reply: Size) -> None:
    assert laid(View(wid=300, hei=300, fit=Fit(mode, bool(upscale))), composite) == (scaled, reply)


def test_fit_of_the_catalog_holds_where_the_request_says_nothing() -> None:
    assert laid(View(wid=300, hei=300), SMALL, CONSTRAINED) == (SMALL, SMALL)
    assert laid(View(wid=300, hei=300, fit=Fit("fit")), SMALL, CONSTRAINED) == (SMALL, Size(300, 300))


@pytest.mark.parametrize(
    ("view", "left", "top"),
    [
        (View(wid=300, hei=300), 50, 100),  # centred
        (View(wid=300, hei=300, align=Align(-1, -1)), 0, 0),
        (View(wid=300, hei=300, align=Align(1, 1)), 100, 200),
        (View(wid=300, hei=300, align=Align(-1, 1)), 0, 200),
        (View(wid=300, hei=300, align=Align(0.5, 0)), 75, 100),
        (View(wid=100, hei=50, scl=1.0), -50, -25),
        (View(wid=100, hei=50, scl=1.0, align=Align(-1, -1)), 0, 0),
        (View(wid=100, hei=50, scl=1.0, align=Align(1, 1)), -100, -50),
        (View(wid=100, hei=50, scl=1.0, rgn=Rect(20, 10, 100, 50)), -20, -10),
    ],
)
def test_place(view: View, left: float, top: float) -> None:
    layout = lay_out_view(view, SMALL, FREE)
    assert (layout.left, layout.top) == (left, top)


@pytest.mark.parametrize(
    ("view", "scaled", "reply"),
    [
        (View(rgn=Rect(0, 0, 100, 100)), Size(100, 100), Size(100, 100)),
        (View(rgn=Rect(500, 0, 0, 0)), Size(500, 500), Size(500, 500)),  # 0 reaches to the edge
        (View(rgn=Rect(0, 0, 100, 100), wid=50), Size(50, 50), Size(50, 50)),
        (View(rgn=Rect(0, 0, 100, 100), wid=200), Size(100, 100), Size(200, 100)),  # neighbours are visible
        (View(rgn=Rect(0, 0, 200, 100), scl=2.0), Size(100, 50), Size(100, 50)),
        (View(rgn=Rect(900, 400, 300, 300)), Size(300, 300), Size(300, 300)),  # may reach beyond the composite
    ],
)
def test_region(view: View, scaled: Size, reply: Size) -> None:
    assert laid(view) == (scaled, reply)


@pytest.mark.parametrize(
    ("view", "window", "size"),
    [
        (View(wid=300), Rect(0, 0, 300, 150), Size(300, 150)),
        (View(wid=300, rect=ViewRect(10, 20, 30, 40)), Rect(10, 20, 30, 40), Size(300, 150)),
        (View(wid=300, rect=ViewRect(10, 20, 0, 0)), Rect(10, 20, 290, 130), Size(300, 150)),
        (View(wid=300, rect=ViewRect(-5, 140, 30, 40)), Rect(-5, 140, 30, 40), Size(300, 150)),
        (
            View(wid=300, rect=ViewRect(0, 0, 30, 40, 0.5)),
            Rect(0, 0, 30, 40),
            Size(150, 75),
        ),  # coordinates behind scale
        (View(wid=300, rect=ViewRect(0, 0, 0, 0, 2.0)), Rect(0, 0, 600, 300), Size(600, 300)),
    ],
)
def test_rect(view: View, window: Rect, size: Size) -> None:
    layout = lay_out_view(view, BIG, FREE)
    assert (layout.window, layout.size) == (window, size)


@pytest.mark.parametrize(
    ("view", "reply"),
    [
        (View(wid=100, dpr=DevicePixelRatio(2.0)), Size(200, 100)),
        (View(wid=100, hei=10, dpr=DevicePixelRatio(1.5)), Size(150, 15)),
        (View(dpr=DevicePixelRatio(2.0)), Size(400, 200)),  # only wid and hei are multiplied
        (View(wid=1500, hei=300, dpr=DevicePixelRatio(2.0)), Size(2000, 400)),  # limited by MaxPix, in proportion
        (View(wid=100, dpr=DevicePixelRatio(100.0)), Size(2000, 500)),
    ],
)
def test_device_pixel_ratio(view: View, reply: Size) -> None:
    assert laid(view, BIG, RULES)[1] == reply


@pytest.mark.parametrize(
    ("view", "rules", "allowed"),
    [
        (View(wid=2000), RULES, True),
        (View(wid=2001), RULES, False),
        (View(hei=2001), RULES, False),
        (View(scl=0.25), RULES, False),
        (View(scl=0.25, rect=ViewRect(0, 0, 100, 100)), RULES, True),  # r-rect: pieces of what is too large
        (View(scl=0.25, rect=ViewRect(0, 0, 2001, 1)), RULES, False),
        (View(wid=5000), replace(RULES, max_size=Size(0, 0)), True),  # 0 is no limit
        (View(wid=5000), replace(RULES, max_size=Size(0, 10)), False),
        (View(wid=2000, hei=2000), replace(RULES, most_pixels=3_999_999), False),
        (View(scl=0.00001), FREE, False),  # nothing can be drawn at this scale
    ],
)
def test_largest_reply(view: View, rules: ViewRules, allowed: bool) -> None:
    if allowed:
        lay_out_view(view, BIG, rules)
        return
    with pytest.raises(IllegalSize, match="expected at most"):
        lay_out_view(view, BIG, rules)


def same_ratio(one: Size, other: Size) -> bool:
    """Tell whether two sizes are in proportion, give or take the rounding of each side."""
    return abs(one.width * other.height - other.width * one.height) <= max(
        one.width, one.height, other.width, other.height
    )


@given(view=VIEWS, composite=SIZES)
def test_nothing_is_smaller_than_a_pixel(view: View, composite: Size) -> None:
    try:
        layout = lay_out_view(view, composite, FREE)
    except IllegalSize:
        return
    for size in (layout.scaled, layout.size, Size(layout.window.width, layout.window.height)):
        assert size.width >= 1
        assert size.height >= 1
    assert layout.scale_x > 0
    assert layout.scale_y > 0


@given(view=st.builds(View, wid=st.none() | SIDES, hei=st.none() | SIDES, fit=st.none() | FITS), composite=SIZES)
def test_nothing_is_enlarged_unless_it_is_asked_for(view: View, composite: Size) -> None:
    view = replace(view, fit=Fit(view.fit.mode)) if view.fit else view
    layout = lay_out_view(view, composite, FREE)
    assert layout.scaled.width <= composite.width
    assert layout.scaled.height <= composite.height


@given(fit=FITS, wid=SIDES, hei=SIDES, composite=SIZES)
def test_reply_of_each_fit(fit: Fit, wid: int, hei: int, composite: Size) -> None:
    scaled, reply = laid(View(wid=wid, hei=hei, fit=fit), composite)
    room = Size(wid, hei)
    if fit.mode in {"fit", "crop", "hfit", "vfit"}:
        assert reply == room
    else:
        assert reply == scaled
    if fit.mode in {"fit", "constrain"}:
        assert scaled.width <= room.width
        assert scaled.height <= room.height
    if fit.mode != "stretch":
        assert same_ratio(scaled, composite)
    if fit.upscale:
        assert {
            "fit": scaled.width == wid or scaled.height == hei,
            "constrain": scaled.width == wid or scaled.height == hei,
            "crop": scaled.width >= wid and scaled.height >= hei,
            "wrap": scaled.width >= wid and scaled.height >= hei,
            "stretch": scaled == room,
            "hfit": scaled.width == wid,
            "vfit": scaled.height == hei,
        }[fit.mode]


@given(wid=SIDES, composite=SIZES, fit=FITS)
def test_one_side_decides_and_the_other_follows(wid: int, composite: Size, fit: Fit) -> None:
    scaled, reply = laid(View(wid=wid, fit=fit), composite)
    assert same_ratio(scaled, composite)
    assert reply.height == scaled.height
    assert scaled.width == (wid if fit.upscale else min(wid, composite.width))


@given(composite=SIZES, most=SIZES)
def test_default_size_is_a_bound(composite: Size, most: Size) -> None:
    scaled, reply = laid(View(), composite, replace(FREE, default_size=most))
    assert scaled == reply
    assert reply.width <= min(most.width, composite.width)
    assert reply.height <= min(most.height, composite.height)
    assert same_ratio(reply, composite)


@given(
    view=VIEWS, composite=SIZES, rect=st.builds(ViewRect, st.integers(-50, 900), st.integers(-50, 900), SIDES, SIDES)
)
def test_window_is_a_piece_of_the_whole(view: View, composite: Size, rect: ViewRect) -> None:
    """`rect=` changes what is sent, and nothing of where it lies."""
    try:
        whole, piece = (lay_out_view(one, composite, FREE) for one in (view, replace(view, rect=rect)))
    except IllegalSize:
        return
    assert piece.window == Rect(rect.x, rect.y, rect.width, rect.height)
    assert replace(piece, window=whole.window) == whole


@given(
    view=st.builds(View, wid=SIDES, hei=SIDES, fit=st.none() | FITS, scl=st.none() | st.floats(0.05, 50)),
    composite=SIZES,
)
def test_aligned_edges_touch(view: View, composite: Size) -> None:
    for side in (-1, 1):
        try:
            layout = lay_out_view(replace(view, align=Align(side, side)), composite, FREE)
        except IllegalSize:
            return
        assert layout.left == pytest.approx(0 if side < 0 else layout.size.width - layout.scaled.width)
        assert layout.top == pytest.approx(0 if side < 0 else layout.size.height - layout.scaled.height)
