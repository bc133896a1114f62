"""The Plan: what a request means, and what is told in reply to it, every default filled in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from imageserver.catalog.members import SetKind
from imageserver.commands.delivery import CacheControl
from imageserver.commands.reply import RequestType
from imageserver.plan.picture import OtherFile, Picture, Source, each_once, sources_of
from imageserver.protocol.values import Size

Manifest = Literal["m3u8", "f4m"]
"""The lists of streams that players read."""


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
    """A text of the catalog, sent in the form that the client asked for; `tag` is its name in XML.

    `plain` says that its lines are no properties, whatever they look like.
    """

    body: str
    tag: str
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Stream:
    """A video; the bit rate is in bits a second."""

    url: str
    bit_rate: int
    size: Size | None = None


@dataclass(frozen=True, slots=True)
class Streams:
    """The videos of a set, in one of the lists that players read (`req=mbrSet`)."""

    manifest: Manifest
    streams: tuple[Stream, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """An image or a swatch of a set, by the name under which it can be asked for; a swatch may be a mere colour.

    `is_default` says that the name has no image of its own, and that the default image is shown for it.
    """

    name: str = ""
    label: str = ""
    commands: str = ""
    color: str = ""
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Video:
    """A video of a set, by the name under which static content has it; a bit rate of 0 is unknown."""

    name: str
    suffix: str = ""
    size: Size | None = None
    bit_rate: int = 0


@dataclass(frozen=True, slots=True)
class Notes:
    """What a record says of itself to viewers; `suppressed` names what is there and is not told."""

    user_data: tuple[tuple[str, str], ...] = ()
    map: str = ""
    targets: str = ""
    suppressed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetItem:
    """An item of a set: an image, a video, a file or an inner set.

    `shown` is where size and version come from: the image of a record or, of a template, the composite.
    """

    kind: SetKind
    name: str
    image: Named | None = None
    swatch: Named | None = None
    shown: Source | Picture | None = None
    video: Video | None = None
    inner: MediaSet | None = None
    notes: Notes = Notes()


@dataclass(frozen=True, slots=True)
class MediaSet:
    """A set of images, videos and inner sets; `crops` are those of the record that it is made of.

    One that is not `settled` may become another one by files that come and go, without a change of catalogs or images.
    """

    name: str
    kind: SetKind
    items: tuple[SetItem, ...] = ()
    notes: Notes = Notes()
    crops: tuple[Source, ...] = ()
    settled: bool = True

    @property
    def images(self) -> tuple[SetItem, ...]:
        """All items that are images, front to back, also those of inner sets."""
        return tuple(
            one for item in self.items for one in (item.inner.images if item.inner else (item,) if item.image else ())
        )

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All templates whose size is told."""
        return tuple(item.shown for item in self.images if isinstance(item.shown, Picture))

    @property
    def sources(self) -> tuple[Source, ...]:
        """All images that sizes and versions are made of."""
        return (*(source for item in self.images for source in sources_of(item.shown)), *self.crops)


Content = Picture | SourceInquiry | AreaMap | Properties | Text | MediaSet | Streams


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long the reply may be kept, in hours: -1 is for ever, None is not at all.

    `versioned` applies when `asked`, the value of `id=`, is the current version, `unversioned` bounds it when it is
    another one. `versioned` None ignores `id=`. Nobody may keep it longer than to the time `until`, and one that is
    `private` only the client itself.
    """

    hours: float | None = None
    versioned: float | None = None
    unversioned: float = 0.1
    asked: str = ""
    last_modified: float | None = None
    until: float | None = None
    private: bool = False


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
    def foreign(self) -> tuple[tuple[str, Path], ...]:
        """The URLs that are fetched, each once, and the files that they are fetched into."""
        return tuple(dict.fromkeys((source.url, source.path) for source in self.sources if source.url))

    @property
    def picture(self) -> Picture | None:
        """The picture that is drawn, or that the reply tells of."""
        content = self.content.picture if isinstance(self.content, AreaMap) else self.content
        return content if isinstance(content, Picture) else None

    @property
    def headers_used(self) -> tuple[str, ...]:
        """The headers of the request that the reply depends on."""
        return self.picture.headers_used if self.picture else ()

    @property
    def sources(self) -> tuple[Source, ...]:
        """All images that are read."""
        if isinstance(self.content, SourceInquiry):
            return (self.content.source,)
        if isinstance(self.content, MediaSet):
            return self.content.sources
        return self.picture.sources if self.picture else ()

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All pictures that are drawn, or that the reply tells of."""
        if isinstance(self.content, MediaSet):
            return self.content.pictures
        return (self.picture,) if self.picture else ()

    @property
    def other_files(self) -> tuple[OtherFile, ...]:
        """All files that are used beside the images."""
        alone = self.sources if isinstance(self.content, SourceInquiry | MediaSet) else ()
        named = (one.file for source in alone for one in source.named_profiles if one.file)
        spare = (OtherFile(file, "profile", spare=True) for file in dict.fromkeys(named))
        return each_once((*(file for picture in self.pictures for file in picture.other_files), *spare))

    @property
    def sets_text(self) -> bool:
        """Tell whether text has to be set to answer."""
        return any(picture.texts for picture in self.pictures)
