"""A path behind the cloud's name → what it asks for: kind, type, signature, transformations, version and public id."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from imageserver.dialects.cloudinary.language.facts import BadTransformation, NoSuchResource

KINDS = frozenset({"image", "raw", "video"})
TYPES = frozenset({"upload", "private", "authenticated", "fetch"})
SHORT = {
    "iu": ("image", "upload", False),
    "images": ("image", "upload", True),
    "private_images": ("image", "private", True),
    "authenticated_images": ("image", "authenticated", True),
    "files": ("raw", "upload", True),
    "videos": ("video", "upload", True),
}
"""Short forms: kind, type, and whether a suffix follows the public id, for search engines."""
SIGNATURE = re.compile(r"s--(.*)--")
SIGNED = re.compile(r"[A-Za-z0-9_-]{8}|[A-Za-z0-9_-]{32}")
VERSION = re.compile(r"v([0-9]+)")
PART = re.compile(r"[A-Za-z0-9]{1,3}_.*|\$[A-Za-z0-9]+_.*|if_.*", re.DOTALL)
SOURCE = re.compile(r"https?:", re.IGNORECASE)
LONGEST_NUMBER = 20


@dataclass(frozen=True, slots=True)
class Address:
    """What a delivery URL asks for; `transformations` are decoded, `signed_text` is what a signature is made of.

    `extension` is that of the last segment, which may belong to the public id.
    """

    kind: str
    type: str
    signature: str
    transformations: tuple[str, ...]
    version: int | None
    public_id: str
    extension: str
    signed_text: str

    @property
    def stem(self) -> str:
        """The public id without the extension."""
        return self.public_id.removesuffix(f".{self.extension}") if self.extension else self.public_id


def read_address(path: str) -> Address:
    """Take a path apart, which is still percent-encoded; raises `NoSuchResource` or `BadTransformation`."""
    segments = re.sub(r"(?<!:)/{2,}", "/", path).strip("/").split("/")
    kind, type_, has_suffix, rest = opening(segments)
    signature = ""
    match = SIGNATURE.fullmatch(rest[0]) if rest else None
    if match:
        signature, rest = match[1], rest[1:]
        if not SIGNED.fullmatch(signature):
            raise BadTransformation(f"Invalid signature in URL: {signature}")
    if has_suffix:
        rest = without_suffix(rest, keeps_extension=kind == "raw")
    transformations, version, named = split(rest, fetches=type_ == "fetch")
    if not named or not named[-1]:
        raise NoSuchResource("")
    last = unquote(named[-1])
    extension = last.rpartition(".")[2] if "." in last.strip(".") and type_ != "fetch" and kind != "raw" else ""
    return Address(
        kind=kind,
        type=type_,
        signature=signature,
        transformations=tuple(unquote(one) for one in transformations),
        version=version,
        public_id="/".join(unquote(one) for one in named),
        extension=extension,
        signed_text="/".join((*transformations, *named)),
    )


def opening(segments: Sequence[str]) -> tuple[str, str, bool, list[str]]:
    """Find kind and type, whether a suffix stands at the end, and what follows."""
    first = segments[0]
    if first in KINDS and len(segments) > 1:
        if segments[1] not in TYPES:
            raise NoSuchResource("/".join(segments))
        return first, segments[1], False, list(segments[2:])
    if first in SHORT and len(segments) > 1:
        kind, type_, has_suffix = SHORT[first]
        return kind, type_, has_suffix, list(segments[1:])
    return "image", "upload", False, list(segments)


def without_suffix(segments: list[str], *, keeps_extension: bool) -> list[str]:
    """Leave the suffix out, and keep its extension, unless the public id has it already and keeps it."""
    if len(segments) < 2:  # noqa: PLR2004, the public id and the suffix
        raise NoSuchResource("/".join(segments))
    *kept, suffix = segments
    dot, extension = suffix.rpartition(".")[1:]
    is_there = keeps_extension and kept[-1].endswith(f".{extension}")
    return [*kept[:-1], f"{kept[-1]}.{extension}" if dot and not is_there else kept[-1]]


def split(segments: list[str], *, fetches: bool) -> tuple[list[str], int | None, list[str]]:
    """Cut into transformations, version and public id: by the version where there is one, or else by their looks."""
    if fetches:
        at = next((i for i, one in enumerate(segments) if SOURCE.match(unquote(one))), len(segments))
        before, version = segments[:at], None
        if before and VERSION.fullmatch(before[-1]):
            version = number(before.pop())
        return before, version, segments[at:]
    at = next((i for i, one in enumerate(segments[:-1]) if VERSION.fullmatch(one)), -1)
    if at >= 0:
        return segments[:at], number(segments[at]), segments[at + 1 :]
    count = sum(1 for _ in leading(segments[:-1]))
    return segments[:count], None, segments[count:]


def leading(segments: list[str]) -> Iterator[str]:
    """Yield the segments at the start that look like transformations."""
    for segment in segments:
        if not all(PART.fullmatch(part) for part in unquote(segment).split(",")):
            return
        yield segment


def number(segment: str) -> int:
    """Read a version; one with more digits than any has is 0, which is never current."""
    digits = segment[1:]
    return int(digits) if len(digits) < LONGEST_NUMBER else 0
