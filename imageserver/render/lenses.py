"""Layouts whose colours are managed → layouts that are drawn like any other.

Every colour becomes one of the space in which layers are merged. What is merged in CMYK is drawn twice, once as the
light that cyan, magenta and yellow leave, and once as that which black leaves, so that all operations and blend modes
know of nothing but light.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from imageserver.layout.coloring import Coloring, Lens
from imageserver.layout.layout import Laid, LaidEffect, LaidLayer, LaidPicture, LaidSource, LaidText, Layout
from imageserver.protocol.color import Color
from imageserver.render.color import color_in

Resolve = Callable[[Color], Color]


def through(layout: Layout, coloring: Coloring, lens: Lens) -> Layout:
    """Give what a lens shows of a layout, or without one all of it, with every colour in the merging space."""

    def resolve(color: Color) -> Color:
        return color_in(color, coloring, coloring.merged, lens)

    return replace(
        layout,
        layers=tuple(layer_through(layer, coloring, resolve, lens) for layer in layout.layers),
        effects=effects_through(layout.effects, resolve),
        coloring=None,
    )


def layer_through(layer: LaidLayer, coloring: Coloring, resolve: Resolve, lens: Lens) -> LaidLayer:
    """Put the colours of a layer into the merging space; those that its operations see, into the space of these."""
    done = layer.passage

    def resolve_own(color: Color) -> Color:
        return resolve(color) if done is None else color_in(color, coloring, done.origin)

    is_color = layer.source is None
    return replace(
        layer,
        source=source_through(layer.source, resolve_own, lens if done is None else ""),
        color=resolve_own(layer.color) if is_color else resolve(layer.color),
        bg_color=resolve(layer.bg_color),
        effects=effects_through(layer.effects, resolve),
        passage=None if done is None else replace(done, lens=lens),
    )


def source_through(source: Laid | None, resolve: Resolve, lens: Lens) -> Laid | None:
    """Put the colours of a text into a space, and a lens onto the passage of an image."""
    if isinstance(source, LaidText):
        known = source.typeset
        runs = tuple(replace(run, color=resolve(run.color)) for run in known.runs)
        bars = tuple(replace(bar, color=resolve(bar.color)) for bar in known.bars)
        return replace(source, typeset=replace(known, runs=runs, bars=bars))
    if isinstance(source, LaidSource | LaidPicture) and source.passage is not None:
        return replace(source, passage=replace(source.passage, lens=lens))
    return source


def effects_through(effects: tuple[LaidEffect, ...], resolve: Resolve) -> tuple[LaidEffect, ...]:
    """Put the colours of effects into the merging space."""
    return tuple(replace(effect, color=resolve(effect.color)) for effect in effects)
