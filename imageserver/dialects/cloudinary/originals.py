"""Pictures as they are stored: their bytes, known by the md5 of them."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from imageserver.dialects.cloudinary.looking import Found, Looking
from imageserver.plan.files import StaticFile
from imageserver.plan.media_types import media_type_of
from imageserver.server.stored import send_stored


async def send_original(looking: Looking, found: Found, headers: Mapping[str, str]) -> web.StreamResponse:
    """Send the file of a record, all of it or the part that is asked for."""
    entry, account = found.entry, looking.account
    assert entry is not None  # noqa: S101, who sends it has seen that
    path = entry.source()
    admitted = looking.admit(looking.path_of(found.name), "")
    file = StaticFile(found.name, path.parent, path.name, None, media_type_of(f"x.{found.stored}"))
    own = {**headers, **({"Cache-Control": "private, no-cache"} if admitted.is_bounded else {})}
    return await send_stored(account.site, looking.request, admitted, file, own, digest=account.digest)
