"""What clips a layer or the composite: paths of the request and of the image file, in pixels of the canvas.

References: r-clippath, r-clipxpath.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imageserver.commands.layer import Layer
from imageserver.commands.loops import flattened
from imageserver.commands.paths import Path
from imageserver.layout.embedded_paths import Move, named, path_in_pixels
from imageserver.layout.facts import Facts
from imageserver.layout.layers import Placed, is_self_sized
from imageserver.layout.layout import Clip
from imageserver.plan.picture import PlannedLayer


@dataclass(frozen=True, slots=True)
class Onto:
    """What leads from where a path counts to pixels of the canvas, and the scale of that."""

    move: Move
    scale: float


@dataclass(frozen=True, slots=True)
class Shown:
    """An image file, shown upright or not, whose paths clip what shows it."""

    facts: Facts
    oriented: bool
    onto: Onto


def lay_clips(commands: Layer, written: Onto, shown: Shown | None) -> tuple[Clip, ...]:
    """Bring all clip paths onto the canvas; without one that shows its inside, those that show their outside are idle.

    Paths of the request count from the corner of their layer, those of a file in pixels of its image.
    """
    if commands.clip_path is None and not commands.clip_path_names:
        return ()
    own = tuple(laid(path, written, outside=outside) for path, outside in written_paths(commands))
    if shown is None:
        return own
    brought = embedded_paths(commands, shown)
    return (*own, *(laid(path, shown.onto, outside=outside) for path, outside in brought))


def written_paths(commands: Layer) -> Iterator[tuple[Path, bool]]:
    """Yield the paths of the request, and whether their outside is shown."""
    for path, outside in ((commands.clip_path, False), (commands.clip_x_path, True)):
        if path is not None:
            yield path, outside


def embedded_paths(commands: Layer, shown: Shown) -> Iterator[tuple[Path, bool]]:
    """Yield the paths of an image file that the commands name; one without a point is as good as none."""
    for names, outside in ((commands.clip_path_names, False), (commands.clip_x_path_names, True)):
        for embedded in named(shown.facts, names):
            path = path_in_pixels(embedded, shown.facts, oriented=shown.oriented)
            if path.subpaths:
                yield path, outside


def laid(path: Path, onto: Onto, *, outside: bool) -> Clip:
    """Bring the loops of a path onto the canvas."""
    loops = flattened(path, onto.scale)
    return Clip(tuple(tuple(onto.move(point) for point in loop) for loop in loops), outside)


def path_corner(layer: PlannedLayer, placed: Placed) -> tuple[float, float]:
    """Give the point of the composite from which the paths of a layer count."""
    if is_self_sized(layer):
        return placed.offset.x - placed.window.x, placed.offset.y - placed.window.y
    return placed.offset.x, placed.offset.y
