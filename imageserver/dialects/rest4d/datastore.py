"""The datastore: all catalogs of a server as dataclasses, and who asks for them."""

from __future__ import annotations

import time
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import ParamSpec, TypeVar
from urllib.parse import quote

from aiohttp import web

from imageserver.admission.admitting import Admitted
from imageserver.catalog.catalogs import Catalog, Visitor
from imageserver.config import Key
from imageserver.dialects.rest4d.language.address import ID, Address
from imageserver.dialects.rest4d.memory import Memory
from imageserver.dialects.rest4d.replies import NO_CLASS, REFUSED, Failed, failed
from imageserver.front_doors import Rest4D
from imageserver.server.admin.desk import DEFAULT, Desk
from imageserver.server.admin.tokens import token_of
from imageserver.server.attempts import is_same
from imageserver.server.site import Site
from imageserver.store.store import Store

P = ParamSpec("P")
T = TypeVar("T")
COOKIE = "WASID4D"
LENGTH = 3600
"""Seconds that a session lasts at least, and that a lock lasts."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who asks, and what they may do; nobody has no id, and reads what everybody may."""

    id: str = ""
    user: str = ""
    write: bool = False
    catalogs: tuple[str, ...] = ()

    def reaches(self, catalog: str) -> bool:
        """Tell whether they may see all of a catalog."""
        return "*" in self.catalogs or catalog in self.catalogs

    @property
    def is_administrator(self) -> bool:
        """Tell whether they may write everything."""
        return self.write and "*" in self.catalogs


@dataclass(frozen=True, slots=True)
class Stamp:
    """The revision of a record that was looked up for a picture."""

    rev: int
    changed_at: int


@dataclass(slots=True)
class Stamps:
    """The stamps of records whose pictures were sent, as long as their catalog stays the same."""

    catalog: Catalog
    known: dict[tuple[object, ...], Stamp] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Datastore:
    """All dataclasses of a running server."""

    desk: Desk
    stamps: dict[str, Stamps] = field(default_factory=dict, compare=False)

    @property
    def site(self) -> Site:
        """What serves."""
        return self.desk.site

    @property
    def settings(self) -> Rest4D:
        """What the configuration says."""
        return self.site.config.dialects.rest4d

    @property
    def memory(self) -> Memory:
        """What is remembered between requests."""
        return Memory(Path(self.site.config.state) / "rest4d")

    def catalog(self, name: str) -> Catalog | None:
        """Give a catalog as it is now."""
        found = self.site.catalogs.named.get(name)
        return self.site.catalogs.default if found is None and name == DEFAULT else found

    def names(self) -> list[str]:
        """Name all dataclasses, the default catalog only if it has records."""
        default = next(iter(self.site.catalogs.default.record_ids()), None) is not None
        return [one for one in self.desk.catalogs() if one != DEFAULT or default]


@dataclass(slots=True)
class Call:
    """A request that was read."""

    datastore: Datastore
    request: web.Request
    address: Address
    parameters: Mapping[str, str]
    session: Session = field(default_factory=Session)

    @property
    def site(self) -> Site:
        """What serves."""
        return self.datastore.site

    @property
    def name(self) -> str:
        """The dataclass."""
        return self.address.name

    @property
    def image(self) -> str:
        """The name of the attribute that is the picture."""
        return self.datastore.settings.image

    @property
    def trusted(self) -> bool:
        """Tell whether they may see what is not for everybody."""
        return self.session.reaches(self.name)

    async def run(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Do something that waits for the disk."""
        return await self.datastore.desk.run(work, *arguments, **named)

    def store(self) -> Store:
        """Open the store of the catalog, in a thread."""
        return self.datastore.desk.store(self.name)

    def catalog(self) -> Catalog:
        """Give the catalog as it is now; raises `Failed` where there is none that they may see."""
        found = self.datastore.catalog(self.name)
        if found is None or not self.sees(found):
            raise failed(404, NO_CLASS, f"There is no dataclass '{self.name[:80]}'")
        return found

    def sees(self, catalog: Catalog) -> bool:
        """Tell whether they may see what is in a catalog."""
        visitor = Visitor(self.site.clients.address(self.request), self.key)
        return replace(self.site.catalogs, visitor=visitor).shows(catalog)

    @property
    def key(self) -> Key | None:
        """Give what opens the dataclass to those who may see all of it."""
        return Key("rest4d", "", ("" if self.name == DEFAULT else self.name,)) if self.trusted else None

    def path(self, name: str) -> str:
        """Give the native path of a record."""
        root = "" if self.name == DEFAULT else quote(self.name, safe="/")
        return f"{root}/{quote(name, safe='/')}".lstrip("/")

    def admit(self, path: str, query: str) -> Admitted:
        """Let a native request in; what is for those who sign is open to who is trusted."""
        return self.site.admit(self.request, f"/{path}", query, key=self.key)

    def check_writes(self) -> None:
        """Raise `Failed` for who may not write to the catalog."""
        if not self.session.id:
            raise unauthorised("No permission: expected a session of /rest/$directory/login, or a token")
        if self.name[:1] != "$" and not self.session.reaches(self.name):
            raise failed(401, REFUSED, "No permission for this dataclass")
        if not self.session.write:
            raise failed(401, REFUSED, "No permission to write")


def unauthorised(text: str) -> Failed:
    """Give the error of who is not known, with a challenge."""
    return Failed(401, ((REFUSED, text),), {"WWW-Authenticate": 'Basic realm="imageserver"'})


async def session_of(datastore: Datastore, request: web.Request) -> Session:
    """Find out who asks; raises `Failed` for credentials that are wrong. A session that is over is nobody's."""
    header = request.headers.get("Authorization", "")
    if header:
        found = by_header(datastore, request, header)
        if found is None:
            raise unauthorised("No permission: unknown credentials")
        return found
    cookie = request.cookies.get(COOKIE) or request.cookies.get("WASID", "")
    known_form = ID.fullmatch(cookie)
    user = await datastore.desk.run(datastore.memory.user, cookie, time.time()) if known_form else None
    known = next((one for one in datastore.settings.users if one.name == user), None)
    return Session(cookie, known.name, known.write, known.catalogs) if known else Session()


def by_header(datastore: Datastore, request: web.Request, header: str) -> Session | None:
    """Find a session of its own for each token, and for each user that sends a password; raises `TooManyAttempts`."""
    scheme, _, given = header.partition(" ")
    number = sha256(header.encode("utf-8", "surrogateescape")).hexdigest()[:32].upper()
    if scheme.casefold() == "bearer":
        secret, tokens = given.strip(), datastore.desk.tokens
        token = datastore.site.judge(request, secret, lambda: token_of(secret, tokens))
        return None if token is None else Session(number, "token", token.write, token.catalogs)
    if scheme.casefold() == "basic":
        try:
            name, _, password = b64decode(given).decode().partition(":")
        except (NoBase64, ValueError):
            return None
        user = known_user(datastore, request, name, password)
        return None if user is None else replace(user, id=number)
    return None


def known_user(datastore: Datastore, request: web.Request, name: str, password: str) -> Session | None:
    """Give the session, still without an id, of a user who knows the password; raises `TooManyAttempts`."""
    offered = f"{name}\n{password}"

    def found() -> Session | None:
        users = [one for one in datastore.settings.users if is_same(f"{one.name}\n{one.password}", offered)]
        return Session("", users[0].name, users[0].write, users[0].catalogs) if users else None

    return datastore.site.judge(request, offered, found)
