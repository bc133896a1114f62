"""Layers: what `l_` and `u_` name, and where it lies on the picture, or under it."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from binascii import Error as NoBase64
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, unquote

from imageserver.dialects.cloudinary.language.colors import read_color
from imageserver.dialects.cloudinary.language.components import Component
from imageserver.dialects.cloudinary.language.effects import OF_LAYERS
from imageserver.dialects.cloudinary.language.facts import BadTransformation, invalid
from imageserver.dialects.cloudinary.language.geometry import compass, place
from imageserver.dialects.cloudinary.language.numbers import length, within
from imageserver.dialects.cloudinary.language.picture import Picture
from imageserver.protocol.values import Size, rounded

TYPES = {"upload": "upload", "private": "private", "authenticated": "authenticated", "image": "upload"}
REFUSED = frozenset({"subtitles", "video", "lut", "audio", "raw"})
SERIF = re.compile(r"times|serif|georgia|garamond|book|roman|palatino|playfair|merri", re.IGNORECASE)
MONO = re.compile(r"mono|courier|console|code|menlo", re.IGNORECASE)
STANDS_FOR = (("sans", "FiraGO"), ("mono", "Fira Mono"), ("serif", "Source Serif Pro"))
STYLES = {"bold": r"\b", "italic": r"\i", "underline": r"\ul", "strikethrough": r"\strike"}
ALIGNMENTS = {"left": r"\ql", "center": r"\qc", "right": r"\qr", "justify": r"\qj", "start": r"\ql", "end": r"\qr"}
SIZE = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,2})?")
BLEND = {"multiply": "mult", "screen": "screen", "overlay": "overlay"}
IN_BRACKETS = ":/?&=%+,;@~!'*"
MOST_TILES = 100
SPECIAL = re.compile(r"[\\{}]")
FontOf = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Named:
    """A layer that is a resource: its type, and the public id with or without an extension."""

    type: str
    public_id: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """A layer that comes from elsewhere."""

    url: str


@dataclass(frozen=True, slots=True)
class Written:
    """A layer that is a text, with its font and style, or those of the `saved` text with that public id."""

    font: str
    size: float
    styles: tuple[str, ...]
    words: str
    saved: str = ""


Layer = Named | Fetched | Written


def read_layer(text: str) -> Layer:
    """Read what a layer shows."""
    first, _, rest = text.partition(":")
    if first == "text":
        return read_text(rest)
    if first == "fetch":
        return Fetched(decoded(rest))
    if first in REFUSED:
        raise BadTransformation(f"Overlays of type {first} are not supported")
    if first in TYPES and rest:
        return Named(TYPES[first], rest.replace(":", "/"))
    return Named("upload", text.replace(":", "/"))


def decoded(text: str) -> str:
    """Read the URL of a layer, in base64."""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (NoBase64, ValueError) as error:
        raise invalid("overlay fetch URL", text) from error


def read_text(text: str) -> Written:
    """Read `Font_size_styles:words`, or `id:words`; the words are encoded once more than the rest."""
    style, colon, words = text.partition(":")
    if not colon:
        raise invalid("text overlay", text)
    family, underscore, rest = style.partition("_")
    size, *styles = rest.split("_") if underscore else [""]
    if not SIZE.fullmatch(size) and style:
        return Written("", 0, (), unquote(words), saved=unquote(style))
    if not family or not float(size or 0):
        raise BadTransformation("Invalid text overlay: expected l_text:Font_size:text")
    return Written(unquote(family).replace("-", " "), float(size), tuple(styles), unquote(words))


def elsewhere(catalog: str, url: str) -> str:
    """Write the request for a picture from elsewhere, whose URL stands in brackets as it is."""
    return f"{catalog}?src=({quote(url, safe=IN_BRACKETS)})"


def stand_in(name: str) -> str:
    """Give the font that comes along and is most like one that is not here."""
    kind = "serif" if SERIF.search(name) and "sans" not in name.casefold() else "mono" if MONO.search(name) else "sans"
    return dict(STANDS_FOR)[kind]


def text_request(layer: Written, component: Component, catalog: str, font: FontOf) -> str:
    """Write the request for the picture of a text."""
    color = read_color(component.get("co", "black"))[:6]
    red, green, blue = bytes.fromhex(color)
    marks = [f"\\fs{round(layer.size * 2)}"]
    for word in layer.styles:
        if word in STYLES:
            marks.append(STYLES[word])
        elif word in ALIGNMENTS:
            marks.append(ALIGNMENTS[word])
    words = SPECIAL.sub(lambda match: f"\\{match[0]}", layer.words).replace("\n", "\\line ")
    head = f"{{\\fonttbl{{\\f0 {font(layer.font)};}}}}{{\\colortbl;\\red{red}\\green{green}\\blue{blue};}}"
    rtf = f"{head}\\f0\\cf1{''.join(marks)} {words}"
    commands = [f"text={quote(rtf, safe='')}", "textAttr=72"]
    if component.get("w").isdecimal() and component.get("c") in {"fit", "limit"}:
        height = component.get("h") if component.get("h").isdecimal() else "0"
        commands.insert(0, f"size={component.get('w')},{height}")
    behind = component.get("b")
    if behind:
        commands.append(f"bgColor={read_color(behind, 'background')}")
    return f"{catalog}?{'&'.join(commands)}"


def laid(base: Picture, layer: Picture, component: Component) -> Picture:
    """Lay a picture over another as the component says that ends it; the base grows where the layer reaches beyond."""
    flags = component.flags
    if "tiled" in flags:
        return tiled(base, layer, component)
    x = length("x", component.get("x", "0"), base.size.width, base)
    y = length("y", component.get("y", "0"), base.size.height, base)
    left, top = place(base.size, layer.size, compass(component.get("g")), (x, y))
    if "cutter" in flags:
        return cut_out(base, layer, left, top)
    around = (
        max(0, -left),
        max(0, -top),
        max(0, left + layer.size.width - base.size.width),
        max(0, top + layer.size.height - base.size.height),
    )
    grows = any(around) and "no_overflow" not in flags
    margins = around if grows else (0, 0, 0, 0)
    size = Size(base.size.width + margins[0] + margins[2], base.size.height + margins[1] + margins[3])
    extend = (f"extend={','.join(map(str, margins))}",) if grows else ()
    at = f"pos={left + margins[0]},{top + margins[1]}"
    commands = ("layer=1", layer.nested, "origin=0,0", at, *blending(component), *opacity(component), "layer=comp")
    return base.around().shaped(*extend, "origin=0,0", *commands, size=size, has_alpha=base.has_alpha or grows)


def under(base: Picture, layer: Picture, component: Component) -> Picture:
    """Lay the base over a picture that is as large as the base."""
    x = length("x", component.get("x", "0"), base.size.width, base)
    y = length("y", component.get("y", "0"), base.size.height, base)
    left, top = place(layer.size, base.size, compass(component.get("g")), (-x, -y))
    margins = (
        max(0, -left),
        max(0, -top),
        max(0, left + base.size.width - layer.size.width),
        max(0, top + base.size.height - layer.size.height),
    )
    size = Size(layer.size.width + margins[0] + margins[2], layer.size.height + margins[1] + margins[3])
    extend = (f"extend={','.join(map(str, margins))}",) if any(margins) else ()
    commands = ("layer=1", base.nested, "origin=0,0", f"pos={left + margins[0]},{top + margins[1]}", "layer=comp")
    alpha = layer.has_alpha or any(margins)
    return layer.around().shaped(*extend, "origin=0,0", *commands, size=size, has_alpha=alpha and base.has_alpha)


def blending(component: Component) -> tuple[str, ...]:
    """Say how a layer mixes with what lies below."""
    return tuple(f"blendMode={BLEND[one]}" for one in component.effects if one in OF_LAYERS)


def opacity(component: Component) -> tuple[str, ...]:
    """Say how much of what lies below is seen through a layer."""
    text = component.get("o")
    return (f"opac={rounded(within('opacity', text, 0, 100))}",) if text else ()


def cut_out(base: Picture, layer: Picture, left: int, top: int) -> Picture:
    """Keep of the base what lies under the layer."""
    margins = (
        left,
        top,
        base.size.width - left - layer.size.width,
        base.size.height - top - layer.size.height,
    )
    mask = layer.around().shaped(f"extend={','.join(map(str, margins))}", size=base.size)
    return base.around().shaped(f"mask=is{{{mask.written}}}", has_alpha=True)


def tiled(base: Picture, layer: Picture, component: Component) -> Picture:
    """Repeat a layer all over the base."""
    across, down = -(-base.size.width // layer.size.width), -(-base.size.height // layer.size.height)
    if across * down > MOST_TILES:
        raise BadTransformation(f"Invalid tiled overlay: more than {MOST_TILES} tiles")
    commands: list[str] = []
    for number in range(across * down):
        column, row = number % across, number // across
        at = f"pos={column * layer.size.width},{row * layer.size.height}"
        commands += [f"layer={number + 1}", layer.nested, "origin=0,0", at, *blending(component), *opacity(component)]
    return base.around().shaped("origin=0,0", *commands, "layer=comp")
