"""Operations on the pixels of a layer or of the composite; the order of the fields is the order of the work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imageserver.commands.declare import EXTENSION, Comp, command
from imageserver.errors import Mismatch
from imageserver.protocol.color import COLOR, Color
from imageserver.protocol.grammar import FLAG, Integer, Keyword, Product, Real, split_list

PERCENT = Integer(-100, 100)


@dataclass(frozen=True, slots=True)
class ColorBalance:
    """What is added to each component, in percent."""

    red: int
    green: int
    blue: int


@dataclass(frozen=True, slots=True)
class Colorize:
    """The colour of the midtones; `normalise` first moves the median brightness to 50 %.

    `contrast` is the range of brightness wanted, in percent; 0 keeps the range of the image.
    """

    color: Color
    normalise: bool = True
    contrast: float = 0.0


@dataclass(frozen=True, slots=True)
class ColorizeGrammar:
    """Reads `color[,off|norm[,contrast]]`, where the colour may contain commas itself."""

    expected: str = "color[,off|norm[,contrast]] with an RGB colour and a contrast from 0 to 100"

    def parse(self, text: str) -> Colorize:
        """Read the text, or raise `Mismatch`."""
        words = split_list(text)
        switches = [i for i, word in enumerate(words) if word.casefold() in {"off", "norm"}]
        end = switches[0] if switches else len(words)
        try:
            color = COLOR.parse(",".join(words[:end]))
            contrast = Real(0, 100).parse(words[end + 1]) if len(words) > end + 1 else 0.0
        except Mismatch as error:
            raise Mismatch(self.expected) from error
        if color.space != "rgb" or len(words) > end + 2:
            raise Mismatch(self.expected)
        return Colorize(color, words[end].casefold() == "norm" if switches else True, contrast)


@dataclass(frozen=True, slots=True)
class Noise:
    """An amount in percent, its distribution, and whether all components get the same."""

    amount: int
    distribution: Literal["uniform", "gaussian"] = "uniform"
    monochrome: bool = False


@dataclass(frozen=True, slots=True)
class UnsharpMask:
    """Strength, radius in pixels of the full-resolution image, threshold level; `monochrome` works on intensity."""

    amount: float
    radius: float = 1.0
    threshold: int = 0
    monochrome: bool = False


@dataclass(frozen=True, slots=True)
class UnsharpMaskR(UnsharpMask):
    """The same with the radius in pixels of the reply."""


@dataclass(frozen=True, slots=True)
class KeyColor:
    """A colour, and how different one may be that counts as the same, in percent."""

    color: Color
    tolerance: int = 10


@dataclass(frozen=True, slots=True)
class ReplaceColor:
    """A colour that goes, the one in its place, and how different one may be that goes with it, in percent."""

    color: Color
    replacement: Color
    tolerance: int = 50


@dataclass(frozen=True, slots=True)
class Fade:
    """How far from each edge a picture is let through, as shares of its sides; a higher power lets more through."""

    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0
    power: float = 1.0


DISTRIBUTION: Keyword[Literal["uniform", "gaussian"]] = Keyword({"uniform": "uniform", "gaussian": "gaussian"})
USM = (Real(0, 5), Real(0, 250), Integer(0, 255), FLAG)


@dataclass(frozen=True, slots=True)
class Adjust:
    """Operations on the pixels of a layer or of the composite."""

    brightness: int = command(
        {"op_brightness": PERCENT},
        default=0,
        comp=Comp.COMPOSITE,
        doc="Adds to all components, in percent.",
        page="op-brightness",
    )
    contrast: int = command(
        {"op_contrast": PERCENT},
        default=0,
        comp=Comp.COMPOSITE,
        doc="Spreads or narrows the components about 50 %.",
        page="op-contrast",
    )
    colorbalance: ColorBalance = command(
        {"op_colorbalance": Product(ColorBalance, (PERCENT, PERCENT, PERCENT))},
        default=ColorBalance(0, 0, 0),
        comp=Comp.COMPOSITE,
        doc="Adds to each component separately, in percent.",
        page="op-colorbalance",
    )
    hue: int = command(
        {"op_hue": Integer(-180, 180)},
        default=0,
        comp=Comp.COMPOSITE,
        doc="Turns the hue, in degrees.",
        page="op-hue",
    )
    saturation: int = command(
        {"op_saturation": PERCENT},
        default=0,
        comp=Comp.COMPOSITE,
        doc="Changes the saturation; -100 leaves none.",
        page="op-saturation",
    )
    colorize: Colorize | None = command(
        {"op_colorize": ColorizeGrammar(), "colorize": ColorizeGrammar()},
        comp=Comp.COMPOSITE,
        doc="Recolours, keeping shadows and highlights; `colorize` is its older name.",
        page="op-colorize",
    )
    invert: bool = command(
        {"op_invert": FLAG}, default=False, comp=Comp.COMPOSITE, doc="Makes a negative.", page="op-invert"
    )
    gamma: float = command(
        {"op_gamma": Real(0.1, 10)},
        default=1.0,
        comp=Comp.COMPOSITE,
        doc="Lightens the middle above 1, darkens it below. An extension.",
        page=EXTENSION,
    )
    auto_levels: bool = command(
        {"op_autoLevels": FLAG},
        default=False,
        comp=Comp.COMPOSITE,
        doc="Spreads each component such that its darkest and brightest hundredth become 0 and 255. An extension.",
        page=EXTENSION,
    )
    vibrance: int = command(
        {"op_vibrance": PERCENT},
        default=0,
        comp=Comp.COMPOSITE,
        doc="Changes the saturation, of pale colours most. An extension.",
        page=EXTENSION,
    )
    sepia: int = command(
        {"op_sepia": Integer(0, 100)},
        default=0,
        comp=Comp.COMPOSITE,
        doc="Makes an old photograph, in percent. An extension.",
        page=EXTENSION,
    )
    threshold: int = command(
        {"op_threshold": Integer(0, 100)},
        default=0,
        comp=Comp.COMPOSITE,
        doc="Makes what is darker black, and all else white, in percent. An extension.",
        page=EXTENSION,
    )
    replace_color: ReplaceColor | None = command(
        {"op_replaceColor": Product(ReplaceColor, (COLOR, COLOR, Integer(0, 100)))},
        comp=Comp.COMPOSITE,
        doc="Moves a colour, and those like it, to another one. An extension.",
        page=EXTENSION,
    )
    key_color: KeyColor | None = command(
        {"op_keyColor": Product(KeyColor, (COLOR, Integer(0, 100)))},
        comp=Comp.COMPOSITE,
        doc="Makes a colour, and those like it, transparent. An extension.",
        page=EXTENSION,
    )
    median: float = command(
        {"op_median": Real(0, 20)},
        default=0.0,
        comp=Comp.COMPOSITE,
        doc="Puts the median of what is around in place of each pixel; the radius is in pixels of the composite. "
        "An extension.",
        page=EXTENSION,
    )
    pixelate: int = command(
        {"op_pixelate": Integer(0, 1000)},
        default=0,
        comp=Comp.COMPOSITE,
        doc="Shows squares of one colour, with sides of that many pixels of the composite. An extension.",
        page=EXTENSION,
    )
    grow: int = command(
        {"op_grow": PERCENT},
        default=0,
        comp=Comp.COMPOSITE,
        doc="Dilates (positive) or erodes; the radius is in pixels of the composite.",
        page="op-grow",
    )
    blur: float = command(
        {"op_blur": Real(0, 100)},
        default=0.0,
        comp=Comp.COMPOSITE,
        doc="Blurs; the radius is in pixels of the composite.",
        page="op-blur",
    )
    vignette: int = command(
        {"op_vignette": Integer(0, 100)},
        default=0,
        comp=Comp.COMPOSITE,
        doc="Darkens towards the edges, in percent. An extension.",
        page=EXTENSION,
    )
    fade: Fade | None = command(
        {"op_fade": Product(Fade, (Real(0, 1), Real(0, 1), Real(0, 1), Real(0, 1), Real(0, 10)))},
        comp=Comp.COMPOSITE,
        doc="Becomes transparent towards the edges, over these shares of width and height; the last value is a power. "
        "An extension.",
        page=EXTENSION,
    )
    noise: Noise | None = command(
        {"op_noise": Product(Noise, (Integer(0, 100), DISTRIBUTION, FLAG))},
        comp=Comp.COMPOSITE,
        doc="Adds random noise, in percent.",
        page="op-noise",
    )
    usm: UnsharpMask | None = command(
        {"op_usm": Product(UnsharpMask, USM)},
        {"op_usmR": Product(UnsharpMaskR, USM)},
        comp=Comp.COMPOSITE,
        doc="Unsharp mask behind all scaling. `op_usm` takes a radius at full resolution, `op_usmR` one in the reply.",
        page="op-usm",
    )
    sharpen: bool = command(
        {"op_sharpen": FLAG},
        default=False,
        comp=Comp.COMPOSITE,
        doc="Sharpens simply, behind all scaling.",
        page="op-sharpen",
    )
