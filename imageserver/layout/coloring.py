"""In which colour spaces a picture is put together and sent, and where pixels pass from one into another.

Conversions are put off: when all layers have the same colour space and nothing is filled with a colour, they are merged
in it, and the result is converted. Otherwise each layer is converted. Reference: r-color-management.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from imageserver.commands.adjust import Adjust
from imageserver.commands.formats import Output
from imageserver.commands.icc import Intent
from imageserver.errors import BadCombination, BadProfile
from imageserver.layout.facts import FactsOf, PixelType
from imageserver.plan.fonts import looks_of
from imageserver.plan.picture import Picture, PlannedLayer, Source
from imageserver.plan.profiles import BY_DIGEST, SRGB, Defaults, NamedProfile, Profile, unknown
from imageserver.plan.text import TextBlock
from imageserver.protocol.color import Color, Space

SPACES: Mapping[PixelType, Space] = {"RGB": "rgb", "BW": "gray", "CMYK": "cmyk"}
KINDS: tuple[Space, ...] = ("rgb", "gray", "cmyk")
NAMES: Mapping[Space, str] = {"rgb": "an RGB", "gray": "a gray", "cmyk": "a CMYK"}
Lens = Literal["", "light", "black"]
"""What is seen of CMYK: all four inks, or as light (what the inks leave) the first three, or the fourth."""


@dataclass(frozen=True, slots=True)
class Passage:
    """The way of pixels from one colour space into another, of which a `lens` shows a part."""

    origin: Profile
    target: Profile
    intent: Intent = "relative"
    black_point: bool = False
    lens: Lens = ""


@dataclass(frozen=True, slots=True)
class Coloring:
    """Where the layers of a picture are put together, and the passage from there to the reply, if there is one.

    `output` and `source` are the spaces of colours by pixel type, without and with the suffix `s`.
    """

    merged: Profile
    passage: Passage | None
    output: tuple[Profile, ...]
    source: tuple[Profile, ...]
    intent: Intent
    black_point: bool

    def space_of(self, color: Color) -> Profile:
        """Give the space of a colour; one without a profile is known by its pixel type, and as good as any of that."""
        known = self.source if color.source else self.output
        found = next((one for one in known if one.pixel_type == color.space), None)
        if found is None and color.space == self.output[0].pixel_type:
            return self.output[0]
        return found or Profile(color.space, "")


@dataclass(frozen=True, slots=True)
class LayerPassages:
    """Where the pixels of a layer pass into another space: as they are read, and behind the layer's operations."""

    read: Passage | None = None
    done: Passage | None = None


NOWHERE = LayerPassages()


@dataclass(frozen=True, slots=True)
class Colors:
    """The colour spaces of a picture that is being laid out; without an output profile, colours are not managed."""

    picture: Picture
    facts: FactsOf = field(repr=False)
    output: Profile | None
    merged: Profile | None

    def passages(self, layer: PlannedLayer) -> LayerPassages:
        """Say where the pixels of a layer pass into another space."""
        shown = layer.source
        if self.output is None or self.merged is None:
            return LayerPassages(out_of_cmyk(shown, self)) if isinstance(shown, Picture) else NOWHERE
        if not isinstance(shown, Source | Picture):  # its colours are made where they are needed
            in_rgb = needs_rgb(layer.adjust) and self.merged.pixel_type != "rgb"
            return LayerPassages(done=self._passage(self.working, self.merged)) if in_rgb else NOWHERE
        own = self.space(layer)
        if needs_rgb(layer.adjust) and own.pixel_type != "rgb":
            return LayerPassages(self._passage(own, self.working), self._passage(self.working, self.merged))
        if own.pixel_type == "cmyk":
            return LayerPassages(read=self.between(own, self.merged))
        return LayerPassages(done=self._passage(own, self.merged))

    def coloring(self, passages: tuple[LayerPassages, ...]) -> Coloring | None:
        """Say what is converted; None where nothing is."""
        if self.output is None or self.merged is None:
            return None
        spaces, final = self.picture.spaces, self._passage(self.merged, self.output)
        used = tuple(colors_in(self.picture))
        made = Coloring(
            merged=self.merged,
            passage=final,
            output=(self.output, *self._profiles(spaces.output, {one.space for one in used if not one.source})),
            source=self._profiles(spaces.source, {one.space for one in used if one.source}),
            intent=spaces.intent,
            black_point=spaces.black_point,
        )
        in_place = all(made.space_of(one) == self.merged for one in used)
        idle = final is None and self.merged.pixel_type != "cmyk" and all(one == NOWHERE for one in passages)
        return None if idle and in_place else made

    @property
    def working(self) -> Profile:
        """The space of operations that work on RGB only."""
        if self.output is not None and self.output.pixel_type == "rgb":
            return self.output
        named = self.picture.spaces.output.rgb
        return SRGB.profile if named is None else profile_of(named, self.facts, "rgb")

    def space(self, layer: PlannedLayer) -> Profile:
        """Give the colour space of what a layer shows; colours and texts are made in that of the reply."""
        assert self.output is not None  # noqa: S101, asked for where colours are managed only
        if isinstance(layer.source, Source):
            found = image_profile(layer.source, self.facts)
            return self.output if not found.digest and found.pixel_type == self.output.pixel_type else found
        if isinstance(layer.source, Picture):
            return output_of(layer.source, self.facts, self.output) or self.output
        return self.output

    def between(self, origin: Profile, target: Profile) -> Passage:
        """Give a passage, which may lead to where it begins."""
        return Passage(origin, target, self.picture.spaces.intent, self.picture.spaces.black_point)

    def _passage(self, origin: Profile, target: Profile) -> Passage | None:
        return None if origin == target else self.between(origin, target)

    def _profiles(self, named: Defaults, needed: Collection[Space]) -> tuple[Profile, ...]:
        """Give the default spaces of colours; what no colour needs may be missing."""
        return tuple(
            profile_of(one, self.facts, kind)
            for kind in KINDS
            if kind in needed and (one := named.of(kind)) is not None
        )


def out_of_cmyk(nested: Picture, colors: Colors) -> Passage | None:
    """Bring a picture out of CMYK that asked for it by itself, where colours are not managed."""
    own = output_of(nested, colors.facts, None)
    return colors.between(own, SRGB.profile) if own is not None and own.pixel_type == "cmyk" else None


def colors_of(picture: Picture, facts: FactsOf, outer: Profile | None, *, nested: bool) -> Colors:
    """Find the colour spaces of a picture; a nested one has that of the outer one, unless it asks for its own."""
    if picture.mask_only:
        return Colors(picture, facts, None, None)
    output = output_of(picture, facts, outer) if nested else reply_space(picture, facts)
    if output is None:
        return Colors(picture, facts, None, None)
    colors = Colors(picture, facts, output, output)
    shown = [layer for layer in picture.layers if not layer.commands.hide]
    spaces = {colors.space(layer) for layer in shown}
    together = len(spaces) == 1 and not picture.effects and not any(map(is_filled, shown))
    merged = spaces.pop() if together else output
    if not merged.digest or merged.pixel_type == "cmyk":
        merged = output
    if needs_rgb(picture.adjust) and merged.pixel_type != "rgb":
        merged = colors.working
    return replace(colors, merged=merged)


def reply_space(picture: Picture, facts: FactsOf) -> Profile | None:
    """Find the colour space of a reply: that of `icc=`, the catalog's, or the one that the lowest image embeds."""
    if picture.spaces.asked is not None:
        return profile_of(picture.spaces.asked, facts)
    wanted = picture.encoding.output.pixel_type or "rgb"
    named = picture.spaces.output.of(wanted)
    if named is not None:
        return profile_of(named, facts, wanted)
    base = base_profile(picture, facts)
    return base if base is not None and base.pixel_type == wanted else None


def output_of(picture: Picture, facts: FactsOf, outer: Profile | None) -> Profile | None:
    """Find the colour space of a nested picture."""
    return outer if picture.spaces.asked is None else profile_of(picture.spaces.asked, facts)


def base_profile(picture: Picture, facts: FactsOf) -> Profile | None:
    """Find the profile that the image of the lowest layer embeds, or that a picture nested there asks for."""
    base = picture.layers[0].source
    if isinstance(base, Picture):
        asked = base.spaces.asked
        return base_profile(base, facts) if asked is None else profile_of(asked, facts)
    return embedded(base, facts) if isinstance(base, Source) else None


def embedded(source: Source, facts: FactsOf) -> Profile | None:
    """Give the usable profile that an image embeds."""
    known = facts[source.path]
    if not known.icc_digest:
        return None
    built_in = BY_DIGEST.get(known.icc_digest)
    file = None if built_in else source.path
    name = built_in.identifier if built_in else ""
    return Profile(SPACES[known.pixel_type], known.icc_digest, known.icc_name, file, name)


def image_profile(source: Source, facts: FactsOf) -> Profile:
    """Find the colour space of an image: its record's, the embedded one, or the catalog's; or its pixel type only."""
    kind = SPACES[facts[source.path].pixel_type]
    if source.spaces.own is not None:
        return profile_of(source.spaces.own, facts, kind)
    found = embedded(source, facts)
    named = source.spaces.defaults.of(kind)
    if found is not None:
        return found
    return Profile(kind, "") if named is None else profile_of(named, facts, kind)


def name_of_profile(source: Source, facts: FactsOf) -> str:
    """Name the colour space of an image, also where its profile cannot be used."""
    known = facts[source.path]
    named = source.spaces.own or source.spaces.defaults.of(SPACES[known.pixel_type])
    if named is None or (known.icc_name and source.spaces.own is None):
        return known.icc_name
    if named.built_in is not None:
        return named.built_in.common_name
    return facts[named.file].icc_name if named.file is not None and named.file in facts else named.name


def profile_of(named: NamedProfile, facts: FactsOf, wanted: Space | None = None) -> Profile:
    """Give a profile that was named; raises `BadProfile` for an unknown one, or one of another pixel type."""
    if named.built_in is not None:
        found = named.built_in.profile
    elif named.file is None:
        raise unknown(named)
    elif named.file not in facts:
        raise BadProfile(named.name, f"{named.where}: its file is missing, or no ICC profile", str(named.file))
    else:
        known = facts[named.file]
        found = Profile(SPACES[known.pixel_type], known.content_hash, known.icc_name, file=named.file)
    if wanted is not None and found.pixel_type != wanted:
        reason = f"{named.where} takes {NAMES[wanted]} profile, and it is {NAMES[found.pixel_type]} one"
        raise BadProfile(named.name, reason)
    return found


def with_pixel_type(output: Output, profile: Profile | None) -> Output:
    """Give a format the pixel type of the profile that was asked for; raises `BadCombination`."""
    if profile is None or profile.pixel_type == output.pixel_type:
        return output
    if profile.pixel_type not in output.format.pixel_types:
        able = " or ".join(output.format.pixel_types)
        what = f"is {NAMES[profile.pixel_type]} profile, and fmt={output.name} holds {able}"
        raise BadCombination(f"icc={profile.name}", what)
    return replace(output, pixel_type=profile.pixel_type)


def needs_rgb(adjust: Adjust) -> bool:
    """Tell whether operations work on RGB only."""
    harmless = Adjust(
        invert=adjust.invert,
        median=adjust.median,
        pixelate=adjust.pixelate,
        grow=adjust.grow,
        blur=adjust.blur,
        noise=adjust.noise,
        usm=adjust.usm,
        sharpen=adjust.sharpen,
    )
    return adjust != harmless


def is_filled(layer: PlannedLayer) -> bool:
    """Tell whether a layer shows colours of a request or of a text beside those of an image."""
    commands = layer.commands
    own = not isinstance(layer.source, Source | Picture)
    return own or bool(commands.color.alpha or commands.bg_color.alpha or layer.effects)


def colors_in(picture: Picture) -> Iterator[Color]:
    """Yield the colours that a picture shows, but for those of pictures that are nested in it."""
    yield from (effect.commands.color for effect in picture.effects)
    for layer in picture.layers:
        commands = layer.commands
        yield from (one for one in (commands.color, commands.bg_color) if one.alpha)
        yield from (effect.commands.color for effect in layer.effects)
        if isinstance(layer.source, TextBlock):
            yield from (look.color for look in looks_of(layer.source.text))
