"""What calls say of an asset: tags, context, metadata and coordinates, as a record or a note has them."""

from __future__ import annotations

import json

from imageserver.catalog.written import Json
from imageserver.dialects.cloudinary.assets import Asset, stamp
from imageserver.dialects.cloudinary.calls import Call
from imageserver.dialects.cloudinary.replies import Failed
from imageserver.store.edits import Key

COORDINATES = 4
LONGEST_NUMBER = 9


def fields_of(call: Call) -> dict[Key, Json]:
    """Give the fields of the record that a call sets."""
    fields: dict[Key, Json] = {}
    if "tags" in call.values:
        fields["tags",] = list(dict.fromkeys(call.list("tags")))
    if call.has("context"):
        fields["user_data",] = dict(read_pairs(call.text("context")))
    return fields


def read_pairs(text: str) -> dict[str, Json]:
    """Read `k=v|k2=v2`, in which a backslash stands in front of what is meant as it is."""
    if text.startswith("{"):
        return read_object(text)
    found: dict[str, Json] = {}
    for pair in split_unescaped(text, "|"):
        name, *value = split_unescaped(pair, "=", 1)
        if name.strip():
            found[unescaped(name.strip())] = unescaped(value[0]) if value else ""
    return found


def read_object(text: str) -> dict[str, Json]:
    """Read a mapping that came as JSON."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    custom = found.get("custom", found) if isinstance(found, dict) else {}
    pairs = custom.items() if isinstance(custom, dict) else ()
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in pairs}


def split_unescaped(text: str, separator: str, most: int = -1) -> list[str]:
    """Cut a text at separators that have no backslash in front."""
    parts, start, position = list[str](), 0, 0
    while position < len(text) and len(parts) != most:
        if text[position] == "\\":
            position += 1
        elif text[position] == separator:
            parts.append(text[start:position])
            start = position + 1
        position += 1
    return [*parts, text[start:]]


def unescaped(text: str) -> str:
    """Take the backslashes away."""
    return text.replace("\\=", "=").replace("\\|", "|")


def note_of(call: Call, asset: Asset) -> dict[str, Json]:
    """Say what has to be remembered of an asset beside its record."""
    note: dict[str, Json] = {}
    filename = call.text("filename_override") or call.filename
    if filename:
        note["original_filename"] = filename.rpartition("/")[2].rpartition(".")[0] or filename
    for name in ("asset_folder", "display_name", "access_mode"):
        if call.has(name):
            note[name] = call.text(name)
    if call.flag("backup"):
        note["backup"] = True
    if call.has("metadata"):
        known = asset.note.get("metadata")
        note["metadata"] = {**(known if isinstance(known, dict) else {}), **read_pairs(call.text("metadata"))}
    note |= boxes_of(call, asset)
    if call.text("moderation") == "manual":
        note["moderation"] = [{"kind": "manual", "status": "pending"}]
    if call.has("access_control"):
        note["access_control"] = [call.text("access_control")]
    note["last_updated"] = {"updated_at": stamp(asset.status.row.changed_at / 1000)}
    return note


def boxes_of(call: Call, asset: Asset) -> dict[str, Json]:
    """Say where faces are, and what is to be seen at all."""
    found = asset.note.get("coordinates")
    known: dict[str, Json] = dict(found) if isinstance(found, dict) else {}
    note: dict[str, Json] = {}
    if call.has("face_coordinates"):
        known["faces"] = note["faces"] = coordinates(call.text("face_coordinates"))
    if call.has("custom_coordinates"):
        known["custom"] = coordinates(call.text("custom_coordinates"))
    return {**note, "coordinates": known} if known else note


def check_coordinates(call: Call) -> None:
    """Raise `Failed` for coordinates that make no sense, before anything is changed."""
    for name in ("face_coordinates", "custom_coordinates"):
        if call.has(name):
            coordinates(call.text(name))


def is_whole(text: str) -> bool:
    """Tell whether a text is a whole number, and not a huge one."""
    return text.isdecimal() and len(text) <= LONGEST_NUMBER


def coordinates(text: str) -> list[Json]:
    """Read rectangles, `x,y,w,h|…`."""
    boxes: list[Json] = []
    for one in text.split("|"):
        words = one.split(",")
        if len(words) != COORDINATES or not all(is_whole(word.strip()) for word in words):
            raise Failed(400, f"Invalid coordinates: {one[:40]}")
        boxes.append([int(word) for word in words])
    return boxes
