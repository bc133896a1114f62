"""`explicit`, `rename`, `destroy`, `tags` and `context`: changes that bring no new bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from imageserver.catalog.written import Json
from imageserver.dialects.cloudinary.account import IMAGE, SECTIONS, UPLOAD, Name, asset_name
from imageserver.dialects.cloudinary.assets import asset_of, context_of, described, tags_of
from imageserver.dialects.cloudinary.breakpoints import check_breakpoints
from imageserver.dialects.cloudinary.calls import Call, check_signed
from imageserver.dialects.cloudinary.gathering import KINDS as MADE
from imageserver.dialects.cloudinary.gathering import forget
from imageserver.dialects.cloudinary.replies import Failed
from imageserver.dialects.cloudinary.saying import fields_of, note_of, read_pairs
from imageserver.dialects.cloudinary.uploading import answered, commit, existing, prepare, refuse_what_is_for_images
from imageserver.store.edits import Change, Edit, Key, Remove, Rename
from imageserver.store.errors import NoSuchRecord

Words = Callable[[list[str], list[str]], list[str]]


def kind_of(call: Call) -> str:
    """Give the kind of assets that a call is about; those of a kind that is not here have ids of their own."""
    return IMAGE if call.path[0] == "auto" else call.path[0]


def named(call: Call, parameter: str = "public_id") -> Name:
    """Give the record that a call is about; raises `NoSuchResource` for a kind that is not here."""
    if not call.has(parameter):
        raise Failed(400, f"Missing required parameter - {parameter}")
    return asset_name(kind_of(call), call.text("type", UPLOAD), call.text(parameter))


def all_named(call: Call) -> list[tuple[str, Name]]:
    """Give the public ids that a call is about with their records, as far as such assets are here."""
    kind, type_ = kind_of(call), call.text("type", UPLOAD)
    return [(one, asset_name(kind, type_, one)) for one in call.list("public_ids") if kind in SECTIONS]


async def explicit(call: Call) -> object:
    """Change what is known of an asset, and derive pictures from it; no preset opens that to everybody."""
    check_signed(call)
    await prepare(call)
    name = named(call)
    if name.kind != IMAGE:
        refuse_what_is_for_images(call)
    check_breakpoints(call)
    before = await asset_of(call, name)
    fields = fields_of(call)
    if fields:
        await commit(call, [Change(name.record, fields, section=name.section)])
    await call.run(call.account.notes.add, "asset", before.status.row.uid, note_of(call, before))
    return await answered(call, name, overwritten=False)


async def destroy(call: Call) -> object:
    """Take an asset away; its bytes are kept, so that it can be restored."""
    check_signed(call)
    made = f"{call.text('type')}/{call.text('public_id')}"
    if call.text("type") in MADE and kind_of(call) == IMAGE:
        return {"result": "ok" if await call.run(forget, call.account, made) else "not found"}
    if kind_of(call) not in SECTIONS or await existing(call, name := named(call)) is None:
        return {"result": "not found"}
    await commit(call, [Remove(name.record, name.section, files=True)])
    return {"result": "ok"}


async def rename(call: Call) -> object:
    """Give an asset another public id, and maybe another type."""
    check_signed(call)
    name = named(call, "from_public_id")
    before = await asset_of(call, name)
    type_ = call.text("to_type", before.type)
    if before.type == UPLOAD != type_:
        raise Failed(400, f"to_type {type_} is not supported for what is public: upload it with type={type_}")
    if not call.has("to_public_id"):
        raise Failed(400, "Missing required parameter - to_public_id")
    to = asset_name(name.kind, type_, call.text("to_public_id"))
    edits: list[Edit] = []
    if to != name:
        if await existing(call, to) is not None:
            if not call.flag("overwrite"):
                raise Failed(400, f"to_public_id {call.text('to_public_id')} already exists")
            edits.append(Remove(to.record, to.section, files=True))
        edits.append(Rename(name.record, to.record, to.section))
    if type_ != before.type:
        put: dict[Key, Json] = {("access",): type_} if type_ != UPLOAD else {}
        edits.append(Change(to.record, put, () if put else (("access",),), to.section))
    if edits:
        await commit(call, edits)
    return described(call, await asset_of(call, to))


async def tags(call: Call) -> object:
    """Change the tags of assets."""
    check_signed(call)
    command, words = call.text("command"), call.list("tag")
    if command not in COMMANDS:
        raise Failed(400, f"Invalid command: expected one of {', '.join(COMMANDS)}")
    changed = []
    if command == "set_exclusive" and kind_of(call) in SECTIONS:
        await take_from_others(call, words)
    for public_id, name in all_named(call):
        found = await existing(call, name)
        if found is None:
            continue
        after = COMMANDS[command](tags_of(found.status.fields), words)
        if after != tags_of(found.status.fields):
            await set_field(call, name, found.status.fields, "tags", [*after])
        changed.append(public_id)
    return {"public_ids": changed}


async def take_from_others(call: Call, words: list[str]) -> None:
    """Take tags away from all assets of a kind that have them."""
    for status in await call.run(call.account.records, kind_of(call)):
        kept = [one for one in tags_of(status.fields) if one not in words]
        if len(kept) < len(tags_of(status.fields)):
            await set_field(call, Name.of(status), status.fields, "tags", [*kept])


async def set_field(call: Call, name: Name, before: Mapping[str, Json], field: str, value: Json) -> None:
    """Set a field of a record, or take it away where nothing is left in it."""
    if value:
        await commit(call, [Change(name.record, {(field,): value}, section=name.section)])
    elif field in before:
        await commit(call, [Change(name.record, drop=((field,),), section=name.section)])


async def context(call: Call) -> object:
    """Change the context of assets, which is their user data."""
    check_signed(call)
    command = call.text("command")
    if command not in {"add", "remove_all"}:
        raise Failed(400, "Invalid command: expected add or remove_all")
    changed = []
    for public_id, name in all_named(call):
        try:
            fields = (await asset_of(call, name)).status.fields
        except NoSuchRecord:
            continue
        before: dict[str, Json] = {**context_of(fields)}
        after = {**before, **read_pairs(call.text("context"))} if command == "add" else {}
        await set_field(call, name, fields, "user_data", after)
        changed.append(public_id)
    return {"public_ids": changed}


async def metadata(call: Call) -> object:
    """Change the structured metadata of assets."""
    check_signed(call)
    changed = []
    for public_id, name in all_named(call):
        found = await existing(call, name)
        if found is not None:
            await call.run(call.account.notes.add, "asset", found.status.row.uid, note_of(call, found))
            changed.append(public_id)
    return {"public_ids": changed}


COMMANDS: Mapping[str, Words] = {
    "add": lambda before, words: list(dict.fromkeys([*before, *words])),
    "set_exclusive": lambda before, words: list(dict.fromkeys([*before, *words])),
    "remove": lambda before, words: [one for one in before if one not in words],
    "replace": lambda _, words: list(dict.fromkeys(words)),
    "remove_all": lambda *_: [],
}
