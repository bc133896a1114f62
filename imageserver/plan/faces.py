"""The faces that come with the server, from packages of fonts, so that text works on a machine without any."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path as FilePath

import font_source_serif_pro
import pymupdf_fonts

from imageserver.plan.text import Face

SANS_PACKAGE, SERIF_PACKAGE = "pymupdf-fonts", "font-source-serif-pro"
Style = tuple[bool, bool]
"""Whether a face is bold, and whether it is italic."""
REGULAR, BOLD, ITALIC, BOTH = (False, False), (True, False), (False, True), (True, True)
SUBSTITUTES = {
    REGULAR: (BOLD, ITALIC, BOTH),
    BOLD: (REGULAR, BOTH, ITALIC),
    ITALIC: (REGULAR, BOTH, BOLD),
    BOTH: (BOLD, ITALIC, REGULAR),
}
"""Which face a style is made of when it is not there, the best first."""


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
    """Give what stands for the bytes of a built-in face: its package's version, since reading all faces takes long."""
    package = SERIF_PACKAGE if code in font_source_serif_pro.font_files_otf else SANS_PACKAGE
    return hashlib.blake2b(f"{package} {version(package)} {code}".encode(), digest_size=16).hexdigest()


def built_in_face(one: BuiltIn) -> Face:
    """Give a built-in face as the plan names it."""
    return Face(one.name, built_in=one.code, digest=built_in_digest(one.code))


def built_in_faces(name: str) -> dict[Style, Face]:
    """Give the built-in faces of a name, if there are any."""
    return {(one.bold, one.italic): built_in_face(one) for one in BUILT_IN if one.name.casefold() == name.casefold()}


def in_style(faces: Mapping[Style, Face], style: Style) -> Face:
    """Give the face of a style, made up of another one where it is not among them."""
    found = next(one for one in (style, *SUBSTITUTES[style]) if one in faces)
    return replace(faces[found], embolden=style[0] and not found[0], slant=style[1] and not found[1])


@lru_cache(1024)
def styled(face: Face, *, bold: bool, italic: bool) -> Face:
    """Give the bold or italic sibling of a regular fallback face: the built-in one, else one that is made up."""
    siblings = built_in_faces(face.name) if face.built_in else {}
    return in_style(siblings or {REGULAR: face}, (bold, italic))
