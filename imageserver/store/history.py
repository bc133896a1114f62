"""What becomes of a record's numbers and hashes when something happens to it; docs/versions.md has the table.

Revisions only ever grow, also across a removal and a new start, and so does the second at which bytes were stored.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from imageserver.catalog.reading import RECORDS, Signature, sign
from imageserver.catalog.written import Json
from imageserver.store.book import RecordRow, RevisionRow
from imageserver.store.durable import digests

FILE_FIELDS = ("path", "mask_path")
NO_SIGN = ""
NewId = Callable[[], str]
PIXELS = {section: {key for key, one in known.items() if one.pixels} for section, known in RECORDS.items()}
METADATA = {section: {key for key, one in known.items() if one.metadata} for section, known in RECORDS.items()}
encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Fields:
    """Hashes of what is written of a record: of what changes its pixels, of its metadata, and of the rest."""

    pixels: str
    metadata: str
    others: str


@dataclass(frozen=True, slots=True)
class Look:
    """One file: how it looks from outside, and what it holds."""

    path: str
    sign: str = NO_SIGN
    hash: str = ""
    md5: str = ""
    size: int = 0
    format: str = ""


@dataclass(frozen=True, slots=True)
class Bytes:
    """The files of a record as they are: where, how they look from outside, and what they hold."""

    hash: str
    md5: str
    size: int
    format: str
    source: str
    source_sign: str
    source_hash: str
    mask: str
    mask_sign: str
    mask_hash: str


@dataclass(frozen=True, slots=True)
class Moment:
    """When a commit happens; `floor` is the revision that every new record begins above.

    It is 0 for a catalog that began with its history, and else the millisecond at which its history began, which is
    above all revisions that a history before it may have had.
    """

    milliseconds: int
    floor: int

    @property
    def seconds(self) -> int:
        """The Unix second."""
        return self.milliseconds // 1000


def new_id() -> str:
    """Give 128 random bits in hexadecimal."""
    return secrets.token_hex(16)


def fields_of(section: str, written: Mapping[str, Json]) -> Fields:
    """Hash what is written of a record."""
    pixel_keys, metadata_keys = PIXELS[section], METADATA[section]
    pixels = {key: one for key, one in written.items() if key in pixel_keys}
    metadata = {key: one for key, one in written.items() if key in metadata_keys}
    others = {key: one for key, one in written.items() if key not in pixels and key not in metadata}
    return Fields(hash_of(pixels), hash_of(metadata), hash_of(others))


def hash_of(written: Mapping[str, Json]) -> str:
    """Hash what is written, whatever the order of its keys; nothing at all has no hash."""
    if not written:
        return ""
    return blake2b(encode(written).encode(), digest_size=16).hexdigest()


def signed(root: Path, path: str) -> str:
    """Describe a file from outside as text, or as nothing when it is not there."""
    return as_text(sign(root / path)) if path else NO_SIGN


def as_text(signature: Signature) -> str:
    """Write a signature without the name of its file."""
    _, inode, size, time = signature
    return f"{inode}:{size}:{time}" if inode else NO_SIGN


@lru_cache(4096)
def digests_once(path: Path, _signature: str) -> tuple[str, str, int, str]:
    """Give the digests of a file, which are computed once as long as it does not change."""
    return digests(path)


def bytes_of(root: Path, source: str, mask: str) -> Bytes:
    """Read the files of a record; raises `OSError`."""
    return combined(look(root, source), look(root, mask))


def look(root: Path, path: str) -> Look:
    """Read one file; raises `OSError`. One that is not there, or not named, has no hash."""
    looks = signed(root, path)
    return Look(path, looks, *digests_once(root / path, looks)) if looks else Look(path)


def combined(source: Look, mask: Look) -> Bytes:
    """Put together what is known of a source and of a mask."""
    both = f"{source.hash} {mask.hash}".encode()
    strong = blake2b(both, digest_size=16).hexdigest() if mask.hash else source.hash
    return Bytes(
        strong,
        source.md5,
        source.size,
        source.format,
        source.path,
        source.sign,
        source.hash,
        mask.path,
        mask.sign,
        mask.hash,
    )


def unread_bytes(root: Path, source: str, mask: str) -> Bytes:
    """Describe the files of a record from outside; what they hold is for later."""
    source_sign = signed(root, source)
    size = int(source_sign.split(":")[1]) if source_sign else 0
    return Bytes("", "", size, "", source, source_sign, "", mask, signed(root, mask), "")


def begun(
    key: tuple[str, str],
    fields: Fields,
    held: Bytes,
    before: RecordRow | None,
    *,
    now: Moment,
    uid: str,
    found: bool = False,
) -> RecordRow:
    """Give the row of a record that is new, above all that its name ever had.

    One that is `found` was there before its history: it is as late as now and as its own files.
    """
    rev = max(now.floor, before.rev if before else 0) + 1
    stored_at = max(now.seconds, before.stored_at + 1 if before else 0)
    if found:
        times = [int(one.rpartition(":")[2]) // 10**6 for one in (held.source_sign, held.mask_sign) if one]
        rev = max(now.milliseconds, now.floor, *times)
        stored_at = rev // 1000
    return RecordRow(
        *key,
        uid,
        rev,
        image_rev=rev,
        meta_rev=rev,
        content_hash=held.hash,
        md5=held.md5,
        pixel_hash=fields.pixels,
        meta_hash=fields.metadata,
        other_hash=fields.others,
        stored_at=stored_at,
        changed_at=now.milliseconds,
        source=held.source,
        source_sign=held.source_sign,
        mask=held.mask,
        mask_sign=held.mask_sign,
    )


def changed(
    before: RecordRow, fields: Fields, held: Bytes | None, now: Moment, *, renamed: bool = False, stored: bool = False
) -> RecordRow:
    """Give the next row of a record; without bytes its files are what they were.

    `stored` says that bytes were stored, be they equal; other bytes always count as stored. The same row comes back
    when nothing happened.
    """
    differ = held is not None and held.hash != before.content_hash
    pixels = differ or fields.pixels != before.pixel_hash
    metadata = renamed or (fields.metadata, fields.others) != (before.meta_hash, before.other_hash)
    if not (pixels or metadata or stored):
        return before if held is None else with_bytes(before, held)
    row = with_bytes(before, held) if held else before
    rev = before.rev + 1
    return replace(
        row,
        rev=rev,
        image_rev=rev if pixels else before.image_rev,
        meta_rev=rev if metadata else before.meta_rev,
        pixel_hash=fields.pixels,
        meta_hash=fields.metadata,
        other_hash=fields.others,
        stored_at=max(now.seconds, before.stored_at + 1) if stored or differ else before.stored_at,
        changed_at=max(now.milliseconds, before.changed_at),
    )


def with_bytes(row: RecordRow, held: Bytes) -> RecordRow:
    """Give a row with other files."""
    return replace(
        row,
        content_hash=held.hash,
        md5=held.md5,
        source=held.source,
        source_sign=held.source_sign,
        mask=held.mask,
        mask_sign=held.mask_sign,
    )


def removed(before: RecordRow, now: Moment) -> RecordRow:
    """Give the row that keeps a name's numbers from being used again."""
    return replace(before, rev=before.rev + 1, changed_at=max(now.milliseconds, before.changed_at), deleted=1)


def revision_of(row: RecordRow, held: Bytes, version_id: str) -> RevisionRow:
    """Give the revision that a store of bytes makes."""
    return RevisionRow(
        row.uid,
        version_id,
        row.rev,
        row.stored_at,
        held.hash,
        held.md5,
        held.size,
        held.format,
        held.source,
        held.source_hash,
        held.mask,
        held.mask_hash,
    )
