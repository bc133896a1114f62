"""Who may do what: bearer tokens, each for some catalogs, for reading or also for writing. RFC 6750."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from http import HTTPStatus

from imageserver.config import Token
from imageserver.server.admin.problems import Refused

REALM = 'Bearer realm="imageserver"'


def authorised(header: str, tokens: Sequence[Token]) -> Token:
    """Give the token that a request brings; raises `Refused`. It takes as long whatever is wrong with one."""
    scheme, _, written = header.partition(" ")
    if scheme.casefold() != "bearer" or not written.strip():
        reason = "expected a header Authorization: Bearer TOKEN"
        raise Refused(HTTPStatus.UNAUTHORIZED, reason, {"WWW-Authenticate": REALM})
    offered = digest(written.strip())
    found = [token for token in tokens if hmac.compare_digest(digest(token.secret), offered)]
    if not found:
        challenge = {"WWW-Authenticate": f'{REALM}, error="invalid_token"'}
        raise Refused(HTTPStatus.UNAUTHORIZED, "no such token", challenge)
    return found[0]


def digest(text: str) -> bytes:
    """Give what is compared of a token: all are of one length."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


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
