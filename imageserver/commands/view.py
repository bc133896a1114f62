"""View commands: how the finished composite becomes the picture that is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imageserver.commands.declare import EXTENSION, Trait, command
from imageserver.protocol.color import COLOR, Color
from imageserver.protocol.grammar import FLAG, Integer, Keyword, Product, Real
from imageserver.protocol.values import Rect

FitMode = Literal["fit", "constrain", "crop", "wrap", "stretch", "hfit", "vfit"]
FIT_MODES: Keyword[FitMode] = Keyword(
    {
        "fit": "fit",
        "constrain": "constrain",
        "crop": "crop",
        "wrap": "wrap",
        "stretch": "stretch",
        "hfit": "hfit",
        "vfit": "vfit",
    }
)
Interest = Literal["", "attention", "entropy"]
INTERESTS: Keyword[Interest] = Keyword({"off": "", "attention": "attention", "entropy": "entropy"})
SIDE = Integer(low=0)


@dataclass(frozen=True, slots=True)
class Fit:
    """How a scale is found from `wid=` and `hei=`; without `upscale` nothing is enlarged."""

    mode: FitMode
    upscale: bool = False


@dataclass(frozen=True, slots=True)
class Align:
    """Where the picture sits in a larger or smaller view: -1 left or top, 1 right or bottom."""

    horizontal: float
    vertical: float


@dataclass(frozen=True, slots=True)
class ViewRect:
    """The part of the view that is sent, in pixels behind `scale`."""

    x: int
    y: int
    width: int
    height: int
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class DevicePixelRatio:
    """The factor on `wid=` and `hei=`; `dpr=off` and the unfilled template `dpr=on,{dpr}` are 1.

    A `detected` one, `dpr=on`, is what the client says.
    """

    ratio: float = 1.0
    detected: bool = False


@dataclass(frozen=True, slots=True)
class DprGrammar:
    """Reads `off`, `on,2`, and the forms found on live sites: `2`, `on`, `on,{dpr}`."""

    expected: str = "off, on, or on,ratio with a number greater than 0 and at most 100"

    def parse(self, text: str) -> DevicePixelRatio:
        """Read the text, or raise `Mismatch`."""
        switch, _, ratio = (word.strip() for word in text.partition(","))
        if switch[:1].isdigit():
            switch, ratio = "on", switch
        template = ratio.startswith("{") and ratio.endswith("}")
        if not SWITCH.parse(switch) or template:
            return DevicePixelRatio()
        if not ratio:
            return DevicePixelRatio(detected=True)
        return DevicePixelRatio(RATIO.parse(ratio))


SWITCH = Keyword({"off": False, "on": True}, {"false": False, "true": True})
RATIO = Real(high=100, above=0)
FIT = Product(Fit, (FIT_MODES, FLAG))


@dataclass(frozen=True, slots=True)
class View:
    """The commands that shape the view; they apply wherever in the request they stand."""

    rgn: Rect | None = command(
        {"rgn": Product(Rect, (Integer(), Integer(), SIDE, SIDE))},
        doc="The region of interest in the composite, in its pixels; it does not crop.",
        page="rgn",
    )
    scl: float | None = command(
        {"scl": Real(above=0)},
        doc="Scales the composite by 1/scl; `wid` and `hei` then cut or pad.",
        page="scl",
    )
    wid: int | None = command(
        {"wid": Integer(low=1)}, traits=Trait.FOR_DEFAULT_IMAGE, doc="Width of the reply in pixels.", page="is-http-wid"
    )
    hei: int | None = command(
        {"hei": Integer(low=1)},
        traits=Trait.FOR_DEFAULT_IMAGE,
        doc="Height of the reply in pixels.",
        page="is-http-hei",
    )
    fit: Fit | None = command(
        {"fit": FIT},
        doc="How the composite fits into `wid`×`hei`; nothing is enlarged unless the second value is 1.",
        page="fit",
    )
    dpr: DevicePixelRatio = command(
        {"dpr": DprGrammar()},
        traits=Trait.HINTED,
        default=DevicePixelRatio(),
        doc="Multiplies `wid` and `hei` by the device pixel ratio, up to MaxPix; without a value, by the client's.",
        page="dpr",
    )
    align: Align = command(
        {"align": Product(Align, (Real(-1, 1), Real(-1, 1)))},
        default=Align(0.0, 0.0),
        doc="Where the picture sits in the view.",
        page="align",
    )
    focus: Interest = command(
        {"focus": INTERESTS},
        default="",
        doc="Of a picture that is larger than the view, shows the part with what draws the eye, or with most detail, "
        "in place of what `align` says. Maps and embedded paths do not follow it. An extension.",
        page=EXTENSION,
    )
    rect: ViewRect | None = command(
        {"rect": Product(ViewRect, (Integer(), Integer(), SIDE, SIDE, Real(above=0)))},
        doc="Cuts a rectangle, such as a tile, out of the finished view.",
        page="rect",
    )
    bgc: Color | None = command(
        {"bgc": COLOR},
        traits=Trait.OUTERMOST,
        doc="Fills what the composite leaves open, in formats without alpha.",
        page="bgc",
    )
