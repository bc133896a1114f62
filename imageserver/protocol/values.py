"""The data types of the protocol: coordinates and sizes, in pixels or normalised (`…N`).

Reference: c-data-types.
"""

from __future__ import annotations

from dataclasses import dataclass

ICON_SIDE = 256
"""Pixels of a side that the directory of an icon can tell of."""


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SizeN:
    """Width and height relative to another size, which is 1,1."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Point:
    """An offset in pixels from the top left corner."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class PointN:
    """An offset relative to a size; where the page says so, from the centre, with the edges at ±0.5."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle in pixels; a width or height of 0 reaches to the far edge."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class RectN:
    """A rectangle relative to a size, from its top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Margins:
    """What is added to each edge, in pixels; negative takes away."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class MarginsN:
    """What is added to each edge, relative to the size."""

    left: float
    top: float
    right: float
    bottom: float


def rounded(value: float) -> int:
    """Round half away from zero, as every pixel size and position of the protocol."""
    return int(value + 0.5) if value >= 0 else -int(-value + 0.5)


def at_least_one(value: float) -> int:
    """Round a side of a rectangle, which is never smaller than one pixel."""
    return max(1, rounded(value))
