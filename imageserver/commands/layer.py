"""Layer commands: where a layer's pixels come from and how they are shaped and placed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from imageserver.commands.declare import EXTENSION, Comp, command
from imageserver.commands.objects import OBJECT, Foreign, Nested
from imageserver.commands.paths import NAMES, Path, PathGrammar, Perspective, PerspectiveGrammar
from imageserver.commands.text import (
    PATH_PLACE,
    TEXT_ATTRIBUTES,
    PathPlace,
    TextAttributes,
    Wording,
    WordingGrammar,
)
from imageserver.protocol.color import CLEAR, COLOR, Color
from imageserver.protocol.grammar import FLAG, Integer, Keyword, Product, Real, Text
from imageserver.protocol.values import Margins, MarginsN, Point, PointN, Rect, RectN, Size, SizeN

BlendMode = Literal[
    "norm",
    "dissolve",
    "lighten",
    "darken",
    "mult",
    "screen",
    "overlay",
    "hardlight",
    "softlight",
    "dodge",
    "burn",
    "lineardodge",
    "linearburn",
    "vividlight",
    "linearlight",
    "pinlight",
    "hardmix",
    "difference",
    "exclusion",
    "subtract",
    "divide",
]
MaskUse = Literal["norm", "invert", "off"]
Flip = Literal["", "lr", "ud", "lrud"]
MASK_USE: Keyword[MaskUse] = Keyword({"norm": "norm", "invert": "invert", "off": "off"})
BLEND_MODE: Keyword[BlendMode] = Keyword({mode: mode for mode in get_args(BlendMode)}, {"normal": "norm"})
FLIP: Keyword[Flip] = Keyword({"lr": "lr", "ud": "ud", "lrud": "lrud"})
SIDE = Integer(low=0)
NUMBERS = (Real(), Real())


@dataclass(frozen=True, slots=True)
class Opacity:
    """Opacity of the layer with its effects, and of its own contents, in percent."""

    layer: int
    fill: int = 100

    @property
    def fraction(self) -> float:
        """The opacity of the layer's own contents, 0 to 1."""
        return self.layer * self.fill / 10000


@dataclass(frozen=True, slots=True)
class GrowMask:
    """By how many pixels a mask grows: of the full resolution, or of the reply."""

    radius: int
    full_resolution: bool


@dataclass(frozen=True, slots=True)
class GrowMaskGrammar:
    """Reads a radius."""

    full_resolution: bool
    expected: str = Integer(-100, 100).expected

    def parse(self, text: str) -> GrowMask:
        """Read the text, or raise `Mismatch`."""
        return GrowMask(Integer(-100, 100).parse(text), self.full_resolution)


@dataclass(frozen=True, slots=True)
class Layer:
    """The commands of one layer; what stands under `layer=comp` lands where `comp` says."""

    src: str | Nested | Foreign | Wording | None = command(
        {"src": OBJECT},
        {"text": WordingGrammar("text"), "textPs": WordingGrammar("textPs")},
        comp=Comp.LAYER_0,
        doc="What the layer shows: a record or file, or text. The last of the three wins.",
        page="src",
    )
    frame: int | None = command(
        {"frame": Integer(low=1)},
        comp=Comp.LAYER_0,
        doc="Shows one frame of an animation, or one page of a TIFF whose pages are alike, as a still. An extension.",
        page=EXTENSION,
    )
    mask: str | Nested | Foreign | None = command(
        {"mask": OBJECT},
        comp=Comp.LAYER_0,
        doc="A record or file whose alpha, or else brightness, is the mask.",
        page="mask",
    )
    mask_use: MaskUse = command(
        {"maskUse": MASK_USE},
        default="norm",
        comp=Comp.LAYER_0,
        doc="Uses the mask, its inverse, or none.",
        page="maskuse",
    )
    anchor: Point | PointN | None = command(
        {"anchor": Product(Point, (Integer(), Integer()))},
        {"anchorN": Product(PointN, NUMBERS)},
        comp=Comp.LAYER_0,
        doc="The point about which the layer turns, and by which it is placed. `N` counts from the centre.",
        page="anchor",
    )
    crop: Rect | RectN | None = command(
        {"crop": Product(Rect, (Integer(), Integer(), SIDE, SIDE))},
        {"cropN": Product(RectN, (*NUMBERS, Real(low=0), Real(low=0)))},
        comp=Comp.LAYER_0,
        doc="Cuts or extends the source; what lies outside is transparent. A side of 0 reaches to the edge.",
        page="crop",
    )
    crop_paths: tuple[str, ...] = command(
        {"cropPathE": NAMES},
        default=(),
        comp=Comp.LAYER_0,
        doc="Cuts to the bounds of Photoshop paths of the source, one after the other; unknown names are ignored.",
        page="croppath",
    )
    size: Size | SizeN | None = command(
        {"size": Product(Size, (SIDE, SIDE))},
        {"sizeN": Product(SizeN, (Real(0, 1), Real(0, 1)))},
        comp=Comp.LAYER_0,
        doc="Scales to fit inside; 0 leaves a side free. `N` counts in sizes of layer 0. Wins over `scale` and `res`.",
        page="size-reference",
    )
    scale: float | None = command(
        {"scale": Real(above=0)},
        comp=Comp.LAYER_0,
        doc="Scales the source by a factor. Wins over `res`.",
        page="is-http-scale",
    )
    res: float | None = command(
        {"res": Real(above=0)},
        comp=Comp.LAYER_0,
        doc="Scales the source by `res` ÷ catalog::Resolution.",
        page="res",
    )
    flip: Flip = command(
        {"flip": FLIP},
        default="",
        comp=Comp.COMPOSITE,
        doc="Mirrors left-right, upside down, or both.",
        page="flip",
    )
    color: Color = command(
        {"color": COLOR},
        default=CLEAR,
        comp=Comp.LAYER_0,
        doc="Fills behind the image, before it is rotated; the colour of a solid-colour layer.",
        page="color-commandref",
    )
    rotate: float = command(
        {"rotate": Real()},
        default=0.0,
        comp=Comp.LAYER_0,
        doc="Turns clockwise about the anchor, in degrees; the layer grows to fit.",
        page="rotate",
    )
    perspective: Perspective | None = command(
        {"perspective": PerspectiveGrammar(normalised=False), "perspectiveN": PerspectiveGrammar(normalised=True)},
        comp=Comp.LAYER_0,
        doc="Distorts the layer to a quadrangle.",
        page="perspective",
    )
    extend: Margins | MarginsN | None = command(
        {"extend": Product(Margins, (Integer(), Integer(), Integer(), Integer()))},
        {
            "extendN": Product(MarginsN, (*NUMBERS, *NUMBERS)),
        },
        comp=Comp.LAYER_0,
        doc="Adds left, top, right, bottom margins, or takes away; text ends at its box. `N` counts in layer sizes.",
        page="extend",
    )
    bg_color: Color = command(
        {"bgColor": COLOR},
        default=CLEAR,
        comp=Comp.LAYER_0,
        doc="Fills behind the layer, margins included.",
        page="bgcolor",
    )
    opac: Opacity = command(
        {"opac": Product(Opacity, (Integer(0, 100), Integer(0, 100)))},
        default=Opacity(100),
        comp=Comp.COMPOSITE,
        doc="Opacity of the layer with its effects, and of its contents, in percent.",
        page="opac",
    )
    hide: bool = command({"hide": FLAG}, default=False, comp=Comp.LAYER_0, doc="Hides the layer.", page="hide")
    blend_mode: BlendMode = command(
        {"blendMode": BLEND_MODE},
        default="norm",
        comp=Comp.LAYER_0,
        doc="How the layer mixes with what lies below.",
        page="blendmode",
    )
    pos: Point | PointN | None = command(
        {"pos": Product(Point, (Integer(), Integer()))},
        {"posN": Product(PointN, NUMBERS)},
        comp=Comp.LAYER_0,
        doc="Offset of this layer's origin from that of layer 0, which ignores it.",
        page="pos",
    )
    origin: Point | PointN | None = command(
        {"origin": Product(Point, (Integer(), Integer()))},
        {"originN": Product(PointN, NUMBERS)},
        comp=Comp.LAYER_0,
        doc="The point by which the layer is placed; layer 0 is not placed.",
        page="origin",
    )
    clip_path: Path | None = command(
        {"clipPath": PathGrammar()},
        comp=Comp.COMPOSITE,
        doc="Shows what is inside of a path.",
        page="clippath",
    )
    clip_x_path: Path | None = command(
        {"clipXPath": PathGrammar()},
        comp=Comp.COMPOSITE,
        doc="Shows what is outside of a path.",
        page="clipxpath",
    )
    clip_path_names: tuple[str, ...] = command(
        {"clipPathE": NAMES},
        default=(),
        comp=Comp.COMPOSITE,
        doc="Shows what is inside of all of these Photoshop paths of the source; of layer 0's for the composite.",
        page="clippath",
    )
    clip_x_path_names: tuple[str, ...] = command(
        {"clipXPathE": NAMES},
        default=(),
        comp=Comp.COMPOSITE,
        doc="Shows what is outside of these Photoshop paths; ignored without `clipPath` or `clipPathE`.",
        page="clipxpath",
    )
    grow_mask: GrowMask | None = command(
        {"op_growMask": GrowMaskGrammar(full_resolution=True), "op_growMaskR": GrowMaskGrammar(full_resolution=False)},
        comp=Comp.LAYER_0,
        doc="Dilates (positive) or erodes the mask; `op_growMask` counts at full resolution, `R` in the reply.",
        page="op-growmask",
    )
    map: str | None = command(
        {"map": Text(empty=True)},
        comp=Comp.COMPOSITE,
        doc="Image map of the layer in its own pixels; an empty one means none. That of the composite lies behind.",
        page="map",
    )
    map_a: str | None = command(
        {"mapA": Text(empty=True)},
        comp=Comp.LAYER_0,
        doc="Image map of the layer in pixels of the source; `map` wins.",
        page="map",
    )
    text_attr: TextAttributes = command(
        {"textAttr": TEXT_ATTRIBUTES},
        default=TextAttributes(),
        comp=Comp.LAYER_0,
        doc="Pixels per inch of text; how its edges are smoothed, how it fits its box, and how it wraps.",
        page="textattr",
    )
    text_angle: float = command(
        {"textAngle": Real()},
        default=0.0,
        comp=Comp.LAYER_0,
        doc="Turns the lines of text clockwise, in degrees.",
        page="textangle",
    )
    text_path: Path | None = command(
        {"textPath": PathGrammar()}, comp=Comp.LAYER_0, doc="The line on which text stands.", page="textpath"
    )
    path_attr: PathPlace = command(
        {"pathAttr": PATH_PLACE},
        default=PathPlace(),
        comp=Comp.LAYER_0,
        doc="In which direction text follows its path, and which part of it.",
        page="pathattr",
    )
    text_flow_path: Path | None = command(
        {"textFlowPath": PathGrammar()}, comp=Comp.LAYER_0, doc="The shape that text fills.", page="textflowpath"
    )
    text_flow_x_path: Path | None = command(
        {"textFlowXPath": PathGrammar()},
        comp=Comp.LAYER_0,
        doc="The shape that text flows around.",
        page="textflowxpath",
    )
