"""The lists of transformations: named ones, which are macros, and others by which pictures were derived."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from imageserver.catalog.written import Json
from imageserver.dialects.cloudinary.account import MARK, Name
from imageserver.dialects.cloudinary.assets import asset_of
from imageserver.dialects.cloudinary.calls import Call
from imageserver.dialects.cloudinary.derivatives import Picture, all_pictures, forget, shown, transformation_of
from imageserver.dialects.cloudinary.deriving import check_transformation, cut
from imageserver.dialects.cloudinary.replies import Failed
from imageserver.dialects.cloudinary.resources import FEWEST, MOST, cursor, cursor_at, paged
from imageserver.dialects.cloudinary.uploading import commit
from imageserver.store.edits import ChangeMacros
from imageserver.store.store import Status

NAMES: Mapping[str, str] = {
    "w": "width",
    "h": "height",
    "ar": "aspect_ratio",
    "c": "crop",
    "g": "gravity",
    "z": "zoom",
    "a": "angle",
    "e": "effect",
    "q": "quality",
    "f": "fetch_format",
    "fl": "flags",
    "l": "overlay",
    "u": "underlay",
    "b": "background",
    "bo": "border",
    "co": "color",
    "o": "opacity",
    "r": "radius",
    "t": "transformation",
    "d": "default_image",
    "dn": "density",
    "pg": "page",
    "cs": "color_space",
}
"""What clients call parameters."""
Derived = list[tuple[Status, Picture]]


def named_transformations(call: Call) -> dict[str, str]:
    """Give the named transformations that this door has made, by their names."""
    macros = call.account.store().named("macros")
    return {name: str(text).removeprefix(MARK) for name, text in macros.items() if str(text).startswith(MARK)}


async def gathered(call: Call) -> tuple[dict[str, str], Derived]:
    """Give the named transformations, and all derived pictures that are remembered."""
    return await call.run(named_transformations, call), await call.run(all_pictures, call)


async def list_transformations(call: Call) -> object:
    """List transformations: with `named` only those that have a name, or only those that have none."""
    known, pictures = await gathered(call)
    texts = {transformation_of(one) for _, one in pictures}
    used = names_in(texts)
    found = [] if call.has("named") and not call.flag("named") else [described(name, name in used) for name in known]
    if not call.flag("named"):
        found += [undescribed(text) for text in sorted(texts) if text.removeprefix("t_") not in known]
    return paged(call, "transformations", found)


def names_in(texts: Iterable[str]) -> set[str]:
    """Give the names of transformations that occur in others."""
    parts = (part for text in texts for part in re.split("[/,]", text))
    return {name for part in parts if part.startswith("t_") for name in part.removeprefix("t_").split(".")}


def described(name: str, is_used: bool) -> dict[str, object]:
    """Describe a named transformation."""
    return {"name": f"t_{name}", "allowed_for_strict": True, "used": is_used, "named": True}


def undescribed(text: str) -> dict[str, object]:
    """Describe a transformation without a name."""
    return {"name": text, "allowed_for_strict": False, "used": True, "named": False}


def given(call: Call) -> str:
    """Give the transformation that a call is about, by its name or as it is written."""
    return call.text("name") or call.text("transformation") or "/".join(call.path[1:])


async def show_transformation(call: Call) -> object:
    """Tell what a transformation does, and which pictures were derived by it."""
    text = given(call)
    name = text.removeprefix("t_")
    known, pictures = await gathered(call)
    is_named = name in known
    derived = derived_by(f"t_{name}" if is_named else text, pictures)
    if not is_named and not derived:
        raise Failed(404, f"Can't find transformation {name}")
    used = names_in(transformation_of(one) for _, one in pictures)
    found = described(name, name in used) if is_named else undescribed(text)
    count, start = call.number("max_results", FEWEST, MOST), cursor(call.text("next_cursor"))
    return {
        **found,
        "info": info(known[name] if is_named else text),
        "derived": [await told(call, status, one) for status, one in derived[start : start + count]],
        **({"next_cursor": cursor_at(start + count)} if start + count < len(derived) else {}),
    }


def derived_by(text: str, pictures: Derived) -> Derived:
    """Give the pictures that were derived by a transformation."""
    return [(status, one) for status, one in pictures if transformation_of(one) == text]


async def told(call: Call, status: Status, picture: Picture) -> dict[str, object]:
    """Describe a derived picture, with its asset."""
    asset = await asset_of(call, Name.of(status), status)
    asked = {"public_id": asset.public_id, "resource_type": asset.name.kind, "type": asset.type}
    return {**asked, **shown(call, asset, picture)}


def info(text: str) -> list[dict[str, Json]]:
    """Take a transformation apart, as clients show it."""
    transformation, extension = cut(text)
    parts = [component(one) for one in transformation.split("/") if one]
    behind: dict[str, Json] = {"format": extension}
    return [*parts, behind] if extension else parts


def component(part: str) -> dict[str, Json]:
    """Take a component apart."""
    pairs = (one.partition("_") for one in part.split(","))
    return {NAMES.get(name, name): int(value) if value.isdecimal() else value for name, _, value in pairs}


async def make_transformation(call: Call, *_: str) -> object:
    """Make a named transformation: a macro of the catalog."""
    name, text = call.text("name").removeprefix("t_") or "/".join(call.path[1:]), call.text("transformation")
    macros = await call.run(lambda: call.account.store().named("macros"))
    if name.casefold() in map(str.casefold, macros):  # also one that is written in native commands
        raise Failed(409, f"Transformation {name} already exists")
    return await put_transformation(call, name, text, "created")


async def put_transformation(call: Call, name: str, text: str, message: str) -> object:
    """Write a named transformation, once it is known to make sense."""
    if not name or not text:
        raise Failed(400, "Missing required parameter - name and transformation")
    check_transformation(call, text)
    await commit(call, [ChangeMacros({name: f"{MARK}{text}"})])
    return {"message": message}


async def update_transformation(call: Call, *_: str) -> object:
    """Change a named transformation."""
    asked = call.text("transformation") or given(call)
    name, text = asked.removeprefix("t_"), call.text("unsafe_update")
    known, pictures = await gathered(call)
    if name in known:
        return await put_transformation(call, name, text, "updated") if text else {"message": "updated"}
    if derived_by(asked, pictures):
        raise Failed(400, f"Transformation {asked[:100]} has no name: only those that have one can be changed")
    raise Failed(404, f"Can't find transformation {name}")


async def delete_transformation(call: Call, *_: str) -> object:
    """Take a named transformation away, or forget one without a name; its derived pictures are forgotten with it."""
    text = given(call)
    name = text.removeprefix("t_")
    known, pictures = await gathered(call)
    text = f"t_{name}" if name in known else text
    derived = derived_by(text, pictures)
    if name in known:
        await commit(call, [ChangeMacros(drop=(name,))])
    elif not derived:
        raise Failed(404, f"Can't find transformation {name}")
    for status, _one in derived:
        await forget(call, status.row.uid, lambda one: transformation_of(one) == text)
    return {"message": "deleted"}
