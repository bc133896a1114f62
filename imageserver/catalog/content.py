"""Static content: what a name in `/is/content` stands for. Reference: r-serving-static-non-image-content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from imageserver.catalog.catalogs import STATIC, Catalog, Catalogs, allows_direct_access, existing_file
from imageserver.catalog.locales import Locale, localised_content
from imageserver.catalog.records import ContentRecord
from imageserver.errors import NotFound

KIND = "static content"


@dataclass(frozen=True, slots=True)
class Item:
    """What a name stands for: the catalog that governs it, and a record or a file.

    `home` is the catalog that holds the record, below whose folder of static content its file is.
    """

    name: str
    catalog: Catalog
    home: Catalog
    record: ContentRecord | None = None
    record_id: str = ""
    file: str = ""

    @property
    def path(self) -> str:
        """The path of its file below the folder of static content; raises `NotFound` when it has none."""
        if self.record is not None:
            if not self.record.path:
                raise NotFound(KIND, self.name, "the record has no path")
            return self.record.path
        attributes = self.catalog.attributes
        if not self.file or not attributes.static_content_root_path:
            raise NotFound(KIND, self.name or "/", "no such record")
        if not allows_direct_access(attributes.allow_direct_access, STATIC):
            raise NotFound(KIND, self.name, "no such record, and files may not be asked for without one")
        if any(part.startswith(".") for part in self.file.split("/")) or "\0" in self.file or self.holds_catalogs():
            raise NotFound(KIND, self.name, "no such record or file")
        return self.file

    def holds_catalogs(self) -> bool:
        """Tell whether catalogs lie below the folder of static content: then its files are sent by records only."""
        return self.catalog.folder.resolve().is_relative_to(self.home.content_root.resolve())

    def is_there(self) -> bool:
        """Tell whether it has a file, and whether that is there."""
        try:
            path = self.path
        except NotFound:
            return False
        return existing_file(self.home.content_root, path, trusted=self.record is not None) is not None

    @property
    def limit(self) -> Path | None:
        """The folder that a file named in a URL may not leave, not even by a link; records may name any file."""
        return self.home.content_root if self.record is None else None


def look_up_content(catalogs: Catalogs, name: str, locale: Locale, main: Catalog | None = None) -> Item:
    """Find the record or the file that a name stands for; there may be no such file.

    Without `main` the name is that of a URL path. A leading `/` asks for the default catalog. Raises `Refused` for what
    the visitor may not see.
    """
    item = found_content(catalogs, name, locale, main)
    catalogs.check(item.catalog)
    if item.record is not None:
        catalogs.check_access(item.home, item.record)
    elif item.file:
        catalogs.check_direct(item.home.content_root / item.file)
    return item


def found_content(catalogs: Catalogs, name: str, locale: Locale, main: Catalog | None) -> Item:
    """Find the record or the file that a name stands for, whoever asks."""
    if name.startswith("/") or main is None:
        main = catalogs.default
    name = name.strip("/")
    for translated in locale.names(name):
        for item in recorded(catalogs, translated, main):
            return item if item.record is None else replace(item, record=localised_content(item.record, locale))
    catalog, rest = catalogs.governing(name)
    if catalog is catalogs.default:
        return Item(name, main, main, file=name)
    return Item(name, catalog, catalog, file=rest)


def recorded(catalogs: Catalogs, name: str, main: Catalog) -> Iterator[Item]:
    """Yield the records of that name, the one that holds first."""
    catalog, rest = catalogs.governing(name)
    for governing, record_id in ((main, name), (catalog, rest)):
        for home in (governing, catalogs.default):
            record = home.content.get(record_id)
            if record is not None:
                yield Item(name, governing, home, record, record_id)


def suffix_of(path: str) -> str:
    """Give what stands behind the last dot of a file's name, in lower case."""
    _, dot, suffix = path.rpartition("/")[2].rpartition(".")
    return suffix.casefold() if dot else ""
