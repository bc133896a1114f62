"""Versions: what `req=props` hands out and `id=` repeats. Reference: r-id.

A version is made of the content of the files and of the fields of the records that the plan uses, and of nothing
else: neither the URL's commands nor times nor paths. So every server makes the same one of the same content.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b

from imageserver.layout.facts import FactsOf
from imageserver.plan.picture import Picture, Source
from imageserver.plan.profiles import NamedProfile

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH = 22
SHORT = 6
"""What sets hand out as `iv`, and viewers send back."""


def image_version(used: Source | Picture, facts: FactsOf) -> str:
    """Give the version of everything that the pixels of an image or a picture are made of.

    Profiles count in no order, so that an image has the version of the picture that shows nothing else.
    """
    sources, others = ((used,), ()) if isinstance(used, Source) else (used.sources, used.other_files)
    images = (
        text for source in sources for text in (*(facts[path].content_hash for path in source.paths), source.pixels)
    )
    fonts = (facts[file.path].content_hash for file in others if file.kind == "font" and file.path in facts)
    profiles = {digest for named in used.named_profiles for digest in digests_of(named, facts)}
    recipes = used.recipes if isinstance(used, Picture) else ()
    return version_of((*images, *fonts, *sorted(profiles), *recipes))


def digests_of(named: NamedProfile, facts: FactsOf) -> Iterator[str]:
    """Yield what stands for the bytes of a profile, which may be built in; nothing for one that is not there."""
    if named.built_in is not None:
        yield named.built_in.digest
    elif named.file is not None and named.file in facts:
        yield facts[named.file].content_hash


def metadata_version(metadata: Iterable[str]) -> str:
    """Give the version of the metadata of records, each as one canonical text."""
    return version_of(metadata)


def version_of(texts: Iterable[str]) -> str:
    """Hash texts, each with its length, to 128 bits in base 62."""
    digest = blake2b(digest_size=16)
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(data) + data)
    number, letters = int.from_bytes(digest.digest(), "big"), ""
    for _ in range(LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        letters = ALPHABET[rest] + letters
    return letters


def is_current(asked: str, version: str) -> bool:
    """Tell whether `id=` names this version, in full or in its short form."""
    return asked in {version, version[:SHORT]}
