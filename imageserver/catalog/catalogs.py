"""The catalogs of a server, and how a name in a request is looked up.

References: r-object, r-image-catalogs, r-fullmatch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from imageserver.catalog.addresses import Address, is_listed, networks_of
from imageserver.catalog.attributes import Attributes
from imageserver.catalog.extras import Extras
from imageserver.catalog.index import Records
from imageserver.catalog.locales import Locale, localised
from imageserver.catalog.paths import ways_to, with_extension
from imageserver.catalog.records import ContentRecord, Record
from imageserver.config import Key, Sources
from imageserver.errors import NotFound, Refused
from imageserver.protocol.values import Rect

BUILT_IN_MACROS = {
    "shadow": "color=000000&opac=75&blendMode=mult&op_blur=5&pos=4,4",
    "glow": "color=ffffbe&opac=75&blendMode=screen&op_blur=5",
}
"""Defaults of effects, like Photoshop's; a catalog may define its own. Reference: r-layer-effects."""

IMAGES, STATIC = "is", "static"
"""The kinds of object that attribute::AllowDirectAccess calls IS and STATIC."""
UNTRANSLATED = Locale()
"""Ids and texts as they are written."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """One catalog: its attributes, complete, and its records and macros as written in its files.

    `root` is where the files of image records are, `content_root` where those of static content are, and `folder` where
    its own file, its fonts and its profiles are. `guards` tells by its names whether a file is that of a record with
    access; it is None where no record has any.
    """

    name: str
    root: Path
    attributes: Attributes
    images: Mapping[str, Record] = field(default_factory=dict)
    content: Mapping[str, ContentRecord] = field(default_factory=dict)
    svg: Mapping[str, ContentRecord] = field(default_factory=dict)
    macros: Mapping[str, str] = field(default_factory=dict)
    extras: Extras = Extras()
    modified: float = 0.0
    folder: Path = Path()
    content_root: Path = Path()
    guards: Callable[[tuple[str, str]], bool] | None = None

    def record(self, name: str) -> Record | None:
        """Give the image record of that id, which is case-sensitive, or else the record of an SVG file."""
        found = self.images.get(name)
        if found is not None or not self.svg:
            return found
        drawing = self.svg.get(name)
        return None if drawing is None else image_of(drawing)

    def place_of(self, path: str) -> Path:
        """Give where a file is that a record names."""
        return self.root / with_extension(path, self.attributes.default_ext)

    def record_ids(self) -> Iterator[str]:
        """Yield the ids of all image records, in the order of the files."""
        return iter(self.images)

    def page(self, first: int, count: int) -> list[tuple[str, Record]]:
        """Give `count` image records from the one with the number `first` on."""
        if isinstance(self.images, Records):
            return self.images.page(first, count)
        return list(islice(self.images.items(), first, first + count))

    @property
    def looks_at_addresses(self) -> bool:
        """Tell whether the catalog, or one of its rules, is for some clients only."""
        rules = (rule.address_filter or dict(own).get("client_address_filter") for rule, own in self.extras.rules)
        return bool(self.attributes.client_address_filter) or any(rules)

    def macro(self, name: str) -> str | None:
        """Give the definition of a macro, whose name is not case-sensitive."""
        return self.macros.get(name.casefold())


@dataclass(frozen=True, slots=True)
class Entry:
    """What a name stands for: the catalog that governs it, a record or a file, and the named crop of it.

    `home` is the catalog that holds the record: its folder is where the record's files are.
    """

    name: str
    catalog: Catalog
    home: Catalog
    record: Record | None = None
    record_id: str = ""
    crop_name: str = ""
    file: str = ""

    @property
    def crop(self) -> Rect | None:
        """The rectangle of the named crop."""
        return self.record.crop_rects[self.crop_name] if self.record and self.crop_name else None

    def source(self) -> Path:
        """Give the path of the source file, or raise `NotFound`."""
        if self.record is not None:
            if not self.record.path:
                raise NotFound("image", self.name, "the record has no path")
            return self._file(self.record.path, trusted=True)
        if not self.file:
            raise NotFound("image", self.name or "/", "a catalog was named, but no record or file of it")
        if not allows_direct_access(self.catalog.attributes.allow_direct_access, IMAGES):
            raise NotFound("image", self.name, "no such record, and files may not be asked for without one")
        return self._file(self.file, trusted=False)

    def mask(self) -> Path | None:
        """Give the path of the record's separate mask, or raise `NotFound` when the file is missing."""
        return self._file(self.record.mask_path, trusted=True) if self.record and self.record.mask_path else None

    def _file(self, path: str, *, trusted: bool) -> Path:
        path = with_extension(path, self.catalog.attributes.default_ext)
        found = existing_file(self.home.root, path, trusted=trusted)
        if found is None:
            kind = "record or file" if self.record is None else "file"
            raise NotFound("image", self.name, f"no such {kind}", str(self.home.root / path))
        return found


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who sends a request: the address, None where it is not known, and the key that the request is signed with."""

    address: Address | None = None
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Catalogs:
    """All catalogs of a server by their root ids; `default` supplies what one of them lacks.

    With a `visitor` they are as a request sees them, without as those who run the server do. `sources` says where
    foreign images may come from. `guarding` are those that have records with access.
    """

    default: Catalog
    named: Mapping[str, Catalog] = field(default_factory=dict)
    visitor: Visitor | None = None
    sources: Sources = Sources()
    guarding: tuple[Catalog, ...] = ()

    @property
    def look_at_addresses(self) -> bool:
        """Tell whether there is any catalog or rule for which it matters from where a request comes."""
        return any(one.looks_at_addresses for one in (self.default, *self.named.values()))

    def check(self, catalog: Catalog) -> None:
        """Raise `Refused` when the visitor may not see what is in a catalog, on whatever way a request leads there."""
        if self.visitor is None:
            return
        attributes, key = catalog.attributes, self.visitor.key
        listed = networks_of(attributes.client_address_filter)
        if listed and not is_listed(self.visitor.address, listed):
            raise Refused(catalog.name, "the client's address is not one of client_address_filter")
        if attributes.request_signing and not (key and key.reaches(catalog.name)):
            raise Refused(catalog.name, "expected a request signed with one of its keys")

    def check_file(self, path: Path) -> None:
        """Raise `Refused` for a file of the default catalog in the folder of one that the visitor may not see."""
        hidden = [one.folder for one in self.named.values() if not self.shows(one)]
        if "\0" not in str(path) and any(path.resolve().is_relative_to(folder.resolve()) for folder in hidden):
            raise Refused("", "the file is in the folder of a catalog that the client may not see")

    def check_direct(self, path: Path) -> None:
        """Raise `Refused` for a file that is asked for by its path, and is that of a record with access."""
        guards = [one.guards for one in self.guarding if one.guards and not self._opens(one)]
        if guards and "\0" not in str(path):
            ways = ways_to(path)
            if any(guard(ways) for guard in guards):
                raise Refused("", "expected a signed request, as the file is that of a record with access")

    def _opens(self, catalog: Catalog) -> bool:
        """Tell whether the visitor sees what is in a catalog for those only who sign their requests."""
        return self.visitor is None or (self.visitor.key is not None and self.visitor.key.reaches(catalog.name))

    def check_access(self, home: Catalog, record: Record | ContentRecord) -> None:
        """Raise `Refused` for a record that only those see who sign their requests."""
        if record.access and not self._opens(home):
            raise Refused(home.name, "expected a signed request, as the record is not for everybody (access)")

    def shows(self, catalog: Catalog, record: Record | ContentRecord | None = None) -> bool:
        """Tell whether the visitor may see what is in a catalog, or one of its records."""
        try:
            self.check(catalog)
            if record is not None:
                self.check_access(catalog, record)
        except Refused:
            return False
        return True

    def overriding(self, catalog: Catalog, own: Mapping[str, Any]) -> tuple[Catalogs, Catalog]:
        """Give the catalogs as they are for a request for which some attributes of one of them are others."""
        if not own:
            return self, catalog
        changed = replace(catalog, attributes=replace(catalog.attributes, **own))
        if catalog is self.default:
            return replace(self, default=changed), changed
        return replace(self, named={**self.named, catalog.name: changed}), changed

    def governing(self, name: str) -> tuple[Catalog, str]:
        """Give the main catalog of a path and the rest of the path behind its root id."""
        parts = name.split("/")
        for count in range(len(parts), 0, -1):
            catalog = self.named.get("/".join(parts[:count]))
            if catalog is not None:
                return catalog, "/".join(parts[count:])
        return self.default, name

    def look_up(self, name: str, main: Catalog | None = None, locale: Locale = UNTRANSLATED) -> Entry:
        """Find what a name stands for: a record of the main catalog, of a named one, a crop of either, or a file.

        Without `main` the name is that of a URL path, whose catalog becomes the main one. A leading `/` asks for the
        default catalog. A locale translates the ids of records, and their texts; not the names of files. Raises
        `NotFound` for a record without a crop of that name, `Refused` for what the visitor may not see.
        """
        if name.startswith("/") or main is None:
            main = self.default
        name = name.strip("/")
        entry = self._translated(name, main, locale) or self._crop(name, main, locale) or self._direct(name, main)
        self.check(entry.catalog)
        if entry.record is None:
            if entry.catalog is self.default:
                self.check_file(self.default.root / entry.file)
            if self.guarding and entry.file:
                self.check_direct(entry.home.root / with_extension(entry.file, entry.catalog.attributes.default_ext))
            return entry
        self.check_access(entry.home, entry.record)
        return replace(entry, record=localised(entry.record, locale))

    def macro(self, name: str, main: Catalog) -> str | None:
        """Find a macro in the main catalog, in the default one, or among the built-in ones."""
        for found in (main.macro(name), self.default.macro(name)):
            if found is not None:
                return found
        return BUILT_IN_MACROS.get(name.casefold())

    def macro_names(self, main: Catalog) -> tuple[str, ...]:
        """Give the names of all macros in reach of a catalog."""
        return tuple(sorted({*main.macros, *self.default.macros, *BUILT_IN_MACROS}))

    def _translated(self, name: str, main: Catalog, locale: Locale) -> Entry | None:
        return next((entry for one in locale.names(name) if (entry := self._record(one, main))), None)

    def _record(self, name: str, main: Catalog) -> Entry | None:
        catalog, rest = self.governing(name)
        for governing, record_id in ((main, name), (catalog, rest)):
            for home in (governing, self.default):
                record = home.record(record_id)
                if record is not None:
                    return Entry(name, governing, home, record, record_id)
        return None

    def _crop(self, name: str, main: Catalog, locale: Locale) -> Entry | None:
        base, colon, crop = name.rpartition(":")
        entry = self._translated(base, main, locale) if colon else None
        if entry is None or entry.record is None:
            return None
        if crop not in entry.record.crop_rects:
            self.check(entry.catalog)
            known = ", ".join(entry.record.crop_rects) or "none"
            raise NotFound("crop", name, f"expected a crop of '{base}': {known}")
        return replace(entry, name=f"{entry.name}:{crop}", crop_name=crop)

    def _direct(self, name: str, main: Catalog) -> Entry:
        catalog, rest = self.governing(name)
        if catalog is self.default:
            return Entry(name, main, main, file=name)
        if rest and catalog.attributes.full_match:
            return Entry(name, self.default, self.default, file=name)
        return Entry(name, catalog, catalog, file=rest)


def image_of(drawing: ContentRecord) -> Record:
    """Give the record of an SVG file as that of an image, which it is handled as. Reference: r-svg-support."""
    return Record(
        path=drawing.path,
        expiration=drawing.expiration,
        time_stamp=drawing.time_stamp,
        access=drawing.access,
        user_type=drawing.user_type,
        user_data=drawing.user_data,
    )


def allows_direct_access(rule: str, kind: str) -> bool:
    """Tell whether files of a kind may be asked for without a record. Reference: r-allowdirectaccess."""
    mode, colon, kinds = rule.partition(":")
    if not colon:
        mode, kinds = "include", rule
    listed = kind in {one.strip().casefold() for one in kinds.split(",")}
    return listed is (mode.strip().casefold() == "include")


def existing_file(root: Path, path: str, *, trusted: bool) -> Path | None:
    """Give the file at `path` below `root`; one named in a URL may not leave `root`, not even by a link.

    Links stay in what is given, so that one that is changed later leads to the other file.
    """
    if "\0" in path:
        return None
    try:
        found = root / path
        inside = trusted or found.resolve(strict=True).is_relative_to(root.resolve())
        return found if inside and found.is_file() else None
    except (OSError, RuntimeError, ValueError):
        return None
