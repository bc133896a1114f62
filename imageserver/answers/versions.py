"""Versions: what `req=props` hands out and `id=` repeats. Reference: r-id.

A version is made of the content of the files and of the fields of the records that the plan uses, and of nothing
else: neither the URL's commands nor times nor paths. So every server makes the same one of the same content.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from imageserver.layout.facts import FactsOf
from imageserver.plan.picture import OtherFile, Source

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH = 22
SHORT = 6
"""What sets hand out as `iv`, and viewers send back."""


def image_version(sources: Iterable[Source], facts: FactsOf, others: Iterable[OtherFile] = ()) -> str:
    """Give the version of everything that the pixels are made of."""
    images = (
        text for source in sources for text in (*(facts[path].content_hash for path in source.paths), source.pixels)
    )
    return version_of((*images, *(facts[file.path].content_hash for file in others if file.path in facts)))


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
