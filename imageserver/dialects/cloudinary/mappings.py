"""Upload mappings: folders whose pictures are at another server; one is stored here when it is first asked for."""

from __future__ import annotations

import logging
import re
import shutil
from contextlib import ExitStack, suppress
from urllib.parse import quote

from aiohttp import web

from imageserver.admission.foreign import EXPECTED, checked
from imageserver.dialects.cloudinary.account import IMAGE, UPLOAD, Account
from imageserver.dialects.cloudinary.calls import Call
from imageserver.dialects.cloudinary.language.address import Address
from imageserver.dialects.cloudinary.language.facts import NoSuchResource
from imageserver.dialects.cloudinary.language.layers import elsewhere
from imageserver.dialects.cloudinary.looking import Looking
from imageserver.dialects.cloudinary.replies import Failed, as_failed
from imageserver.dialects.cloudinary.resources import paged
from imageserver.dialects.cloudinary.uploading import FORBIDDEN, LONGEST, take_in
from imageserver.errors import BadSource, BadValue, NotFound, Refused
from imageserver.plan.hints import NO_HINTS
from imageserver.server.fetching import turn
from imageserver.store.errors import EditError

TEMPLATE = re.compile(r"https?://[^/?#@\s]+(?:/\S*)?", re.IGNORECASE)
LONGEST_TEMPLATE = 1000
log = logging.getLogger("imageserver.cloudinary")


def asked_folder(call: Call) -> str:
    """Give the folder that a call is about."""
    folder = call.text("folder").strip("/")
    if not folder:
        raise Failed(400, "Missing required parameter - folder")
    return folder


def asked_template(call: Call) -> str:
    """Give the beginning of URLs that a call says."""
    template = call.text("template")
    with suppress(BadValue):
        if TEMPLATE.fullmatch(template) and len(template) <= LONGEST_TEMPLATE and checked(template, "template"):
            return template
    raise Failed(400, f"Invalid template: {template[:80]}, expected {EXPECTED}")


async def show_mappings(call: Call) -> object:
    """List upload mappings, or tell of the one of a folder."""
    known = await call.run(call.account.notes.every, "mapping")
    if not call.has("folder"):
        return paged(call, "mappings", [{"folder": folder, **note} for folder, note in known.items()])
    folder = asked_folder(call)
    if folder not in known:
        raise missing(folder)
    return {"folder": folder, **known[folder]}


def missing(folder: str) -> Failed:
    """Say that a folder is not mapped."""
    return Failed(404, f"Can't find upload mapping for folder {folder}")


async def make_mapping(call: Call) -> object:
    """Map a folder."""
    folder, template = asked_folder(call), asked_template(call)
    if await call.run(call.account.notes.read, "mapping", folder) is not None:
        raise Failed(409, f"Upload mapping for folder {folder} already exists")
    await call.run(call.account.notes.write, "mapping", folder, {"template": template})
    return {"message": "created", "folder": folder}


async def update_mapping(call: Call) -> object:
    """Map a folder to another server."""
    folder, template = asked_folder(call), asked_template(call)
    if await call.run(call.account.notes.read, "mapping", folder) is None:
        raise missing(folder)
    await call.run(call.account.notes.write, "mapping", folder, {"template": template})
    return {"message": "updated"}


async def delete_mapping(call: Call) -> object:
    """Map a folder no more; what was stored stays."""
    folder = asked_folder(call)
    if not await call.run(call.account.notes.remove, "mapping", folder):
        raise missing(folder)
    return {"message": "deleted"}


async def brought_by_mapping(looking: Looking, address: Address) -> bool:
    """Store the picture that a URL asks for, if its folder is mapped, and tell whether that was done.

    Raises `NoSuchResource` where the other server has none, and `BadSource` or `LimitExceeded` for what it has instead.
    Its own URL is told to nobody.
    """
    account, public_id = looking.account, address.public_id
    if address.type != UPLOAD or not account.cloud.secret or not may_be_mapped(public_id):
        return False
    url = url_in(await account.desk.run(mappings_of, account), public_id)
    if not url:
        return False
    try:
        await stored(looking, url, public_id)
    except Refused as error:
        log.info("%s is mapped to what may not be fetched: %s", public_id, error)
        return False
    except NotFound as error:
        raise NoSuchResource(public_id) from error
    except (BadSource, BadValue, EditError, Failed) as error:
        log.info("%s is mapped, and was not stored: %s", public_id, as_failed(error).reason)
        raise BadSource(public_id, "what its folder is mapped to gives no picture that can be stored") from error
    return True


def may_be_mapped(public_id: str) -> bool:
    """Tell whether an asset may have a public id, and whether all its parts are names."""
    parts = public_id.split("/")
    return (
        len(parts) > 1
        and len(public_id) <= LONGEST
        and not FORBIDDEN & set(public_id)
        and all(part.strip() == part and part.strip(".") for part in parts)
    )


def mappings_of(account: Account) -> dict[str, str]:
    """Give the folders that are mapped, and to what."""
    return {folder: str(note.get("template", "")) for folder, note in account.notes.every("mapping").items()}


def url_in(mappings: dict[str, str], public_id: str) -> str:
    """Give the URL that a public id is mapped to by the longest folder that it lies in; nothing for none."""
    folders = [one for one in mappings if public_id.startswith(f"{one}/")]
    if not folders:
        return ""
    folder = max(folders, key=len)
    template = mappings[folder]
    slash = "" if template.endswith("/") or "?" in template else "/"
    return f"{template}{slash}{quote(public_id.removeprefix(f'{folder}/'), safe='/')}"


async def stored(looking: Looking, url: str, public_id: str) -> None:
    """Fetch a picture as `fetch` does, and store it, unless somebody else has done so meanwhile."""
    account, site = looking.account, looking.account.site
    path, _, query = elsewhere(account.root, url).partition("?")
    planned = site.plan(looking.admit(path, query), NO_HINTS)
    ((_, fetched),) = planned.foreign
    await site.fetcher.bring(planned.foreign)
    await site.facts(planned)
    with await turn(fetched):
        stack = ExitStack()
        try:
            folder = await account.desk.run(lambda: stack.enter_context(account.store().staging()))
            source = folder / "source"
            await account.desk.run(shutil.copyfile, fetched, source)
            await take_in(upload_of(looking.account, looking.request, public_id), source)
        finally:
            await account.desk.run(stack.close)
    await site.live.refresh()


def upload_of(account: Account, request: web.Request, public_id: str) -> Call:
    """Write the call that stores a picture, and leaves one alone that is there."""
    values = {"public_id": [public_id], "overwrite": ["false"]}
    return Call(account, request, (IMAGE, "upload"), values, filename=public_id.rpartition("/")[2], is_known=True)
