"""Who may do what: bearer tokens, each for some catalogs, for reading or also for writing. RFC 6750."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from aiohttp import web

from imageserver.config import Token
from imageserver.server.admin.desk import Desk
from imageserver.server.admin.problems import Refused
from imageserver.server.attempts import is_same

REALM = 'Bearer realm="imageserver"'


def authorised(desk: Desk, request: web.Request) -> Token:
    """Give the token that a request brings; raises `Refused`, or `TooManyAttempts`."""
    scheme, _, written = request.headers.get("Authorization", "").partition(" ")
    offered = written.strip()
    if scheme.casefold() != "bearer" or not offered:
        reason = "expected a header Authorization: Bearer TOKEN"
        raise Refused(HTTPStatus.UNAUTHORIZED, reason, {"WWW-Authenticate": REALM})
    found = desk.site.judge(request, offered, lambda: token_of(offered, desk.tokens))
    if found is None:
        challenge = {"WWW-Authenticate": f'{REALM}, error="invalid_token"'}
        raise Refused(HTTPStatus.UNAUTHORIZED, "no such token", challenge)
    return found


def token_of(secret: str, tokens: Sequence[Token]) -> Token | None:
    """Give the token with that secret; it takes as long whichever it is, and whatever is wrong with it."""
    found = [token for token in tokens if is_same(token.secret, secret)]
    return found[0] if found else None


def check_scope(token: Token, catalog: str, *, write: bool) -> None:
    """Raise `Refused` for what a token is not for; it does not tell whether there is such a catalog."""
    if not token.reaches(catalog):
        raise forbidden("this token is not for that catalog")
    if write and not token.write:
        raise forbidden("this token is for reading only")


def forbidden(reason: str) -> Refused:
    """Say what a token is not for."""
    challenge = {"WWW-Authenticate": f'{REALM}, error="insufficient_scope"'}
    return Refused(HTTPStatus.FORBIDDEN, reason, challenge)
