"""`req=mbrSet`: which videos of a set are listed, and by which URLs. Reference: r-mbrset."""

from __future__ import annotations

from urllib.parse import quote

from imageserver.catalog.content import KIND, Item, look_up_content, suffix_of
from imageserver.commands.groups import asked
from imageserver.errors import BadValue, Mismatch, NotFound
from imageserver.plan.plan import Manifest, Plan, Stream, Streams
from imageserver.plan.question import Question
from imageserver.protocol.grammar import Keyword
from imageserver.protocol.reading import decoded

MANIFEST: Keyword[Manifest] = Keyword({"m3u8": "m3u8", "f4m": "f4m"})
PREFERRED: dict[Manifest, tuple[str, str]] = {"m3u8": ("mp4", "f4v"), "f4m": ("f4v", "mp4")}
"""The kinds of video that a manifest lists: those of the first kind or, when there are none, of the second."""
OWN_CONTEXT = "/is/content/"


def plan_mbr_set(question: Question) -> Plan:
    """List the videos of a set, or the one video that the path names."""
    entry = question.entry()
    manifest = asked_manifest(question)
    written = entry.record.image_set if entry.record else ""
    names = tuple(item_id(item) for item in written.split(",")) if written else (question.request.object,)
    main = entry.catalog if written else None
    items = tuple(look_up_content(question.catalogs, name, question.locale, main) for name in names if name)
    if not written and entry.record is None and items[0].record is None:
        raise NotFound(KIND, question.request.object, "expected a video set, or a video of the static content catalog")
    attributes = entry.catalog.attributes
    prefix = attributes.http_apple_streaming_context if manifest == "m3u8" else attributes.http_flash_streaming_context
    return question.answered_by(Streams(manifest, streams_of(items, manifest, prefix)), entry)


def asked_manifest(question: Question) -> Manifest:
    """Find which list is asked for: what `fmt=` says or, without it, the one that is text or XML as `req=` says."""
    piece = asked((piece for piece in question.pieces if piece.value), "fmt")
    if piece is None:
        return "f4m" if question.control.req.form == "xml" else "m3u8"
    text = piece.value or ""
    try:
        return MANIFEST.parse(text)
    except Mismatch as error:
        raise BadValue("fmt", text, f"{error.expected}, with req=mbrSet", piece.origin) from error


def item_id(item: str) -> str:
    """Give the id of an item of a set, whose separators are encoded in it."""
    return decoded(item.strip(" {}()").partition(";")[0].strip())


def streams_of(items: tuple[Item, ...], manifest: Manifest, prefix: str) -> tuple[Stream, ...]:
    """Give those videos that have a bit rate and are of the kind that a list prefers."""
    for suffix in PREFERRED[manifest]:
        found = tuple(
            Stream(url_of(item, prefix), rate, item.record.video_size)
            for item in items
            if item.record and suffix_of(item.record.path) == suffix and (rate := item.record.bit_rate)
        )
        if found:
            return found
    return ()


def url_of(item: Item, prefix: str) -> str:
    """Give the URL of a video: on the streaming server or, when the catalog has none, here."""
    if prefix:
        return f"{prefix.rstrip('/')}/{quote(item.path.lstrip('/'))}"
    return OWN_CONTEXT + quote(f"{item.catalog.name}/{item.record_id}".lstrip("/"))
