"""The gallery at `/`: every record of the catalogs, shown by the command strings that make it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, urlencode

import aiohttp_jinja2
import jinja2
from aiohttp import web

from imageserver.catalog.catalogs import BUILT_IN_MACROS, Catalog, Catalogs, Entry, Visitor
from imageserver.catalog.fields import properties_in
from imageserver.catalog.records import Record
from imageserver.config import Limits
from imageserver.server.forms import Field, fields_of, objects
from imageserver.server.site import Site
from imageserver.server.viewer import Modules

PAGES = Path(__file__).parent / "pages"
FILES = {
    "gallery.css": "text/css",
    "gallery.js": "text/javascript",
    "card.js": "text/javascript",
    "fields.js": "text/javascript",
    "protocol.js": "text/javascript",
    "zoom.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
POLICY = (
    "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
PAGE_SIZE = 60
MOST_MEMBERS = 24
"""How many members of a set are shown on its card."""
MOST_POSITION = 9
"""Digits of `from=` that are read."""
STAGE = "wid=640&hei=480&fit=constrain"
THUMBNAIL = "req=tmb"
MASK = "req=mask"
CUT_OUT = "fmt=webp-alpha"
TITLES = ("title", "name", "label")
DESCRIPTIONS = ("description", "caption", "alt")


@dataclass(frozen=True, slots=True)
class Tile:
    """A small picture beside what is written of its URL; `kind` says when and how the script shows it."""

    label: str
    base: str
    commands: str
    kind: str = "plain"
    caption: str = ""

    @property
    def picture_url(self) -> str:
        """The URL of the picture."""
        return f"{self.base}?{self.commands}" if self.commands else self.base

    @property
    def written(self) -> str:
        """What makes the reply: the commands, or the name of a crop."""
        return self.caption or self.commands

    @property
    def url(self) -> str:
        """The URL of what the tile is about, which is not always its picture."""
        return f"{self.base}?{self.caption}" if self.kind == "targets" else self.picture_url


@dataclass(frozen=True, slots=True)
class Card:
    """A record: `base` is the path of its URLs, `tiles` and `documents` are what can be asked for there."""

    record_id: str
    base: str
    record: Record
    title: str
    description: str
    user_data: tuple[tuple[str, str], ...]
    tiles: tuple[Tile, ...]
    documents: tuple[str, ...]
    fields: tuple[Field, ...] = ()

    @property
    def has_picture(self) -> bool:
        """Tell whether the record is more than a list of members."""
        return bool(self.record.path or self.record.modifier or self.record.post_modifier)

    @property
    def members(self) -> int:
        """How many members of its set are shown."""
        return sum(1 for tile in self.tiles if tile.kind == "member")


@dataclass(frozen=True, slots=True)
class Section:
    """The part of a catalog that a page shows: `count` of `total` records, of which some may be for others only."""

    name: str
    total: int
    first: int
    count: int
    macros: tuple[tuple[str, str], ...]
    cards: tuple[Card, ...]
    objects: tuple[str, ...] = ()

    @property
    def last(self) -> int:
        """How many records there are up to the end of this page."""
        return self.first + self.count

    @property
    def next_url(self) -> str:
        """The page that goes on with this catalog, or nothing."""
        return self._page(self.last) if self.last < self.total else ""

    @property
    def previous_url(self) -> str:
        """The page before this one, or nothing."""
        return self._page(max(0, self.first - PAGE_SIZE)) if self.first else ""

    def _page(self, first: int) -> str:
        return "?" + urlencode({"catalog": self.name, "from": first})


def add_gallery(app: web.Application, key: web.AppKey[Site], viewer: Modules) -> None:
    """Add the page and its files to an application."""
    loader = jinja2.FileSystemLoader(PAGES)
    aiohttp_jinja2.setup(app, loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)

    async def show(request: web.Request) -> web.Response:
        site = request.app[key]
        catalogs = replace(site.catalogs, visitor=Visitor(site.clients.address(request)))
        context = {
            "sections": sections(catalogs, site.config.limits, request.query),
            "catalogs": [(one.name, len(one.images)) for one in shown_catalogs(catalogs)],
            "problems": site.live.problems,
            "stage": STAGE,
            "viewer": viewer,
        }
        reply = aiohttp_jinja2.render_template("gallery.html", request, context)
        reply.headers.update({"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"})
        reply.enable_compression()
        return reply

    app.router.add_get("/", show)
    app.router.add_get("/gallery/{name}", send_file)


async def send_file(request: web.Request) -> web.StreamResponse:
    """Send a style sheet, a script or the icon; browsers ask each time whether it has changed."""
    name = request.match_info["name"]
    if name not in FILES:
        raise web.HTTPNotFound
    return web.FileResponse(PAGES / name, headers={"Content-Type": FILES[name], "Cache-Control": "no-cache"})


def sections(catalogs: Catalogs, limits: Limits, query: Mapping[str, str]) -> list[Section]:
    """Give what a page shows: all catalogs from their beginning, or one from where the query says."""
    chosen, first = query.get("catalog"), position(query.get("from", ""))
    return [section(catalogs, limits, one, first) for one in shown_catalogs(catalogs) if chosen in {None, one.name}]


def position(text: str) -> int:
    """Read the number of the first record to show; whatever is no number is the beginning."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_POSITION else 0


def shown_catalogs(catalogs: Catalogs) -> list[Catalog]:
    """Give the catalogs that the visitor may see, the default one in front when it has records of its own."""
    every = [*([catalogs.default] if catalogs.default.images else []), *catalogs.named.values()]
    return [one for one in every if catalogs.shows(one)]


def section(catalogs: Catalogs, limits: Limits, catalog: Catalog, first: int) -> Section:
    """Describe a page of a catalog, without the records that the visitor may not see."""
    page = catalog.page(first, PAGE_SIZE)
    seen = ((name, record) for name, record in page if catalogs.shows(catalog, record))
    cards = tuple(card(catalogs, limits, catalog, name, record) for name, record in seen)
    names = [name for name in catalogs.macro_names(catalog) if name not in BUILT_IN_MACROS]
    macros = tuple((name, catalogs.macro(name, catalog) or "") for name in names)
    wanted = any(field.kind == "object" for one in cards for field in one.fields)
    offered = objects(catalogs, catalog) if wanted else ()
    return Section(catalog.name, len(catalog.images), first, len(page), macros, cards, offered)


def card(catalogs: Catalogs, limits: Limits, catalog: Catalog, name: str, record: Record) -> Card:
    """Describe a record by the URLs that it has an answer for."""
    data = properties_in(record.user_data)
    title, description = chosen(data, TITLES), chosen(data, DESCRIPTIONS)
    rest = tuple((key, value) for key, value in data if value not in {title, description})
    base = path_of(catalog, name)
    tiles = (*picture_tiles(base, record), *member_tiles(catalogs, catalog, record))
    fields = fields_of(Entry(name, catalog, catalog, record, name), catalogs, limits)
    return Card(name, base, record, title, description, rest, tiles, documents(record), fields)


def chosen(data: tuple[tuple[str, str], ...], names: tuple[str, ...]) -> str:
    """Give the first value that goes by one of the names."""
    known = {key.casefold(): value for key, value in reversed(data)}
    return next((known[name] for name in names if known.get(name)), "")


def path_of(catalog: Catalog, name: str) -> str:
    """Give the path of an object's URL, each element quoted."""
    return "/is/image/" + quote("/".join(part for part in (catalog.name, name) if part), safe="/,@")


def picture_tiles(base: str, record: Record) -> Iterator[Tile]:
    """Yield the pictures of a record itself; the script shows those of a mask only when there is one."""
    if not (record.path or record.modifier or record.post_modifier):
        return
    yield Tile("Thumbnail", base, THUMBNAIL)
    if record.targets:
        yield Tile("Zoom targets", base, "", "targets", "req=targets")
    for name, _ in record.crops:
        yield Tile(f"Crop {name}", f"{base}:{quote(name, safe='')}", "", "crop", f":{name}")
    if record.path:
        yield Tile("Mask", base, MASK, "mask")
        yield Tile("Cut out", base, CUT_OUT, "mask")


def member_tiles(catalogs: Catalogs, catalog: Catalog, record: Record) -> Iterator[Tile]:
    """Yield the members of a set; of nested sets all, of an item its image."""
    words = (item.partition(";")[0].partition("?")[0].strip() for item in re.split("[,{}]", record.image_set))
    names = [word for word in dict.fromkeys(words) if word and not set(word) & set("()$=")]
    for number, name in enumerate(names[:MOST_MEMBERS], 1):
        governing, rest = catalogs.governing(name)
        own = catalog.record(name) is not None or governing is catalogs.default
        home, member = (catalog, name) if own else (governing, rest)
        yield Tile(f"Member {number}", path_of(home, member), THUMBNAIL, "member", f"{name}?{THUMBNAIL}")


def documents(record: Record) -> tuple[str, ...]:
    """Give the requests for text that a record has an answer for."""
    asked = {
        "req=props,json": bool(record.path or record.modifier or record.post_modifier),
        "req=imageprops": bool(record.path),
        "req=userdata,json": bool(record.user_data),
        "req=map,json": bool(record.map),
        "req=targets,json": bool(record.targets),
        "req=imageset,json": bool(record.image_set),
        "req=set,json": bool(record.image_set or record.path),
        "req=exists": True,
    }
    return tuple(commands for commands, answered in asked.items() if answered)
