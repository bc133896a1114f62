"""The Admin API's resources: lists, details, changes, deletions, and what there was before."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NoBase64
from collections.abc import Callable, Iterable, Mapping

from imageserver.catalog.written import Json
from imageserver.dialects.cloudinary.account import IMAGE, SECTIONS, UPLOAD, Name, asset_name, record_id
from imageserver.dialects.cloudinary.assets import (
    Asset,
    asset_of,
    context_of,
    described,
    listed,
    stamp,
    tags_of,
)
from imageserver.dialects.cloudinary.calls import Call
from imageserver.dialects.cloudinary.derivatives import derived_of, forget, transformation_of
from imageserver.dialects.cloudinary.replies import Failed
from imageserver.dialects.cloudinary.saying import check_coordinates, fields_of, note_of
from imageserver.dialects.cloudinary.uploading import NOT_HERE, commit, existing
from imageserver.store.asking import Revision
from imageserver.store.edits import Change, Edit, Remove, Restore
from imageserver.store.errors import EditError, NoSuchRecord
from imageserver.store.store import Status

FEWEST, MOST = 10, 500
MOST_RESTORED = 100
ALWAYS = ("asset_id", "public_id", "folder")
Choice = Callable[[Status], bool]


def is_here(kind: str) -> bool:
    """Tell whether a kind of resource is here at all; raises `Failed` for one that nobody knows."""
    if kind not in {"image", "raw", "video"}:
        raise Failed(404, f"Resource not found - {kind}")
    return kind in SECTIONS


async def statuses(call: Call, choice: Choice, kind: str = "") -> list[Status]:
    """Give the records of a kind or of all that have a file and are chosen, the newest first."""
    found = await call.run(call.account.records, kind)
    chosen = [one for one in found if one.fields.get("path") and choice(one)]
    asc = call.text("direction", "desc") in {"asc", "1"}
    return sorted(chosen, key=lambda one: (one.row.stored_at, one.name), reverse=not asc)


async def page(call: Call, chosen: list[Status]) -> dict[str, object]:
    """Give a page of assets, and where the next one begins."""
    count, start = call.number("max_results", FEWEST, MOST), cursor(call.text("next_cursor"))
    assets = [await asset_of(call, Name.of(one), one) for one in chosen[start : start + count]]
    told: dict[str, object] = {"resources": [shown(call, one) for one in assets]}
    if start + count < len(chosen):
        told["next_cursor"] = cursor_at(start + count)
    return told


def paged(call: Call, name: str, found: list[dict[str, object]]) -> dict[str, object]:
    """Give a page of a list, and where the next one begins."""
    count, start = call.number("max_results", FEWEST, MOST), cursor(call.text("next_cursor"))
    more = {"next_cursor": cursor_at(start + count)} if start + count < len(found) else {}
    return {name: found[start : start + count], **more}


def cursor_at(number: int) -> str:
    """Write where a page begins."""
    return urlsafe_b64encode(f"from {number}".encode()).decode()


def cursor(text: str) -> int:
    """Read where a page begins."""
    try:
        number = urlsafe_b64decode(text).decode().removeprefix("from ") if text else "0"
        return int(number[:9])
    except (NoBase64, ValueError) as error:
        raise Failed(400, "Invalid value for parameter next_cursor") from error


def shown(call: Call, asset: Asset) -> dict[str, object]:
    """Describe an asset with what a call asks for."""
    told = listed(call, asset)
    fields = call.list("fields")
    everything = described(call, asset)
    if fields:
        return {name: everything[name] for name in (*ALWAYS, *fields) if name in everything}
    wanted = ("tags", "context", "metadata", "moderations", "coordinates")
    more = {name: everything[name] for name in wanted if call.flag(name) and name in everything}
    return {**told, **more}


async def list_resources(call: Call, kind: str, type_: str = "") -> object:
    """List assets, those that are named or all."""
    if not is_here(kind):
        return {"resources": []}
    if call.list("public_ids"):
        found = [await existing(call, asset_name(kind, type_ or UPLOAD, one)) for one in call.values["public_ids"]]
        return {"resources": [shown(call, one) for one in found if one]}
    prefix = call.text("prefix")

    def fits(one: Status) -> bool:
        name = Name.of(one)
        return name.public_id.startswith(prefix) and type_ in {"", name.type}

    return await page(call, await statuses(call, fits, kind))


async def list_by_tag(call: Call, kind: str, tag: str) -> object:
    """List the assets that have a tag."""
    if not is_here(kind):
        return {"resources": []}
    return await page(call, await statuses(call, lambda one: tag in tags_of(one.fields), kind))


async def list_by_context(call: Call, kind: str) -> object:
    """List the assets whose context has a key, and maybe a value."""
    key, value = call.text("key"), call.text("value")
    if not is_here(kind):
        return {"resources": []}

    def fits(one: Status) -> bool:
        known = context_of(one.fields)
        return key in known and value in {"", known[key]}

    return await page(call, await statuses(call, fits, kind))


async def list_by_moderation(call: Call, kind: str, name: str, status: str) -> object:
    """List the assets that somebody has judged in that way, or has yet to judge."""
    if not is_here(kind):
        return {"resources": []}
    notes = await call.run(call.account.notes.every, "asset")
    wanted = [{"kind": name, "status": status}]

    def fits(one: Status) -> bool:
        return notes.get(one.row.uid, {}).get("moderation") == wanted

    return await page(call, await statuses(call, fits, kind))


async def list_by_asset_ids(call: Call) -> object:
    """List the assets that are named by their asset ids."""
    wanted = set(call.values.get("asset_ids", ()))
    return await page(call, await statuses(call, lambda one: one.row.uid in wanted))


async def list_by_asset_folder(call: Call) -> object:
    """List the assets of an asset folder."""
    folder = call.text("asset_folder").strip("/")
    notes = await call.run(call.account.notes.every, "asset")

    def fits(one: Status) -> bool:
        return folder == notes.get(one.row.uid, {}).get("asset_folder", Name.of(one).public_id.rpartition("/")[0])

    return await page(call, await statuses(call, fits))


async def by_asset_id(call: Call, asset_id: str) -> Name:
    """Find the record with an asset id; raises `Failed`."""
    for one in await call.run(call.account.records):
        if one.row.uid == asset_id:
            return Name.of(one)
    raise Failed(404, f"Resource not found - {asset_id}")


async def details(call: Call, kind: str, type_: str, public_id: str) -> object:
    """Tell all of an asset; one that is gone and was backed up has left a placeholder."""
    if not is_here(kind):
        raise Failed(404, f"Resource not found - {public_id}")
    name = asset_name(kind, type_, public_id)
    try:
        asset = await asset_of(call, name)
    except NoSuchRecord:
        return await placeholder(call, name)
    return told(call, asset)


def told(call: Call, asset: Asset) -> dict[str, object]:
    """Describe an asset in detail."""
    found = {**described(call, asset), "derived": derived_of(call, asset)}
    if not asset.tags:
        del found["tags"]
    if call.flag("versions"):
        found["versions"] = [version_of(one) for one in asset.revisions]
    for name in ("accessibility_analysis", "colors", "faces", "image_metadata", "media_metadata", "quality_analysis"):
        if call.flag(name) and name not in found:
            found[name] = {} if name not in {"colors", "faces"} else []
    return found


def version_of(one: Revision) -> dict[str, object]:
    """Describe a revision."""
    row = one.row
    return {
        "version_id": row.version_id,
        "version": str(row.stored_at),
        **({"format": {"jpeg": "jpg", "tiff": "tif"}.get(row.format, row.format)} if row.format else {}),
        "size": row.size,
        "time": stamp(row.stored_at),
        "restorable": one.restorable,
    }


async def placeholder(call: Call, name: Name) -> object:
    """Tell of an asset that is gone; raises `Failed` where it was not backed up."""
    revisions = await call.run(remembered, call, name)
    uid = revisions[0].row.uid if revisions else ""
    note = await call.run(call.account.notes.read, "asset", uid) if uid else None
    if not note or not note.get("backup") or not any(one.restorable for one in revisions):
        raise Failed(404, f"Resource not found - {name.public_id}")
    found: dict[str, object] = {
        "asset_id": uid,
        "public_id": name.public_id,
        **({"format": version_of(revisions[0])["format"]} if name.kind == IMAGE else {}),
        "version": revisions[0].row.stored_at,
        "resource_type": name.kind,
        "type": name.type,
        "created_at": stamp(revisions[-1].row.stored_at),
        "bytes": 0,
        "placeholder": True,
        "backup": True,
        "derived": [],
    }
    return {**found, "versions": [version_of(one) for one in revisions]} if call.flag("versions") else found


def remembered(call: Call, name: Name) -> list[Revision]:
    """Give the revisions of a record, there or gone."""
    try:
        return call.account.store().revisions(name.record, name.section)
    except NoSuchRecord:
        return []


async def update(call: Call, kind: str, type_: str, public_id: str) -> object:
    """Change what is known of an asset."""
    if not is_here(kind):
        raise Failed(404, f"Resource not found - {public_id}")
    for one in NOT_HERE:
        if call.has(one):
            raise Failed(400, f"Illegal value {call.text(one)[:60]} for {one}")
    check_coordinates(call)
    name = asset_name(kind, type_, public_id)
    before = await asset_of(call, name)
    fields = fields_of(call)
    if fields:
        await commit(call, [Change(name.record, fields, section=name.section)])
    note = note_of(call, before)
    if call.has("moderation_status"):
        note["moderation"] = [{"kind": "manual", "status": call.text("moderation_status")}]
    await call.run(call.account.notes.add, "asset", before.status.row.uid, note)
    return described(call, await asset_of(call, name))


async def delete(call: Call, kind: str, type_: str) -> object:
    """Take assets away: those that are named, those with a prefix, or all."""
    ids = call.values.get("public_ids", [])
    if not is_here(kind):
        return told_of(dict.fromkeys(ids, ("not_found", 0, 0)))
    names = [asset_name(kind, type_, one) for one in ids]
    if not names:
        prefix = call.text("prefix")
        if not prefix and not call.flag("all"):
            raise Failed(400, "Missing required parameter - public_ids, prefix or all")
        start = record_id(type_, prefix)
        chosen = await statuses(call, lambda one: one.name.startswith(start), kind)
        names = [name for one in chosen if (name := Name.of(one)).type == type_]
    return await deleted(call, names)


async def delete_by_tag(call: Call, kind: str, tag: str) -> object:
    """Take all assets away that have a tag."""
    chosen = await statuses(call, lambda one: tag in tags_of(one.fields), kind) if is_here(kind) else []
    return await deleted(call, map(Name.of, chosen))


async def delete_by_asset_ids(call: Call) -> object:
    """Take assets away that are named by their asset ids."""
    wanted = set(call.values.get("asset_ids", ()))
    return await deleted(call, map(Name.of, await statuses(call, lambda one: one.row.uid in wanted)))


async def deleted(call: Call, names: Iterable[Name]) -> object:
    """Take records away, or only what was derived from them, and tell of each what became of it."""
    done: dict[str, tuple[str, int, int]] = {}
    only = {one for text in call.values.get("transformations", ()) for one in text.split("|") if one}
    keep = call.flag("keep_original") or bool(only)
    for name in names:
        found = await existing(call, name)
        if found is None:
            done[name.public_id] = ("not_found", 0, 0)
            continue
        gone = await forget(call, found.status.row.uid, lambda one: not only or transformation_of(one) in only)
        done[name.public_id] = ("deleted", int(not keep), len(gone))
        if not keep:
            await commit(call, [Remove(name.record, name.section, files=True)])
    return told_of(done)


def told_of(done: Mapping[str, tuple[str, int, int]]) -> dict[str, object]:
    """Tell what became of public ids, and how many originals and derived pictures went."""
    return {
        "deleted": {name: what for name, (what, _, _) in done.items()},
        "deleted_counts": {
            name: {"original": original, "derived": derived} for name, (_, original, derived) in done.items()
        },
        "partial": False,
        "rate_limit_allowed": 500,
    }


async def restore(call: Call, kind: str = IMAGE, type_: str = UPLOAD) -> object:
    """Put earlier bytes in place again, the latest or those of a version, also of assets that are gone."""
    ids = call.values.get("public_ids", [])
    names = [asset_name(kind, type_, one) for one in ids]
    for asset_id in call.values.get("asset_ids", ()):
        ids = [*ids, asset_id]
        names.append(await by_asset_id(call, asset_id))
    if len(names) > MOST_RESTORED:
        raise Failed(400, f"Too many assets: expected at most {MOST_RESTORED}")
    versions = call.values.get("versions", [])
    return {
        public_id: await restored(call, name, versions[number] if number < len(versions) else "")
        for number, (public_id, name) in enumerate(zip(ids, names, strict=True))
    }


async def restored(call: Call, name: Name, version: str) -> dict[str, object]:
    """Restore one asset; what is there already without a version that is asked for stays as it is."""
    revisions = await call.run(remembered, call, name)
    there = await existing(call, name)
    chosen = next((one for one in revisions if version in {"", one.row.version_id}), None)
    if chosen is None or not chosen.restorable:
        return {"error": "no_backup"}
    if there is None or not chosen.current:
        edits: list[Edit] = [Restore(name.record, chosen.row.version_id, name.section)]
        try:
            await commit(call, edits)
        except EditError:
            return {"error": "failed"}
        await forget(call, chosen.row.uid)
    return described(call, await asset_of(call, name))


async def delete_backups(call: Call, asset_id: str) -> object:
    """Name the revisions that are given up; their bytes go when room is needed (`history.max_size`)."""
    name = await by_asset_id(call, asset_id)
    known = {one.row.version_id for one in await call.run(remembered, call, name)}
    given: list[Json] = [one for one in call.values.get("version_ids", ()) if one in known]
    return {"asset_id": asset_id, "deleted_version_ids": given}


async def list_tags(call: Call, kind: str) -> object:
    """List the tags that assets have."""
    found = await statuses(call, lambda _: True, kind) if is_here(kind) else []
    prefix = call.text("prefix")
    words = sorted({word for one in found for word in tags_of(one.fields) if word.startswith(prefix)})
    return {"tags": words[: call.number("max_results", FEWEST, MOST)]}
