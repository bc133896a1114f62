"""The faces that come with the server, from packages of fonts, so that text works on a machine without any."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path as FilePath

import font_source_serif_pro
import pymupdf_fonts

from imageserver.plan.text import Face


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A face that comes with the server; its package knows it by `code`."""

    name: str
    bold: bool
    italic: bool
    code: str


BUILT_IN = (
    BuiltIn("FiraGO", bold=False, italic=False, code="figo"),
    BuiltIn("FiraGO", bold=True, italic=False, code="figbo"),
    BuiltIn("FiraGO", bold=False, italic=True, code="figit"),
    BuiltIn("FiraGO", bold=True, italic=True, code="figbi"),
    BuiltIn("Fira Mono", bold=False, italic=False, code="fimo"),
    BuiltIn("Fira Mono", bold=True, italic=False, code="fimbo"),
    BuiltIn("Source Serif Pro", bold=False, italic=False, code="SourceSerifPro"),
    BuiltIn("Source Serif Pro", bold=True, italic=False, code="SourceSerifProBold"),
    BuiltIn("Source Serif Pro", bold=False, italic=True, code="SourceSerifProIt"),
    BuiltIn("Source Serif Pro", bold=True, italic=True, code="SourceSerifProBoldIt"),
)
SYMBOLS = (
    BuiltIn("Noto Sans Symbols", bold=False, italic=False, code="symbol1"),
    BuiltIn("Noto Sans Symbols 2", bold=False, italic=False, code="symbol2"),
    BuiltIn("Noto Sans Math", bold=False, italic=False, code="math"),
    BuiltIn("Noto Music", bold=False, italic=False, code="music"),
)
"""Faces that give signs which faces of letters lack; no name calls for them."""


def built_in_bytes(code: str) -> bytes:
    """Give the file of a built-in face."""
    if code in font_source_serif_pro.font_files_otf:
        return FilePath(font_source_serif_pro.font_files_otf[code]).read_bytes()
    return bytes(pymupdf_fonts.myfont(code))


@cache
def built_in_digest(code: str) -> str:
    """Give what stands for the bytes of a built-in face."""
    return hashlib.blake2b(built_in_bytes(code), digest_size=16).hexdigest()


def built_in_face(one: BuiltIn) -> Face:
    """Give a built-in face as the plan names it."""
    return Face(one.name, built_in=one.code, digest=built_in_digest(one.code))


@lru_cache(1024)
def styled(face: Face, *, bold: bool, italic: bool) -> Face:
    """Give the bold or italic sibling of a fallback face: the built-in one, else one that is made up."""
    for one in BUILT_IN:
        if face.built_in and (one.name, one.bold, one.italic) == (face.name, bold, italic):
            return built_in_face(one)
    return replace(face, embolden=face.embolden or bold, slant=face.slant or italic)
