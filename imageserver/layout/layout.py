"""The Layout: a picture in pixels at the resolution of its reply. It is all that the renderer knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from imageserver.commands.adjust import Adjust
from imageserver.commands.delivery import ResMode
from imageserver.commands.layer import BlendMode, Flip, MaskUse
from imageserver.commands.view import Interest
from imageserver.layout.coloring import Coloring, Passage
from imageserver.layout.facts import Animation, EmbeddedPath
from imageserver.plan.picture import Encoding
from imageserver.plan.profiles import Profile
from imageserver.plan.text import TextBlock
from imageserver.protocol.color import Color
from imageserver.protocol.values import Point, Rect, Size
from imageserver.typeset.result import Typeset

Loop = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with fractions of pixels."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Turn:
    """A linear map: x' = a·x + b·y, y' = c·x + d·y."""

    a: float
    b: float
    c: float
    d: float


@dataclass(frozen=True, slots=True)
class Level:
    """A level of a pyramid that is read in place of a file: the `index`th, reduced by two to that power.

    `digest` stands for the pyramid wherever equal pictures are recognised; the path is only where to read it.
    """

    path: Path = field(repr=False)
    digest: str
    index: int


@dataclass(frozen=True, slots=True)
class Pixels:
    """What a nested picture was drawn to, or a frame was read to, row by row, 8 bits a band."""

    width: int
    height: int
    bands: int
    data: bytes


@dataclass(frozen=True, slots=True)
class LaidSource:
    """A file to read and the rectangle of it that is used, in pixels as shown (`size` is all of it).

    `turned` says that its rows are not stored from top to bottom. `content_hash` stands for the file wherever equal
    pictures are recognised; the path is only where to read it. It is averaged by `reduction` while it is read, unless
    the `level` that is read in its place is reduced already. An SVG is `drawn` at a scale, with `variables` put in.
    Of an animation, the `pixels` of one frame after the other are put in; else a `frame` may be chosen, from 1 on.
    """

    path: Path = field(repr=False)
    content_hash: str
    size: Size
    oriented: bool
    turned: bool
    premultiplied: bool
    rect: Rect
    reduction: int = 1
    level: Level | None = None
    passage: Passage | None = None
    drawn: float | None = None
    variables: tuple[tuple[str, str], ...] = ()
    pixels: Pixels | None = field(default=None, repr=False)
    frame: int = 0


@dataclass(frozen=True, slots=True)
class LaidPicture:
    """A nested picture, laid out at the size at which it is needed; `rect` counts in its natural `size`.

    A `kept` one is drawn once for many requests; its `pixels` are put in when it was.
    """

    layout: Layout
    size: Size
    rect: Rect
    premultiplied: bool = False
    passage: Passage | None = None
    kept: bool = field(default=False, repr=False)
    pixels: Pixels | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class LaidText:
    """A text, set for a box of `size`, and the rectangle of its layer that is drawn.

    Block and size stand for it wherever equal pictures are recognised; the glyphs follow from them.
    """

    block: TextBlock
    size: Size
    rect: Rect
    typeset: Typeset = field(repr=False)
    premultiplied: bool = False


Laid = LaidSource | LaidPicture | LaidText


@dataclass(frozen=True, slots=True)
class Clip:
    """Closed loops in pixels of the canvas; what lies inside is kept, or with `outside` what does not."""

    loops: tuple[Loop, ...]
    outside: bool = False


@dataclass(frozen=True, slots=True)
class LaidEffect:
    """An effect in pixels of the canvas: a shape made of its layer's alpha, in one colour.

    An inner one (above) lies on its layer and is made of the alpha's inverse; an outer one lies below.
    """

    inner: bool
    color: Color
    opacity: float
    blend_mode: BlendMode
    mask_use: MaskUse
    adjust: Adjust
    offset: Point


@dataclass(frozen=True, slots=True)
class LaidLayer:
    """A layer in pixels of the canvas.

    The source's rectangle lands at `target` within an image of `image` pixels (without a source, that is its colour),
    is mirrored by `flip`, adjusted, led through `passage` into another colour space, laid over `color`, turned by
    `turn` (or by quarters, without one) into `box`, or led to `corners` by a perspective. `rect` is the layer's
    rectangle, which `bg_color` fills; `drawn` is where its pixels are, which is more where glyphs reach beyond. Then
    `fill` is the part of the image that `color` fills.
    """

    source: Laid | None
    target: Box
    image: Size
    flip: Flip
    adjust: Adjust
    color: Color
    angle: float
    turn: Turn | None
    box: Rect
    corners: Loop
    smooth: bool
    rect: Rect
    drawn: Rect
    fill: Rect | None
    bg_color: Color
    fill_opacity: float
    opacity: float
    blend_mode: BlendMode
    hidden: bool
    mask: Laid | None
    mask_use: MaskUse
    mask_growth: int
    clips: tuple[Clip, ...]
    effects: tuple[LaidEffect, ...]
    passage: Passage | None = None

    @property
    def hidden_matters(self) -> bool:
        """Whether colours count where the source's own alpha hides them."""
        if self.mask is not None:
            return True
        own = self.source is not None and self.source.premultiplied
        return not own and (self.mask_use != "norm" or bool(self.mask_growth))


@dataclass(frozen=True, slots=True)
class PacketSource:
    """The file whose XMP packet is embedded; `content_hash` stands for it where equal pictures are recognised."""

    path: Path = field(repr=False)
    content_hash: str


@dataclass(frozen=True, slots=True)
class Embedded:
    """What a reply carries beside pixels: a profile; of the file of layer 0, XMP, and paths in shares of the reply."""

    profile: Profile | None = None
    packet: PacketSource | None = None
    paths: tuple[EmbeddedPath, ...] = ()


@dataclass(frozen=True, slots=True)
class Focus:
    """A choice that the pixels make: which part of `region`, in pixels of the view, the view shows.

    `preview` is all of that region, drawn small; what is found in it does not depend on the size of the reply.
    """

    interest: Interest
    preview: Layout
    region: Rect


@dataclass(frozen=True, slots=True)
class Layout:
    """A picture in pixels: layers on a `canvas` that lies in the view, of which `window` is sent.

    `profile` is the colour space of the result, where colours are managed, and `coloring` what it takes to get there.
    With an `animation` all of it is done to each frame of the one source, or, `in_turn`, to layer 0 with each of the
    others. With a `focus` the window moves before anything is drawn.
    """

    layers: tuple[LaidLayer, ...]
    canvas: Rect
    flip: Flip
    opacity: float
    fill_opacity: float
    adjust: Adjust
    clips: tuple[Clip, ...]
    effects: tuple[LaidEffect, ...]
    masks_effects: bool
    view: Size
    window: Rect
    background: Color
    res_mode: ResMode
    encoding: Encoding
    mask_only: bool
    profile: Profile | None = None
    coloring: Coloring | None = None
    embedded: Embedded = Embedded()
    animation: Animation | None = None
    in_turn: bool = False
    focus: Focus | None = None

    @property
    def reply(self) -> Size:
        """The size of what is sent."""
        return Size(self.window.width, self.window.height)
