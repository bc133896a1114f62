"""`upload`: a picture, or any other file, comes, is checked, and becomes a record of the catalog."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from imageserver.catalog.written import Json
from imageserver.dialects.cloudinary.account import IMAGE, RAW, UPLOAD, Name, asset_name
from imageserver.dialects.cloudinary.assets import Asset, asset_of, described
from imageserver.dialects.cloudinary.breakpoints import breakpoints, check_breakpoints
from imageserver.dialects.cloudinary.calls import Call, check_signed, inline_file, written
from imageserver.dialects.cloudinary.chunks import collected
from imageserver.dialects.cloudinary.derivatives import NOTED, remember
from imageserver.dialects.cloudinary.deriving import (
    changed_before_storing,
    check_transformation,
    cut,
    eager,
    eager_parts,
)
from imageserver.dialects.cloudinary.language.components import words
from imageserver.dialects.cloudinary.looking import STORED
from imageserver.dialects.cloudinary.replies import Failed
from imageserver.dialects.cloudinary.saying import check_coordinates, fields_of, note_of
from imageserver.errors import BadSource
from imageserver.file_formats import format_of
from imageserver.layout.facts import Facts
from imageserver.protocol.values import Size
from imageserver.server.admin.uploading import check
from imageserver.store.edits import Change, Edit, StoreFile
from imageserver.store.errors import InvalidEdit, NoSuchRecord

LETTERS = string.ascii_lowercase + string.digits
FORBIDDEN = frozenset("?&#\\%<>+")
UNUSUAL = re.compile(r"[^\w-]+")
"""What does not come into the names of raw files."""
SUFFIX = re.compile(r"[a-z0-9]{1,10}")
OF_CATALOGS = frozenset({"yaml", "yml", "json"})
"""Suffixes of files that a catalog may include."""
OTHER = "bin"
LONGEST_STEM = 48
START = 64
"""Bytes by which formats are known."""
UNMISTAKABLE = frozenset({"JPEG", "PNG", "GIF", "TIFF", "WEBP", "AVIF", "HEIF", "JPEG2000", "PSD"})
"""Formats that are read, and whose first bytes no other file has."""
OF_PIXELS = frozenset({"coordinates", "faces", "text"})
"""What is noted of the pixels of a picture, so that it goes when others take their place."""
FOR_IMAGES = ("eager", "responsive_breakpoints", "transformation", "format")
LONGEST = 255
TYPES = frozenset({"upload", "private", "authenticated"})
NOT_HERE = {
    "raw_convert": "Raw convert is invalid",
    "detection": "Detection invalid model '{}'",
    "background_removal": "Background removal is invalid",
    "categorization": "Categorization {} is not valid",
    "ocr": "Ocr: Illegal value {} is not valid",
    "auto_tagging_model": "Auto tagging model is not valid",
}
UNSIGNED = words(
    "file upload_preset public_id folder asset_folder callback tags context metadata face_coordinates "
    "custom_coordinates regions source filename_override filename manifest_transformation manifest_json "
    "template template_vars public_id_prefix api_key timestamp display_name"
)
"""What an upload without a signature may say; all else is the preset's."""


async def upload(call: Call) -> object:
    """Take a file in."""
    await prepare(call)
    partial = await collected(call)
    if partial is not None:
        return partial
    stack = ExitStack()
    try:
        path = call.file
        if path is None:
            if not call.has("file"):
                raise Failed(400, "Missing required parameter - file")
            folder = await call.run(lambda: stack.enter_context(call.account.store().staging()))
            path = await inline_file(call, call.text("file"), folder)
        return await take_in(call, path)
    finally:
        await call.run(stack.close)


async def prepare(call: Call) -> None:
    """Check who uploads, and what cannot be done here; a preset adds what the call leaves out."""
    preset = await preset_of(call)
    if preset is not None and preset.get("unsigned") and not call.has("signature"):
        more = sorted(set(call.values) - UNSIGNED)
        if more:
            raise Failed(400, f"{more[0]} parameter is not allowed when using unsigned upload")
        call.values["overwrite"] = ["false"]
    else:
        check_signed(call)
    settings = (preset or {}).get("settings")
    for name, value in settings.items() if isinstance(settings, dict) else ():
        if name not in call.values:
            call.values[name] = [written(one) for one in (value if isinstance(value, list) else [value])]
    refuse_what_is_not_here(call)
    check_coordinates(call)
    if call.path[0] == "video":
        raise Failed(400, "Uploads of resource type video are not supported: expected image, raw or auto")
    if call.text("type", UPLOAD) not in TYPES:
        raise Failed(400, f"Invalid type: expected one of {', '.join(sorted(TYPES))}")
    check_coordinates(call)


def refuse_what_is_not_here(call: Call) -> None:
    """Raise `Failed` for what needs services that this server does not have."""
    for name, reason in NOT_HERE.items():
        if call.has(name):
            raise Failed(400, reason.format(call.text(name)[:60]))


def refuse_what_is_for_images(call: Call) -> None:
    """Raise `Failed` for what would make another picture of a file that is none."""
    for name in FOR_IMAGES:
        if call.has(name):
            raise Failed(400, f"Parameter {name} is for images: this file is raw")


async def preset_of(call: Call) -> Mapping[str, Json] | None:
    """Give the upload preset of a call."""
    name = call.text("upload_preset")
    if not name:
        return None
    preset = await call.run(call.account.notes.read, "preset", name)
    if preset is None:
        raise Failed(400, "Upload preset not found")
    return preset


async def take_in(call: Call, path: Path) -> dict[str, object]:
    """Check a file and store it, unless there is one that is not to be replaced."""
    size, most = (await call.run(path.stat)).st_size, call.account.site.config.limits.file_size
    if not size:
        raise Failed(400, "Empty file")
    if size > most:
        raise Failed(400, f"File size too large: {size} bytes, expected at most {most} (limits.file_size)")
    kind, facts = await kind_of_file(call, path)
    name = asset_name(kind, call.text("type", UPLOAD), new_public_id(call, kind))
    before = await existing(call, name)
    if not call.flag("overwrite", default=True):
        if before is not None and (name.type == UPLOAD or call.is_known or call.has("signature")):
            return {**described(call, before), "existing": True}
        if before is not None:  # what would be told of it, such as its signed URL, is not for everybody
            raise Failed(400, f"{name.public_id} already exists")
        if call.account.holds(name):
            raise Failed(400, f"{name.public_id} already exists, and has no file of its own")
    if kind == IMAGE:
        path, place = await picture(call, name, path, facts)
    else:
        place = raw_place(call, name)
    fields = fields_of(call)
    if name.type != UPLOAD:
        fields["access",] = name.type
    edits: list[Edit] = [StoreFile(name.record, path, path="" if before else place, section=name.section)]
    if fields:
        edits.append(Change(name.record, fields, section=name.section))
    await commit(call, edits)
    asset = (await asset_of(call, name)).without(OF_PIXELS)
    note = await with_defaults(call, note_of(call, asset), asset)
    await call.run(call.account.notes.add, "asset", asset.status.row.uid, {**note, NOTED: []}, OF_PIXELS)
    return await answered(call, name, overwritten=before is not None)


async def kind_of_file(call: Call, path: Path) -> tuple[str, Facts | None]:
    """Say whether a file is stored as an image or raw, with the facts of an image that was looked at for that.

    `auto` makes an image of what is one, and raw of all else, but for what begins like an image and is damaged.
    """
    if call.path[0] != "auto":
        return (RAW if call.path[0] == RAW else IMAGE), None
    try:
        return IMAGE, await check(call.account.desk, "file", path)
    except InvalidEdit as error:
        if not isinstance(error.__cause__, BadSource) or format_of(await call.run(start_of, path)) in UNMISTAKABLE:
            raise
        return RAW, None


def start_of(path: Path) -> bytes:
    """Read how a file begins."""
    with path.open("rb") as stream:
        return stream.read(START)


async def picture(call: Call, name: Name, path: Path, facts: Facts | None) -> tuple[Path, str]:
    """Check a picture; give the file that is to be stored, and where, if no native path may lead to it."""
    facts = facts or await check(call.account.desk, name.record, path)
    form = STORED.get(facts.format, facts.format.casefold())
    if not is_allowed(call, form) and not call.has("format"):
        raise Failed(400, f"Image file format {form} not allowed")
    for one in eager_parts(call):
        check_transformation(call, cut(one)[0])
    check_breakpoints(call)
    hidden = f"restricted/{random_letters(20)}.{form}" if name.type != UPLOAD else ""
    return await changed_before_storing(call, path), hidden


def raw_place(call: Call, name: Name) -> str:
    """Check what is asked for a raw file; give the path that a new one has, which none of a catalog's own can be."""
    refuse_what_is_for_images(call)
    folder, _, last = name.public_id.rpartition("/")
    stem, _, suffix = last.rpartition(".")
    suffix = suffix.casefold() if stem else ""
    if not is_allowed(call, suffix):
        raise Failed(400, f"Raw file format {suffix[:20]} not allowed")
    suffix = suffix if SUFFIX.fullmatch(suffix) and suffix not in OF_CATALOGS else OTHER
    if name.type != UPLOAD:
        return f"restricted/{random_letters(20)}.{suffix}"
    parts = [UNUSUAL.sub("-", one)[:LONGEST_STEM] for one in (RAW, *filter(None, folder.split("/")), stem or last)]
    return f"{'/'.join(parts)}-{random_letters(6)}.{suffix}"


def is_allowed(call: Call, form: str) -> bool:
    """Tell whether files of a format may be stored, by `allowed_formats`."""
    allowed = {"jpg" if one == "jpeg" else one for one in call.list("allowed_formats")}
    return not allowed or ("jpg" if form == "jpeg" else form) in allowed


async def with_defaults(call: Call, note: dict[str, Json], asset: Asset) -> dict[str, Json]:
    """Fill in what fields of metadata say for assets that say nothing."""
    fields = await call.run(call.account.notes.every, "field")
    usual = {name: one["default_value"] for name, one in fields.items() if one.get("default_value") is not None}
    given = note.get("metadata") or asset.note.get("metadata")
    known = {**usual, **(given if isinstance(given, dict) else {})}
    boxes = note.get("faces")
    within = [inside(one, asset.size) for one in boxes] if isinstance(boxes, list) else []
    return {**note, **({"faces": within} if within else {}), **({"metadata": known} if known else {})}


def inside(box: Json, size: Size) -> Json:
    """Give a rectangle that is no larger than the picture."""
    match box:
        case [int() as x, int() as y, int() as width, int() as height]:
            return [x, y, min(width, size.width), min(height, size.height)]
    return box


async def answered(call: Call, name: Name, *, overwritten: bool) -> dict[str, object]:
    """Describe what was stored, with what was derived from it at once."""
    await refreshed(call)
    asset = await asset_of(call, name)
    told = {**described(call, asset), **({"overwritten": True} if overwritten else {})}
    made: list[dict[str, Json]] = []
    if call.has("eager"):
        told["eager"] = made = await eager(call, asset)
    if call.has("responsive_breakpoints"):
        told["responsive_breakpoints"], kept = await breakpoints(call, asset)
        made = [*made, *kept]
    await remember(call, asset, made)
    return told


async def refreshed(call: Call) -> None:
    """Serve what was just stored."""
    await call.account.site.live.refresh()


async def commit(call: Call, edits: list[Edit]) -> None:
    """Make edits, all or none, and serve them."""
    await call.run(lambda: call.account.store().commit(edits))
    await refreshed(call)


async def existing(call: Call, name: Name) -> Asset | None:
    """Give the asset of that name, if there is one."""
    try:
        return await asset_of(call, name)
    except NoSuchRecord:
        return None


def new_public_id(call: Call, kind: str) -> str:
    """Give the public id that a call asks for, or make one."""
    given = call.text("public_id")
    name = given or made_up(call, kind)
    prefix = call.text("public_id_prefix")
    folder = call.text("folder")
    found = "/".join(part.strip("/") for part in (folder, prefix, name) if part.strip("/"))
    if not found or len(found) > LONGEST or FORBIDDEN & set(found) or given.startswith("/") or given != given.strip():
        raise Failed(400, f"public_id ({found[:80]}) is invalid")
    return found


def made_up(call: Call, kind: str) -> str:
    """Make a public id, of the name of the file where that is asked for; that of a raw file keeps the extension."""
    filename = call.text("filename_override") or call.filename
    filename = "".join("_" if one in FORBIDDEN else one for one in filename.rpartition("/")[2].strip())
    stem, dot, extension = filename.rpartition(".")
    end = f".{extension}" if kind == RAW and stem and extension else ""
    stem = stem if dot and stem else filename
    if not call.flag("use_filename") or not stem:
        return f"{random_letters(20)}{end}"
    return f"{stem}_{random_letters(6)}{end}" if call.flag("unique_filename", default=True) else f"{stem}{end}"


def random_letters(count: int) -> str:
    """Give letters that nobody guesses."""
    return "".join(secrets.choice(LETTERS) for _ in range(count))
