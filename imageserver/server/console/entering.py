"""Login and logout."""

from __future__ import annotations

import re
import secrets
import time
from http import HTTPStatus
from urllib.parse import parse_qsl

from aiohttp import web

from imageserver.server.admin.bodies import bad, bytes_of
from imageserver.server.admin.desk import Desk
from imageserver.server.admin.problems import Refused
from imageserver.server.admin.tokens import token_of
from imageserver.server.attempts import TooManyAttempts
from imageserver.server.console.sessions import COOKIE, PREFIX, begun, sealed
from imageserver.server.console.visiting import (
    CSRF_FIELD,
    LOGIN,
    SECURITY,
    Cookie,
    Visit,
    check_origin,
    check_token,
    filled,
    refusal,
    session_cookie,
    session_of,
)

GUEST = "imageserver_guest"
"""The cookie of a login form: a form that another site sends brings no such cookie."""
GUEST_LASTS = 3600
LONGEST_FORM = 8192
LOCAL = re.compile(rf"{PREFIX}(?:[/?][^\\\s]*)?")


class Entrance:
    """The login form, and what becomes of it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Show the form; who has logged in is led on."""
        to = target(request.query.get("to", ""))
        if session_of(self._desk, request):
            return led_to(to)
        return self._form(request, to)

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """Begin a session for who knows a token."""
        to = ""
        try:
            form = await form_of(request)
            to = target(form.get("to", ""))
            check_origin(request)
            check_token(self._seal(request.cookies.get(GUEST, "")), form.get(CSRF_FIELD, ""))
        except Refused as error:
            return self._form(request, to, error.reason, error.status)
        offered = form.get("token", "").strip()
        try:
            token = self._desk.site.judge(request, offered, lambda: token_of(offered, self._desk.tokens))
        except TooManyAttempts as error:
            reply = self._form(request, to, f"Too many attempts: wait {error.retry_after} s.", error.status)
            reply.headers["Retry-After"] = str(error.retry_after)
            return reply
        if token is None:
            return self._form(request, to, "There is no such token.", HTTPStatus.FORBIDDEN)
        reply = led_to(to)
        session_cookie(begun(token, time.time())).set(request, reply)
        reply.del_cookie(GUEST, path=LOGIN)
        return reply

    async def leave(self, request: web.Request) -> web.StreamResponse:
        """End the session, if there is one."""
        session = session_of(self._desk, request)
        if session is not None:
            try:
                check_origin(request)
                check_token(session.csrf, (await form_of(request)).get(CSRF_FIELD, ""))
            except Refused as error:
                return refusal(Visit(self._desk, session, request), error)
        reply = led_to(LOGIN)
        reply.del_cookie(COOKIE, path=PREFIX)
        return reply

    def _form(self, request: web.Request, to: str, reason: str = "", status: int = HTTPStatus.OK) -> web.Response:
        guest = request.cookies.get(GUEST) or secrets.token_urlsafe(16)
        reply = filled(request, "login.html", {"to": to, "reason": reason, "csrf": self._seal(guest)}, status)
        Cookie(GUEST, guest, LOGIN, GUEST_LASTS).set(request, reply)
        return reply

    def _seal(self, guest: str) -> str:
        return sealed(self._desk.tokens[0].secret, "guest", guest)


async def form_of(request: web.Request) -> dict[str, str]:
    """Read a small form; raises `Refused`."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "expected a form")
    body = await bytes_of(request, LONGEST_FORM)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=10))
    except ValueError as error:
        raise bad("the form cannot be read") from error


def target(text: str) -> str:
    """Give the page to go to: one of the console, whatever was written."""
    return text if LOCAL.fullmatch(text) else PREFIX


def led_to(path: str) -> web.Response:
    """Lead a browser to another page."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={**SECURITY, "Location": path})
