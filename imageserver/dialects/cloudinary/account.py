"""A cloud: the catalog that it stands for, what is known of its records, and how they are called."""

from __future__ import annotations

import sqlite3
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from imageserver.catalog.catalogs import Catalog
from imageserver.catalog.records import ContentRecord, Record
from imageserver.catalog.written import Json
from imageserver.dialects.cloudinary.language.facts import NoSuchResource
from imageserver.dialects.cloudinary.notes import Notes
from imageserver.errors import BadSource
from imageserver.front_doors import Cloud, Cloudinary
from imageserver.server.admin.desk import DEFAULT, Desk
from imageserver.server.file_versions import Version, version_of
from imageserver.server.site import Site
from imageserver.store.durable import digests
from imageserver.store.edits import Section
from imageserver.store.errors import NoSuchRecord
from imageserver.store.store import HISTORY, Status, Store

MOST = 10_000
"""Records whose versions are remembered."""
SETTLED = 10**9
"""Nanoseconds after which two changes of a file do not look like one."""
MARK = ".cloudinary="
"""How a macro begins that holds a transformation in Cloudinary's language; in native requests that is a comment."""
UPLOAD = "upload"
IMAGE, RAW = "image", "raw"
SECTIONS: Mapping[str, Section] = {IMAGE: "images", RAW: "content"}
"""The kinds of assets, and the sections of a catalog in which their records are."""
KINDS = {section: kind for kind, section in SECTIONS.items()}
HISTORY_LOG = f"{HISTORY}-wal"
"""The file that changes with every edit of a catalog, by whatever process."""


def record_id(type_: str, public_id: str) -> str:
    """Give the id of the record of an asset: types but `upload` have names of their own.

    Raises `NoSuchResource` for a public id that would be that of another type.
    """
    if type_ != UPLOAD:
        return f"{type_}:{public_id}"
    if public_name(public_id)[0] != UPLOAD:
        raise NoSuchResource(public_id)
    return public_id


def public_name(record: str) -> tuple[str, str]:
    """Give type and public id of a record."""
    type_, colon, name = record.partition(":")
    return (type_, name) if colon and type_ in {"private", "authenticated"} else (UPLOAD, record)


@dataclass(frozen=True, slots=True)
class Name:
    """What the record of an asset is called: an image and a raw file of the same public id are two assets."""

    section: Section
    record: str

    @classmethod
    def of(cls, status: Status) -> Name:
        """Name a record of the store."""
        return cls(cast("Section", status.section), status.name)

    @property
    def kind(self) -> str:
        """The kind of asset: image or raw."""
        return KINDS[self.section]

    @property
    def type(self) -> str:
        """The type: upload, private or authenticated."""
        return public_name(self.record)[0]

    @property
    def public_id(self) -> str:
        """The public id."""
        return public_name(self.record)[1]


def asset_name(kind: str, type_: str, public_id: str) -> Name:
    """Name the record of an asset; raises `NoSuchResource`."""
    if kind not in SECTIONS:
        raise NoSuchResource(public_id)
    return Name(SECTIONS[kind], record_id(type_, public_id))


@dataclass(frozen=True, slots=True)
class Stored:
    """When bytes were stored; nobody has edited the catalog for as long as the `watched` files stay as they are."""

    second: int
    watched: tuple[Version, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """One cloud of a running server."""

    desk: Desk
    cloud: Cloud
    versions: OrderedDict[tuple[str, str, tuple[Version, ...]], int] = field(default_factory=OrderedDict, compare=False)
    digests: OrderedDict[Version, str] = field(default_factory=OrderedDict, compare=False)
    told: OrderedDict[tuple[str, Version, Version | None], Mapping[str, Json]] = field(
        default_factory=OrderedDict, compare=False
    )
    looks: dict[str, Path] = field(default_factory=dict, compare=False)

    @property
    def site(self) -> Site:
        """What serves."""
        return self.desk.site

    @property
    def settings(self) -> Cloudinary:
        """What the configuration says of all clouds."""
        return self.site.config.dialects.cloudinary

    @property
    def notes(self) -> Notes:
        """What only this door remembers."""
        return Notes(Path(self.site.config.state) / "cloudinary" / f"{self.cloud.name}.sqlite")

    @property
    def catalog(self) -> Catalog:
        """The catalog as it is now."""
        return self.site.catalogs.named.get(self.cloud.catalog, self.site.catalogs.default)

    @property
    def root(self) -> str:
        """The path in front of the ids of records."""
        return "" if self.cloud.catalog == DEFAULT else self.cloud.catalog

    def record(self, name: str) -> Record | None:
        """Give the record of that id."""
        return self.catalog.record(name)

    def content(self, name: str) -> ContentRecord | None:
        """Give the record of static content of that id."""
        return self.catalog.content.get(name)

    def holds(self, name: Name) -> bool:
        """Tell whether there is a record of that name."""
        return (self.content if name.kind == RAW else self.record)(name.record) is not None

    def store(self) -> Store:
        """Open the store of the catalog, in a thread."""
        return self.desk.store(self.cloud.catalog)

    def records(self, kind: str = "") -> list[Status]:
        """Give the records of a kind of assets or of all, in a thread."""
        store = self.store()
        sections = [SECTIONS[kind]] if kind else SECTIONS.values()
        return [one for section in sections for one in store.records(section=section)]

    def named_transformation(self, name: str) -> str | None:
        """Give the text of a named transformation, which is a macro; one in native commands stands for itself."""
        text = self.site.catalogs.macro(name, self.catalog)
        if text is None:
            return None
        return text.removeprefix(MARK) if text.startswith(MARK) else f"${name}$"

    async def stored(self, name: str, path: Path, section: Section = SECTIONS[IMAGE]) -> Stored:
        """Tell when the bytes of a record were stored, and what has to stay as it is for that to be right."""
        history = self.looks.get(HISTORY_LOG)
        seen = () if history is None else tuple(filter(None, [seen_version(history)]))
        key = section, name, (version_of(path), *seen)
        known = self.versions.get(key)
        if known is None:
            known = await self.desk.run(self._stored_at, name, section)
            self.versions[key] = known
            while len(self.versions) > MOST:
                self.versions.popitem(last=False)
        return Stored(known, seen)

    def _stored_at(self, name: str, section: Section) -> int:
        store = self.store()
        self.looks[HISTORY_LOG] = store.home.state / HISTORY_LOG
        try:
            return store.record(name, section).row.stored_at
        except NoSuchRecord:
            return 0

    async def settled_notes(self) -> Version | None:
        """Tell one state of the notes from the next; None where the next one may look the same.

        Where there are none yet, they are begun, so that the first one is noticed.
        """
        found = seen_version(self.notes.path)
        if found is None:
            with suppress(OSError, sqlite3.Error):
                await self.desk.run(self.notes.begin)
        return found if found and time.time_ns() - found[-1] > SETTLED else None

    async def noted(self, name: str) -> Mapping[str, Json]:
        """Give what is remembered of an image beside the catalog; it is read once for as long as nothing changes."""
        kept, history = seen_version(self.notes.path), self.looks.get(HISTORY_LOG)
        if kept is None or self.record(name) is None:
            return {}
        key = name, kept, None if history is None else seen_version(history)
        if key in self.told:
            return self.told[key]
        note = await self.desk.run(self._noted, name)
        if time.time_ns() - kept[-1] > SETTLED:
            self.told[key] = note
            while len(self.told) > MOST:
                self.told.popitem(last=False)
        return note

    def _noted(self, name: str) -> dict[str, Json]:
        store = self.store()
        self.looks[HISTORY_LOG] = store.home.state / HISTORY_LOG
        try:
            return self.notes.read("asset", store.record(name).row.uid) or {}
        except NoSuchRecord:
            return {}

    async def digest(self, path: Path) -> str:
        """Give the md5 of a file."""
        key = version_of(path)
        if key not in self.digests:
            self.digests[key] = (await self.desk.run(digests, path))[1]
            while len(self.digests) > MOST:
                self.digests.popitem(last=False)
        return self.digests[key]


def seen_version(path: Path) -> Version | None:
    """Tell one state of a file from the next; None where there is none."""
    try:
        return version_of(path)
    except BadSource:
        return None
