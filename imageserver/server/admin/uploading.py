"""Files over HTTP: streamed to the disk, checked to be images, and only then stored."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import cast

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from imageserver.errors import BadSource, LimitExceeded, RenderFailed
from imageserver.layout.facts import Facts
from imageserver.protocol.values import Size
from imageserver.render.whole import probe_whole
from imageserver.server.admin.asking import Ask, reply, rev_to_replace
from imageserver.server.admin.bodies import bad, too_large
from imageserver.server.admin.desk import Desk
from imageserver.server.admin.problems import Refused
from imageserver.server.admin.records import commit, described, url_of
from imageserver.store.edits import Edit, Kind, StoreFile
from imageserver.store.errors import InvalidEdit, NoSuchRecord
from imageserver.store.filing import FIELD

PARTS: tuple[Kind, ...] = ("source", "mask")
FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/tiff": "TIFF",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
    "image/bmp": "BMP",
    "image/vnd.microsoft.icon": "ICO",
    "image/x-icon": "ICO",
}
ANY_TYPE = "application/octet-stream"
IMAGE_TYPES = (*FORMATS, ANY_TYPE)
FORM_TYPE = "multipart/form-data"
SUFFIXES = frozenset({"", ".jpg", ".jpeg", ".jpe", ".png", ".gif", ".tif", ".tiff", ".webp", ".avif", ".bmp", ".ico"})
"""Of files that may be replaced: nobody stores a picture in place of a catalog."""
CHUNK = 2**18


@dataclass(frozen=True, slots=True)
class Received:
    """A file that has come, and is an image."""

    path: Path
    facts: Facts


async def put_file(ask: Ask) -> web.StreamResponse:
    """Store the body as the source or the mask of a record; a source makes the record if there is none."""
    kind = cast("Kind", ask.path["kind"])
    declared = type_of(ask.request.content_type)
    rev = await ask.desk.run(prepared, ask, (kind,))
    limit = ask.desk.site.config.limits.file_size
    if (ask.request.content_length or 0) > limit:
        raise too_large("limits.file_size", limit)
    async with staging(ask) as folder:
        path = folder / kind
        await receive(ask.desk, ask.request.content.iter_chunked(CHUNK), path)
        files = {kind: Received(path, await check(ask.desk, ask.name, path, declared))}
        await check_sizes(ask, files)
        return await ask.desk.run(store, ask, files, rev)


async def post_files(ask: Ask) -> web.StreamResponse:
    """Store the parts `source` and `mask` of a form, or one of them."""
    if ask.request.content_type != FORM_TYPE:
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"expected a body of {FORM_TYPE}", {"Accept-Post": FORM_TYPE})
    rev = await ask.desk.run(prepared, ask, PARTS)
    async with staging(ask) as folder:
        try:
            files = {kind: file async for kind, file in parts(ask, folder)}
        except (ValueError, HttpProcessingError) as error:
            raise bad("the body is no form that can be read") from error
        if not files:
            raise bad(f"expected a part {' or '.join(PARTS)}")
        await check_sizes(ask, files)
        return await ask.desk.run(store, ask, files, rev)


def prepared(ask: Ask, kinds: tuple[Kind, ...]) -> int:
    """Give the revision that is replaced, once it is known that the files may go where they would."""
    rev = rev_to_replace(ask)
    fields = ask.status().fields if rev else {}
    if not rev and kinds == ("mask",):
        raise NoSuchRecord(ask.path["catalog"], ask.name)
    for kind in kinds:
        path = ask.query.get("path") or fields.get(FIELD[kind])
        name = PurePosixPath(path).name if isinstance(path, str) else ""
        if name.startswith(".") or PurePosixPath(name).suffix.casefold() not in SUFFIXES:
            allowed = ", ".join(sorted(filter(None, SUFFIXES)))
            raise InvalidEdit(f"images.{ask.name}.{FIELD[kind]}", f"expected a file name with one of {allowed}")
    return rev


def type_of(content_type: str) -> str:
    """Read the media type of a file; raises `Refused`."""
    if content_type not in IMAGE_TYPES:
        allowed = ", ".join(IMAGE_TYPES)
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"expected one of {allowed}", {"Accept": allowed})
    return content_type


@asynccontextmanager
async def staging(ask: Ask) -> AsyncIterator[Path]:
    """Give a folder for temporary files, which goes whatever happens."""
    stack = ExitStack()
    folder = await ask.desk.run(lambda: stack.enter_context(ask.store().staging()))
    try:
        yield folder
    finally:
        await ask.desk.run(stack.close)


async def parts(ask: Ask, folder: Path) -> AsyncIterator[tuple[Kind, Received]]:
    """Yield the files of a form once they are on the disk and are images."""
    seen: set[str] = set()
    async for part in await ask.request.multipart():
        name = part.name if isinstance(part, BodyPartReader) else None
        kind = next((one for one in PARTS if one == name), None)
        if kind is None or kind in seen or not isinstance(part, BodyPartReader):
            raise bad(f"expected the parts {' and '.join(PARTS)}, each once")
        seen.add(kind)
        declared = type_of(part.headers.get("Content-Type", ANY_TYPE).partition(";")[0].strip().casefold())
        path = folder / kind
        await receive(ask.desk, chunks_of(part), path)
        yield kind, Received(path, await check(ask.desk, ask.name, path, declared))


async def chunks_of(part: BodyPartReader) -> AsyncIterator[bytes]:
    """Yield the bytes of a part."""
    while chunk := await part.read_chunk(CHUNK):
        yield bytes(chunk)


async def receive(desk: Desk, chunks: AsyncIterable[bytes], path: Path) -> None:
    """Write what comes to a file; raises `Refused` for more than may come."""
    limit, length = desk.site.config.limits.file_size, 0
    stream = await desk.run(path.open, "xb")
    try:
        async for chunk in chunks:
            length += len(chunk)
            if length > limit:
                raise too_large("limits.file_size", limit)
            await desk.run(stream.write, chunk)
    finally:
        await desk.run(stream.close)


async def check(desk: Desk, name: str, path: Path, declared: str = ANY_TYPE) -> Facts:
    """See in the sandbox that a file of a record is an image, all of it, and the one that it is said to be."""
    where = f"images.{name}.{FIELD['mask' if path.name == 'mask' else 'source']}"
    try:
        facts = await desk.site.renderer.run(probe_whole, path, desk.site.config.limits)
    except BadSource as error:
        raise InvalidEdit(where, f"the file is no image that can be read: {error.reason}") from error
    except LimitExceeded as error:
        raise InvalidEdit(where, str(error)) from error
    except RenderFailed as error:
        raise InvalidEdit(where, f"the file cannot be checked: {error.reason}") from error
    if FORMATS.get(declared, facts.format) != facts.format:
        raise InvalidEdit(where, f"the file is {facts.format}, and not {declared} as its Content-Type says")
    return facts


async def check_sizes(ask: Ask, files: Mapping[Kind, Received]) -> None:
    """See that an image and its mask have the same size, as catalog::MaskPath asks for; raises `InvalidEdit`."""
    facts = {kind: one.facts for kind, one in files.items()}
    for kind in PARTS:
        if kind not in facts and (path := await ask.desk.run(path_now, ask, kind)):
            with suppress(BadSource, LimitExceeded):
                facts[kind] = (await ask.desk.site.sources.facts([path]))[path]
    source, mask = facts.get("source"), facts.get("mask")
    if source is None or mask is None:
        return
    if not any(source.shown_size(oriented=one) == mask.shown_size(oriented=one) for one in (True, False)):
        raise InvalidEdit(
            f"images.{ask.name}.{FIELD['mask']}",
            f"expected a mask of the size of its image, {written(source.size)}, not of {written(mask.size)}; "
            f"both can be stored at once at {url_of(ask, 'images', ask.name, 'files')}",
        )


def path_now(ask: Ask, kind: Kind) -> Path | None:
    """Tell where the file is that a record has, if there is one."""
    with suppress(NoSuchRecord), ask.store().open_file(ask.name, kind) as stream:
        return Path(stream.name)
    return None


def written(size: Size) -> str:
    """Write a size."""
    return f"{size.width}x{size.height}"


def store(ask: Ask, files: Mapping[Kind, Received], rev: int) -> web.Response:
    """Make files those of a record that is at a revision."""
    path = ask.query.get("path", "")
    edits: list[Edit] = [StoreFile(ask.name, files[kind].path, kind, path) for kind in PARTS if kind in files]
    status = commit(ask, edits, rev)
    made = HTTPStatus.OK if rev else HTTPStatus.CREATED
    return reply(ask, described(status), status.row.rev, made, Location=url_of(ask, "images", ask.name))
