"""The viewer's modules at `/viewer/`: read once, sent without their comments, packed for whoever takes that.

`/viewer/NAME` is asked for again each time it is used. `/viewer/VERSION/NAME` may be kept for ever: `VERSION` is made
of all modules, and as they import each other by their place, a page never mixes those of two versions.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ETag, hdrs, web

FOLDER = Path(__file__).parents[1] / "viewer"
PREFIX = "/viewer"
TYPES = {".js": "text/javascript; charset=utf-8"}
KEPT = "public, max-age=31536000, immutable"
ASKED = "public, no-cache"
DIGITS = 16
COMMENT = re.compile(rb"^[ \t]*(?://[^\n]*|/\*\*.*?\*/)\n", re.MULTILINE | re.DOTALL)
"""A comment that fills its lines."""


@dataclass(frozen=True, slots=True)
class Module:
    """A file as it is sent, by content coding: its bytes and its entity tag."""

    media_type: str
    forms: Mapping[str, tuple[bytes, str]]


@dataclass(frozen=True, slots=True)
class Modules:
    """All modules; `version` changes whenever one of them does."""

    named: Mapping[str, Module]
    version: str

    def url(self, name: str) -> str:
        """Give the path at which a module may be kept for ever."""
        return f"{PREFIX}/{self.version}/{name}"


def read_modules(folder: Path = FOLDER) -> Modules:
    """Read the modules of a folder."""
    found = sorted(path for path in folder.iterdir() if path.suffix in TYPES)
    files = {path.name: COMMENT.sub(b"", path.read_bytes()) for path in found}
    whole = hashlib.sha256(b"".join(name.encode() + b"\0" + body for name, body in files.items()))
    named = {name: module(body, TYPES[Path(name).suffix]) for name, body in files.items()}
    return Modules(named, whole.hexdigest()[:DIGITS])


def module(body: bytes, media_type: str) -> Module:
    """Prepare a file; each content coding is a representation with a tag of its own."""
    digest = hashlib.sha256(body).hexdigest()[: 2 * DIGITS]
    packed = gzip.compress(body, 9, mtime=0)
    return Module(media_type, {"": (body, digest), "gzip": (packed, f"{digest}-gzip")})


def add_viewer(app: web.Application) -> Modules:
    """Add the modules to an application."""
    modules = read_modules()

    async def send(request: web.Request) -> web.Response:
        found = modules.named.get(request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound
        kept = request.match_info.get("version") == modules.version
        return reply(request, found, KEPT if kept else ASKED)

    app.router.add_get(PREFIX + "/{name}", send)
    app.router.add_get(PREFIX + "/{version:[0-9a-f]+}/{name}", send)
    return modules


def reply(request: web.Request, found: Module, lifetime: str) -> web.Response:
    """Send a module, or say that the client has it."""
    coding = "gzip" if takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, "")) else ""
    body, tag = found.forms[coding]
    known = request.if_none_match or ()
    headers = {"Cache-Control": lifetime, "Vary": "Accept-Encoding", "ETag": f'"{tag}"'}
    if any(one in (ETag("*"), ETag(tag), ETag(tag, is_weak=True)) for one in known):
        return web.Response(status=304, headers=headers)
    packed = {"Content-Encoding": coding} if coding else {}
    return web.Response(body=body, headers={**headers, **packed, "Content-Type": found.media_type})


def takes_gzip(accepted: str) -> bool:
    """Tell whether a client takes gzip, by its `Accept-Encoding`."""
    weights = {}
    for part in accepted.casefold().split(","):
        name, _, weight = part.partition(";")
        weights[name.strip()] = weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return weights.get("gzip", weights.get("*", False))
