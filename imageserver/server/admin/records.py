"""Records over HTTP: listed, read, written, renamed and removed."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote, urlencode

from aiohttp import web

from imageserver.server.admin.asking import Ask, reply, rev_to_replace, seen_rev, tag_of
from imageserver.server.admin.bodies import bad
from imageserver.server.admin.merging import merged
from imageserver.server.admin.problems import Refused
from imageserver.store.edits import Change, Edit, Put, Remove, Rename
from imageserver.store.errors import StaleEdit
from imageserver.store.store import Status

PAGE = 100
PREFIX = "/admin/v1"


def described(status: Status) -> dict[str, object]:
    """Describe a record with its numbers and hashes; a hash is empty until the file has been read."""
    row = status.row
    return {
        "id": status.name,
        "section": status.section,
        "fields": status.fields,
        "rev": row.rev,
        "image_rev": row.image_rev,
        "meta_rev": row.meta_rev,
        "uid": row.uid,
        "content_hash": row.content_hash,
        "md5": row.md5,
        "stored_at": row.stored_at,
        "changed_at": row.changed_at,
    }


def list_records(ask: Ask) -> web.Response:
    """Give a page of records by id, and where the next one is."""
    count = page_size(ask)
    query = ask.query
    found, last = ask.store().page(
        count, query.get("after", ""), query.get("prefix", ""), query.get("q", ""), ask.section
    )
    page = {"records": [described(one) for one in found], "next": last or None}
    if not last:
        return reply(ask, page)
    following = f"{url_of(ask, ask.section)}?{urlencode({**query, 'after': last})}"
    return reply(ask, page, Link=f'<{following}>; rel="next"')


def page_size(ask: Ask) -> int:
    """Read how many records a page is to have."""
    most = ask.desk.site.config.admin.page_size
    text = ask.query.get("limit", str(min(PAGE, most)))
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most):  # noqa: PLR2004
        raise bad(f"?limit={text[:20]}: expected a whole number from 1 to {most}")
    return int(text)


def url_of(ask: Ask, *rest: str) -> str:
    """Give the URL of something in the catalog."""
    return "/".join((PREFIX, "catalogs", *(quote(one, safe="") for one in (ask.path["catalog"], *rest))))


def show_record(ask: Ask) -> web.Response:
    """Give a record."""
    status = ask.status()
    return reply(ask, described(status), status.row.rev)


def put_record(ask: Ask) -> web.Response:
    """Make a record, or replace all fields of the one that is there."""
    fields = ask.mapping("fields")
    rev = rev_to_replace(ask)
    edit = Put(ask.name, fields, ask.section, create=not rev, replace=bool(rev))
    status = commit(ask, [edit], rev)
    made = HTTPStatus.OK if rev else HTTPStatus.CREATED
    return reply(ask, described(status), status.row.rev, made, Location=url_of(ask, ask.section, ask.name))


def patch_record(ask: Ask) -> web.Response:
    """Set some fields of a record, and take some away."""
    patch = ask.mapping("fields")
    before = ask.status()
    rev = seen_rev(ask, f"record '{ask.name}'", before.row.rev)
    put, drop = merged(patch, before.fields)
    status = commit(ask, [Change(ask.name, put, drop, ask.section)], rev)
    return reply(ask, described(status), status.row.rev)


def delete_record(ask: Ask) -> web.Response:
    """Take a record away, with its files when that is asked for."""
    files = ask.query.get("files", "false")
    if files not in {"true", "false"}:
        raise bad(f"?files={files[:20]}: expected true or false")
    rev = seen_rev(ask, f"record '{ask.name}'", ask.status().row.rev)
    ask.store().commit([Remove(ask.name, ask.section, files == "true")], {ask.name: rev}, section=ask.section)
    return web.Response(status=HTTPStatus.NO_CONTENT, headers={"Cache-Control": "no-store"})


def rename_record(ask: Ask) -> web.Response:
    """Give a record another id."""
    to = ask.body.get("id")
    if not isinstance(to, str) or len(ask.body) != 1:
        raise bad('expected a body of {"id": "the new id"} and nothing else')
    rev = seen_rev(ask, f"record '{ask.name}'", ask.status().row.rev)
    ask.store().commit([Rename(ask.name, to, ask.section)], {ask.name: rev}, section=ask.section)
    status = ask.store().record(to, ask.section)
    return reply(ask, described(status), status.row.rev, Content_Location=url_of(ask, ask.section, to))


def commit(ask: Ask, edits: list[Edit], rev: int) -> Status:
    """Make edits of a record that is at a revision, and give it as it then is."""
    try:
        ask.store().commit(edits, {ask.name: rev}, section=ask.section)
    except StaleEdit as stale:
        if rev or "If-None-Match" in ask.request.headers:
            raise
        reason = (
            f"record '{ask.name}' was made meanwhile: expected a header If-Match with its ETag, {tag_of(stale.actual)}"
        )
        raise Refused(HTTPStatus.PRECONDITION_REQUIRED, reason) from stale
    return ask.status()
