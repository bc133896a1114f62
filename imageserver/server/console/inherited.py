"""The pages of macros and attributes: what a catalog defines itself, and what it takes over from where."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from aiohttp import web

from imageserver.catalog.attributes import Attributes
from imageserver.catalog.catalogs import BUILT_IN_MACROS, Catalog
from imageserver.catalog.reading import ATTRIBUTES
from imageserver.catalog.written import Json
from imageserver.server.admin.asking import tag_of
from imageserver.server.admin.catalogs import PLACES
from imageserver.server.admin.desk import DEFAULT
from imageserver.server.console.fields import View, typed_text, view
from imageserver.server.console.pictures import catalog_of
from imageserver.server.console.visiting import Visit, rendered

OWN, FROM_DEFAULT, BUILT_IN, FROM_FOLDER = "own", "default catalog", "built in", "name of its folder"
GROUPS = (
    ("Files and names", "root_id", "synthesize_font_styles"),
    ("Pictures", "default_ext", "locale_str_map"),
    ("Lifetimes and thumbnails", "expiration", "thumb_vert_align"),
    ("Errors and watermark", "error_detail", "digimarc_info"),
    ("Colours", "icc_profile_rgb", "icc_dither"),
    ("Access", "client_address_filter", "http_flash_streaming_context"),
)
"""Titles with the first and the last of the attributes below them, in the order of their declaration."""


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro in reach of a catalog: `origin` says which definition holds, `hidden` is one that it takes the place of.

    `below` is what the name means without the catalog's own definition.
    """

    name: str
    text: str
    origin: str
    below: str = ""

    @property
    def json(self) -> str:
        """The text as JSON."""
        return json.dumps(self.text)


async def show_macros(visit: Visit) -> web.StreamResponse:
    """Show the macros of a catalog, and those that it takes over."""
    rev, own = await visit.desk.run(looked_up, visit, "macros")
    catalogs = visit.desk.site.catalogs
    above: Mapping[str, str] = {} if visit.catalog == DEFAULT else catalogs.default.macros
    texts = {name: str(text) for name, text in own.items()}
    context = {"catalog": visit.catalog, "macros": macros_of(texts, above), "etag": tag_of(rev)}
    return rendered(visit, "macros.html", context)


def looked_up(visit: Visit, member: str) -> tuple[int, dict[str, Json]]:
    """Give the revision of a catalog, and what it defines itself, in a thread."""
    store = visit.store()
    return store.global_rev(), store.named(member)


def macros_of(own: Mapping[str, str], above: Mapping[str, str]) -> list[Macro]:
    """Give all macros in reach, the catalog's own first."""
    below = {name: (text, BUILT_IN) for name, text in BUILT_IN_MACROS.items()}
    below |= {name: (text, FROM_DEFAULT) for name, text in above.items()}
    mine = [Macro(name, text, OWN, below.get(name.casefold(), ("", ""))[0]) for name, text in own.items()]
    taken = {name.casefold() for name in own}
    return [*mine, *(Macro(name, *one) for name, one in sorted(below.items()) if name not in taken)]


async def show_attributes(visit: Visit) -> web.StreamResponse:
    """Show the attributes of a catalog, each with its value and where that comes from."""
    rev, own = await visit.desk.run(looked_up, visit, "attributes")
    top = visit.desk.site.catalogs.default
    above: frozenset[str] = frozenset() if visit.catalog == DEFAULT else defined_by_default(visit)
    names = list(ATTRIBUTES)
    groups = [
        (title, [attribute(name, own, above, top) for name in names[names.index(first) : names.index(last) + 1]])
        for title, first, last in GROUPS
    ]
    served = catalog_of(visit.desk.site.catalogs, visit.catalog)
    context = {"catalog": visit.catalog, "groups": groups, "etag": tag_of(rev), "served": served.name}
    locked = () if visit.session.token.reaches("*") else tuple(sorted(PLACES))
    return rendered(visit, "attributes.html", {**context, "locked": locked})


def defined_by_default(visit: Visit) -> frozenset[str]:
    """Name the attributes that the default catalog defines."""
    for path, one in visit.desk.site.live.state.loaded.items():
        if path.name == "default.yaml" and one.index:
            return frozenset(one.index.attributes)
    return frozenset()


def attribute(name: str, own: Mapping[str, Json], above: frozenset[str], top: Catalog) -> View:
    """Describe an attribute; `shown` is the value in effect when the catalog itself does not define it."""
    one = ATTRIBUTES[name]
    found = view(name, one, own)
    if name == "root_id":
        return replace(found, shown="", origin=OWN if found.is_set else FROM_FOLDER)
    value = getattr(top.attributes if name in above else Attributes(), name)
    origin = OWN if found.is_set else FROM_DEFAULT if name in above else BUILT_IN
    return replace(found, shown=typed_text(value, one), origin=origin)
