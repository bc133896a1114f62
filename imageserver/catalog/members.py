"""What the items of sets stand for: images, videos, other files, or sets; and which of them are not there.

References: r-media-set-requests, r-assettype-cat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from imageserver.catalog.catalogs import UNTRANSLATED, Catalog, Catalogs, Entry
from imageserver.catalog.content import Item as ContentItem
from imageserver.catalog.content import found_content, suffix_of
from imageserver.catalog.loading import Loaded
from imageserver.catalog.locales import Locale, suffixes_of
from imageserver.catalog.records import ContentRecord
from imageserver.errors import BadImageSet, NotFound
from imageserver.protocol.image_set import ImageSet, Item, Reference, SolidColor, read_image_set
from imageserver.yaml_nodes import Problem

SetKind = Literal["img", "img_set", "spin", "media_set", "ecat", "video", "video_set", "static", "unknown", "empty"]
"""The types of sets and of their items, as they are written in a reply."""
KINDS: Mapping[str, SetKind] = {
    "mediaset": "media_set",
    "spinset": "spin",
    "spinset2d": "spin",
    "videoset": "video_set",
    "imageset": "img_set",
    "ecatalog": "ecat",
}
"""catalog::AssetType → type."""
WORDS: Mapping[str, SetKind] = {
    **dict.fromkeys(("img", "basic", "advanced_image"), "img"),
    **dict.fromkeys(("img_set", "advanced_image_set", "advanced_imageset", "advanced_swatchset"), "img_set"),
    "spin": "spin",
    "video": "video",
    "video_set": "video_set",
    "static": "static",
    "ecat": "ecat",
}
"""What an item of a media set may say of itself → type; any other word says nothing."""
VIDEOS = frozenset({"mp3", "mp4", "flv", "f4v", "swf", "xml"})
WITH_SWATCH, WITH_TYPE = 2, 3


@dataclass(frozen=True, slots=True)
class Member:
    """What an id stands for: `name` is the one under which it can be asked for, `suffix` that of its file."""

    name: str
    kind: SetKind
    catalog: Catalog
    entry: Entry | None = None
    content: ContentRecord | None = None
    suffix: str = ""

    @property
    def has_record(self) -> bool:
        """Tell whether it is a record, and not a file without one."""
        return self.content is not None or (self.entry is not None and self.entry.record is not None)

    @property
    def image_set(self) -> str:
        """The set that it is, if it is one."""
        return self.entry.record.image_set if self.entry and self.entry.record and not self.entry.crop_name else ""

    @property
    def user_data(self) -> str:
        """The user data of its record."""
        record = (self.entry.record if self.entry else None) or self.content
        return record.user_data if record else ""


known_set = lru_cache(1024)(read_image_set)
"""Reads the text of a record's set, or gives it as it was read before."""


def find_member(catalogs: Catalogs, name: str, main: Catalog, locale: Locale = UNTRANSLATED) -> Member | None:
    """Find what an id stands for in a locale; None when it is neither a record nor a file."""
    item = found_content(catalogs, name, locale, main)
    content = find_content(catalogs, item)
    try:
        entry = catalogs.look_up(name, main, locale)
    except NotFound:
        return None
    if entry.record is not None and not (content and content.kind == "video"):
        known = entry.record.image_set or (entry.record.modifier and not entry.record.path)
        return Member(full_name(entry), "img", entry.catalog, entry) if known or is_there(entry) else None
    return content or find_file(catalogs, entry, item)


def find_content(catalogs: Catalogs, item: ContentItem) -> Member | None:
    """Give what is found in static content, if it is a record that the visitor may see."""
    if item.record is None:
        return None
    catalogs.check(item.catalog)
    if not catalogs.shows(item.home, item.record):
        return None
    suffix = suffix_of(item.record.path or item.record_id)
    kind: SetKind = "video" if suffix in VIDEOS else "static"
    return Member(joined(item.catalog, item.record_id), kind, item.catalog, None, item.record, suffix)


def find_file(catalogs: Catalogs, entry: Entry, item: ContentItem) -> Member | None:
    """Find a file that has no record: a video among the static content, or an image."""
    suffix = suffix_of(entry.file)
    if suffix not in VIDEOS:
        return Member(full_name(entry), "img", entry.catalog, entry) if is_there(entry) else None
    if not item.is_there():
        return None
    catalogs.check(item.catalog)
    return Member(joined(item.catalog, item.file), "video", item.catalog, suffix=suffix)


def is_there(entry: Entry) -> bool:
    """Tell whether an entry has an image."""
    try:
        entry.source()
    except NotFound:
        return False
    return True


def full_name(entry: Entry) -> str:
    """Give the name under which an entry can be asked for, whatever catalog is the main one."""
    own = entry.record_id if entry.record is not None else entry.file
    return joined(entry.catalog, f"{own}:{entry.crop_name}" if entry.crop_name else own)


def asked_name(catalogs: Catalogs, name: str, main: Catalog) -> str:
    """Give the full form of a name, whether or not there is anything of that name."""
    return joined(main, name) if catalogs.governing(name)[0] is catalogs.default else name


def joined(catalog: Catalog, name: str) -> str:
    """Put the root id of a catalog in front of a name."""
    return "/".join(part for part in (catalog.name, name) if part)


def kind_of(
    written: ImageSet, catalogs: Catalogs, main: Catalog, name: str = "", locale: Locale = UNTRANSLATED
) -> SetKind:
    """Find the type of a set that does not say it; its own record, which has that name, is an image in it."""
    if any(len(field) > 1 for item in written.items for field in item.fields):
        return "ecat"
    most = max((len(item.fields) for item in written.items), default=0)
    if most >= WITH_TYPE:
        return "media_set"
    if most >= WITH_SWATCH:
        return "img_set"
    return "spin" if any(is_set(item, catalogs, main, name, locale) for item in written.items) else "unknown"


def is_set(item: Item, catalogs: Catalogs, main: Catalog, name: str, locale: Locale) -> bool:
    """Tell whether an item is a set, in the text or by reference."""
    part = item.pages[0]
    if isinstance(part, Reference):
        member = find_member(catalogs, part.name, main, locale)
        return member is not None and bool(member.image_set) and member.name != name
    return isinstance(part, ImageSet)


def references(written: ImageSet, kind: SetKind) -> Iterator[Reference]:
    """Yield the ids in a set, front to back; in a spin set all fields are frames."""
    for item in written.items:
        for part in (part for field in item.fields[: None if kind == "spin" else WITH_SWATCH] for part in field):
            if isinstance(part, ImageSet):
                yield from references(part, kind)
            elif not isinstance(part, SolidColor):
                yield part


def missing_members(catalogs: Catalogs, loaded: Loaded, shown: Callable[[Path], str]) -> Iterator[Problem]:
    """Yield a problem for each id that a set of a catalog names and that nothing answers to in any locale."""
    if loaded.catalog is None:
        return
    anywhere = Locale(suffixes_of(loaded.catalog.attributes.locale_map))
    for name, record, problem in loaded.records_with("image_set", shown):
        try:
            found = known_set(record.image_set)
        except BadImageSet:
            continue
        own = joined(loaded.catalog, name)
        kind = KINDS.get(record.asset_type) or kind_of(found, catalogs, loaded.catalog, own, anywhere)
        for one in dict.fromkeys(references(found, kind)):
            if find_member(catalogs, one.name, loaded.catalog, anywhere) is None:
                yield problem(f"images.{name}.image_set: nothing is called '{one.name}', at character {one.offset + 1}")
