"""The pictures of the console: of records as they are published, of their sources alone, and of earlier revisions.

They are drawn as any other picture is, but who has a token for a catalog may see them also where requests must be
signed or come from certain addresses.
"""

from __future__ import annotations

import time
from collections import ChainMap
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import cast

from aiohttp import web

from imageserver.admission.admitting import Admitted
from imageserver.catalog.catalogs import Catalog, Catalogs, Entry, Visitor
from imageserver.catalog.reading import RECORD, read_fields
from imageserver.catalog.records import Record
from imageserver.catalog.written import node_of
from imageserver.commands.reply import PICTURES
from imageserver.config import Key
from imageserver.errors import NotFound
from imageserver.plan.hints import NO_HINTS
from imageserver.protocol.reading import read
from imageserver.protocol.values import Size
from imageserver.server.admin.bodies import bad
from imageserver.server.admin.desk import DEFAULT
from imageserver.server.console.visiting import Visit
from imageserver.server.site import Site
from imageserver.store.errors import NoSuchRecord
from imageserver.yaml_nodes import YamlFile

KEPT = {"Cache-Control": "private, no-cache"}
"""A browser asks each time whether the picture is still that one."""


async def show_published(visit: Visit) -> web.StreamResponse:
    """Send what a request for a record gives, once the catalogs have been read again."""
    catalogs = visit.desk.site.catalogs
    catalog = catalog_of(catalogs, visit.catalog)
    if catalog.record(visit.name) is None:
        return await show_stored(visit)
    return await drawn(visit, catalogs, path_in(catalog, visit.name))


async def show_stored(visit: Visit) -> web.StreamResponse:
    """Send what a request for a record gives as it was just stored."""
    entry = await visit.desk.run(stored_entry, visit)
    images = ChainMap({visit.name: entry.record or Record()}, cast("dict[str, Record]", entry.catalog.images))
    catalogs = with_catalog(visit.desk.site.catalogs, entry.catalog, replace(entry.catalog, images=images))
    return await drawn(visit, catalogs, path_in(entry.catalog, visit.name))


async def show_source(visit: Visit) -> web.StreamResponse:
    """Send the source of a record, without the commands of the record and without its mask."""
    entry = await visit.desk.run(stored_entry, visit)
    return await show_files(visit, entry.source(), None)


async def show_masked(visit: Visit) -> web.StreamResponse:
    """Send the source of a record and its mask, as the query asks for it."""
    entry = await visit.desk.run(stored_entry, visit)
    return await show_files(visit, entry.source(), entry.mask())


async def show_revision(visit: Visit) -> web.StreamResponse:
    """Send what a revision of a record has been."""
    source, mask = await visit.desk.run(files_of_revision, visit)
    return await show_files(visit, source, mask)


async def show_files(visit: Visit, source: Path, mask: Path | None) -> web.StreamResponse:
    """Send a picture that is made of these files and nothing else."""
    here = Path.cwd()
    record = Record(path=str(here / source), mask_path=str(here / mask) if mask else "")
    catalogs, path = alone(visit.desk.site.catalogs, visit.catalog, visit.name, record)
    return await drawn(visit, catalogs, path)


def files_of_revision(visit: Visit) -> tuple[Path, Path | None]:
    """Give the files of a revision, wherever they are kept; raises `NoSuchRecord`."""
    version, mask = visit.request.match_info["version"], None
    with visit.store().open_file(visit.name, "source", version) as file:
        source = Path(file.name)
    with suppress(NoSuchRecord), visit.store().open_file(visit.name, "mask", version) as file:
        mask = Path(file.name)
    return source, mask


def stored_entry(visit: Visit) -> Entry:
    """Find a record as it is stored, which catalogs that are served may not show yet, in a thread.

    A field that is wrong is left out. Raises `NoSuchRecord`.
    """
    catalog = catalog_of(visit.desk.site.catalogs, visit.catalog)
    written = visit.store().record(visit.name).fields
    values = read_fields(YamlFile(""), {name: node_of(value) for name, value in written.items()}, RECORD)
    return Entry(visit.name, catalog, catalog, Record(**values), visit.name)


def catalog_of(catalogs: Catalogs, name: str) -> Catalog:
    """Find a catalog; raises `NotFound`."""
    found = catalogs.named.get(name) or (catalogs.default if name == DEFAULT else None)
    if found is None:
        raise NotFound("catalog", name, "nothing is served of it")
    return found


def path_in(catalog: Catalog, name: str) -> str:
    """Give the path of a record of a catalog."""
    return "/".join(part for part in (catalog.name, name) if part)


def alone(catalogs: Catalogs, name: str, record_id: str, record: Record) -> tuple[Catalogs, str]:
    """Give catalogs in which one has a single record and does nothing to it, and the path of that record."""
    catalog = catalog_of(catalogs, name)
    unlimited = Size(0, 0)
    attributes = replace(catalog.attributes, watermark="", default_ext="", max_pix=unlimited, bfc=False)
    single = replace(catalog, attributes=attributes, images={record_id: record}, svg={})
    return with_catalog(replace(catalogs, named={}), catalog, single), path_in(catalog, record_id)


def with_catalog(catalogs: Catalogs, before: Catalog, after: Catalog) -> Catalogs:
    """Give catalogs with another one in place of one of them."""
    if before is catalogs.default:
        return replace(catalogs, default=after)
    return replace(catalogs, named={**catalogs.named, before.name: after})


def seen_by(visit: Visit, catalogs: Catalogs) -> Catalogs:
    """Give catalogs as somebody sees them who has a token: its own are open, all others as they are for everybody.

    What its records keep for those who sign is open as well.
    """
    site, token = visit.desk.site, visit.session.token
    catalogs = replace(catalogs, sources=site.config.sources)
    if token.reaches("*"):
        return catalogs
    named = {name: opened(one) if token.reaches(name) else one for name, one in catalogs.named.items()}
    default = opened(catalogs.default) if token.reaches(DEFAULT) else catalogs.default
    key = Key("console", "", tuple("" if name == DEFAULT else name for name in token.catalogs))
    return replace(catalogs, default=default, named=named, visitor=Visitor(site.clients.address(visit.request), key))


def opened(catalog: Catalog) -> Catalog:
    """Give a catalog that is for everybody."""
    return replace(catalog, attributes=replace(catalog.attributes, client_address_filter="", request_signing=False))


async def drawn(visit: Visit, catalogs: Catalogs, path: str) -> web.StreamResponse:
    """Draw what the query of a visit asks for of an object, or say that the browser has it."""
    site: Site = visit.desk.site
    request = replace(read("", visit.request.rel_url.raw_query_string), object=path)
    planned = site.plan(Admitted(request, seen_by(visit, catalogs)), NO_HINTS)
    if planned.reply.name not in PICTURES:
        raise bad(f"expected one of req={'|'.join(sorted(PICTURES))}")
    await site.fetcher.bring(planned.foreign)
    answered = await site.answer(planned)
    headers: Mapping[str, str] = {**KEPT, "ETag": f'"{answered.tag}"'}
    if answered.caching.is_known(answered.tag, visit.request.headers):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    start = time.perf_counter()
    answered, body, kind = await site.finish(planned, answered)
    took = f"draw;dur={(time.perf_counter() - start) * 1000:.1f}"
    found = {**headers, "ETag": f'"{answered.tag}"', "Content-Type": kind, "Server-Timing": took}
    return web.Response(body=body.content, headers=found)
