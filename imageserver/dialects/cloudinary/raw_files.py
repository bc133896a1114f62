"""Raw files: what a delivery URL of theirs asks for, and how they are sent; nothing is ever made of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from urllib.parse import quote

from aiohttp import web

from imageserver.admission.admitting import Admitted
from imageserver.catalog.content import suffix_of
from imageserver.config import Key
from imageserver.dialects.cloudinary.account import RAW, SECTIONS, UPLOAD, Account, record_id
from imageserver.dialects.cloudinary.guests import OWN, has_token
from imageserver.dialects.cloudinary.language.address import Address
from imageserver.dialects.cloudinary.language.facts import BadTransformation, NoSuchResource, Unsigned
from imageserver.dialects.cloudinary.language.signatures import signs_url
from imageserver.plan.content import plan_content
from imageserver.plan.files import FilePlan, StaticFile
from imageserver.plan.media_types import is_page, media_type_of
from imageserver.server.stored import send_stored

TYPES = frozenset({UPLOAD, "private", "authenticated"})
ATTACHMENT = re.compile(r"fl_attachment(?::([^,/]+))?")


@dataclass(frozen=True, slots=True)
class Asked:
    """A raw file that is asked for: its public id, whether browsers are to save it, and under which name."""

    public_id: str
    saved: bool = False
    save_as: str = ""

    @property
    def file_name(self) -> str:
        """The name that browsers save it by."""
        last = self.public_id.rpartition("/")[2]
        dot, extension = last.rpartition(".")[1:]
        return f"{self.save_as}{dot}{extension if dot else ''}" if self.save_as else last


async def send_raw(
    account: Account, request: web.Request, address: Address, more: Mapping[str, str]
) -> web.StreamResponse:
    """Send a raw file, all of it or the part that is asked for."""
    signed = check_signature(account, address, request)
    asked = await found(account, address)
    admitted, file = static_file(account, request, address, asked, signed=signed)
    path = file.root / file.path
    if not path.is_file():
        raise NoSuchResource(asked.public_id)
    stored = await account.stored(record_id(address.type, asked.public_id), path, SECTIONS[RAW])
    own = {**more, **keeping(account, address, stored.second)}
    own |= OWN if admitted.is_bounded or (signed and not address.signature) else {}
    return await send_stored(account.site, request, admitted, file, own, digest=account.digest)


def check_signature(account: Account, address: Address, request: web.Request) -> bool:
    """Tell whether a URL is signed, or comes with a token where it has to be: there are only originals.

    Raises `Unsigned` for a wrong signature, or one that is missing.
    """
    if address.type not in TYPES:
        raise NoSuchResource(address.public_id)
    if address.signature:
        if not signs_url(address.signature, address.signed_text, account.cloud.secret):
            raise Unsigned("Invalid signature in URL")
        return True
    if address.type == UPLOAD:
        return False
    if not has_token(account, request):
        raise Unsigned(f"Raw files of type {address.type} need a signed URL")
    return True


async def found(account: Account, address: Address) -> Asked:
    """Find what a URL asks for, also what another process has just stored; raises `NoSuchResource`."""
    whole = "/".join((*address.transformations, address.public_id))
    for _ in range(2):
        if address.version is None and account.content(record_id(address.type, whole)) is not None:
            return Asked(whole)  # its folder only looks like a transformation
        if account.content(record_id(address.type, address.public_id)) is not None:
            return with_flags(address)
        if not await account.site.live.refresh():
            break
    raise NoSuchResource(address.public_id)


def with_flags(address: Address) -> Asked:
    """Read the only transformation that there is: `fl_attachment`; raises `BadTransformation` for any other."""
    asked = Asked(address.public_id)
    for one in address.transformations:
        match = ATTACHMENT.fullmatch(one)
        if not match:
            raise BadTransformation(f"Transformations of raw files are not supported: {one[:60]}")
        asked = replace(asked, saved=True, save_as=match[1] or asked.save_as)
    return asked


def static_file(
    account: Account, request: web.Request, address: Address, asked: Asked, *, signed: bool
) -> tuple[Admitted, StaticFile]:
    """Say which file is sent and how: as a native request for static content, but by the extension of its public id."""
    name = record_id(address.type, asked.public_id)
    written = "/".join(filter(None, (account.root, quote(name, safe="/"))))
    key = Key("cloudinary", "", (account.catalog.name,)) if signed else None
    admitted = account.site.admit(request, f"/{written}", "", "static", key=key)
    planned = plan_content(admitted.request, admitted.catalogs)
    if not isinstance(planned, FilePlan):
        raise NoSuchResource(asked.public_id)
    media_type = media_type_of(asked.public_id) if suffix_of(asked.public_id) else planned.file.media_type
    saved = asked.saved or is_page(media_type) or planned.file.disposition == "attachment"
    file = replace(
        planned.file,
        media_type=media_type,
        disposition="attachment" if saved else "inline",
        save_as=asked.file_name,
    )
    return admitted, file


def keeping(account: Account, address: Address, second: int) -> dict[str, str]:
    """Say how long a file may be kept: long with the current version in its URL, and else only with a question."""
    settings = account.settings
    shortly = f"public, max-age={settings.unversioned_max_age}" if settings.unversioned_max_age else "public, no-cache"
    is_current = address.version == second > 1
    kept = f"public, no-transform, immutable, max-age={settings.max_age}" if is_current else shortly
    return {"Cache-Control": kept, **({"Last-Modified": formatdate(second, usegmt=True)} if second else {})}
