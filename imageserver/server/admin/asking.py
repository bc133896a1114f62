"""A request to the API as its handlers see it, and the replies that they give."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from http import HTTPStatus
from typing import cast

from aiohttp import web

from imageserver.catalog.written import Json
from imageserver.config import Token
from imageserver.errors import NoSuchRecord, StaleEdit
from imageserver.server.admin.desk import Desk
from imageserver.server.admin.problems import Refused
from imageserver.store.edits import Section
from imageserver.store.store import Status, Store

REVISION = re.compile("rev-[0-9]{1,15}")
Handle = Callable[["Ask"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that has been let in and read; `path`, `query` and `body` hold what the API's description says."""

    desk: Desk
    token: Token
    request: web.Request
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: dict[str, Json] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The id of the record."""
        return self.path["id"]

    @property
    def section(self) -> Section:
        """The section of the catalog; files and revisions are those of images."""
        return cast("Section", self.path.get("section", "images"))

    def store(self) -> Store:
        """Open the store of the catalog, in a thread."""
        return self.desk.store(self.path["catalog"])

    def status(self) -> Status:
        """Look the record up, in a thread; raises `NoSuchRecord`."""
        return self.store().record(self.name, self.section)

    def mapping(self, member: str) -> dict[str, Json]:
        """Give a member of the body, which is a mapping."""
        found = self.body.get(member)
        if not isinstance(found, dict) or len(self.body) != 1:
            raise Refused(HTTPStatus.BAD_REQUEST, f'expected a body of {{"{member}": {{…}}}} and nothing else')
        return found


def in_thread(work: Callable[[Ask], web.StreamResponse]) -> Handle:
    """Make a handler of a function that waits for the disk."""

    async def handle(ask: Ask) -> web.StreamResponse:
        return await ask.desk.run(work, ask)

    return handle


def tag_of(rev: int) -> str:
    """Give the entity tag of a revision."""
    return f'"rev-{rev}"'


def reply(
    ask: Ask, content: object, rev: int | None = None, status: int = HTTPStatus.OK, **headers: str
) -> web.Response:
    """Give a JSON document, or say that it is the one that the client has.

    The entity tag is that of the revision; what has none, such as a list, has one of what it says.
    """
    text = json.dumps(content, ensure_ascii=False)
    known = {name.replace("_", "-"): value for name, value in headers.items()}
    reading = ask.request.method in {"GET", "HEAD"}
    if rev is not None or reading:
        value = f"rev-{rev}" if rev is not None else blake2b(text.encode(), digest_size=16).hexdigest()
        known |= {"Cache-Control": "no-cache", "ETag": f'"{value}"'}
        if reading and is_known(ask.request, value):
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=known)
    else:
        known |= {"Cache-Control": "no-store"}
    return web.Response(text=text, status=status, content_type="application/json", headers=known)


def is_known(request: web.Request, value: str) -> bool:
    """Tell whether the client has what has that tag already."""
    return any(one.value in {"*", value} for one in request.if_none_match or ())


def seen_rev(ask: Ask, what: str, actual: int) -> int:
    """Give the revision that an edit relies on, the one that is there; raises `Refused` or `StaleEdit`."""
    if "If-Match" not in ask.request.headers:
        reason = f"{what} is at revision {actual}: expected a header If-Match with the ETag of what is to be changed"
        raise Refused(HTTPStatus.PRECONDITION_REQUIRED, reason)
    tags = ask.request.if_match or ()
    if any(one.value == "*" or (one.value == f"rev-{actual}" and not one.is_weak) for one in tags):
        return actual
    numbers = [int(one.value[4:]) for one in tags if REVISION.fullmatch(one.value)]
    raise StaleEdit(what, numbers[0] if numbers else 0, actual)


def rev_to_replace(ask: Ask) -> int:
    """Give the revision of the record that is replaced, 0 for one that is made; raises `Refused` or `StaleEdit`."""
    what = f"record '{ask.name}'"
    try:
        actual = ask.status().row.rev
    except NoSuchRecord:
        if "If-Match" in ask.request.headers:
            raise Refused(HTTPStatus.PRECONDITION_FAILED, f"there is no {what}") from None
        return 0
    if "If-None-Match" in ask.request.headers and is_known(ask.request, f"rev-{actual}"):
        raise StaleEdit(what, 0, actual)
    return seen_rev(ask, what, actual)
