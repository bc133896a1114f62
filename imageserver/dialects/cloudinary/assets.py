"""An asset as clients are told of it: a record, its numbers, its file, and what was noted of it."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from imageserver.catalog.written import Json, properties_of
from imageserver.dialects.cloudinary.account import IMAGE, UPLOAD, Name
from imageserver.dialects.cloudinary.calls import Call
from imageserver.dialects.cloudinary.language.signatures import asset_signature, url_signatures
from imageserver.dialects.cloudinary.looking import STORED
from imageserver.errors import ImageServerError
from imageserver.front_doors import Cloud
from imageserver.protocol.values import Size
from imageserver.store.asking import Revision
from imageserver.store.errors import NoSuchRecord
from imageserver.store.store import Status

UNKNOWN = Size(0, 0)
UNQUOTED = ",:/$!()=;|~.-_"
"""What stands in the transformations of URLs as it is."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is delivered: below which kind and type, by which transformation, and whether that is signed."""

    cloud: Cloud
    base: str
    folder: str
    transformation: str
    signed: bool

    def url(self, version: int, name: str) -> str:
        """Give the delivery URL of what has that name."""
        name = quote(name, safe="/")
        parts = [quote(self.transformation, safe=UNQUOTED)] if self.transformation else []
        if self.signed and self.cloud.secret:
            parts.insert(0, f"s--{next(url_signatures('/'.join((*parts, name)), self.cloud.secret))}--")
        version_part = [f"v{version}"] if version else []
        return "/".join((self.base, self.cloud.name, self.folder, *parts, *version_part, name))


@dataclass(frozen=True, slots=True)
class Asset:
    """All that is known of a record."""

    status: Status
    revisions: Sequence[Revision]
    note: Mapping[str, Json]
    size: Size = UNKNOWN
    format: str = ""
    pages: int = 1

    @property
    def name(self) -> Name:
        """What its record is called."""
        return Name.of(self.status)

    @property
    def is_image(self) -> bool:
        """Tell whether it is a picture, and not just a file."""
        return self.name.kind == IMAGE

    @property
    def public_id(self) -> str:
        """The public id."""
        return self.name.public_id

    @property
    def type(self) -> str:
        """The type: upload, private or authenticated."""
        return self.name.type

    @property
    def tags(self) -> list[str]:
        """The words to find it by."""
        return sorted(tags_of(self.status.fields))

    @property
    def context(self) -> dict[str, str]:
        """Its user data."""
        return context_of(self.status.fields)

    @property
    def folder(self) -> str:
        """What stands in front of the last part of its public id."""
        return self.public_id.rpartition("/")[0]

    @property
    def version(self) -> int:
        """The second at which its bytes were stored."""
        return self.status.row.stored_at

    @property
    def bytes(self) -> int:
        """The length of its file."""
        return self.revisions[0].row.size if self.revisions else 0

    @property
    def created_at(self) -> int:
        """The second at which it was first stored."""
        return min((one.row.stored_at for one in self.revisions), default=self.version)

    def without(self, noted: Collection[str]) -> Asset:
        """Forget some of what is noted of it."""
        return replace(self, note={name: value for name, value in self.note.items() if name not in noted})


def tags_of(fields: Mapping[str, Json]) -> list[str]:
    """Read the tags of a record, a list or a text with commas."""
    found = fields.get("tags")
    words = found if isinstance(found, list) else str(found).split(",") if found else []
    return [text for one in words if (text := str(one).strip())]


def context_of(fields: Mapping[str, Json]) -> dict[str, str]:
    """Read the user data of a record."""
    return properties_of(fields.get("user_data"))


def stamp(seconds: float) -> str:
    """Write a time."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


async def asset_of(call: Call, name: Name, status: Status | None = None) -> Asset:
    """Gather all that is known of a record; raises `NoSuchRecord`."""
    found, revisions, note, path = await call.run(gathered, call, name, status)
    if name.kind != IMAGE:
        return Asset(found, revisions, note)
    size, pages, form = UNKNOWN, 1, revisions[0].row.format if revisions else ""
    if path is not None:
        try:
            facts = (await call.account.site.sources.facts([path]))[path]
            size, form = facts.shown_size(oriented=call.account.catalog.attributes.apply_orientation), facts.format
            pages = facts.frame_count
        except ImageServerError:
            size = UNKNOWN
    form = STORED.get(form.upper(), form.casefold())
    return Asset(found, revisions, note, size, {"jpeg": "jpg", "tiff": "tif"}.get(form, form), pages)


def gathered(
    call: Call, name: Name, status: Status | None
) -> tuple[Status, Sequence[Revision], Mapping[str, Json], Path | None]:
    """Ask the store and the notes, in a thread."""
    store = call.account.store()
    found = status or store.record(name.record, name.section)
    if not found.fields.get("path"):
        raise NoSuchRecord(call.account.cloud.catalog, name.public_id)
    revisions = store.revisions(name.record, name.section)
    row = found.row
    path = store.root(name.section) / row.source if row.source else None
    note = call.account.notes.read("asset", row.uid) or {}
    return found, revisions, note, path if path and path.is_file() else None


def base_url(call: Call) -> str:
    """Give the address under which clients reach this server."""
    configured = call.account.settings.base_url.rstrip("/")
    return configured or f"{call.request.scheme}://{call.request.host}"


def url_of(call: Call, asset: Asset, transformation: str = "", extension: str = "") -> str:
    """Give the delivery URL of an asset, with its version; the public id of a raw file has its extension.

    What is derived is signed where it has to be, but not for strangers, who could choose what the signature opens.
    """
    name = f"{asset.public_id}.{extension or asset.format}" if asset.is_image else asset.public_id
    strict = call.account.settings.strict and (call.is_known or call.has("signature"))
    signed = asset.type != UPLOAD or (bool(transformation) and strict)
    place = Place(call.account.cloud, base_url(call), f"{asset.name.kind}/{asset.type}", transformation, signed)
    return place.url(asset.version, name)


def listed(call: Call, asset: Asset) -> dict[str, object]:
    """Describe an asset as lists do."""
    url = url_of(call, asset)
    return {
        "asset_id": asset.status.row.uid,
        "public_id": asset.public_id,
        **({"format": asset.format} if asset.is_image else {}),
        "version": asset.version,
        "resource_type": asset.name.kind,
        "type": asset.type,
        "created_at": stamp(asset.created_at),
        "bytes": asset.bytes,
        **({"width": asset.size.width, "height": asset.size.height} if asset.is_image else {}),
        "folder": asset.folder,
        "asset_folder": asset.note.get("asset_folder", asset.folder),
        "display_name": asset.note.get("display_name", asset.public_id.rpartition("/")[2]),
        "access_mode": asset.note.get("access_mode", "public"),
        "url": url,
        "secure_url": url,
    }


def described(call: Call, asset: Asset) -> dict[str, object]:
    """Describe an asset as an upload does."""
    revision = asset.revisions[0].row if asset.revisions else None
    return {
        **listed(call, asset),
        "version_id": revision.version_id if revision else "",
        "signature": asset_signature(asset.public_id, asset.version, call.account.cloud.secret),
        "tags": asset.tags,
        **({"pages": asset.pages} if asset.is_image else {}),
        "etag": asset.status.row.md5,
        "placeholder": False,
        "original_filename": asset.note.get("original_filename", asset.public_id.rpartition("/")[2]),
        "api_key": call.account.cloud.key,
        **more_of(asset),
    }


def more_of(asset: Asset) -> dict[str, object]:
    """Tell what is there of some assets only."""
    told: dict[str, object] = {}
    if asset.context:
        told["context"] = {"custom": asset.context}
    for name in ("metadata", "faces", "coordinates", "moderation", "access_control", "last_updated"):
        if asset.note.get(name):
            told[name] = asset.note[name]
    return told
