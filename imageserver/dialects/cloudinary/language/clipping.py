"""`fl_clip`: what lies within a path that a file brings along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from imageserver.dialects.cloudinary.language.components import Component
from imageserver.dialects.cloudinary.language.conditions import ELSE, END
from imageserver.dialects.cloudinary.language.facts import BadTransformation, invalid
from imageserver.dialects.cloudinary.language.numbers import INTEGER
from imageserver.dialects.cloudinary.language.picture import Picture

CLIPS = frozenset({"clip", "clip_evenodd"})
"""Flags that ask for a path of the file; in one path, a loop within a loop is a hole in any case."""


def clipped(picture: Picture, components: Sequence[Component], own: Sequence[object], paths: Sequence[str]) -> Picture:
    """Show what lies within a path of the file, where that is asked for: the first one, or that of `pg_`.

    Components that are not among the picture's `own` are those of its layers.
    """
    component = next((one for one in components if one.flags.keys() & CLIPS), None)
    if component is None:
        return picture
    if component not in own:
        raise BadTransformation("Transformation flag clip is not supported for overlays")
    if component not in unconditional(own):
        raise BadTransformation("Transformation flag clip is not supported under conditions")
    name = path_named(component.get("pg", "1"), paths)
    return picture.shaped(f"clipPathE={quote(name, safe='')}", has_alpha=True) if name else picture


def unconditional(nodes: Sequence[object]) -> Iterator[object]:
    """Yield what holds for every picture, since it is under no condition."""
    depth = 0
    for node in nodes:
        condition = node.get("if") if isinstance(node, Component) else ""
        if not condition and not depth:
            yield node
        elif condition == END:
            depth -= 1
        elif isinstance(node, Component) and condition not in {"", ELSE} and node.without("if").is_empty:
            depth += 1


def path_named(page: str, paths: Sequence[str]) -> str:
    """Find the path that a number or a name stands for; nothing where the file has none at all."""
    name = page.removeprefix("name:")
    if name != page and name in paths:
        return name
    if not paths:
        return ""
    if not INTEGER.fullmatch(page) or not 1 <= int(page) <= len(paths):
        raise invalid("page", page)
    return paths[int(page) - 1]
