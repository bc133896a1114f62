"""The rest of the Admin API: folders, upload presets, fields of metadata, and how the server is."""

from __future__ import annotations

import time

from imageserver.catalog.written import Json
from imageserver.dialects.cloudinary.account import SECTIONS, Name, record_id
from imageserver.dialects.cloudinary.assets import stamp
from imageserver.dialects.cloudinary.calls import Call
from imageserver.dialects.cloudinary.replies import Failed
from imageserver.dialects.cloudinary.saying import read_pairs
from imageserver.dialects.cloudinary.uploading import commit, random_letters
from imageserver.store.edits import Edit, Rename

KNOWN = frozenset({"name", "unsigned", "live", "disallow_public_id", "external_id"})


async def ping(_: Call) -> object:
    """Say that the server is there."""
    return {"status": "ok"}


async def config(call: Call) -> object:
    """Tell how the cloud is set up."""
    found: dict[str, object] = {"cloud_name": call.account.cloud.name, "created_at": stamp(0)}
    return {**found, "settings": {"folder_mode": "fixed"}} if call.flag("settings") else found


async def resource_types(_: Call) -> object:
    """Name the kinds of resources."""
    return {"resource_types": list(SECTIONS)}


async def usage(call: Call, _day: str = "") -> object:
    """Tell how much there is."""
    records = await call.run(call.account.records)
    count = sum(1 for one in records if one.fields.get("path"))
    limits = call.account.site.config.limits
    nothing = {"usage": 0, "credits_usage": 0.0}
    return {
        "plan": "imageserver",
        "last_updated": time.strftime("%Y-%m-%d", time.gmtime()),
        "date_requested": stamp(time.time()),
        "transformations": nothing,
        "objects": {"usage": count},
        "bandwidth": nothing,
        "storage": nothing,
        "credits": {"usage": 0.0},
        "requests": 0,
        "resources": count,
        "derived_resources": 0,
        "media_limits": {
            "image_max_size_bytes": limits.file_size,
            "image_max_px": limits.source_pixels,
            "raw_max_size_bytes": limits.file_size,
        },
    }


def folders_known(call: Call) -> set[str]:
    """Give all folders: those that were made, and those that public ids lie in."""
    found = set(call.account.notes.every("folder"))
    for one in call.account.records():
        folder = Name.of(one).public_id.rpartition("/")[0]
        while folder:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


async def list_folders(call: Call, above: str = "") -> object:
    """List the folders at the root, or within one."""
    known = await call.run(folders_known, call)
    if above and above not in known:
        raise Failed(404, f"Can't find folder with path {above}")
    inner = sorted(one for one in known if one.rpartition("/")[0] == above)
    return {"folders": [folder(one) for one in inner], "next_cursor": None, "total_count": len(inner)}


def folder(path: str) -> dict[str, str]:
    """Describe a folder."""
    return {"name": path.rpartition("/")[2], "path": path, "external_id": path}


async def search_folders(call: Call) -> object:
    """Find folders by their paths and names."""
    words = call.text("expression").replace('"', "")
    name, _, value = words.partition("=") if "=" in words else words.partition(":")
    known = sorted(await call.run(folders_known, call))
    text = value.strip().rstrip("*")
    found = [
        one for one in known if not name or (one if name.strip() == "path" else one.rpartition("/")[2]).startswith(text)
    ]
    return {"total_count": len(found), "time": 1, "folders": [folder(one) for one in found]}


async def make_folder(call: Call, path: str) -> object:
    """Make a folder."""
    parts = path.split("/")
    for count in range(1, len(parts) + 1):
        await call.run(call.account.notes.write, "folder", "/".join(parts[:count]), {})
    return {"success": True, **folder(path)}


async def rename_folder(call: Call, path: str) -> object:
    """Give a folder, and all that lies in it, another path."""
    to = call.text("to_folder").strip("/")
    if not to:
        raise Failed(400, "Missing required parameter - to_folder")
    edits: list[Edit] = []
    for name in map(Name.of, await call.run(call.account.records)):
        if name.public_id.startswith(f"{path}/"):
            moved = record_id(name.type, f"{to}{name.public_id.removeprefix(path)}")
            edits.append(Rename(name.record, moved, name.section))
    if edits:
        await commit(call, edits)
    await call.run(call.account.notes.remove, "folder", path)
    await call.run(call.account.notes.write, "folder", to, {})
    return {"from": folder(path), "to": folder(to)}


async def delete_folder(call: Call, path: str) -> object:
    """Take an empty folder away."""
    known = await call.run(folders_known, call)
    if path not in known:
        raise Failed(404, f"Can't find folder with path {path}")
    records = await call.run(call.account.records)
    if any(Name.of(one).public_id.startswith(f"{path}/") for one in records):
        raise Failed(400, "Folder is not empty")
    gone = [one for one in known if one == path or one.startswith(f"{path}/")]
    for one in gone:
        await call.run(call.account.notes.remove, "folder", one)
    return {"deleted": sorted(gone)}


async def list_presets(call: Call) -> object:
    """List upload presets, the newest first."""
    found = await call.run(call.account.notes.every, "preset")
    presets = [{"name": name, **note} for name, note in found.items()]
    return {"presets": sorted(presets, key=lambda one: str(one.get("made", "")), reverse=True)}


async def show_preset(call: Call, name: str) -> object:
    """Give an upload preset."""
    note = await call.run(call.account.notes.read, "preset", name)
    if note is None:
        raise Failed(404, f"Can't find upload preset named {name}")
    return {"name": name, **{key: value for key, value in note.items() if key != "made"}}


def settings_of(call: Call) -> dict[str, Json]:
    """Give the settings that a call says for an upload preset."""
    settings: dict[str, Json] = {}
    for name, values in call.values.items():
        if name in KNOWN:
            continue
        raw = call.document.get(name)
        if raw is not None and not isinstance(raw, dict | list):
            settings[name] = raw
        elif name == "tags":
            settings[name] = list(call.list(name))
        elif name == "context":
            settings[name] = {"custom": read_pairs(call.text(name))}
        else:
            settings[name] = ",".join(values)
    return settings


async def make_preset(call: Call) -> object:
    """Make an upload preset."""
    name = call.text("name") or random_letters(8)
    if await call.run(call.account.notes.read, "preset", name) is not None:
        raise Failed(409, f"Upload preset {name} already exists")
    note: dict[str, Json] = {"unsigned": call.flag("unsigned"), "settings": settings_of(call), "made": time.time_ns()}
    await call.run(call.account.notes.write, "preset", name, note)
    return {"message": "created", "name": name}


async def update_preset(call: Call, name: str) -> object:
    """Change an upload preset."""
    note = await call.run(call.account.notes.read, "preset", name)
    if note is None:
        raise Failed(404, f"Can't find upload preset named {name}")
    unsigned = call.flag("unsigned", default=bool(note.get("unsigned")))
    known = note.get("settings")
    settings = {**(known if isinstance(known, dict) else {}), **settings_of(call)}
    await call.run(call.account.notes.write, "preset", name, {**note, "unsigned": unsigned, "settings": settings})
    return {"message": "updated"}


async def delete_preset(call: Call, name: str) -> object:
    """Take an upload preset away."""
    if not await call.run(call.account.notes.remove, "preset", name):
        raise Failed(404, f"Can't find upload preset named {name}")
    return {"message": "deleted"}


async def list_fields(call: Call) -> object:
    """List the fields of structured metadata."""
    return {"metadata_fields": list((await call.run(call.account.notes.every, "field")).values())}


async def show_field(call: Call, name: str) -> object:
    """Give a field of structured metadata."""
    note = await call.run(call.account.notes.read, "field", name)
    if note is None:
        raise Failed(404, f"External ID {name} doesn't exist")
    return note


async def make_field(call: Call) -> object:
    """Make a field of structured metadata."""
    name = call.text("external_id") or random_letters(20)
    if await call.run(call.account.notes.read, "field", name) is not None:
        raise Failed(409, f"external id {name} already exists")
    usual: dict[str, Json] = {"external_id": name, "mandatory": False, "default_value": None, "validation": None}
    note: dict[str, Json] = {**usual, **call.document, "external_id": name}
    await call.run(call.account.notes.write, "field", name, note)
    return note


async def delete_field(call: Call, name: str) -> object:
    """Take a field of structured metadata away."""
    if not await call.run(call.account.notes.remove, "field", name):
        raise Failed(404, f"External ID {name} doesn't exist")
    return {"message": "ok"}
