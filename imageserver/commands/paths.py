"""Paths and quadrangles: `clipPath=` and `perspective=`. References: r-clippath, r-perspective."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from imageserver.errors import Mismatch
from imageserver.protocol.grammar import Real, split_list

TOKEN = re.compile(r"[MmLlCcZz]|[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[\s,]+")
ARGUMENTS = {"m": 2, "l": 2, "c": 6, "z": 0}
CORNERS = 8
Numbers = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A line to its end, or a Bézier curve with two control points in front of it; all points are absolute."""

    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Subpath:
    """A loop: where it starts, and its segments; `closed` when it was written so. What is clipped is closed anyway."""

    start: tuple[float, float]
    segments: tuple[Segment, ...]
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Path:
    """Loops in pixels of the layer; overlapping ones cut holes into one another."""

    subpaths: tuple[Subpath, ...]

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """The left, top, right and bottom that hold all of the path and 0,0."""
        points = [p for loop in self.subpaths for p in (loop.start, *(p for one in loop.segments for p in one.points))]
        xs, ys = [0.0, *(x for x, _ in points)], [0.0, *(y for _, y in points)]
        return min(xs), min(ys), max(xs), max(ys)


@dataclass(frozen=True, slots=True)
class PathGrammar:
    """Reads M, L, C and Z, absolute or relative, with numbers separated by commas or blanks."""

    expected: str = "a path of M x,y, L x,y, C x1,y1,x2,y2,x,y and Z, or m, l, c with relative numbers"

    def parse(self, text: str) -> Path:
        """Read the text, or raise `Mismatch`."""
        subpaths = tuple(self._subpaths(list(self._commands(text))))
        if not subpaths:
            raise Mismatch(self.expected)
        return Path(subpaths)

    def _commands(self, text: str) -> Iterator[tuple[str, Numbers]]:
        words: deque[str] = deque()
        position = 0
        while position < len(text):
            match = TOKEN.match(text, position)
            if not match:
                raise Mismatch(self.expected)
            position = match.end()
            if match[0].strip(", \t\r\n"):
                words.append(match[0])
        while words:
            letter = words.popleft()
            numbers: list[float] = []
            while words and words[0].casefold() not in ARGUMENTS:
                numbers.append(Real().parse(words.popleft()))
            count = ARGUMENTS.get(letter.casefold())
            if count is None or (count == 0) != (not numbers) or (count and len(numbers) % count):
                raise Mismatch(self.expected)
            for i in range(0, max(1, len(numbers)), count or 1):
                implied = letter if i == 0 or letter not in "Mm" else chr(ord(letter) - 1)
                yield implied, tuple(numbers[i : i + count])

    def _subpaths(self, commands: list[tuple[str, Numbers]]) -> Iterator[Subpath]:
        start = here = (0.0, 0.0)
        segments: list[Segment] = []
        is_open = False
        for letter, numbers in commands:
            base = here if letter.islower() else (0.0, 0.0)
            points = tuple((numbers[i] + base[0], numbers[i + 1] + base[1]) for i in range(0, len(numbers), 2))
            if letter in "Mm":
                if segments:
                    yield Subpath(start, tuple(segments), closed=False)
                start, here, segments, is_open = points[0], points[0], [], True
            elif letter in "Zz":
                if segments:
                    yield Subpath(start, tuple(segments))
                here, segments = start, []
            elif not is_open:
                raise Mismatch(self.expected)
            else:
                segments.append(Segment(points))
                here = points[-1]
        if segments:
            yield Subpath(start, tuple(segments), closed=False)


@dataclass(frozen=True, slots=True)
class Perspective:
    """Where the corners of an image go, from the top left clockwise; normalised ones count in sizes of layer 0."""

    corners: tuple[tuple[float, float], ...]
    normalised: bool
    resampling: Literal["R1", "R2", "R3"] = "R3"


@dataclass(frozen=True, slots=True)
class PerspectiveGrammar:
    """Reads eight numbers and an optional resampling mode."""

    normalised: bool
    expected: str = "x1,y1,x2,y2,x3,y3,x4,y4[,R1|R2|R3|R3T0-200] with the corners of a convex quadrangle"

    def parse(self, text: str) -> Perspective:
        """Read the text, or raise `Mismatch`."""
        words = split_list(text)
        mode: Literal["R1", "R2", "R3"] = "R3"
        if len(words) == CORNERS + 1:
            last = words.pop()
            if not re.fullmatch(r"R[123]|R3T(1?[0-9]?[0-9]|200)", last):
                raise Mismatch(self.expected)
            mode = "R1" if last == "R1" else "R2" if last == "R2" else "R3"
        if len(words) != CORNERS:
            raise Mismatch(self.expected)
        numbers = [Real().parse(word) for word in words]
        corners = tuple(zip(numbers[::2], numbers[1::2], strict=True))
        if not is_convex(corners):
            raise Mismatch(self.expected)
        return Perspective(corners, self.normalised, mode)


def is_convex(corners: tuple[tuple[float, float], ...]) -> bool:
    """Tell whether corners turn the same way all around, so that a perspective can lead there."""
    turns = []
    for i in range(len(corners)):
        (ax, ay), (bx, by), (cx, cy) = (corners[(i + k) % len(corners)] for k in range(3))
        turns.append((bx - ax) * (cy - by) - (by - ay) * (cx - bx))
    return all(turn > 0 for turn in turns) or all(turn < 0 for turn in turns)


@dataclass(frozen=True, slots=True)
class NamesGrammar:
    """Reads the names of paths that an image file brings along."""

    expected: str = "names of paths within the image file, separated by commas"

    def parse(self, text: str) -> tuple[str, ...]:
        """Read the text, or raise `Mismatch`."""
        names = tuple(dict.fromkeys(split_list(text)))
        if not names or "" in names:
            raise Mismatch(self.expected)
        return names


NAMES = NamesGrammar()
