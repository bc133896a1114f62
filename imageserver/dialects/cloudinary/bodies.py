"""What a call brings: parameters, a document, a file. Of a stranger no more is read than it takes to know them."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from imageserver.dialects.cloudinary.account import Account
from imageserver.dialects.cloudinary.calls import Call, authorised, check_admin, check_key, check_signed, written
from imageserver.dialects.cloudinary.language.signatures import signs_call
from imageserver.dialects.cloudinary.replies import Failed
from imageserver.server.admin.bodies import bytes_of, check
from imageserver.server.admin.uploading import chunks_of, receive

INDEXED = re.compile(r"(.+?)\[[0-9]*\]")
JSON_TYPE, FORM_TYPE = "application/json", "multipart/form-data"
MOST_INLINE = 2**26
"""Bytes of a file that comes as a text."""
MOST_OF_STRANGERS = 2**24
"""Bytes of a file in a form that has not told by then from whom it is."""
BEHIND = "behind api_key and signature, or an unsigned upload_preset"
DEEPEST = 8


@asynccontextmanager
async def reading(
    account: Account, request: web.Request, path: tuple[str, ...], *, for_all: bool
) -> AsyncIterator[Call]:
    """Read a call; a file that comes along is gone at the end, unless it was used up.

    Who sends a header of authorisation is judged by that before anything is read; without one, only what is `for_all`
    may be called, which is to be signed then.
    """
    call = Call(account, request, path)
    call.is_known = authorised(call)
    if not for_all:
        check_admin(call)
    add_pairs(call, parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True))
    stack = ExitStack()
    try:
        if request.can_read_body:
            await read_body(call, stack)
        yield call
    finally:
        await call.run(stack.close)


def add_pairs(call: Call, pairs: list[tuple[str, str]]) -> None:
    """Take parameters in; `name[]` and `name[0]` are parts of a list."""
    for name, value in pairs:
        match = INDEXED.fullmatch(name)
        if match and name.count("[") == 1:
            call.values.setdefault(match[1], []).append(value)
        else:
            call.values[name] = [value]


async def read_body(call: Call, stack: ExitStack) -> None:
    """Read a body of any of the kinds that clients send."""
    if not (call.account.cloud.key or call.account.desk.tokens):
        raise Failed(401, "This cloud has no key: it can only be read")
    kind, limits = call.request.content_type, call.account.site.config.limits
    if kind == FORM_TYPE:
        if (call.request.content_length or 0) > max(limits.file_size, MOST_INLINE) + limits.body_size:
            raise Failed(400, "File size too large (limits.file_size)")
        try:
            await read_form(call, stack, limits.body_size)
        except (ValueError, HttpProcessingError) as error:
            raise Failed(400, "The body is no form that can be read") from error
        return
    uploads = call.is_known and call.path[-1:] == ("upload",)
    text = await bytes_of(call.request, max(limits.body_size, MOST_INLINE) if uploads else limits.body_size)
    if kind != JSON_TYPE:
        add_pairs(call, parse_qsl(text.decode("utf-8", "replace"), keep_blank_values=True))
    elif text.strip():
        read_document(call, text)


def read_document(call: Call, text: bytes) -> None:
    """Read JSON: texts, numbers, flags and lists of them are parameters as well."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Failed(400, f"The body is no JSON: {str(error)[:80]}") from error
    if not isinstance(document, dict):
        raise Failed(400, "Expected a body that is a JSON object")
    check(document, DEEPEST)
    call.document = document
    for name, value in document.items():
        if isinstance(value, list):
            call.values[name] = [written(one) for one in value if one is not None]
        elif value is not None:
            call.values[name] = [written(value)]


async def read_form(call: Call, stack: ExitStack, limit: int) -> None:
    """Read a form, its file to the disk and all else to memory."""
    has_file = False
    async for part in await call.request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise Failed(400, "The form has a part without a name")
        if part.name != "file":
            text = await text_of(part, limit)
            limit -= len(part.name) + len(text)
            if limit < 0:
                raise Failed(400, "The form is too large")
            add_pairs(call, [(part.name, text.decode("utf-8", "replace"))])
            if call.has("api_key") and not call.is_known:
                check_key(call)
            continue
        if has_file:
            raise Failed(400, "The form has more than one file")
        has_file = True
        if part.filename is None:
            most = await most_inline(call, limit)
            call.values["file"] = [(await text_of(part, most)).decode("utf-8", "replace")]
        else:
            await read_file(call, part, stack)


async def most_inline(call: Call, otherwise: int) -> int:
    """Tell how long a file may be that comes as a text."""
    if is_signed(call):
        return MOST_INLINE
    return MOST_OF_STRANGERS if await names_unsigned_preset(call) else otherwise


def is_signed(call: Call) -> bool:
    """Tell whether what has come so far says from whom it is; its last field may still show that it is wrong."""
    if call.is_known:
        return True
    cloud = call.account.cloud
    return call.has("signature") and signs_call(call.text("signature"), call.flat(), cloud.secret)


async def text_of(part: BodyPartReader, most: int) -> bytes:
    """Read a part into memory."""
    body = bytearray()
    async for chunk in chunks_of(part):
        body += chunk
        if len(body) > most:
            raise Failed(400, f"The form is too large: more than {most} bytes have to be a file {BEHIND}")
    return bytes(body)


async def read_file(call: Call, part: BodyPartReader, stack: ExitStack) -> None:
    """Write the file of a form to the disk."""
    folder = await call.run(lambda: stack.enter_context(call.account.store().staging()))
    call.file = folder / "source"
    call.filename = (part.filename or "").replace("\\", "/").rpartition("/")[2]
    whole = is_signed(call) or await names_unsigned_preset(call)
    chunks = chunks_of(part) if whole else few_chunks_of(call, part)
    await receive(call.account.desk, chunks, call.file)


async def names_unsigned_preset(call: Call) -> bool:
    """Tell whether a call names a preset that lets everybody upload."""
    name = call.text("upload_preset")
    preset = await call.run(call.account.notes.read, "preset", name) if name else None
    return preset is not None and bool(preset.get("unsigned"))


async def few_chunks_of(call: Call, part: BodyPartReader) -> AsyncIterator[bytes]:
    """Yield the bytes of a file from nobody knows whom; raises `Failed` for many."""
    length = 0
    async for chunk in chunks_of(part):
        length += len(chunk)
        if length > MOST_OF_STRANGERS:
            if call.has("signature"):
                check_signed(call)
            raise Failed(400, f"A file of more than {MOST_OF_STRANGERS} bytes has to come {BEHIND}")
        yield chunk
