"""A picture on its way: the native request that makes it so far, and its size in pixels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from imageserver.dialects.cloudinary.language.facts import BadTransformation
from imageserver.protocol.values import Size

Boxes = tuple[tuple[int, int, int, int], ...]
"""Rectangles: left, top, width and height."""
LONGEST = 2**16
"""Characters of a native request; some effects need the picture twice."""


@dataclass(frozen=True, slots=True)
class Client:
    """What is known of who asks: the device pixel ratio, the formats that it shows, and the width that it wants.

    `border` is the colour at the edges of the picture that is asked for, where that is known; `most` is how large a
    picture may be, 0 leaving a side free. `faces` and `custom` are the coordinates that somebody gave it.
    """

    ratio: float = 1.0
    formats: tuple[str, ...] = ()
    width: int = 0
    border: str = ""
    most: Size = Size(0, 0)
    faces: Boxes = ()
    custom: Boxes = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture to begin with: the path of its record, still to be asked for anything.

    One that is not `plain` has commands of its own, which those of a request would mix with. `paths` are the names of
    the clipping paths in its file, `pages` its pages, or its frames.
    """

    written: str
    size: Size
    has_alpha: bool = False
    plain: bool = True
    paths: tuple[str, ...] = ()
    pages: int = 1


@dataclass(frozen=True, slots=True)
class Picture:
    """A native request: `path` and `commands`; `catalog` is where requests around it begin.

    Once it `is_shaped`, or has a view, what shapes it further needs another request around it. Of the picture as it is
    stored, `source` is the size; it has `pages`, of which one was chosen where it `is_still`, and as many `faces` as
    somebody has told of.
    """

    catalog: str
    path: str
    size: Size
    has_alpha: bool = False
    commands: tuple[str, ...] = ()
    is_shaped: bool = False
    has_view: bool = False
    source: Size = field(default=Size(1, 1))
    pages: int = 1
    faces: int = 0
    is_still: bool = False

    @property
    def written(self) -> str:
        """The request as text."""
        return f"{self.path}?{'&'.join(self.commands)}" if self.commands else self.path

    @property
    def nested(self) -> str:
        """The request as the source of a layer."""
        return f"src=is{{{self.written}}}"

    def around(self) -> Picture:
        """Give a request around this one that changes nothing."""
        return replace(self, path=self.catalog, commands=(self.nested,), is_shaped=False, has_view=False)

    def fresh(self) -> Picture:
        """Give a request to which commands that shape may be added."""
        return self.around() if self.is_shaped or self.has_view else self

    def shaped(self, *commands: str, size: Size | None = None, has_alpha: bool | None = None) -> Picture:
        """Shape the picture by commands of a layer; raises `BadTransformation` where all of it becomes too long."""
        begun = self.fresh()
        if sum(map(len, (*begun.commands, *commands))) > LONGEST:
            raise BadTransformation("Invalid transformation: it is too long once it is written out")
        return replace(
            begun,
            commands=(*begun.commands, *commands),
            size=size or self.size,
            has_alpha=self.has_alpha if has_alpha is None else has_alpha,
            is_shaped=True,
        )

    def viewed(self, *commands: str, size: Size, has_alpha: bool | None = None) -> Picture:
        """Give the picture another size by commands of the view."""
        begun = self.around() if self.has_view else self
        alpha = self.has_alpha if has_alpha is None else has_alpha
        return replace(begun, commands=(*begun.commands, *commands), size=size, has_alpha=alpha, has_view=True)

    def tinted(self, *commands: str) -> Picture:
        """Change each pixel by itself, which is the same before a view and behind it."""
        begun = self.around() if any(one.startswith("op_") for one in self.commands) else self
        return replace(begun, commands=(*begun.commands, *commands))

    def spread(self, command: str) -> Picture:
        """Change each pixel by what is around it; what cuts the picture afterwards stays out of that."""
        return replace(self.fresh().tinted(command), is_shaped=True)

    def whole(self) -> Picture:
        """Give the request for all of it at its own size."""
        return self if self.has_view else self.viewed("scl=1", size=self.size)


def begin(catalog: str, shown: Shown) -> Picture:
    """Begin with a picture."""
    picture = Picture(catalog, shown.written, shown.size, shown.has_alpha, source=shown.size, pages=shown.pages)
    return picture if shown.plain else picture.around()
