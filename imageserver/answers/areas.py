"""Image maps: AREA elements read, moved as the pixels are, clipped, and written again.

References: r-image-maps, r-map, r-map-req.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from html.parser import HTMLParser

from imageserver.layout.embedded_paths import Move, Point
from imageserver.layout.facts import FactsOf
from imageserver.layout.layers import Geometry, LayerShape, Placed
from imageserver.layout.layout import Box
from imageserver.layout.measuring import Survey
from imageserver.layout.moving import composite_to_reply, source_to_composite
from imageserver.plan.picture import Picture, PlannedLayer, Source
from imageserver.protocol.values import rounded

CIRCLE_CORNERS = 32
RECT = 4
CIRCLE = 3


@dataclass(frozen=True, slots=True)
class Area:
    """One AREA element: its shape as a polygon, and its other attributes as they were written.

    `upright` says that the polygon is a rectangle with level edges; no points at all stand for the whole layer.
    """

    points: tuple[Point, ...]
    upright: bool
    attributes: tuple[tuple[str, str | None], ...] = ()


class AreaReader(HTMLParser):
    """Collects the AREA elements of a text; whatever else stands there is passed over."""

    def __init__(self) -> None:
        super().__init__()
        self.areas: list[list[tuple[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an AREA element."""
        if tag == "area":
            self.areas.append(attrs)


def written_areas(text: str) -> list[list[tuple[str, str | None]]]:
    """Read the attributes of all AREA elements of a text, front to back."""
    reader = AreaReader()
    reader.feed(text)
    reader.close()
    return reader.areas


def read_areas(text: str) -> list[Area]:
    """Read all AREA elements of a text, front to back."""
    return [area_of(attributes) for attributes in written_areas(text)]


def area_of(attributes: list[tuple[str, str | None]]) -> Area:
    """Read the attributes of an AREA element; a shape that cannot be read is the whole layer."""
    values = dict(attributes)
    others = tuple((name, value) for name, value in attributes if name not in {"shape", "coords"})
    numbers = coordinates(values.get("coords") or "")
    shape = (values.get("shape") or "default").casefold()
    if shape.startswith("rect") and len(numbers) == RECT:
        left, top, right, bottom = numbers
        return Area(corners(Box(left, top, right, bottom)), upright=True, attributes=others)
    if shape.startswith("circ") and len(numbers) == CIRCLE:
        return Area(circle(*numbers), upright=False, attributes=others)
    if shape.startswith("poly") and len(numbers) >= 2 * 3:
        return Area(tuple(zip(numbers[::2], numbers[1::2], strict=False)), upright=False, attributes=others)
    return Area((), upright=True, attributes=others)


def coordinates(text: str) -> list[float]:
    """Read coordinates; none when one of them is no number."""
    try:
        numbers = [float(word) for word in text.replace(",", " ").split()]
    except ValueError:
        return []
    return numbers if all(math.isfinite(number) for number in numbers) else []


def circle(x: float, y: float, radius: float) -> tuple[Point, ...]:
    """Give a circle as a polygon, since a layer may turn or stretch it."""
    steps = (2 * math.pi * i / CIRCLE_CORNERS for i in range(CIRCLE_CORNERS))
    return tuple((x + radius * math.cos(step), y + radius * math.sin(step)) for step in steps)


def corners(box: Box) -> tuple[Point, ...]:
    """Give the corners of a box."""
    return ((box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom))


def picture_areas(picture: Picture, facts: FactsOf) -> list[Area]:
    """Give the image map of a picture in pixels of its reply."""
    survey = Survey(facts)
    geometry = survey.measure(picture)
    return [
        area for area in (in_view(area, picture, geometry) for area in composite_areas(picture, survey)) if area.points
    ]


def composite_areas(picture: Picture, survey: Survey) -> list[Area]:
    """Give the image map of a composite in its pixels: layers front to back, the composite's own behind."""
    geometry = survey.measure(picture)
    composite = Box(0, 0, geometry.composite.width, geometry.composite.height)
    layers = reversed(list(zip(picture.layers, geometry.layers, strict=True)))
    found = [clipped(area, composite) for layer, placed in layers for area in layer_areas(layer, placed, survey)]
    behind = moved(read_areas(picture.composite.map or ""), composite, lambda point: point, upright=True)
    return [area for area in (*found, *behind) if area.points]


def layer_areas(layer: PlannedLayer, placed: Placed, survey: Survey) -> list[Area]:
    """Give the areas of a layer in pixels of the composite, clipped to the layer."""
    shape, offset = placed.shape, placed.offset
    outer = Box(offset.x, offset.y, offset.x + shape.size.width, offset.y + shape.size.height)
    if layer.commands.hide:
        return []
    if layer.commands.map is not None:
        own = read_areas(layer.commands.map)
        return moved(own, outer, lambda point: (point[0] + offset.x, point[1] + offset.y), upright=True)
    move = source_to_composite(layer, placed)
    if isinstance(layer.source, Picture) and layer.commands.map_a is None:
        geometry = survey.measure(layer.source)
        inner = [in_view(area, layer.source, geometry) for area in composite_areas(layer.source, survey)]
        return moved([area for area in inner if area.points], outer, move, upright=is_level(shape))
    known = layer.source.map if isinstance(layer.source, Source) else ""
    text = known if layer.commands.map_a is None else layer.commands.map_a
    return moved(read_areas(text), outer, move, upright=is_level(shape))


def is_level(shape: LayerShape) -> bool:
    """Tell whether a layer keeps level edges level."""
    return shape.angle % 90 == 0


def moved(areas: Iterable[Area], whole: Box, move: Move, *, upright: bool) -> list[Area]:
    """Move areas and clip them to a layer; one without a shape becomes the whole layer."""
    result = []
    for area in areas:
        points = tuple(move(point) for point in area.points) or corners(whole)
        level = upright or not area.points
        result.append(clipped(replace(area, points=points, upright=area.upright and level), whole))
    return [area for area in result if area.points]


def in_view(area: Area, picture: Picture, geometry: Geometry) -> Area:
    """Bring an area of the composite into the reply."""
    view, move = geometry.view, composite_to_reply(picture, geometry)
    bounds = Box(0, 0, view.window.width, view.window.height)
    return clipped(replace(area, points=tuple(move(point) for point in area.points)), bounds)


def clipped(area: Area, box: Box) -> Area:
    """Clip an area to a box, edge by edge; without anything left it has no points."""
    points: Sequence[Point] = area.points
    for axis, limit, sign in ((0, box.left, 1), (0, box.right, -1), (1, box.top, 1), (1, box.bottom, -1)):
        points = clip_edge(points, axis, limit, sign)
    whole = tuple(dict.fromkeys((rounded(x), rounded(y)) for x, y in points))
    return replace(area, points=tuple(points) if spans_an_area(whole) else ())


def clip_edge(points: Sequence[Point], axis: int, limit: float, sign: int) -> list[Point]:
    """Keep of a polygon what lies on one side of a line (Sutherland and Hodgman)."""
    result: list[Point] = []
    for previous, point in zip([*points[-1:], *points[:-1]], points, strict=True):
        before, here = sign * (previous[axis] - limit), sign * (point[axis] - limit)
        if before * here < 0:
            share = before / (before - here)
            result.append(
                (previous[0] + share * (point[0] - previous[0]), previous[1] + share * (point[1] - previous[1]))
            )
        if here >= 0:
            result.append(point)
    return result


def spans_an_area(points: Sequence[tuple[int, int]]) -> bool:
    """Tell whether rounded points are more than a line."""
    return len({x for x, _ in points}) > 1 and len({y for _, y in points}) > 1


def unchanged_areas(text: str) -> list[dict[str, str]]:
    """Give the areas of a text as attributes, just as they stand there."""
    return [{name: value or "" for name, value in attributes} for attributes in written_areas(text)]


def written_area(area: Area) -> dict[str, str]:
    """Give an area as its attributes; a level rectangle stays one."""
    points = [(rounded(x), rounded(y)) for x, y in area.points]
    if area.upright:
        xs, ys = [x for x, _ in points], [y for _, y in points]
        shape, numbers = "rect", [min(xs), min(ys), max(xs), max(ys)]
    else:
        shape, numbers = "poly", [number for point in points for number in point]
    return {
        "shape": shape,
        "coords": ",".join(map(str, numbers)),
        **{name: value or "" for name, value in area.attributes},
    }


def html_areas(areas: Iterable[dict[str, str]]) -> str:
    """Write areas as HTML elements, one behind the other."""
    return "".join(f"<area {html_attributes(area)}>" for area in areas)


def html_attributes(attributes: dict[str, str]) -> str:
    """Write attributes as HTML does."""
    return " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
