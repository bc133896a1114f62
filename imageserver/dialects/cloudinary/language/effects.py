"""Effects: what each `e_` becomes in commands of the protocol, with the levels that it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from imageserver.dialects.cloudinary.language.colors import read_color
from imageserver.dialects.cloudinary.language.components import Component
from imageserver.dialects.cloudinary.language.facts import BadTransformation, invalid
from imageserver.dialects.cloudinary.language.geometry import extended
from imageserver.dialects.cloudinary.language.numbers import length, within, written
from imageserver.dialects.cloudinary.language.picture import Picture
from imageserver.protocol.values import Size, rounded

OF_LAYERS = frozenset({"multiply", "screen", "overlay"})
"""Those that say how a layer mixes with what lies below."""
HUE_STEP = 1.8
"""Degrees of a level of hue."""
BLUR_STEP, SHARP_STEP = 20, 100
"""Levels of a pixel of radius, and of a strength of 1."""
SHADOW_STEP, SHADOW = 8, 5
FADE = 20
"""The strength of a fade that is even from the edge on; twice as much is its square."""
SYMMETRIC = frozenset({"symmetric", "symmetric_pad"})
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect with its levels, and the component that it stands in."""

    name: str
    levels: tuple[str, ...]
    component: Component

    def level(self, default: float, low: float, high: float, at: int = 0) -> float:
        """Read a level; one that is not there is the default."""
        text = self.levels[at] if len(self.levels) > at else ""
        return within(f"effect {self.name}", text, low, high) if text else default

    def color(self, default: str) -> str:
        """Read `co_`."""
        text = self.component.get("co")
        return read_color(text) if text else default


Apply = Callable[[Picture, Effect], Picture]


def applied(picture: Picture, text: str, component: Component) -> Picture:
    """Apply an effect; raises `BadTransformation` for one that this server does not have."""
    name, *levels = text.split(":")
    if name not in EFFECTS:
        raise BadTransformation(f"Effect {name[:LONGEST]} is not supported")
    return EFFECTS[name](picture, Effect(name, tuple(levels), component))


def levelled(command: str, default: float, low: float, high: float, factor: float = 1.0) -> Apply:
    """Make an effect that changes each pixel by itself, by one level."""

    def apply(picture: Picture, effect: Effect) -> Picture:
        value = effect.level(default, low, high) * factor
        return picture.tinted(f"{command}={written(rounded(value))}") if value else picture

    return apply


def always(command: str) -> Apply:
    """Make an effect without a level."""
    return lambda picture, _: picture.tinted(command)


def spread(command: str, default: float, low: float, high: float, factor: float = 1.0) -> Apply:
    """Make an effect that looks at neighbours, so that it is for the picture as it is by then."""

    def apply(picture: Picture, effect: Effect) -> Picture:
        value = effect.level(default, low, high) * factor
        return picture.spread(f"{command}={written(value)}") if value else picture

    return apply


def balanced(place: int) -> Apply:
    """Make an effect that adds to one component."""

    def apply(picture: Picture, effect: Effect) -> Picture:
        shares = [0, 0, 0]
        shares[place] = rounded(effect.level(0, -100, 100))
        return picture.tinted(f"op_colorbalance={','.join(map(str, shares))}") if any(shares) else picture

    return apply


def gamma(picture: Picture, effect: Effect) -> Picture:
    """Lighten or darken the middle."""
    return picture.tinted(f"op_gamma={written(1 + effect.level(0, -50, 150) / 100)}")


def fill_light(picture: Picture, effect: Effect) -> Picture:
    """Lighten the shadows."""
    return picture.tinted(f"op_gamma={written(1 + effect.level(100, 0, 100) / 200)}")


def colorize(picture: Picture, effect: Effect) -> Picture:
    """Lay a colour over everything."""
    opacity, color = rounded(effect.level(100, 0, 100)), effect.color("000000")
    return over(picture, f"color={color}", f"opac={opacity}")


def over(picture: Picture, *commands: str) -> Picture:
    """Lay something of the size of the picture over it, where it is."""
    size = picture.size
    layer = ("layer=1", f"size={size.width},{size.height}", "origin=0,0", *commands, "layer=comp")
    inner = picture.around()
    laid = inner.shaped("origin=0,0", *layer)
    if not picture.has_alpha:
        return laid
    return laid.shaped(f"mask=is{{{picture.written}}}")


def tint(picture: Picture, effect: Effect) -> Picture:
    """Mix with a colour that keeps light and shadow: `tint[:equalize][:amount][:color…]`."""
    levels = [one for one in effect.levels if one != "equalize"]
    amount = rounded(within("effect tint", levels[0], 0, 100)) if levels else 60
    colors = [read_color(":".join(levels[1:3]) if levels[1] == "rgb" else levels[1])] if levels[1:] else ["ff0000"]
    norm = "norm" if "equalize" in effect.levels else "off"
    inner = picture.around()
    tinted = f"{picture.around().path}?{picture.nested}&op_colorize={colors[0][:6]},{norm}"
    layer = ("layer=1", f"src=is{{{tinted}}}", "origin=0,0", f"opac={amount}", "layer=comp")
    return inner.shaped("origin=0,0", *layer)


def pixelate(picture: Picture, effect: Effect) -> Picture:
    """Show squares; without a level their size follows that of the picture."""
    default = max(2, min(picture.size.width, picture.size.height) // 30)
    return picture.spread(f"op_pixelate={rounded(effect.level(default, 1, 1000))}")


def sharpen(picture: Picture, effect: Effect) -> Picture:
    """Sharpen behind all scaling."""
    amount = min(5.0, effect.level(100, 1, 2000) / SHARP_STEP)
    radius = 1 if effect.name == "sharpen" else 2
    return picture.tinted(f"op_usmR={written(amount)},{radius}")


def opacity(picture: Picture, effect: Effect) -> Picture:
    """Let through what lies behind."""
    return faded(picture, rounded(effect.level(100, 0, 100)))


def faded(picture: Picture, percent: int) -> Picture:
    """Give a picture that is not opaque."""
    if percent == 100:  # noqa: PLR2004, all of it
        return picture
    return picture.around().shaped(f"opac={percent}", has_alpha=True)


def shadow(picture: Picture, effect: Effect) -> Picture:
    """Throw a shadow, for which the picture grows."""
    component = effect.component
    blur = effect.level(40, 0, 100) / SHADOW_STEP
    x, y = (
        length(name, component.get(name, str(SHADOW)), whole, picture)
        for name, whole in (("x", picture.size.width), ("y", picture.size.height))
    )
    reach = rounded(2 * blur)
    margins = (max(0, reach - x), max(0, reach - y), max(0, reach + x), max(0, reach + y))
    return behind(picture, margins, f"color={effect.color('606060')}", f"pos={x},{y}", f"op_blur={written(blur)}")


def outline(picture: Picture, effect: Effect) -> Picture:
    """Draw a line around what can be seen: `outline[:mode][:width[:blur]]`; `outer` is the mode that there is."""
    levels = effect.levels
    if levels and not levels[0].isdecimal():
        if levels[0] != "outer":
            raise invalid("effect outline", levels[0])
        levels = levels[1:]
    plain = Effect(effect.name, levels, effect.component)
    width, blur = rounded(plain.level(5, 1, 100)), plain.level(0, 0, 2000, at=1) / BLUR_STEP
    reach = width + rounded(2 * blur)
    commands = (f"color={effect.color('000000')}", f"op_grow={width}", f"op_blur={written(blur)}")
    return behind(picture, (reach,) * 4, *commands)


def behind(picture: Picture, margins: tuple[int, int, int, int], *commands: str) -> Picture:
    """Lay an effect behind the picture, with room around it."""
    left, top, right, bottom = margins
    size = Size(picture.size.width + left + right, picture.size.height + top + bottom)
    return extended(picture, margins, "", size).around().shaped("layer=0", "effect=-1", *commands, "layer=comp")


def region(picture: Picture, effect: Effect) -> Picture:
    """Blur or pixelate a rectangle."""
    component, size = effect.component, picture.size
    x, y = (
        length("x", component.get("x", "0"), size.width, picture),
        length("y", component.get("y", "0"), size.height, picture),
    )
    width = length("width", component.get("w", str(size.width)), size.width, picture)
    height = length("height", component.get("h", str(size.height)), size.height, picture)
    left, top = min(max(0, x), size.width - 1), min(max(0, y), size.height - 1)
    width, height = min(width, size.width - left), min(height, size.height - top)
    if width < 1 or height < 1:
        raise invalid("effect region", f"{width}x{height}")
    part = picture.fresh().shaped(f"crop={left},{top},{width},{height}", size=Size(width, height)).around()
    change = EFFECTS[effect.name.removesuffix("_region")]
    changed = change(part, Effect(effect.name, effect.levels, component))
    laid = ("layer=1", changed.nested, "origin=0,0", f"pos={left},{top}", "layer=comp")
    return picture.around().shaped("origin=0,0", *laid)


def make_transparent(picture: Picture, effect: Effect) -> Picture:
    """Take one colour out."""
    color, tolerance = effect.color("ffffff"), rounded(effect.level(10, 0, 100))
    return picture.around().shaped(f"op_keyColor={color[:6]},{tolerance}", has_alpha=True)


def replace_color(picture: Picture, effect: Effect) -> Picture:
    """Put one colour in place of those that are like another: `replace_color:to[:tolerance[:from]]`."""
    if not effect.levels:
        raise invalid("effect replace_color", "")
    to, tolerance = any_color(effect.levels[0]), rounded(effect.level(50, 0, 100, at=1))
    if len(effect.levels) < 3:  # noqa: PLR2004, the place of the colour that goes
        raise BadTransformation("Effect replace_color needs the color that is replaced")
    from_ = any_color(effect.levels[2])
    return picture.fresh().tinted(f"op_replaceColor={from_[:6]},{to[:6]},{tolerance}")


def any_color(text: str) -> str:
    """Read a colour that may lack its prefix."""
    return read_color(f"rgb:{text}" if all(one in "0123456789abcdefABCDEF" for one in text) else text)


def gradient_fade(picture: Picture, effect: Effect) -> Picture:
    """Fade towards one or two edges, or towards those opposite, too: `gradient_fade[:symmetric][:strength]`."""
    levels = [one for one in effect.levels if one not in SYMMETRIC]
    strength = within("effect gradient_fade", levels[0], 0, 100) if levels else FADE
    component, size = effect.component, picture.size
    placed = "x" in component.values or "y" in component.values
    x = length("x", component.get("x", "0"), size.width, picture) / size.width
    y = length("y", component.get("y", "0" if placed else "0.5"), size.height, picture) / size.height
    both = len(levels) < len(effect.levels)
    reaches = (
        x if x > 0 or both else 0,
        y if y > 0 or both else 0,
        -x if x < 0 or both else 0,
        -y if y < 0 or both else 0,
    )
    shares = (written(min(1.0, abs(one))) for one in reaches)
    return replace(picture.spread(f"op_fade={','.join(shares)},{written(strength / FADE)}"), has_alpha=True)


def mixing(_picture: Picture, effect: Effect) -> Picture:
    """Refuse what needs a layer."""
    raise BadTransformation(f"Effect {effect.name} needs an overlay")


EFFECTS: Mapping[str, Apply] = {
    "blur": spread("op_blur", 100, 1, 2000, 1 / BLUR_STEP),
    "sharpen": sharpen,
    "unsharp_mask": sharpen,
    "grayscale": always("op_saturation=-100"),
    "sepia": levelled("op_sepia", 80, 1, 100),
    "negate": always("op_invert=1"),
    "brightness": levelled("op_brightness", 80, -99, 100),
    "brightness_hsb": levelled("op_brightness", 80, -99, 100),
    "contrast": levelled("op_contrast", 0, -100, 100),
    "saturation": levelled("op_saturation", 80, -100, 100),
    "vibrance": levelled("op_vibrance", 20, -100, 100),
    "hue": levelled("op_hue", 80, -100, 100, HUE_STEP),
    "gamma": gamma,
    "fill_light": fill_light,
    "opacity": opacity,
    "colorize": colorize,
    "tint": tint,
    "pixelate": pixelate,
    "blackwhite": levelled("op_threshold", 50, 1, 100),
    "red": balanced(0),
    "green": balanced(1),
    "blue": balanced(2),
    **dict.fromkeys(("auto_brightness", "auto_contrast", "auto_color", "improve"), always("op_autoLevels=1")),
    "vignette": spread("op_vignette", 20, 0, 100),
    "oil_paint": spread("op_median", 30, 0, 100, 1 / 10),
    "shadow": shadow,
    "outline": outline,
    "blur_region": region,
    "pixelate_region": region,
    "make_transparent": make_transparent,
    "replace_color": replace_color,
    "gradient_fade": gradient_fade,
    "trim": lambda picture, _: picture,  # it was done before anything else
    **dict.fromkeys(OF_LAYERS, mixing),
}
