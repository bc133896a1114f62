"""Paths → loops of points: curves become lines that are fine enough for the scale at which they are drawn."""

from __future__ import annotations

import math

from imageserver.commands.paths import Path, Segment

FLATNESS = 4.0
"""Pixels of the reply that one line of a curve may span."""
MOST_LINES = 64


def flattened(path: Path, scale: float) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Give the loops of a path as points, curves flattened for a scale."""
    loops = []
    for subpath in path.subpaths:
        points = [subpath.start]
        for segment in subpath.segments:
            points.extend(lines(points[-1], segment, scale))
        loops.append(tuple(points))
    return tuple(loops)


def lines(start: tuple[float, float], segment: Segment, scale: float) -> list[tuple[float, float]]:
    """Give the ends of the lines that stand for a segment."""
    if len(segment.points) == 1:
        return [segment.points[0]]
    first, second, end = segment.points
    length = math.dist(start, first) + math.dist(first, second) + math.dist(second, end)
    count = max(4, min(MOST_LINES, math.ceil(length * scale / FLATNESS)))
    return [bezier(start, first, second, end, i / count) for i in range(1, count + 1)]


def bezier(
    start: tuple[float, float],
    first: tuple[float, float],
    second: tuple[float, float],
    end: tuple[float, float],
    share: float,
) -> tuple[float, float]:
    """Give a point of a cubic curve."""
    rest = 1 - share
    weights = (rest**3, 3 * rest**2 * share, 3 * rest * share**2, share**3)
    points = (start, first, second, end)
    return (
        sum(weight * x for weight, (x, _) in zip(weights, points, strict=True)),
        sum(weight * y for weight, (_, y) in zip(weights, points, strict=True)),
    )
