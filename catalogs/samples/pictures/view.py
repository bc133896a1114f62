"""A heightfield seen by a camera: which point of the land every pixel shows."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

import pyvips

from .brush import Image, columns, rows, smoothstep

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

COARSE = 2  # rays are cast through every second pixel
JUMP = 6  # steps between neighbours that mean an edge, not a slope


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the picture is taken from; lengths in kilometres, the rest in pixels."""

    width: int
    height: int
    horizon: float
    focal: float
    altitude: float
    near: float = 0.35
    far: float = 23.5
    steps: int = 900

    @property
    def growth(self) -> float:
        """Tell the logarithm by which each step along a ray is longer than the last."""
        return math.log(self.far / self.near) / (self.steps - 1)

    def row_of(self, altitude: float, distance: float) -> float:
        """Project a height at a distance."""
        return self.horizon + (self.altitude - altitude) / distance * self.focal

    def column_of(self, offset: float, distance: float) -> float:
        """Project a way to the right at a distance."""
        return self.width / 2 + offset / distance * self.focal


@dataclass(frozen=True, slots=True)
class Ground:
    """What every pixel below the skyline shows, from row `top` down to row `bottom`."""

    top: int
    bottom: int
    across: Image
    away: Image
    altitude: Image
    mask: Image
    edge: Image  # 1 where something nearer ends

    def look_up(self, land: Image, extent: float) -> Image:
        """Fetch what a map of the land, seen from above and `extent` wide, holds for every pixel."""
        scale = land.width / extent
        place = ((self.across + extent / 2) * scale).bandjoin(self.away * scale)
        bicubic = pyvips.Interpolate.new("bicubic")
        return land.mapim(place, interpolate=bicubic, extend="copy", premultiplied=True)  # no band is an alpha


def survey(camera: Camera, heights: Image, extent: float, top: int, bottom: int) -> Ground:
    """Cast a fan of rays over the land and keep what is not hidden by something nearer."""
    depth = (bottom - top) // COARSE
    lines, skyline = array("f"), array("f")
    for profile in _profiles(camera, heights, extent):
        line, crest = _visible([(row - top) / COARSE for row in profile], depth)
        lines.extend(line)
        skyline.append(crest * COARSE + top)
    coarse = Image.new_from_memory(lines.tobytes(), depth, len(skyline), 1, "float").rot90().fliphor()
    step = _enlarged(coarse).copy_memory()
    away = ((step * camera.growth).exp() * camera.near).copy_memory()
    across = (columns(step.width, step.height) - camera.width / 2) / camera.focal * away
    altitude = camera.altitude - (rows(step.width, step.height) + top - camera.horizon) / camera.focal * away
    return Ground(top, bottom, across, away, altitude, _below(skyline, step, top), _edges(step))


def _profiles(camera: Camera, heights: Image, extent: float) -> Iterable[Sequence[float]]:
    """Yield for every coarse column the rows at which its ray meets the land, near to far."""
    place = Image.xyz(camera.steps, camera.width // COARSE)
    away = (place[0] * camera.growth).exp() * camera.near
    across = (place[1] * COARSE + 1 - camera.width / 2) / camera.focal * away
    scale = heights.width / extent
    height = heights.mapim(((across + extent / 2) * scale).bandjoin(away * scale), extend="copy")
    row = (height * -1 + camera.altitude) / away * camera.focal + camera.horizon
    values = memoryview(row.cast("float").write_to_memory()).cast("f")
    for start in range(0, len(values), camera.steps):
        yield values[start : start + camera.steps]


def _visible(profile: Iterable[float], depth: int) -> tuple[list[float], float]:
    """Tell for every row of a column which step of its ray it shows, and where the sky begins."""
    line = [0.0] * depth
    below = float(depth)
    for step, top in enumerate(accumulate(profile, min)):
        if top < below:
            for row in range(max(math.ceil(top), 0), math.ceil(below)):
                line[row] = step - (row - top) / (below - top)
            below = top
    crest = max(math.ceil(below), 0)
    line[:crest] = [line[crest]] * crest
    return line, below


def _enlarged(coarse: Image) -> Image:
    """Bring the steps to full size: smooth on slopes, sharp at the edges of what is in front."""
    smooth = coarse.resize(COARSE, kernel="linear")
    sharp = coarse.resize(COARSE, kernel="nearest")
    return ((smooth - sharp).abs() > JUMP).ifthenelse(sharp, smooth)


def _edges(step: Image) -> Image:
    """Find the edges of what is in front, to soften them later."""
    gap = step.rank(3, 3, 8) - step.rank(3, 3, 0)
    return ((gap > JUMP).gaussblur(0.8) / 255).copy_memory()


def _below(skyline: array[float], like: Image, top: int) -> Image:
    """Make the mask of the land, with a soft skyline."""
    line = Image.new_from_memory(skyline.tobytes(), len(skyline), 1, 1, "float")
    wide = line.resize(COARSE, vscale=1, kernel="linear").replicate(1, like.height)
    return smoothstep(rows(like.width, like.height) + top - wide, -0.7, 0.7)
