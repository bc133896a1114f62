"""Guests: who comes with a token, in the URL or in a cookie, to see for a while what else needs a signature."""

from __future__ import annotations

import time

from aiohttp import web

from imageserver.dialects.cloudinary.account import Account
from imageserver.dialects.cloudinary.language.tokens import NAME, lets_in, token_in
from imageserver.server.app import raw_target

OWN = {"Cache-Control": "private, no-cache"}
"""Of what a token lets see: only its owner may, and only for a while."""


def has_token(account: Account, request: web.Request) -> bool:
    """Tell whether a request brings a token that is right."""
    path, _, query = raw_target(request).partition("?")
    token = token_in(query) or request.cookies.get(NAME, "")
    address = str(account.site.clients.address(request) or "")
    return bool(token) and lets_in(token, account.cloud.token_key, path, address, time.time())
