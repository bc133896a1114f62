"""How many pixels go where. References: docs/protocol.md, r-fit, r-align, r-rgn, r-rect, r-layer-transforms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageserver.commands.layer import Layer
from imageserver.commands.view import Align, DevicePixelRatio, Fit, FitMode, View, ViewRect
from imageserver.errors import IllegalSize
from imageserver.layout.facts import Facts
from imageserver.layout.layers import Frame, LayerShape, shape_layer
from imageserver.layout.laying import lay_out
from imageserver.layout.measuring import Survey
from imageserver.layout.view import ViewLayout, lay_out_view
from imageserver.plan.picture import Picture, PlannedLayer, Source, Thumbnail, ViewRules
from imageserver.protocol.values import Margins, MarginsN, Rect, RectN, Size

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


SIDES = st.integers(1, 3000)
SIZES = st.builds(Size, SIDES, SIDES)
FITS = st.builds(Fit, st.sampled_from(["fit", "constrain", "crop", "wrap", "stretch", "hfit", "vfit"]), st.booleans())
ALIGNS = st.builds(Align, st.floats(-1, 1), st.floats(-1, 1))
REGIONS = st.builds(Rect, st.integers(-500, 3000), st.integers(-500, 3000), st.integers(0, 3000), st.integers(0, 3000))
VIEWS = st.builds(
    View,
    wid=st.none() | SIDES,
    hei=st.none() | SIDES,
    fit=st.none() | FITS,
    scl=st.none() | st.floats(0.05, 50),
    align=ALIGNS,
    rgn=st.none() | REGIONS,
)


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


PATH = Path("photo.jpg")
FACTS = {PATH: Facts(Size(400, 300), "hash")}
SOURCE = Source("photo", PATH, resolution=100)


def layer(commands: Layer, source: Source = SOURCE) -> PlannedLayer:
    return PlannedLayer(0, source, commands)


def shaped(one: PlannedLayer, facts: dict[Path, Facts]) -> LayerShape:
    return shape_layer(one, Survey(facts).layer_window(one, Frame()), Frame())


@pytest.mark.parametrize(
    ("commands", "image", "turned", "size"),
    [
        (Layer(), Size(400, 300), Size(400, 300), Size(400, 300)),
        (Layer(crop=Rect(10, 20, 100, 50)), Size(100, 50), Size(100, 50), Size(100, 50)),
        (Layer(crop=Rect(10, 20, 0, 0)), Size(390, 280), Size(390, 280), Size(390, 280)),  # up to the edge
        (Layer(crop=Rect(-10, -20, 500, 400)), Size(500, 400), Size(500, 400), Size(500, 400)),
        (Layer(crop=RectN(0.25, 0.25, 0.5, 0.5)), Size(200, 150), Size(200, 150), Size(200, 150)),
        (Layer(size=Size(200, 200)), Size(200, 150), Size(200, 150), Size(200, 150)),  # fits inside
        (Layer(size=Size(800, 0)), Size(800, 600), Size(800, 600), Size(800, 600)),  # enlarges, too
        (Layer(size=Size(0, 30)), Size(40, 30), Size(40, 30), Size(40, 30)),
        (Layer(size=Size(0, 0)), Size(400, 300), Size(400, 300), Size(400, 300)),
        (Layer(scale=0.5), Size(200, 150), Size(200, 150), Size(200, 150)),
        (Layer(res=50), Size(200, 150), Size(200, 150), Size(200, 150)),  # of a resolution of 100
        (Layer(size=Size(40, 0), scale=2.0, res=10), Size(40, 30), Size(40, 30), Size(40, 30)),  # size, scale, res
        (Layer(scale=2.0, res=10), Size(800, 600), Size(800, 600), Size(800, 600)),
        (Layer(scale=0.0001), Size(1, 1), Size(1, 1), Size(1, 1)),
        (Layer(crop=Rect(0, 0, 100, 100), scale=0.5), Size(50, 50), Size(50, 50), Size(50, 50)),  # crop, then scale
        (Layer(rotate=90), Size(400, 300), Size(300, 400), Size(300, 400)),
        (Layer(rotate=-90), Size(400, 300), Size(300, 400), Size(300, 400)),
        (Layer(rotate=180), Size(400, 300), Size(400, 300), Size(400, 300)),
        (Layer(rotate=360), Size(400, 300), Size(400, 300), Size(400, 300)),
        (Layer(rotate=450), Size(400, 300), Size(300, 400), Size(300, 400)),
        (Layer(crop=Rect(0, 0, 100, 100), rotate=45), Size(100, 100), Size(141, 141), Size(141, 141)),
        (Layer(extend=Margins(1, 2, 3, 4)), Size(400, 300), Size(400, 300), Size(404, 306)),
        (Layer(extend=Margins(-100, 0, -100, 0)), Size(400, 300), Size(400, 300), Size(200, 300)),
        (Layer(extend=Margins(-900, 0, 0, 0)), Size(400, 300), Size(400, 300), Size(1, 300)),
        (Layer(extend=MarginsN(0.5, 0, 0.5, 0)), Size(400, 300), Size(400, 300), Size(800, 300)),
        (Layer(rotate=90, extend=Margins(10, 0, 0, 0)), Size(400, 300), Size(300, 400), Size(310, 400)),  # then extend
    ],
)
def test_layer(commands: Layer, image: Size, turned: Size, size: Size) -> None:
    shape = shaped(layer(commands), FACTS)
    assert (shape.image, shape.turned, shape.size) == (image, turned, size)


@pytest.mark.parametrize(
    ("crop", "commands", "wanted"),
    [
        (Rect(50, 0, 300, 300), Layer(), Rect(50, 0, 300, 300)),
        (Rect(50, 0, 300, 300), Layer(crop=Rect(10, 20, 100, 50)), Rect(60, 20, 100, 50)),  # within the named crop
        (Rect(350, 250, 100, 100), Layer(), Rect(350, 250, 50, 50)),  # what there is of it
        (Rect(50, 0, 300, 300), Layer(crop=RectN(0.5, 0.5, 0.5, 0.5)), Rect(200, 150, 150, 150)),
    ],
)
def test_named_crop_is_the_source(crop: Rect, commands: Layer, wanted: Rect) -> None:
    assert shaped(layer(commands, replace(SOURCE, crop=crop)), FACTS).crop == wanted


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_source_is_measured_as_it_is_shown(orientation: int) -> None:
    facts = {PATH: Facts(Size(400, 300), "hash", orientation=orientation)}
    shown = Size(300, 400) if orientation >= 5 else Size(400, 300)
    assert shaped(layer(Layer()), facts).image == shown
    stored = shaped(layer(Layer(), replace(SOURCE, apply_orientation=False)), facts)
    assert stored.image == Size(400, 300)


def reply(picture: Picture) -> Size:
    return lay_out(picture, FACTS).reply


FIT, CROP = Thumbnail("fit"), Thumbnail("crop")
TEXTURE = Thumbnail("texture", resolution=50)


@pytest.mark.parametrize("kind", [FIT, CROP, TEXTURE])
@pytest.mark.parametrize(
    ("view", "size"),
    [
        (View(), Size(100, 100)),  # attribute::DefaultThumbPix
        (View(wid=50), Size(50, 100)),
        (View(wid=80, hei=40), Size(80, 40)),
        (View(wid=800, hei=400), Size(800, 400)),
    ],
)
def test_thumbnail_has_its_own_size(kind: Thumbnail, view: View, size: Size) -> None:
    assert reply(Picture((layer(Layer()),), view=view, thumbnail=kind)) == size


@pytest.mark.parametrize(
    ("kind", "image"),
    [
        (FIT, Size(100, 75)),  # all of it is seen
        (CROP, Size(133, 100)),  # no room is left
        (TEXTURE, Size(200, 150)),  # at ThumbRes 50 of a resolution of 100
    ],
)
def test_image_of_a_thumbnail(kind: Thumbnail, image: Size) -> None:
    layout = lay_out(Picture((layer(Layer()),), thumbnail=kind), FACTS)
    assert layout.layers[0].image == image


@pytest.mark.parametrize(
    ("horizontal", "vertical", "box"),
    [(0, 0, Rect(0, 13, 100, 75)), (-1, -1, Rect(0, 0, 100, 75)), (1, 1, Rect(0, 25, 100, 75))],
)
def test_place_in_a_thumbnail(horizontal: int, vertical: int, box: Rect) -> None:
    """attribute::ThumbHorizAlign, ThumbVertAlign; half a pixel rounds away from zero."""
    layout = lay_out(Picture((layer(Layer()),), thumbnail=Thumbnail(horizontal=horizontal, vertical=vertical)), FACTS)
    assert layout.layers[0].box == box


COMMANDS = st.builds(
    Layer,
    crop=st.none() | REGIONS,
    size=st.none() | st.builds(Size, st.integers(0, 900), st.integers(0, 900)),
    scale=st.none() | st.floats(0.05, 5),
    rotate=st.sampled_from([0.0, 90.0, 180.0, 270.0, 30.0, -45.0, 0.001]) | st.floats(-720, 720),
    extend=st.builds(Margins, *[st.integers(-50, 50)] * 4),
)


@given(commands=COMMANDS, view=VIEWS)
def test_layout_of_anything(commands: Layer, view: View) -> None:
    """Whatever is asked for has a size that can be drawn, or is refused as too large."""
    try:
        layout = lay_out(Picture((layer(commands),), view=view, rules=FREE), FACTS)
    except IllegalSize:
        return
    (laid_layer,) = layout.layers
    for width, height in (
        (layout.reply.width, layout.reply.height),
        (layout.canvas.width, layout.canvas.height),
        (laid_layer.image.width, laid_layer.image.height),
        (laid_layer.box.width, laid_layer.box.height),
        (laid_layer.rect.width, laid_layer.rect.height),
    ):
        assert width >= 1
        assert height >= 1
    assert laid_layer.source is not None
    rect, size = laid_layer.source.rect, laid_layer.source.size
    assert 0 <= rect.x <= rect.x + rect.width <= size.width or not rect.width
    assert 0 <= rect.y <= rect.y + rect.height <= size.height or not rect.height


@given(commands=COMMANDS, view=VIEWS)
def test_layout_is_a_value(commands: Layer, view: View) -> None:
    """The same request gives the same layout, and two layouts that are equal have one name."""
    picture = Picture((layer(commands),), view=view, rules=FREE)
    try:
        one, other = lay_out(picture, FACTS), lay_out(picture, FACTS)
    except IllegalSize:
        return
    assert one == other
    assert repr(one) == repr(other)
    assert str(PATH) not in repr(one)  # the content counts, not where it is


def test_view_layout_is_frozen() -> None:
    layout: ViewLayout = lay_out_view(View(), BIG, RULES)
    with pytest.raises(AttributeError):
        layout.left = 1.0  # type: ignore[misc]
