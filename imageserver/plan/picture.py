"""The Plan: a request as meant, every default filled in, still in the units of the request.

All of it is immutable, and after it nobody reads a catalog: what is needed later stands in here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from imageserver.catalog.attributes import ThumbType
from imageserver.commands.adjust import Adjust
from imageserver.commands.delivery import CacheControl, Quality, Quantize, ResMode
from imageserver.commands.formats import Output
from imageserver.commands.layer import Layer
from imageserver.commands.reply import RequestType
from imageserver.commands.view import Fit, View
from imageserver.plan.text import TextBlock
from imageserver.protocol.color import WHITE, Color
from imageserver.protocol.values import Point, Rect, Size


@dataclass(frozen=True, slots=True)
class Source:
    """An image file as the record that names it describes it.

    One with a `url` is foreign: its file is fetched from there. `pixels` and `metadata` are the record's fields in one
    canonical text each: with the content of the files, they are what the versions of `req=props` are made of.
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
    url: str = ""

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that are read."""
        return (self.path,) if self.mask is None else (self.path, self.mask)


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
class Encoding:
    """How the finished picture is written."""

    output: Output = Output("jpeg", "rgb")
    quality: Quality = Quality(85)
    quantize: Quantize = Quantize()
    print_resolution: float | None = None
    default_print_resolution: int = 72


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: layers, what is done to their composite, the view of it, and how it is written.

    `kept` says that a nested one is drawn once for many requests.
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
    mask_only: bool = False
    kept: bool = False

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
    def fonts(self) -> tuple[Path, ...]:
        """The font files that have to be there, each once."""
        return tuple(dict.fromkeys(file for text in self.texts for file in text.files))

    @property
    def spare_fonts(self) -> tuple[Path, ...]:
        """The font files that are done without when they cannot be read, each once."""
        return tuple(dict.fromkeys(file for text in self.texts for file in text.spare_files))


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


@dataclass(frozen=True, slots=True)
class SourceInquiry:
    """A question about the source itself, not about a picture of it: imageprops, xmp, a crop's user data."""

    source: Source
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AreaMap:
    """An image map: `areas` as they stand in the catalog or, with a picture, transformed as its pixels are."""

    areas: str
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Properties:
    """Names and values, sent in the form that the client asked for."""

    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the catalog, sent in the form that the client asked for; `tag` is its name in XML."""

    body: str
    tag: str


Content = Picture | SourceInquiry | AreaMap | Properties | Text


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long the reply may be kept, in hours: -1 is for ever, None is not at all.

    `versioned` applies when `asked`, the value of `id=`, is the current version, `unversioned` bounds it when it is
    another one. `versioned` None ignores `id=`.
    """

    hours: float | None = None
    versioned: float | None = None
    unversioned: float = 0.1
    asked: str = ""
    last_modified: float | None = None


@dataclass(frozen=True, slots=True)
class Saving:
    """Where a picture is saved: a folder below the one of the configuration, a file in it, and the seconds for it."""

    folder: str
    file: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a request means; `metadata` are those of the records that answer it, each as one canonical text."""

    reply: RequestType
    content: Content
    lifetime: Lifetime = Lifetime()
    handler: str = "s7jsonResponse"
    request_id: str = ""
    cache: CacheControl = CacheControl()
    is_default_image: bool = False
    metadata: tuple[str, ...] = ()
    saving: Saving | None = None

    @property
    def picture(self) -> Picture | None:
        """The picture that is drawn, or that the reply tells of."""
        content = self.content.picture if isinstance(self.content, AreaMap) else self.content
        return content if isinstance(content, Picture) else None

    @property
    def sources(self) -> tuple[Source, ...]:
        """All images that are read."""
        if isinstance(self.content, SourceInquiry):
            return (self.content.source,)
        return self.picture.sources if self.picture else ()

    @property
    def foreign(self) -> tuple[tuple[str, Path], ...]:
        """The URLs that are fetched, each once, and the files that they are fetched into."""
        return tuple(dict.fromkeys((source.url, source.path) for source in self.sources if source.url))

    @property
    def fonts(self) -> tuple[Path, ...]:
        """All font files that have to be there."""
        return self.picture.fonts if self.picture else ()

    @property
    def spare_fonts(self) -> tuple[Path, ...]:
        """All font files that are done without when they cannot be read."""
        return self.picture.spare_fonts if self.picture else ()
