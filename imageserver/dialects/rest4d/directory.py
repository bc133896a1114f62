"""`$directory` and `$info`: who is here, and what the server remembers."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

from aiohttp import web

from imageserver.dialects.rest4d.datastore import COOKIE, LENGTH, Call, known_user
from imageserver.dialects.rest4d.language.facts import NoSuchPath
from imageserver.dialects.rest4d.language.filters import written_moment
from imageserver.dialects.rest4d.replies import REFUSED, failed, reply
from imageserver.server.admin.bodies import bytes_of

LONGEST = 30 * 86400
MOST = 2**14
"""Bytes of a body that has a name and a password."""


async def directory(call: Call) -> web.Response:
    """Answer a request below `$directory`."""
    match [one.casefold() for one in call.address.rest]:
        case ["login"] if call.request.method in {"POST", "PUT"}:
            return await log_in(call)
        case ["logout"]:
            return await log_out(call)
        case ["currentuser"]:
            user = call.session.user
            return reply({"result": {"ID": user, "userName": user, "fullName": user} if user else None})
    raise NoSuchPath("/".join((call.address.name, *call.address.rest)))


async def log_in(call: Call) -> web.Response:
    """Begin a session for who knows a password: in headers as 4D has it, or in a list as Wakanda has it."""
    headers = call.request.headers
    name, password = headers.get("username-4D", ""), headers.get("password-4D", "")
    minutes = headers.get("session-4D-length", "")
    if not name:
        name, password, minutes = read_credentials(await bytes_of(call.request, MOST))
    user = known_user(call.datastore, call.request, name, password)
    if user is None:
        return web.json_response({"result": False}, status=401, headers={"Cache-Control": "no-store"})
    length = int(minutes) * 60 if minutes.isascii() and minutes.isdecimal() and len(minutes) < 8 else 0  # noqa: PLR2004
    length = min(LONGEST, max(LENGTH, length))
    session = await call.run(call.datastore.memory.begin_session, user.user, length, time.time())
    sent = reply({"result": True}, {"Cache-Control": "no-store"})
    sent.set_cookie(
        COOKIE, session, path="/rest", max_age=length, httponly=True, samesite="Strict", secure=call.request.secure
    )
    return sent


def read_credentials(body: bytes) -> tuple[str, str, str]:
    """Read a list of a name, a password and seconds; what is none has no name."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return "", "", ""
    match found:
        case [str() as name, str() as password, *rest]:
            seconds = rest[0] if rest and isinstance(rest[0], int) else 0
            return name, password, str(max(0, min(LONGEST, seconds)) // 60)
    return "", "", ""


async def log_out(call: Call) -> web.Response:
    """End a session, and with it its locks."""
    if call.session.id:
        await call.run(call.datastore.memory.end_session, call.session.id)
    sent = reply({"result": bool(call.session.id)})
    sent.del_cookie(COOKIE, path="/rest")
    return sent


async def show_info(call: Call) -> web.Response:
    """Tell what is remembered, to administrators."""
    if not call.session.is_administrator:
        raise failed(401, REFUSED, "No permission: expected credentials that may write all catalogs")
    now, memory = time.time(), call.datastore.memory
    sets, sessions = await call.run(memory.entity_sets, now), await call.run(memory.sessions, now)
    return reply(
        {
            "cacheSize": call.site.config.cache.memory,
            "usedCache": 0,
            "entitySetCount": len(sets),
            "entitySet": [
                {
                    "id": name,
                    "tableName": catalog,
                    "selectionSize": count,
                    "sorted": bool(ordered),
                    "refreshed": at(refreshed),
                    "expires": at(expires),
                }
                for name, catalog, count, ordered, refreshed, expires in sets
            ],
            "ProgressInfo": [],
            "sessionInfo": [
                {
                    "sessionID": name[:4] + "…",
                    "userID": user,
                    "userName": user,
                    "lifeTime": length,
                    "expiration": at(end),
                }
                for name, user, length, end in sessions
            ],
            "jsContextInfo": [],
        }
    )


def at(seconds: float) -> str:
    """Write a time."""
    return written_moment(datetime.fromtimestamp(seconds, UTC))
