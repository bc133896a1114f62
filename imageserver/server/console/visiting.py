"""Who is at the console: visits that are let in, what must come with a request that changes something, and pages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from urllib.parse import quote, urlencode, urlsplit

import aiohttp_jinja2
from aiohttp import web

from imageserver.errors import ImageServerError, NotFound, RequestError
from imageserver.server.admin.bodies import bad, is_unicode
from imageserver.server.admin.desk import Desk
from imageserver.server.admin.problems import Refused, known_error, problem
from imageserver.server.admin.tokens import check_scope
from imageserver.server.attempts import is_same
from imageserver.server.console.sessions import COOKIE, PREFIX, Session, found
from imageserver.store.store import Store

LOGIN = f"{PREFIX}/login"
CSRF_HEADER, CSRF_FIELD = "X-CSRF-Token", "csrf"
WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every page. The policy on referrers keeps the header Origin, which none at all would take away."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of somebody who has logged in."""

    desk: Desk
    session: Session
    request: web.Request

    @property
    def catalog(self) -> str:
        """The catalog that the path names."""
        return self.request.match_info["catalog"]

    @property
    def name(self) -> str:
        """The id of the record that the path names."""
        return self.request.match_info["id"]

    @property
    def can_write(self) -> bool:
        """Tell whether the visitor may change the catalogs."""
        return self.session.token.write

    def store(self) -> Store:
        """Open the store of the catalog, in a thread."""
        return self.desk.store(self.catalog)

    def names(self) -> list[str]:
        """Name the catalogs that the visitor may see."""
        return [name for name in self.desk.catalogs() if self.session.token.reaches(name)]


Handle = Callable[[Visit], Awaitable[web.StreamResponse]]
Door = Callable[[web.Request], Awaitable[web.StreamResponse]]


def session_of(desk: Desk, request: web.Request) -> Session | None:
    """Give the session that a request belongs to; None for a stranger."""
    return found(request.cookies.get(COOKIE, ""), desk.tokens, time.time())


def check_origin(request: web.Request) -> None:
    """Raise `Refused` for what another site had a browser send: browsers say where a writing request comes from."""
    origin = urlsplit(request.headers.get("Origin", ""))
    if not origin.netloc or origin.netloc.casefold() != request.host.casefold():
        raise Refused(HTTPStatus.FORBIDDEN, "expected a header Origin that names this server: a page of another site?")


def check_token(expected: str, offered: str) -> None:
    """Raise `Refused` for a request without the token of the page that it should come from."""
    if not is_same(expected, offered):
        raise Refused(HTTPStatus.FORBIDDEN, "expected the CSRF token of this session: load the page again")


def admitted(desk: Desk, request: web.Request) -> Visit:
    """Let a request of a script in; raises `Refused`."""
    session = session_of(desk, request)
    if session is None:
        raise Refused(HTTPStatus.UNAUTHORIZED, "the session has ended: log in again")
    if request.method in WRITING:
        check_origin(request)
        check_token(session.csrf, request.headers.get(CSRF_HEADER, ""))
    if not all(is_unicode(one) for one in request.match_info.values()):
        raise bad("expected a path in UTF-8")
    return Visit(desk, session, request)


def data(desk: Desk, handle: Handle) -> Door:
    """Make a door for scripts: whatever goes wrong becomes a problem document."""

    async def serve(request: web.Request) -> web.StreamResponse:
        try:
            visit = admitted(desk, request)
            if "catalog" in request.match_info:
                check_scope(visit.session.token, visit.catalog, write=request.method in WRITING)
            return await handle(visit)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001, whatever happens becomes a problem document, and the log has the trace
            return problem(known(error))

    return serve


def page(desk: Desk, handle: Handle) -> Door:
    """Make a door for people: strangers are led to the login, and whatever goes wrong becomes a page."""

    async def serve(request: web.Request) -> web.StreamResponse:
        session = session_of(desk, request)
        if session is None:
            to = LOGIN if request.path_qs == PREFIX else f"{LOGIN}?{urlencode({'to': request.raw_path})}"
            return web.Response(status=HTTPStatus.SEE_OTHER, headers={**SECURITY, "Location": to})
        visit = Visit(desk, session, request)
        try:
            visit = admitted(desk, request)
            if "catalog" in request.match_info:
                check_scope(session.token, visit.catalog, write=False)
            reply = await handle(visit)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001, whatever happens becomes a page, and the log has the trace
            reply = refusal(visit, known_error(known(error)))
        if again := session.renewed(time.time()):
            session_cookie(again).set(request, reply)
        return reply

    return serve


def known(error: Exception) -> Exception:
    """Give what is wrong with a request for a picture as what the console refuses."""
    if not isinstance(error, RequestError):
        return error
    status = HTTPStatus.NOT_FOUND if isinstance(error, NotFound) else error.status
    return Refused(status, " ".join(str(error).split()))


def refusal(visit: Visit, error: ImageServerError) -> web.Response:
    """Tell an error on a page."""
    context = {"status": int(error.status), "title": error.title, "reason": " ".join(str(error).split())}
    return rendered(visit, "error.html", context, int(error.status))


def rendered(visit: Visit, template: str, context: Mapping[str, object], status: int = HTTPStatus.OK) -> web.Response:
    """Fill a page in for a visitor."""
    more = {
        "csrf": visit.session.csrf,
        "can_write": visit.can_write,
        "known_catalogs": visit.names(),
        "here": visit.request.path,
        "segment": partial(quote, safe=""),
    }
    return filled(visit.request, template, {**more, **context}, status)


def filled(
    request: web.Request, template: str, context: Mapping[str, object], status: int = HTTPStatus.OK
) -> web.Response:
    """Fill a page in."""
    reply = aiohttp_jinja2.render_template(f"console/{template}", request, {"prefix": PREFIX, **context}, status=status)
    reply.headers.update(SECURITY)
    reply.enable_compression()
    return reply


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie of the console, for the paths below one, and the seconds that it lasts."""

    name: str
    value: str
    path: str
    lasts: int

    def set(self, request: web.Request, reply: web.StreamResponse) -> None:
        """Set it so that scripts and other sites cannot use it, and where there is TLS nobody without."""
        secure = request.secure or request.headers.get("X-Forwarded-Proto", "") == "https"
        reply.set_cookie(
            self.name,
            self.value,
            max_age=self.lasts,
            path=self.path,
            httponly=True,
            samesite="Strict",
            secure=secure,
        )


def session_cookie(session: Session) -> Cookie:
    """Give the cookie of a session."""
    return Cookie(COOKIE, session.cookie, PREFIX, session.expires - int(time.time()))
