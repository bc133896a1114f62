"""Catalogs over HTTP: their names, and their own attributes and macros."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from imageserver.catalog.written import Json
from imageserver.server.admin.asking import Ask, reply, seen_rev
from imageserver.server.admin.merging import Changes, merged, replaced
from imageserver.server.admin.problems import Refused
from imageserver.server.admin.tokens import forbidden
from imageserver.store.edits import ChangeAttributes, ChangeMacros, Edit
from imageserver.store.store import Store

PLACES = frozenset({"root_id", "root_path", "static_content_root_path", "save_path", "default_ext"})
"""Attributes that lead out of the catalog: only a token for all catalogs may change them."""


def list_catalogs(ask: Ask) -> web.Response:
    """Name the catalogs that the token is for."""
    found = [{"name": name, "write": ask.token.write} for name in ask.desk.catalogs() if ask.token.reaches(name)]
    return reply(ask, {"catalogs": found})


def show_catalog(ask: Ask) -> web.Response:
    """Give the revision of a catalog."""
    rev = ask.store().global_rev()
    return reply(ask, {"name": ask.path["catalog"], "rev": rev}, rev)


def show_named(ask: Ask) -> web.Response:
    """Give the catalog's own attributes or macros."""
    store, member = ask.store(), ask.path["named"]
    rev = store.global_rev()
    return reply(ask, {"rev": rev, member: store.named(member)}, rev)


def put_named(ask: Ask) -> web.Response:
    """Replace all attributes or all macros of the catalog."""
    wanted = ask.mapping(ask.path["named"])
    return change_named(ask, wanted, whole=True)


def patch_named(ask: Ask) -> web.Response:
    """Set some attributes or macros, and take some away."""
    return change_named(ask, ask.mapping(ask.path["named"]), whole=False)


def change_named(ask: Ask, wanted: dict[str, Json], *, whole: bool) -> web.Response:
    """Change attributes or macros of a catalog that is at the revision which was seen."""
    store, member = ask.store(), ask.path["named"]
    rev = seen_rev(ask, f"catalog '{ask.path['catalog']}'", store.global_rev())
    current = store.named(member)
    if member == "macros":
        wanted = spelled(wanted, current)
    put, drop = replaced(wanted, current) if whole else merged(wanted, current)
    if member == "attributes":
        check_places(ask, put, drop, current)
    rev = commit(store, edit_of(member, (put, drop)), rev)
    return reply(ask, {"rev": rev, member: store.named(member)}, rev)


def commit(store: Store, edit: Edit, rev: int) -> int:
    """Make an edit, and give the revision of the catalog."""
    return store.commit([edit], expected_global=rev).global_rev


def edit_of(member: str, changes: Changes) -> Edit:
    """Give the edit that changes attributes or macros."""
    put, drop = changes
    if member == "attributes":
        return ChangeAttributes(put, drop)
    texts = {}
    for (name, *_), value in put.items():
        if not isinstance(value, str):
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"macros.{name}: expected a text")
        texts[name] = value
    return ChangeMacros(texts, tuple(name for name, *_ in drop))


def spelled(wanted: dict[str, Json], current: dict[str, Json]) -> dict[str, Json]:
    """Give macros under the names that they have already, which are not case-sensitive."""
    known = {name.casefold(): name for name in current}
    found = {known.get(name.casefold(), name): value for name, value in wanted.items()}
    if len({name.casefold() for name in found}) < len(wanted):
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "macros: a name stands there twice; case does not matter")
    return found


def check_places(
    ask: Ask, put: dict[tuple[str, ...], Json], drop: tuple[tuple[str, ...], ...], current: dict[str, Json]
) -> None:
    """Raise `Refused` for a token that may not move a catalog to other files."""
    changed = {path[0] for path, value in put.items() if path[1:] or current.get(path[0]) != value}
    places = sorted(PLACES & {*changed, *(path[0] for path in drop)})
    if places and not ask.token.reaches("*"):
        raise forbidden(f"attributes.{places[0]}: only a token for all catalogs may change where files are")
