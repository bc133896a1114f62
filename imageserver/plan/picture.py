"""A picture as it is meant: layers, view and encoding, every default filled in, still in the units of the request.

All of it is immutable, and after it nobody reads a catalog: what is needed later stands in here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from imageserver.catalog.attributes import ThumbType
from imageserver.commands.adjust import Adjust
from imageserver.commands.delivery import Quality, Quantize, ResMode, Turns
from imageserver.commands.formats import Codec, Output
from imageserver.commands.layer import Layer
from imageserver.commands.view import Fit, View
from imageserver.plan.profiles import ImageSpaces, NamedProfile, Spaces
from imageserver.plan.text import TextBlock
from imageserver.protocol.color import WHITE, Color
from imageserver.protocol.values import Point, Rect, Size

Manifest = Literal["m3u8", "f4m"]


@dataclass(frozen=True, slots=True)
class Source:
    """An image file as the record that names it describes it.

    `variables` are those that an SVG may show. One with a `url` is foreign: its file is fetched from there.
    `pixels` and `metadata` are the record's fields in one canonical text each: with the content of the files, they
    are what the versions of `req=props` are made of.
    """

    name: str
    path: Path
    mask: Path | None = None
    crop_name: str = ""
    crop: Rect | None = None
    anchor: Point | None = None
    resolution: float = 72.0
    print_resolution: int | None = None
    pixels: str = ""
    metadata: str = ""
    map: str = ""
    apply_orientation: bool = True
    spaces: ImageSpaces = ImageSpaces()
    variables: tuple[tuple[str, str], ...] = ()
    url: str = ""

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that are read."""
        return (self.path,) if self.mask is None else (self.path, self.mask)

    @property
    def named_profiles(self) -> tuple[NamedProfile, ...]:
        """The colour profiles that its picture may need, where it is asked for by its name."""
        return (*self.spaces.output, *self.spaces.named)


@dataclass(frozen=True, slots=True)
class OtherFile:
    """A file that is used beside the images; a spare one is done without when it cannot be read."""

    path: Path
    kind: Literal["font", "profile"]
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect of a layer: inner ones (number above 0) lie on it, outer ones below. Reference: r-layer-effects."""

    number: int
    commands: Layer = Layer()
    adjust: Adjust = Adjust()


@dataclass(frozen=True, slots=True)
class PlannedLayer:
    """One layer: a file, a nested picture, a text, or nothing but a colour, and the commands that shape it.

    `mask` is the one of `mask=`.
    """

    number: int
    source: Shown | None
    commands: Layer = Layer()
    adjust: Adjust = Adjust()
    mask: Source | Picture | None = None
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """How a thumbnail is made. Reference: r-thumbnail-rules."""

    kind: ThumbType = "fit"
    resolution: float | None = None
    horizontal: int = 0
    vertical: int = 0
    default_size: Size = Size(100, 100)


@dataclass(frozen=True, slots=True)
class ViewRules:
    """What the catalog says of the size of replies; 0 leaves a side free."""

    default_size: Size = Size(400, 400)
    max_size: Size = Size(2000, 2000)
    default_fit: Fit = Fit("fit")
    most_pixels: int = 100_000_000


@dataclass(frozen=True, slots=True)
class AnimationRules:
    """What an animation may cost: frames, and pixels of all of them together."""

    most_frames: int = 1000
    most_pixels: int = 50_000_000


@dataclass(frozen=True, slots=True)
class InTurn:
    """How the layers are shown that are shown one after the other, and what that may cost."""

    turns: Turns
    rules: AnimationRules


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the finished picture is written; 0 `most_kilobytes` bounds nothing, 0 `scans` leaves them to the library.

    One of the formats that are `offered` may be chosen once the size is known; it is `instead_of` the one asked for,
    which makes no difference to what it is.
    """

    output: Output = Output("jpeg", "rgb")
    quality: Quality = Quality(85)
    quantize: Quantize = Quantize()
    print_resolution: float | None = None
    default_print_resolution: int = 72
    icc_embed: bool = False
    xmp_embed: bool = False
    path_embed: bool = False
    most_kilobytes: int = 0
    scans: int = 0
    offered: tuple[Codec, ...] = ()
    instead_of: Encoding | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: layers, what is done to their composite, the view of it, and how it is written.

    Where it is `animated`, an animated source stays so if it can, within the rules for `frames`. With `in_turn`, each
    layer above layer 0 is shown by itself, one after the other. `kept` says that a nested one is drawn once for many
    requests. `headers_used` are those that it depends on. `recipe` is what changes pixels in the template that it is
    made by, as one canonical text; that of an image is in its source.
    """

    layers: tuple[PlannedLayer, ...]
    composite: Layer = Layer()
    adjust: Adjust = Adjust()
    effects: tuple[Effect, ...] = ()
    masks_effects: bool = True
    view: View = View()
    rules: ViewRules = ViewRules()
    thumbnail: Thumbnail | None = None
    background: Color = WHITE
    res_mode: ResMode = "sharp2"
    encoding: Encoding = Encoding()
    spaces: Spaces = Spaces()
    animated: bool = False
    frames: AnimationRules = AnimationRules()
    in_turn: InTurn | None = None
    mask_only: bool = False
    kept: bool = False
    headers_used: tuple[str, ...] = ()
    recipe: str = ""

    @property
    def sources(self) -> tuple[Source, ...]:
        """All images that are read, layer by layer, also within nested pictures."""
        used = (one for layer in self.layers for one in (layer.source, layer.mask))
        return tuple(source for one in used for source in sources_of(one))

    @property
    def texts(self) -> tuple[TextBlock, ...]:
        """All texts, layer by layer, also within nested pictures."""
        used = (one for layer in self.layers for one in (layer.source, layer.mask))
        return tuple(text for one in used for text in texts_of(one))

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The pictures that are nested in it."""
        used = (one for layer in self.layers for one in (layer.source, layer.mask))
        return tuple(one for one in used if isinstance(one, Picture))

    @property
    def recipes(self) -> tuple[str, ...]:
        """The templates that it and the pictures nested in it are made by."""
        return (*((self.recipe,) if self.recipe else ()), *(one for inner in self.pictures for one in inner.recipes))

    @property
    def profiles(self) -> tuple[NamedProfile, ...]:
        """The colour profiles that are asked for with `icc=`, also within nested pictures."""
        own = (self.spaces.asked,) if self.spaces.asked else ()
        return (*own, *(profile for picture in self.pictures for profile in picture.profiles))

    @property
    def default_profiles(self) -> tuple[NamedProfile, ...]:
        """The colour profiles that hold where nothing is asked for, as far as they are needed."""
        own = (*self.spaces.output, *self.spaces.source)
        return (*own, *(profile for picture in self.pictures for profile in picture.default_profiles))

    @property
    def named_profiles(self) -> tuple[NamedProfile, ...]:
        """All colour profiles that it may need."""
        return (*self.profiles, *self.default_profiles, *profiles_of(self.sources))

    @property
    def other_files(self) -> tuple[OtherFile, ...]:
        """The files that are used beside the images, each once."""
        texts, named = self.texts, (*self.default_profiles, *profiles_of(self.sources))
        return each_once(
            (
                *(OtherFile(file, "font") for text in texts for file in text.files),
                *(OtherFile(file, "font", spare=True) for text in texts for file in text.spare_files),
                *(OtherFile(one.file, "profile") for one in self.profiles if one.file),
                *(OtherFile(one.file, "profile", spare=True) for one in named if one.file),
            )
        )


Shown = Source | Picture | TextBlock
"""What a layer may show."""


def sources_of(used: Shown | None) -> tuple[Source, ...]:
    """Give the image files that something is made of."""
    if isinstance(used, Picture):
        return used.sources
    return (used,) if isinstance(used, Source) else ()


def texts_of(used: Shown | None) -> tuple[TextBlock, ...]:
    """Give the texts that something is made of."""
    if isinstance(used, Picture):
        return used.texts
    return (used,) if isinstance(used, TextBlock) else ()


def profiles_of(sources: Iterable[Source]) -> tuple[NamedProfile, ...]:
    """Give the colour profiles that images may need which embed none."""
    return tuple(profile for source in sources for profile in source.spaces.named)


def each_once(files: Iterable[OtherFile]) -> tuple[OtherFile, ...]:
    """Give files without those that were given before; a spare one that is not there is left out."""
    found: dict[Path, OtherFile] = {}
    for file in files:
        if file.path not in found and not (file.spare and not file.path.is_file()):
            found[file.path] = file
    return tuple(found.values())
