"""Which call is answered by what: the paths of the Upload API and of the Admin API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import unquote

from aiohttp import web

from imageserver.dialects.cloudinary import (
    changing,
    derivatives,
    mappings,
    resources,
    searching,
    settings,
    transformations,
)
from imageserver.dialects.cloudinary.account import UPLOAD, Account
from imageserver.dialects.cloudinary.bodies import reading
from imageserver.dialects.cloudinary.calls import Call
from imageserver.dialects.cloudinary.making import MAKERS
from imageserver.dialects.cloudinary.replies import Failed, failure, reply
from imageserver.dialects.cloudinary.texting import text
from imageserver.dialects.cloudinary.uploading import upload
from imageserver.server.app import raw_target

Handle = Callable[[Call], Awaitable[object]]
ACTIONS: dict[str, Handle] = {
    "upload": upload,
    "explicit": changing.explicit,
    "rename": changing.rename,
    "destroy": changing.destroy,
    "tags": changing.tags,
    "context": changing.context,
    "metadata": changing.metadata,
    "text": text,
    **MAKERS,
}
"""The last part of the paths of the Upload API."""
NOT_HERE = frozenset({"explode", "generate_archive", "create_slideshow"})
ASSET_ID = 32
"""Letters of an asset id."""
KINDS = frozenset({"image", "video", "raw", "auto"})


async def serve(account: Account, request: web.Request) -> web.StreamResponse:
    """Read a call, find who answers it, and answer."""
    try:
        path = segments(account, request)
        action = action_of(request.method, path)
        async with reading(account, request, path, for_all=action is not None) as call:
            answered = await (action or administered)(call)
            return answered if isinstance(answered, web.StreamResponse) else reply(answered)
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001, whatever happens becomes a reply, and the log has the trace
        return failure(error)


def segments(account: Account, request: web.Request) -> tuple[str, ...]:
    """Give the decoded path behind the cloud."""
    target = raw_target(request).partition("?")[0]
    rest = target.removeprefix(f"/v1_1/{account.cloud.name}").strip("/")
    return tuple(part for one in rest.split("/") if (part := unquote(one)))


def action_of(method: str, path: tuple[str, ...]) -> Handle | None:
    """Give the handler of a call of the Upload API; raises `Failed` for one that is not here."""
    match (method, *path):
        case ("POST", "upload"):
            return upload
        case ("POST", kind, name) if kind in KINDS and name in NOT_HERE:
            raise Failed(HTTPStatus.NOT_FOUND, f"Action {name} is not supported")
        case ("POST", kind, name) if kind in KINDS:
            return ACTIONS.get(name)
        case ("GET", "image", name) if name in MAKERS:
            return ACTIONS[name]
    return None


async def administered(call: Call) -> object:
    """Find who answers a call of the Admin API."""
    method = "GET" if call.method == "HEAD" else call.method
    for methods, pattern, handle in CALLS:
        found = fitting(pattern.split("/"), call.path) if method in methods.split("|") else None
        if found is not None:
            return await handle(call, *found)
    raise Failed(HTTPStatus.NOT_FOUND, f"Not Found - {call.method} /{'/'.join(call.path)[:100]}")


def fitting(pattern: list[str], path: tuple[str, ...]) -> list[str] | None:
    """Give what stands at the marks of a pattern: `:` is one segment, `*` all that follow; None where it differs."""
    found: list[str] = []
    for number, part in enumerate(pattern):
        if part == "*":
            return [*found, "/".join(path[number:])] if len(path) > number else None
        if len(path) <= number or (part != ":" and part != path[number]):
            return None
        if part == ":":
            found.append(path[number])
    return found if len(path) == len(pattern) else None


async def one_or_kind(call: Call, name: str) -> object:
    """Tell of the asset with an asset id, or list a kind of resources."""
    if len(name) != ASSET_ID:
        return await resources.list_resources(call, name)
    found = await resources.by_asset_id(call, name)
    return await resources.details(call, found.kind, found.type, found.public_id)


async def delete_kind(call: Call, kind: str) -> object:
    """Take assets of the type `upload` away."""
    return await resources.delete(call, kind, UPLOAD)


async def restore_typed(call: Call, kind: str, type_: str) -> object:
    """Restore assets of a type."""
    if not resources.is_here(kind):
        return {one: {"error": "no_backup"} for one in call.values.get("public_ids", ())}
    return await resources.restore(call, kind, type_)


async def transformation(call: Call, *_: str) -> object:
    """Tell of a transformation, or list all."""
    named = len(call.path) > 1 or call.has("transformation") or call.has("name")
    return await (transformations.show_transformation if named else transformations.list_transformations)(call)


CALLS: tuple[tuple[str, str, Callable[..., Awaitable[object]]], ...] = (
    ("GET", "ping", settings.ping),
    ("GET", "config", settings.config),
    ("GET", "usage", settings.usage),
    ("GET", "usage/:", settings.usage),
    ("GET", "tags/:", resources.list_tags),
    ("GET|POST", "resources/search", searching.search),
    ("GET", "resources", settings.resource_types),
    ("GET", "resources/by_asset_ids", resources.list_by_asset_ids),
    ("GET", "resources/by_asset_folder", resources.list_by_asset_folder),
    ("GET", "resources/:/tags/*", resources.list_by_tag),
    ("GET", "resources/:/moderations/:/:", resources.list_by_moderation),
    ("GET", "resources/:/context", resources.list_by_context),
    ("GET", "resources/:", one_or_kind),
    ("GET", "resources/:/:", resources.list_resources),
    ("GET", "resources/:/:/*", resources.details),
    ("POST", "resources/restore", resources.restore),
    ("POST", "resources/:/:/restore", restore_typed),
    ("DELETE", "resources/backup/:", resources.delete_backups),
    ("DELETE", "resources", resources.delete_by_asset_ids),
    ("DELETE", "resources/:/tags/*", resources.delete_by_tag),
    ("DELETE", "resources/:", delete_kind),
    ("DELETE", "resources/:/:", resources.delete),
    ("POST|PUT", "resources/:/:/*", resources.update),
    ("DELETE", "derived_resources", derivatives.delete_derived),
    ("GET|POST", "folders/search", settings.search_folders),
    ("GET", "folders", settings.list_folders),
    ("GET", "folders/*", settings.list_folders),
    ("POST", "folders/*", settings.make_folder),
    ("PUT", "folders/*", settings.rename_folder),
    ("DELETE", "folders/*", settings.delete_folder),
    ("GET", "transformations", transformation),
    ("GET", "transformations/*", transformation),
    ("POST", "transformations", transformations.make_transformation),
    ("POST", "transformations/*", transformations.make_transformation),
    ("PUT", "transformations", transformations.update_transformation),
    ("PUT", "transformations/*", transformations.update_transformation),
    ("DELETE", "transformations", transformations.delete_transformation),
    ("DELETE", "transformations/*", transformations.delete_transformation),
    ("GET", "metadata_fields", settings.list_fields),
    ("POST", "metadata_fields", settings.make_field),
    ("GET", "metadata_fields/:", settings.show_field),
    ("DELETE", "metadata_fields/:", settings.delete_field),
    ("GET", "upload_mappings", mappings.show_mappings),
    ("POST", "upload_mappings", mappings.make_mapping),
    ("PUT", "upload_mappings", mappings.update_mapping),
    ("DELETE", "upload_mappings", mappings.delete_mapping),
    ("GET", "upload_presets", settings.list_presets),
    ("POST", "upload_presets", settings.make_preset),
    ("GET", "upload_presets/:", settings.show_preset),
    ("PUT", "upload_presets/:", settings.update_preset),
    ("DELETE", "upload_presets/:", settings.delete_preset),
)
"""Methods, path and handler of the Admin API; the first row that fits answers."""
