"""A whole transformation → the native request that it stands for.

A chain is read once; what its layers show is then looked up and measured by who has catalogs and files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from imageserver.dialects.cloudinary.language.clipping import clipped
from imageserver.dialects.cloudinary.language.components import Component, read_component
from imageserver.dialects.cloudinary.language.conditions import (
    ELSE,
    END,
    FACES,
    METADATA,
    NOTHING,
    About,
    asks_about,
    holds,
    kinds_in,
)
from imageserver.dialects.cloudinary.language.effects import OF_LAYERS, applied, faded
from imageserver.dialects.cloudinary.language.facts import BadTransformation, invalid
from imageserver.dialects.cloudinary.language.geometry import device_ratio, resized
from imageserver.dialects.cloudinary.language.layers import (
    Fetched,
    FontOf,
    Layer,
    Written,
    elsewhere,
    laid,
    read_layer,
    text_request,
    under,
)
from imageserver.dialects.cloudinary.language.numbers import DECIMAL, within
from imageserver.dialects.cloudinary.language.output import Output, allowed, held, output_of
from imageserver.dialects.cloudinary.language.pages import on_page, page_of
from imageserver.dialects.cloudinary.language.picture import Client, Picture, Shown, begin
from imageserver.dialects.cloudinary.language.places import is_given
from imageserver.dialects.cloudinary.language.shapes import bordered, filled_behind, rounded_corners, turned
from imageserver.dialects.cloudinary.language.variables import Variables
from imageserver.protocol.values import rounded

DEEPEST = 8
"""Named transformations within named transformations."""
MOST = 60
"""Components of a chain, those of named transformations included."""
NOT_INSIDE = re.compile(r"f_auto|dpr_auto|w_auto")
NUMBERS = ("w", "h", "ar", "x", "y", "r")
"""Parameters that may be expressions."""
SHAPING = frozenset(["w", "h", "ar", "c", "x", "y", "z", "r", "a", "bo", "b", "o", "l", "u", "e"])
Named = Callable[[str], str | None]
"""Gives the text of a named transformation; a native macro is `$name$`."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """A layer: the component that names it, what becomes of it, and the component that lays it over the picture."""

    opens: Component
    inner: tuple[Node, ...]
    applies: Component
    shows: Layer


@dataclass(frozen=True, slots=True)
class Macro:
    """A named transformation that is written in native commands."""

    name: str


Node = Component | Overlay | Macro


@dataclass(frozen=True, slots=True)
class Chain:
    """A transformation, its layers found; `components` are all that say how the picture is sent.

    `follows_catalog` says that part of it, or what it depends on beside the picture, stands in the catalog; one that
    `asks_about` its picture has to be read again with what is said of that, to which `asks_notes` adds what is noted.
    """

    nodes: tuple[Node, ...] = ()
    components: tuple[Component, ...] = ()
    follows_catalog: bool = False
    asks_about: bool = False
    asks_notes: bool = False

    @property
    def overlays(self) -> tuple[Overlay, ...]:
        """All layers, also those within layers."""
        return tuple(overlays_of(self.nodes))

    @property
    def default_image(self) -> str:
        """The public id of `d_`."""
        return next((one.values["d"].replace(":", "/") for one in self.components if "d" in one.values), "")

    @property
    def trim(self) -> float | None:
        """The tolerance with which the border is taken away before anything else; None for not at all."""
        first = self.nodes[0] if self.nodes and isinstance(self.nodes[0], Component) else None
        for effect in first.effects if first else ():
            name, _, level = effect.partition(":")
            if name == "trim":
                return within("effect trim", level.partition(":")[0] or "10", 0, 100)
        return None

    @property
    def looks_elsewhere(self) -> bool:
        """Tell whether the edges of the first page would decide how another one looks."""
        return page_of(self.nodes) not in {"", "1"} and (self.trim is not None or self.needs_border)

    @property
    def needs_border(self) -> bool:
        """Tell whether the colour at the edges of the picture is asked for."""
        return any(one.get("b").startswith("auto") for one in self.components)

    @property
    def needs_places(self) -> bool:
        """Tell whether coordinates of faces, or others, may say what is seen."""
        return any(isinstance(one, Component) and is_given(one.get("g")) for one in self.nodes)

    @property
    def needs_notes(self) -> bool:
        """Tell whether what is noted beside the catalog has a say: metadata, coordinates, the style of a saved text."""
        saved = any(isinstance(one.shows, Written) and one.shows.saved for one in self.overlays)
        return self.asks_notes or self.needs_places or saved

    @property
    def changes_pixels(self) -> bool:
        """Tell whether anything but the name of the file is asked for."""
        keeping = {"attachment", "immutable_cache", "keep_attribution", "original"}
        return any(
            not isinstance(one, Component) or set(one.values) - {"d", "dpr"} or one.effects or set(one.flags) - keeping
            for one in self.nodes
        )


def overlays_of(nodes: Sequence[Node]) -> Iterator[Overlay]:
    """Yield layers, those within first."""
    for node in nodes:
        if isinstance(node, Overlay):
            yield from overlays_of(node.inner)
            yield node


def read_chain(parts: Sequence[str], named: Named, about: About | None = None) -> Chain:
    """Read a transformation; raises `BadTransformation`."""
    variables = Variables(about)
    names: list[str] = []

    def noted(name: str) -> str | None:
        names.append(name)
        return named(name)

    components = tuple(islice(expanded(parts, noted, variables, 0), MOST + 1))
    if len(components) > MOST:
        raise BadTransformation(f"Invalid transformation: more than {MOST} components")
    flat = tuple(one for one in components if isinstance(one, Component))
    asks_notes = variables.asks_metadata or any(map(asks_for_notes, flat))
    chain = Chain(grouped(components), flat, asks_about=variables.asks_about, asks_notes=asks_notes)
    follows = chain.asks_about or bool(names) or chain.needs_notes or any(asks_about(one.get("if")) for one in flat)
    return replace(chain, follows_catalog=follows)


def asks_for_notes(component: Component) -> bool:
    """Tell whether metadata, or the number of faces, decides a condition or is part of a number."""
    if not kinds_in(component.get("if")).isdisjoint({METADATA, FACES}):
        return True
    return any(FACES in component.get(name).split("_") for name in NUMBERS)


def expanded(parts: Sequence[str], named: Named, variables: Variables, depth: int) -> Iterator[Component | Macro]:
    """Read components, with variables and named transformations put in."""
    if depth > DEEPEST:
        raise BadTransformation("Invalid transformation: named transformations lie too deep in one another")
    for part in parts:
        text = variables.applied(part)
        if not text:
            continue
        component = read_component(text)
        names = component.get("t") or component.get("bl")
        for name in names.split(".") if names else ():
            found = named(name)
            if found is None:
                raise BadTransformation(f"Unknown transformation name {name[:100]}")
            if found.startswith("$"):
                yield Macro(found)
                continue
            if NOT_INSIDE.search(found):
                raise BadTransformation(f"Invalid named transformation {name}: it has f_auto, dpr_auto or w_auto")
            yield from expanded(found.split("/"), named, variables, depth + 1)
        rest = component.without("t", "bl")
        if not rest.is_empty:
            yield rest


def grouped(components: Sequence[Component | Macro]) -> tuple[Node, ...]:
    """Put what becomes of a layer with the layer: from the component that names it to the one that applies it."""
    stack: list[tuple[Component | None, list[Node]]] = [(None, [])]
    pairs = paired(components)
    for index, one in enumerate(components):
        if isinstance(one, Component) and one.applies:
            opens, inner = stack.pop() if len(stack) > 1 else (None, [])
            if opens is None:
                raise BadTransformation("Invalid transformation: fl_layer_apply without a layer")
            stack[-1][1].append(Overlay(opens.without("l", "u"), tuple(inner), marked(one, opens), shown_by(opens)))
        elif isinstance(one, Component) and one.layer and index in pairs:
            stack.append((one, []))
        elif isinstance(one, Component) and one.layer:
            stack[-1][1].append(one_piece(one))
        else:
            stack[-1][1].append(one)
    return tuple(stack[0][1])


def paired(components: Sequence[Component | Macro]) -> set[int]:
    """Find the components that open a layer which another one applies."""
    found, opened = set(), list[int]()
    for index, one in enumerate(components):
        if isinstance(one, Component) and one.applies:
            if opened:
                found.add(opened.pop())
        elif isinstance(one, Component) and one.layer:
            opened.append(index)
    return found


def shown_by(component: Component) -> Layer:
    """Read what a layer shows."""
    return read_layer(component.layer)


def marked(applies: Component, opens: Component) -> Component:
    """Note on the component that applies a layer whether it lies below."""
    return replace(applies, values={**applies.values, "u": "1"}) if "u" in opens.values else applies


def one_piece(component: Component) -> Overlay:
    """Read a layer that is laid over the picture by the component that names it."""
    placing = component.only("g", "x", "y", "o")
    blends = tuple(one for one in component.effects if one in OF_LAYERS)
    inner = component.without("l", "u", "x", "y", "o", *(() if component.get("c") == "crop" else ("g",)))
    inner = replace(inner, effects=tuple(one for one in component.effects if one not in OF_LAYERS))
    applies = marked(replace(placing, effects=blends, flags=component.flags), component)
    return Overlay(inner, (), applies, shown_by(component))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the pictures of a chain: its own and those of its layers, by what they show."""

    base: Shown
    catalog: str
    layers: Mapping[tuple[Layer, str], Shown] = field(default_factory=dict)
    client: Client = Client()
    trim: str = ""
    about: About = NOTHING


def key_of(overlay: Overlay) -> tuple[Layer, str]:
    """Name a layer: a text looks other than the same text in another style."""
    return overlay.shows, overlay.opens.text if isinstance(overlay.shows, Written) else ""


def layer_request(overlay: Overlay, catalog: str, font: FontOf, record: Callable[[Layer], str]) -> str:
    """Write the request for what a layer shows, as it is before anything becomes of it."""
    match overlay.shows:
        case Written() as text:
            return text_request(text, overlay.opens, catalog, font)
        case Fetched(url):
            return elsewhere(catalog, url)
        case shows:
            return record(shows)


def translate(chain: Chain, known: Known) -> Picture:
    """Say what a chain makes of a picture; raises `BadTransformation`."""
    picture = replace(begin(known.catalog, known.base), faces=known.about.faces)
    picture = on_page(picture, chain.nodes)
    picture = clipped(picture, chain.components, chain.nodes, known.base.paths)
    if known.trim:
        left, top, width, height = map(int, known.trim.split(","))
        size = replace(picture.size, width=width, height=height)
        picture = picture.shaped(f"crop={left},{top},{width},{height}", size=size)
    return run(picture, chain.nodes, known)


def run(picture: Picture, nodes: Sequence[Node], known: Known) -> Picture:
    """Apply one node after the other, those under a condition that does not hold left out."""
    skipping: list[bool] = []
    for index, node in enumerate(nodes):
        condition = node.get("if") if isinstance(node, Component) else ""
        if isinstance(node, Component) and condition:
            rest = node.without("if")
            if not rest.is_empty:
                if not any(skipping) and holds(condition, picture, known.about):
                    picture = step(picture, rest, known.client)
            elif condition in {ELSE, END}:
                if not skipping:
                    raise BadTransformation(f"Invalid transformation: if_{condition} without a condition")
                skipping = [*skipping[:-1], not skipping[-1]] if condition == ELSE else skipping[:-1]
            else:
                skipping.append(any(skipping) or not holds(condition, picture, known.about))
        elif not any(skipping):
            picture = applied_node(picture, node, nodes[index + 1 :], known)
    if skipping:
        raise BadTransformation("Invalid transformation: a condition without if_end")
    return picture


def applied_node(picture: Picture, node: Node, after: Sequence[Node], known: Known) -> Picture:
    """Apply a component, a layer or a macro; behind a macro nothing is known of the size any more."""
    match node:
        case Component():
            return step(picture, node, known.client)
        case Overlay():
            return overlaid(picture, node, known)
        case Macro(name):
            if any(not isinstance(one, Component) or set(one.values) & SHAPING or one.effects for one in after):
                raise BadTransformation(f"Invalid transformation: {name} is a macro, which only formats may follow")
            return picture.fresh().viewed(name, size=picture.size)


def overlaid(picture: Picture, overlay: Overlay, known: Known) -> Picture:
    """Lay a layer over a picture."""
    known = replace(known, client=replace(known.client, faces=(), custom=()))
    layer = on_page(begin(known.catalog, known.layers[key_of(overlay)]), (overlay.opens, *overlay.inner))
    if isinstance(overlay.shows, Written):
        opens = overlay.opens.without(
            "co", "b", *(("w", "h", "c") if overlay.opens.get("c") in {"fit", "limit"} else ())
        )
    else:
        opens = overlay.opens
    layer = step(layer, relative(opens, picture), known.client)
    inner = tuple(relative(one, picture) if isinstance(one, Component) else one for one in overlay.inner)
    layer = run(layer, inner, known)
    if "u" in overlay.applies.values:
        return under(picture, layer, overlay.applies)
    return laid(picture, layer, overlay.applies)


def relative(component: Component, base: Picture) -> Component:
    """Count shares of `fl_relative` in the size of the picture below."""
    if "relative" not in component.flags:
        return component
    wholes = {"w": base.size.width, "h": base.size.height}
    values = {
        name: str(max(1, rounded(float(value) * wholes[name])))
        if name in wholes and DECIMAL.fullmatch(value)
        else value
        for name, value in component.values.items()
    }
    return replace(component, values=values)


def step(picture: Picture, component: Component, client: Client) -> Picture:
    """Apply one component: its size first, then its effects, its edges, its turn and what lies behind."""
    if any(one.partition(":")[0].endswith("_region") for one in component.effects):
        picture = with_effects(picture, component)
    else:
        picture = with_effects(resized(picture, component, client), component)
    if component.get("o"):
        picture = faded(picture, rounded(within("opacity", component.get("o"), 0, 100)))
    check_space(component)
    ratio = device_ratio(component, client)
    picture, radii = rounded_corners(picture, component, ratio)
    picture = bordered(picture, component, radii, ratio)
    return filled_behind(turned(picture, component), component, client)


def check_space(component: Component) -> None:
    """Refuse colour spaces but that of screens; raises `BadTransformation`."""
    space = component.get("cs")
    if space not in {"", "srgb", "tinysrgb", "no_cmyk"}:
        raise invalid("color space", space)


def with_effects(picture: Picture, component: Component) -> Picture:
    """Apply the effects of a component."""
    for effect in component.effects:
        picture = applied(picture, effect, component)
    return picture


def finished(picture: Picture, chain: Chain, extension: str, stored: str, client: Client) -> tuple[str, Output]:
    """Write the whole request, and say what is sent; where no size is asked for, it is as large as it may be."""
    whole = allowed(picture, client.most).whole()
    output = output_of(whole, chain.components, extension, stored, client)
    whole = held(whole, output)
    return replace(whole, commands=(*whole.commands, *output.commands)).written, output
