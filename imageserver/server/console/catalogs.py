"""The pages of the catalogs, and of one catalog's records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from aiohttp import web

from imageserver.catalog.catalogs import Catalog
from imageserver.catalog.loading import Loaded
from imageserver.catalog.reading import RECORD
from imageserver.catalog.records import SET_TYPES
from imageserver.catalog.written import Json
from imageserver.errors import NotFound
from imageserver.protocol.grammar import split_list
from imageserver.server.admin.desk import DEFAULT
from imageserver.server.admin.problems import Refused
from imageserver.server.console.pictures import catalog_of
from imageserver.server.console.sessions import PREFIX
from imageserver.server.console.visiting import Visit, rendered
from imageserver.store.errors import EditError
from imageserver.store.store import Status
from imageserver.yaml_nodes import Problem

PAGE = 60
THUMBNAIL = "req=tmb"
LONGEST = 255
KINDS = ("picture", "template", "set", *SET_TYPES, "empty")
MESSAGE = re.compile(r"images\.(?P<rest>.+?): ")
WORD = re.compile(r"[^\s;,{}?]+")


@dataclass(frozen=True, slots=True)
class Shown:
    """A catalog as its page tells of it; `state` is ok, problems, kept or nothing."""

    name: str
    state: str
    counts: tuple[tuple[str, int], ...]
    problems: tuple[Problem, ...]
    read_at: float
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A record in the grid; `picture` is the URL of its small picture, or nothing."""

    name: str
    kind: str
    picture: str
    tags: tuple[str, ...]
    problems: tuple[Problem, ...]
    changed_at: int


async def show_catalogs(visit: Visit) -> web.StreamResponse:
    """Show all catalogs: what is served of them, what is wrong, and when they were last read."""
    shown = [described(visit, name, one) for name, one in loaded_ones(visit)]
    return rendered(visit, "catalogs.html", {"catalogs": shown, "folder": str(visit.desk.folder)})


def loaded_ones(visit: Visit) -> Iterator[tuple[str, Loaded]]:
    """Yield the catalogs that the visitor may see, also those of which nothing is served."""
    for path, one in visit.desk.site.live.state.loaded.items():
        default = path.name == "default.yaml"
        name = (one.catalog and one.catalog.name) or (DEFAULT if default else path.parent.name)
        if visit.session.token.reaches(name):
            yield name, one


def described(visit: Visit, name: str, one: Loaded) -> Shown:
    """Say how a catalog is."""
    live, catalog = visit.desk.site.live, one.catalog
    kept = bool(one.index and one.index.about.broken)
    state = "nothing" if catalog is None else "kept" if kept else "problems" if one.problems else "ok"
    read_at = next((live.read_at[path] for path, other in live.state.loaded.items() if other is one), 0.0)
    files = tuple(file.name for file in one.index.files) if one.index else ()
    return Shown(name, state, counted(catalog) if catalog else (), one.problems, read_at, files)


def counted(catalog: Catalog) -> tuple[tuple[str, int], ...]:
    """Count what a catalog has."""
    counts = {
        "images": len(catalog.images),
        "content": len(catalog.content),
        "svg": len(catalog.svg),
        "macros": len(catalog.macros),
    }
    return tuple((what, count) for what, count in counts.items() if count or what == "images")


async def show_catalog(visit: Visit) -> web.StreamResponse:
    """Show a page of the records of a catalog, of those that are looked for."""
    asked = {key: visit.request.query.get(key, "")[:LONGEST].strip() for key in ("q", "kind", "tag", "wrong", "after")}
    found = dict(loaded_ones(visit)).get(visit.catalog)
    if found is None:
        raise NotFound("catalog", visit.catalog, "there is none of that name")
    one = described(visit, visit.catalog, found)
    wrong = by_record(one.problems)
    try:
        statuses, last = await visit.desk.run(looked_for, visit, asked, wrong)
        note = ""
    except (EditError, Refused) as error:  # the page shows what is wrong with it all the same
        statuses, last, note = [], "", str(error)
    cells = [cell(visit, status, wrong) for status in statuses]
    following = f"?{urlencode({**{key: text for key, text in asked.items() if text}, 'after': last})}" if last else ""
    tags = sorted({tag for one in cells for tag in one.tags}, key=str.casefold)
    context = {
        "catalog": one,
        "cells": cells,
        "asked": asked,
        "following": following,
        "kinds": KINDS,
        "tags": tags,
        "note": note,
    }
    return rendered(visit, "catalog.html", context)


def looked_for(visit: Visit, asked: Mapping[str, str], wrong: Mapping[str, object]) -> tuple[list[Status], str]:
    """Look for records, in a thread."""
    kind, tag = asked["kind"], asked["tag"].casefold()

    def fits(one: Status) -> bool:
        return (
            (not kind or kind == kind_of(one.fields) or (kind == "set" and is_set(one.fields)))
            and (not tag or tag in (word.casefold() for word in tags_of(one.fields)))
            and (not asked["wrong"] or one.name in wrong)
        )

    return visit.store().page(PAGE, asked["after"], "", asked["q"], fits=fits)


def cell(visit: Visit, status: Status, wrong: Mapping[str, tuple[Problem, ...]]) -> Cell:
    """Describe a record in the grid."""
    problems = wrong.get(status.name, ())
    return Cell(
        status.name,
        kind_of(status.fields),
        thumbnail(visit, status, missing=any("no such file" in one.message for one in problems)),
        tags_of(status.fields),
        problems,
        status.row.changed_at,
    )


def thumbnail(visit: Visit, status: Status, *, missing: bool) -> str:
    """Give the URL of the small picture of a record; of a set without a picture, that of its first member."""
    served = catalog_of(visit.desk.site.catalogs, visit.catalog)
    here = f"{PREFIX}/pictures/published/{quote(visit.catalog, safe='')}"
    if has_picture(status.fields):
        known = not missing and served.record(status.name) is not None
        return f"{here}/{quote(status.name, safe='')}?{THUMBNAIL}&rev={status.row.image_rev}" if known else ""
    for word in WORD.findall(str(status.fields.get("image_set") or "")):
        name = word.removeprefix(f"{served.name}/") if served.name else word
        record = served.record(name)
        if record is not None and record.path:
            return f"{here}/{quote(name, safe='')}?{THUMBNAIL}"
    return ""


def has_picture(fields: Mapping[str, Json]) -> bool:
    """Tell whether a record is more than a list of members."""
    return any(fields.get(key) for key in ("path", "modifier", "post_modifier"))


def is_set(fields: Mapping[str, Json]) -> bool:
    """Tell whether a record stands for a set."""
    return bool(fields.get("image_set") or fields.get("asset_type"))


def kind_of(fields: Mapping[str, Json]) -> str:
    """Name the kind of a record."""
    if is_set(fields):
        return str(fields.get("asset_type") or "set")
    if fields.get("path"):
        return "picture"
    return "template" if has_picture(fields) else "empty"


def tags_of(fields: Mapping[str, Json]) -> tuple[str, ...]:
    """Give the tags of a record."""
    written = fields.get("tags")
    words = [str(one) for one in written] if isinstance(written, list) else split_list(str(written or ""))
    return tuple(word for word in words if word)


def by_record(problems: tuple[Problem, ...]) -> dict[str, tuple[Problem, ...]]:
    """Sort the problems of image records by their ids."""
    found: dict[str, tuple[Problem, ...]] = {}
    for one in problems:
        match = MESSAGE.match(one.message)
        if match:
            name, dot, field = match["rest"].rpartition(".")
            record_id = name if dot and field in RECORD else match["rest"]
            found[record_id] = (*found.get(record_id, ()), one)
    return found
