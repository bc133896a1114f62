"""Font names of a text → faces: those of the catalog's font map, of the default catalog's, and those that come along.

References: r-font-handling, c-font-map-reference, r-defaultfont, r-synthesizefontstyles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from imageserver.catalog.catalogs import Catalog, Catalogs
from imageserver.catalog.extras import Font
from imageserver.errors import UnknownFont
from imageserver.plan.faces import (
    BOLD,
    BOTH,
    BUILT_IN,
    ITALIC,
    REGULAR,
    SYMBOLS,
    Style,
    built_in_face,
    built_in_faces,
    in_style,
)
from imageserver.plan.text import Face, FaceUse
from imageserver.richtext.document import Look, RichText

DEFAULT = "FiraGO"
"""The font of text that names none, in a catalog that names none."""
STYLES = {REGULAR: "regular", BOLD: "bold", ITALIC: "italic", BOTH: "bold italic"}
MOST_FALLBACKS = 20


@dataclass(frozen=True, slots=True)
class FontMap:
    """The fonts in reach of a catalog."""

    catalog: Catalog
    default: Catalog

    @classmethod
    def of(cls, catalog: Catalog, catalogs: Catalogs) -> FontMap:
        """Give the fonts in reach of one of the catalogs."""
        return cls(catalog, catalogs.default)

    def uses(self, text: RichText) -> tuple[FaceUse, ...]:
        """Find the face of each font and style of a text; raises `UnknownFont`."""
        wanted = dict.fromkeys((look.font, look.bold, look.italic) for look in looks_of(text))
        return tuple(FaceUse(name, bold, italic, self.face(name, (bold, italic))) for name, bold, italic in wanted)

    def fallback(self) -> tuple[Face, ...]:
        """Give the faces that may have the glyphs that another lacks."""
        regular = ((home, font) for home, font in self._fonts() if not (font.bold or font.italic or font.like))
        own = (file_face(home, font) for home, font in regular)
        return (
            *islice(own, MOST_FALLBACKS),
            *(built_in_face(one) for one in (*BUILT_IN, *SYMBOLS) if not one.bold and not one.italic),
        )

    def face(self, name: str, style: Style) -> Face:
        """Find a face; one that has to be made up needs attribute::SynthesizeFontStyles."""
        attributes = self.catalog.attributes
        asked = name or attributes.default_font or DEFAULT
        faces = self._faces(asked)
        if not faces:
            raise UnknownFont(asked, "", self.catalog.name, self.names())
        if style not in faces and not attributes.synthesize_font_styles:
            raise UnknownFont(asked, STYLES[style], self.catalog.name, self.names())
        return in_style(faces, style)

    def names(self) -> tuple[str, ...]:
        """Give the names of all fonts."""
        mapped = (font.name for _, font in self._fonts())
        return tuple(dict.fromkeys((*sorted(mapped), *(one.name for one in BUILT_IN))))

    def comes_along(self, name: str) -> bool:
        """Tell whether a font comes along with this server, and no catalog has another one by its name."""
        named = name.casefold()
        mapped = any(font.name.casefold() == named for _, font in self._fonts())
        return not mapped and any(one.name.casefold() == named for one in BUILT_IN)

    @property
    def _homes(self) -> tuple[Catalog, ...]:
        return (self.catalog,) if self.catalog is self.default else (self.catalog, self.default)

    def _faces(self, name: str, *others: str) -> dict[Style, Face]:
        """Give the faces of a font: of the first map that has any, or else built-in ones.

        `others` are the fonts that it stands for; one that in the end stands for itself has no faces.
        """
        for home in self._homes:
            found = [font for font in home.extras.fonts if font.name.casefold() == name.casefold()]
            like = next((font.like for font in found if font.like), "")
            if like:
                seen = (*others, name.casefold())
                return {} if like.casefold() in seen else self._faces(like, *seen)
            if found:
                return {(font.bold, font.italic): file_face(home, font) for font in found}
        return built_in_faces(name)

    def _fonts(self) -> Iterator[tuple[Catalog, Font]]:
        for home in self._homes:
            yield from ((home, font) for font in home.extras.fonts)


def file_face(home: Catalog, font: Font) -> Face:
    """Give the face of a file that a font map names."""
    return Face(font.name, home.folder / font.path, index=font.index)


def looks_of(text: RichText) -> Iterator[Look]:
    """Yield the looks of all that a text shows."""
    for paragraph in text.paragraphs:
        yield from (span.look for span in paragraph.spans)
        yield paragraph.mark
