"""The media types of static content, by the suffix of its file, and how browsers may treat it."""

from __future__ import annotations

from collections.abc import Mapping

from imageserver.catalog.content import suffix_of

MEDIA_TYPES: Mapping[str, str] = {
    "css": "text/css",
    "js": "text/javascript",
    "mjs": "text/javascript",
    "json": "application/json",
    "map": "application/json",
    "webmanifest": "application/manifest+json",
    "wasm": "application/wasm",
    "txt": "text/plain",
    "csv": "text/csv",
    "vtt": "text/vtt",
    "srt": "text/plain",
    "html": "text/html",
    "htm": "text/html",
    "xhtml": "application/xhtml+xml",
    "xht": "application/xhtml+xml",
    "svg": "image/svg+xml",
    "xml": "text/xml",
    "xsl": "text/xml",
    "xslt": "text/xml",
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "ttml": "application/ttml+xml",
    "dfxp": "application/ttml+xml",
    "smil": "application/smil+xml",
    "mht": "multipart/related",
    "mhtml": "multipart/related",
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "bmp": "image/bmp",
    "ico": "image/x-icon",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "f4v": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "ogv": "video/ogg",
    "flv": "video/x-flv",
    "avi": "video/x-msvideo",
    "ts": "video/mp2t",
    "m4s": "video/iso.segment",
    "m3u8": "application/vnd.apple.mpegurl",
    "mpd": "application/dash+xml",
    "f4m": "application/f4m+xml",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "ttf": "font/ttf",
    "otf": "font/otf",
    "eot": "application/vnd.ms-fontobject",
    "glb": "model/gltf-binary",
    "gltf": "model/gltf+json",
    "usdz": "model/vnd.usdz+zip",
    "obj": "model/obj",
    "zip": "application/zip",
    "swf": "application/x-shockwave-flash",
}
UNKNOWN = "application/octet-stream"
PAGES = frozenset({"text/html", "text/xml", "application/xml", "multipart/related"})
WITH_CHARSET = frozenset({"application/json", "application/manifest+json"})


def media_type_of(path: str) -> str:
    """Give the media type of a file; what nobody knows is bytes."""
    return MEDIA_TYPES.get(suffix_of(path), UNKNOWN)


def is_page(media_type: str) -> bool:
    """Tell whether browsers show it as a document of its own, which may run scripts."""
    return media_type in PAGES or media_type.endswith("+xml")


def content_type(media_type: str) -> str:
    """Write a media type with its character set: text is UTF-8, but XML says so itself."""
    has_charset = media_type.startswith("text/") and media_type != "text/xml"
    return f"{media_type}; charset=utf-8" if has_charset or media_type in WITH_CHARSET else media_type
