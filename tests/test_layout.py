"""How many pixels of a layer go where. References: r-layer-transforms, r-thumbnail-rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import REGIONS, VIEWS

from imageserver.commands.layer import Layer
from imageserver.commands.view import Fit, View
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
    layout: ViewLayout = lay_out_view(View(), Size(1000, 500), RULES)
    with pytest.raises(AttributeError):
        layout.left = 1.0  # type: ignore[misc]
