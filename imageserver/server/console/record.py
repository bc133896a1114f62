"""The page of a record: its fields, its picture and what is drawn on it, and its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web

from imageserver.catalog.reading import RECORD
from imageserver.catalog.written import Json
from imageserver.errors import ImageServerError
from imageserver.layout.facts import Facts
from imageserver.server.admin.asking import tag_of
from imageserver.server.admin.bodies import json_of
from imageserver.server.admin.merging import merged, without_nulls
from imageserver.server.admin.problems import Refused
from imageserver.server.admin.uploading import IMAGE_TYPES, SUFFIXES
from imageserver.server.console.catalogs import by_record, has_picture, kind_of, loaded_ones
from imageserver.server.console.fields import View, view
from imageserver.server.console.pictures import catalog_of, path_in, stored_entry
from imageserver.server.console.visiting import Visit, rendered
from imageserver.store.asking import Revision
from imageserver.store.edits import Change
from imageserver.store.errors import EditError, InvalidEdit, NoSuchRecord
from imageserver.store.store import Status
from imageserver.store.validating import check_record
from imageserver.store.writing import plain

GROUPS = (
    ("Files", ("path", "mask_path", "icc_profile", "size")),
    ("Commands", ("modifier", "post_modifier")),
    ("For viewers", ("tags", "user_data", "image_set", "asset_type", "user_type")),
    ("Drawn on the picture", ("crops", "targets", "map")),
    ("Geometry", ("anchor", "resolution", "print_resolution", "thumb_res", "thumb_type")),
    ("Times", ("expiration", "time_stamp")),
)


@dataclass(frozen=True, slots=True)
class Stage:
    """What is known of the source: its size as it is shown, whether something masks it, and what is wrong with it."""

    width: int = 0
    height: int = 0
    masked: bool = False
    note: str = ""
    problem: str = ""


async def show_record(visit: Visit) -> web.StreamResponse:
    """Show a record, also one that was removed, whose revisions can be restored."""
    status, revisions = await visit.desk.run(looked_up, visit)
    loaded = dict(loaded_ones(visit)).get(visit.catalog)
    fields = status.fields if status else {}
    catalog = catalog_of(visit.desk.site.catalogs, visit.catalog)
    path = path_in(catalog, visit.name)
    context = {
        "catalog": visit.catalog,
        "id": visit.name,
        "path": path,
        "url": f"/is/image/{quote(path, safe='/,@')}",
        "status": status,
        "kind": kind_of(fields),
        "etag": tag_of(status.row.rev) if status else "",
        "groups": grouped(fields),
        "has_picture": has_picture(fields),
        "stage": await staged(visit) if fields.get("path") else Stage(),
        "problems": by_record(loaded.problems).get(visit.name, ()) if loaded else (),
        "revisions": revisions,
        "types": ",".join(sorted({*IMAGE_TYPES, *filter(None, SUFFIXES)} - {"application/octet-stream"})),
    }
    return rendered(visit, "record.html", context)


def looked_up(visit: Visit) -> tuple[Status | None, list[Revision]]:
    """Look a record up, in a thread; raises `NoSuchRecord` for one that there never was."""
    revisions = visit.store().revisions(visit.name)
    try:
        return visit.store().record(visit.name), revisions
    except NoSuchRecord:
        return None, revisions


def grouped(fields: Mapping[str, Json]) -> list[tuple[str, list[View], list[View]]]:
    """Give the fields by what they are about: those that are set, and those that are not."""
    named = {name for _, names in GROUPS for name in names}
    rest = ("More", tuple(name for name in RECORD if name not in named))
    found = [(title, [view(name, RECORD[name], fields) for name in names]) for title, names in (*GROUPS, rest)]
    return [
        (title, [one for one in views if one.is_set], [one for one in views if not one.is_set])
        for title, views in found
    ]


async def staged(visit: Visit) -> Stage:
    """Say what is known of the source of a record."""
    try:
        entry = await visit.desk.run(stored_entry, visit)
        source = entry.source()
        facts: Facts = (await visit.desk.site.sources.facts([source]))[source]
        masked = facts.alpha != "none" or entry.mask() is not None
    except ImageServerError as error:
        return Stage(problem=" ".join(str(error).split()))
    size = facts.shown_size(oriented=entry.catalog.attributes.apply_orientation)
    notes = (f"{size.width} × {size.height}", facts.format, facts.pixel_type, facts.icc_name)
    return Stage(size.width, size.height, masked, ", ".join(filter(None, notes)))


async def check(visit: Visit) -> web.StreamResponse:
    """Say what a change of a record would be refused for, field by field, or what it would change in YAML."""
    body = await json_of(visit.request, visit.desk.site.config.limits.body_size)
    fields = body.get("fields")
    if not isinstance(fields, dict):
        raise Refused(400, 'expected a body of {"fields": {…}}')
    return web.json_response(await visit.desk.run(checked, visit, fields), headers={"Cache-Control": "no-store"})


def checked(visit: Visit, patch: dict[str, Json]) -> dict[str, object]:
    """Check a change, in a thread; all fields for themselves, then the whole as a commit that is only tried."""
    wrong: dict[str, str] = {}
    for name, value in patch.items():
        try:
            if value is not None:
                check_record("images", visit.name, {name: plain(without_nulls(value))})
        except InvalidEdit as error:
            wrong[name] = error.reason
    if wrong:
        return {"problems": wrong, "diff": ""}
    store = visit.store()
    try:
        put, drop = merged(patch, store.record(visit.name).fields)
        edit = Change(visit.name, put, drop)
        return {"problems": {}, "diff": store.commit([edit], dry_run=True).diff}
    except InvalidEdit as error:
        return {"problems": {field_in(error.where, visit.name): error.reason}, "diff": ""}
    except EditError as error:
        return {"problems": {"": str(error)}, "diff": ""}


def field_in(where: str, name: str) -> str:
    """Name the field that an error is about; nothing for what is about all of it."""
    field = where.removeprefix(f"images.{name}.").partition(".")[0]
    return field if field in RECORD else ""
