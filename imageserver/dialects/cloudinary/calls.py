"""Calls of both APIs as their handlers see them: who calls, what with, and a file that may come along."""

from __future__ import annotations

import json
import shutil
import time
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec, TypeVar
from urllib.parse import unquote, unquote_to_bytes

from aiohttp import web

from imageserver.catalog.written import Json
from imageserver.dialects.cloudinary.account import Account
from imageserver.dialects.cloudinary.language.layers import elsewhere
from imageserver.dialects.cloudinary.language.signatures import call_text, signs_call
from imageserver.dialects.cloudinary.replies import Failed
from imageserver.plan.hints import NO_HINTS
from imageserver.server.admin.tokens import authorised as bearer
from imageserver.server.admin.tokens import check_scope
from imageserver.server.attempts import is_same
from imageserver.server.fetching import Fetcher

P = ParamSpec("P")
T = TypeVar("T")
OLDEST = 3600
"""Seconds that a signature is good for."""
YES = frozenset({"1", "true", "yes", "on"})
ANY_MEDIA_TYPE = ("",)
"""How the media types begin of what raw files are fetched as."""


@dataclass(slots=True)
class Call:
    """A call that was read; `values` are its parameters, those of a list in their order, `document` a body of JSON.

    A `file` came as bytes, with the name that it had; `path` are the decoded segments behind the cloud. Who `is_known`
    has brought a password or a token.
    """

    account: Account
    request: web.Request
    path: tuple[str, ...]
    values: dict[str, list[str]] = field(default_factory=dict)
    document: Mapping[str, Json] = field(default_factory=dict)
    file: Path | None = None
    filename: str = ""
    is_known: bool = False

    def text(self, name: str, default: str = "") -> str:
        """Give a parameter; a list is separated by commas."""
        return ",".join(self.values[name]) if name in self.values else default

    def has(self, name: str) -> bool:
        """Tell whether a parameter says anything."""
        return any(self.values.get(name, ()))

    def flag(self, name: str, default: bool = False) -> bool:
        """Give a parameter that is on or off."""
        text = self.text(name)
        return text.casefold() in YES if text else default

    def list(self, name: str) -> list[str]:
        """Give a parameter that is a list."""
        found = self.values.get(name, [])
        return [
            word.strip() for one in found for word in (one.split(",") if len(found) == 1 else [one]) if word.strip()
        ]

    def number(self, name: str, default: int, most: int) -> int:
        """Give a parameter that is a whole number."""
        text = self.text(name)
        if not text:
            return default
        if not text.isdecimal() or len(text) > 9:  # noqa: PLR2004, digits
            raise Failed(400, f"Invalid value for parameter {name}: {text[:40]}")
        return min(most, max(1, int(text)))

    async def run(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Do something that waits for the disk."""
        return await self.account.desk.run(work, *arguments, **named)

    @property
    def method(self) -> str:
        """The method."""
        return self.request.method

    def flat(self) -> dict[str, str]:
        """Give the parameters as a signature has them."""
        return {name: ",".join(values) for name, values in self.values.items()}


def written(value: Json) -> str:
    """Write a value of JSON as a form has it."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            return json.dumps(value)


async def inline_file(call: Call, text: str, folder: Path) -> Path:
    """Store a file that came as a data URI, or from a URL where that is allowed."""
    path = folder / "source"
    if text.startswith("data:"):
        await call.run(lambda: path.write_bytes(bytes_in(text)))
        return path
    if not text.startswith(("http://", "https://")):
        raise Failed(400, "Invalid file parameter: expected a file, a data URI or a URL")
    call.filename = call.filename or unquote(text.partition("?")[0].rpartition("/")[2])
    await call.run(shutil.copyfile, await brought(call, text), path)
    return path


def bytes_in(uri: str) -> bytes:
    """Read a data URI, in a thread; raises `Failed`."""
    head, comma, body = uri.partition(",")
    try:
        if comma:
            return b64decode(body) if head.endswith(";base64") else unquote_to_bytes(body)
    except (NoBase64, ValueError) as error:
        raise Failed(400, "Invalid data URI") from error
    raise Failed(400, "Invalid data URI")


async def brought(call: Call, url: str) -> Path:
    """Fetch a file from elsewhere, as far as configuration and catalog allow; give the place that it is in.

    One that is no picture is fetched for those only who sign: `sources.allow_hosts` was meant for pictures.
    """
    account = call.account
    if not account.site.config.sources.allow_hosts:
        raise Failed(400, "Remote URLs are not allowed (sources.allow_hosts)")
    path, _, query = elsewhere(account.root, url).partition("?")
    admitted = account.site.admit(call.request, f"/{path}", query)
    planned = account.site.plan(admitted, NO_HINTS)
    if call.path[0] in {"raw", "auto"} and (call.has("signature") or call.is_known):
        fetcher = Fetcher(account.site.config.sources, ANY_MEDIA_TYPE)
        try:
            await fetcher.bring(planned.foreign)
        finally:
            await fetcher.close()
    else:
        await account.site.fetcher.bring(planned.foreign)
    return planned.foreign[0][1]


def judge(call: Call, credentials: str, is_right: Callable[[], bool], *, name: str = "") -> bool:
    """Tell whether credentials are right; raises `TooManyAttempts`."""
    return bool(call.account.site.judge(call.request, credentials, lambda: is_right() or None, name=name))


def authorised(call: Call) -> bool:
    """Tell whether the caller may do everything: by password, or by token; raises `Failed` for wrong ones."""
    scheme, _, given = call.request.headers.get("Authorization", "").partition(" ")
    cloud = call.account.cloud
    if scheme.casefold() == "basic":
        try:
            name, _, secret = b64decode(given).decode().partition(":")
        except (NoBase64, ValueError):
            name = secret = ""
        right, offered = f"{cloud.key}:{cloud.secret}", f"{name}:{secret}"
        if not cloud.secret or not judge(call, offered, lambda: is_same(right, offered)):
            raise Failed(401, "Invalid credentials")
        return True
    if scheme.casefold() == "bearer":
        token = bearer(call.account.desk, call.request)
        check_scope(token, cloud.catalog, write=True)
        return True
    return False


def check_admin(call: Call) -> None:
    """Raise `Failed` for who may not use the Admin API."""
    if not call.is_known:
        raise Failed(401, "Authorization required", {"WWW-Authenticate": 'Basic realm="imageserver"'})


def check_key(call: Call) -> None:
    """Raise `Failed` for a key that is not that of the cloud."""
    cloud = call.account.cloud
    if not cloud.secret or not is_same(cloud.key, call.text("api_key")):
        raise Failed(401, f"Unknown API key {call.text('api_key')[:40]}")


def check_signed(call: Call) -> None:
    """Raise `Failed` for a call that is neither signed nor authorised otherwise."""
    if call.is_known:
        return
    if not call.has("api_key") or not call.has("signature"):
        raise Failed(401, "Missing required parameter - " + ("signature" if call.has("api_key") else "api_key"))
    check_key(call)
    cloud, flat = call.account.cloud, call.flat()
    signature = call.text("signature")
    if not judge(call, signature, lambda: signs_call(signature, flat, cloud.secret), name=f"signed by {cloud.key}"):
        names = {"file", "cloud_name", "resource_type", "api_key", "signature"}
        text = call_text({name: value for name, value in flat.items() if name not in names and value}, escape=False)
        raise Failed(401, f"Invalid Signature {signature[:80]}. String to sign - '{text}'.")
    stamp = call.text("timestamp")
    if not stamp.isdecimal() or abs(time.time() - int(stamp[:12])) > OLDEST:
        raise Failed(400, f"Stale request - reported time is {stamp[:20]} which is more than 1 hour ago")
