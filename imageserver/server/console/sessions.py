"""Who has logged in: a cookie that is sealed with the token, so that every process knows it, also after a restart.

Nothing is kept of a session. It ends by itself, by a logout that takes the cookie away, and for everybody at once
when the token in the configuration becomes another one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from imageserver.config import Token
from imageserver.server.attempts import is_same

PREFIX = "/console"
COOKIE = "imageserver_console"
LASTS = 12 * 3600
"""Seconds; a session that is used is renewed when half of them are over."""
MOST_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Session:
    """A session that has not ended; `name` is drawn by lot, and stays when the session is renewed."""

    token: Token
    name: str
    expires: int

    @property
    def cookie(self) -> str:
        """The value of the cookie."""
        body = f"{self.expires}.{self.name}"
        return f"{body}.{sealed(self.token.secret, 'session', body)}"

    @property
    def csrf(self) -> str:
        """What every request that changes something has to bring beside the cookie."""
        return sealed(self.token.secret, "csrf", self.name)

    def renewed(self, now: float) -> Session | None:
        """Give the session that takes the place of this one; None while it is young."""
        expires = int(now) + LASTS
        return Session(self.token, self.name, expires) if self.expires - now < LASTS / 2 else None


def begun(token: Token, now: float) -> Session:
    """Begin a session."""
    return Session(token, secrets.token_urlsafe(16), int(now) + LASTS)


def found(cookie: str, tokens: Sequence[Token], now: float) -> Session | None:
    """Read a cookie; None for one that has ended, or that nobody here has sealed."""
    body, _, seal = cookie.rpartition(".")
    written, _, name = body.partition(".")
    if not (written.isascii() and written.isdecimal() and len(written) <= MOST_DIGITS and int(written) > now):
        return None
    for token in tokens:
        if is_same(sealed(token.secret, "session", body), seal):
            return Session(token, name, int(written))
    return None


def sealed(secret: str, purpose: str, text: str) -> str:
    """Seal a text for one purpose with a key that is made of a secret, and does not tell it."""
    key = hashlib.sha256(f"imageserver console {secret}".encode()).digest()
    return hmac.new(key, f"{purpose} {text}".encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
