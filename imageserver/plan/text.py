"""The plan of a text layer: what it says, the font files of its faces, and how it is to be set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath

from imageserver.commands.paths import Path
from imageserver.commands.text import PathPlace, TextAttributes
from imageserver.richtext.document import Dialect, RichText


@dataclass(frozen=True, slots=True)
class Face:
    """A face of a font: a file, or one that comes with the server.

    `index` counts within a collection. `embolden` and `slant` say that the face has to be made up out of this one: by
    its axes where the font is a variable one, else by drawing it bolder or at an angle. `digest` stands for the bytes.
    """

    name: str
    file: FilePath | None = field(default=None, repr=False)
    built_in: str = ""
    index: int = 0
    embolden: bool = False
    slant: bool = False
    digest: str = ""


@dataclass(frozen=True, slots=True)
class FaceUse:
    """Which face stands for a font name with its styles."""

    name: str
    bold: bool
    italic: bool
    face: Face


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A text with all that it takes to set it; `fallback` are the faces that give the glyphs that a face lacks."""

    dialect: Dialect
    text: RichText
    faces: tuple[FaceUse, ...]
    fallback: tuple[Face, ...] = ()
    attributes: TextAttributes = TextAttributes()
    angle: float = 0.0
    path: Path | None = None
    place: PathPlace = PathPlace()
    flow_path: Path | None = None
    flow_x_path: Path | None = None

    @property
    def files(self) -> tuple[FilePath, ...]:
        """The font files that have to be there, each once."""
        return tuple(dict.fromkeys(use.face.file for use in self.faces if use.face.file is not None))

    @property
    def spare_files(self) -> tuple[FilePath, ...]:
        """The font files that are done without when they cannot be read."""
        return tuple(face.file for face in self.fallback if face.file is not None)

    def with_digests(self, digests: Mapping[FilePath, str]) -> TextBlock:
        """Give the block with the digest of each font file in its faces, without fallback faces that have none."""

        def known(face: Face) -> Face:
            return face if face.file is None else replace(face, digest=digests[face.file])

        uses = tuple(replace(use, face=known(use.face)) for use in self.faces)
        fallback = tuple(known(face) for face in self.fallback if face.file is None or face.file in digests)
        return replace(self, faces=uses, fallback=fallback)
