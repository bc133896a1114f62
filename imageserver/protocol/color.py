"""The protocol's colour type. Reference: r-is-http-color."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from imageserver.errors import Mismatch
from imageserver.protocol.values import rounded

Space = Literal["gray", "rgb", "cmyk"]
COMPONENTS: dict[Space, int] = {"gray": 1, "rgb": 3, "cmyk": 4}
HEX = re.compile(r"(?P<prefix>0x)?(?P<digits>(?:[0-9a-f]{2}){1,5})")
HEX6_AND_ALPHA = re.compile(r"(?:0x)?([0-9a-f]{6}),([0-9]{1,3})")  # in no table of the reference, but on live sites
LETTERS: dict[str, Space] = {"g": "gray", "r": "rgb", "k": "cmyk"}
FULL = 255
EXPECTED = "a colour: gray[,alpha] in %, red,green,blue[,alpha] 0-255, c,m,y,k[,alpha]k in %, or [0x]RRGGBB[AA]"


@dataclass(frozen=True, slots=True)
class Color:
    """A colour value; components and alpha are 0-255, not premultiplied.

    `source` is the `s` suffix: the value belongs to the source colour space, not to that of the reply.
    """

    space: Space
    components: tuple[int, ...]
    alpha: int = FULL
    source: bool = False

    @property
    def rgb(self) -> tuple[int, int, int]:
        """The colour converted naively, as the reference does where no profile is defined."""
        if self.space == "gray":
            return (self.components[0],) * 3
        if self.space == "rgb":
            red, green, blue = self.components
            return red, green, blue
        cyan, magenta, yellow, black = self.components
        inks = (rounded((FULL - ink) * (FULL - black) / FULL) for ink in (cyan, magenta, yellow))
        return next(inks), next(inks), next(inks)


@dataclass(frozen=True, slots=True)
class ColorGrammar:
    """Reads every form of the colour type."""

    expected: str = EXPECTED

    def parse(self, text: str) -> Color:
        """Read the text, or raise `Mismatch`."""
        body = text.strip().casefold()
        source = body.endswith("s")
        body = body.removesuffix("s")
        space = LETTERS.get(body[-1:])
        body = body[:-1] if space else body
        color = self._packed(body, space) or self._listed(body, space)
        if color is None:
            raise Mismatch(self.expected)
        return Color(color.space, color.components, color.alpha, source)

    def _packed(self, body: str, space: Space | None) -> Color | None:
        with_alpha = HEX6_AND_ALPHA.fullmatch(body)
        if with_alpha and int(with_alpha[2]) <= FULL:
            return Color("rgb", tuple(bytes.fromhex(with_alpha[1])), int(with_alpha[2]))
        match = HEX.fullmatch(body)
        if not match:
            return None
        values = tuple(bytes.fromhex(match["digits"]))
        space = space or ("gray" if len(values) <= 2 else "rgb")  # noqa: PLR2004, GG or GGAA
        if space == "gray" and not match["prefix"]:
            return None
        return self._color(space, values)

    def _listed(self, body: str, space: Space | None) -> Color | None:
        words = [word.strip() for word in body.rstrip(",").split(",")]
        if not all(word.isascii() and word.isdigit() and len(word) < 4 for word in words):  # noqa: PLR2004, 0-255
            return None
        numbers = [int(word) for word in words]
        space = space or ("gray" if len(numbers) <= 2 else "rgb")  # noqa: PLR2004, gray[,alpha]
        limit = FULL if space == "rgb" else 100
        if any(number > limit for number in numbers):
            return None
        return self._color(space, tuple(rounded(number * FULL / limit) for number in numbers))

    @staticmethod
    def _color(space: Space, values: tuple[int, ...]) -> Color | None:
        count = COMPONENTS[space]
        if len(values) == count:
            return Color(space, values)
        return Color(space, values[:count], values[count]) if len(values) == count + 1 else None


COLOR = ColorGrammar()
WHITE = Color("rgb", (FULL, FULL, FULL))
CLEAR = Color("rgb", (0, 0, 0), 0)
