"""Where everything of a picture lies: the shapes and places of its layers, the composite, and the view of it.

A nested picture is measured once, however often it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from imageserver.errors import IllegalSize
from imageserver.layout.embedded_paths import bounds, named, path_in_pixels
from imageserver.layout.facts import FactsOf
from imageserver.layout.layers import (
    NOTHING,
    Frame,
    Geometry,
    Placed,
    around,
    intersection,
    is_self_sized,
    offset_of,
    origin_of,
    shape_layer,
    solid_window,
    wanted_size,
)
from imageserver.layout.thumbnails import (
    is_composition,
    texture_scale,
    thumbnail_canvas,
    thumbnail_offset,
    thumbnail_view,
)
from imageserver.layout.view import LARGEST_COORDINATE, ViewLayout, lay_out_view
from imageserver.plan.picture import Picture, PlannedLayer, Source
from imageserver.plan.text import TextBlock
from imageserver.protocol.values import Point, Rect, Size
from imageserver.typeset.result import Typeset


@dataclass(frozen=True, slots=True)
class SetText:
    """A text whose fonts are known, the box that it was set for, and how it was set."""

    block: TextBlock
    size: Size
    typeset: Typeset

    @property
    def window(self) -> Rect:
        """The layer's rectangle in whole pixels."""
        return around(*self.typeset.extent.bounds)

    @property
    def overhang(self) -> Size:
        """By how many pixels glyphs reach beyond the rectangle, the same on opposite sides."""
        window, ink = self.window, around(*self.typeset.ink.bounds)
        beyond_x = max(window.x - ink.x, ink.x + ink.width - window.x - window.width, 0)
        beyond_y = max(window.y - ink.y, ink.y + ink.height - window.y - window.height, 0)
        return Size(beyond_x, beyond_y)


@dataclass
class Survey:
    """The facts of all files, the geometry of each picture that was measured, and each text that was set."""

    facts: FactsOf
    known: dict[int, Geometry] = field(default_factory=dict)
    texts: dict[int, SetText] = field(default_factory=dict)

    def measure(self, picture: Picture) -> Geometry:
        """Find where everything of a picture lies; raises `IllegalSize` when it is too large."""
        geometry = self.known.get(id(picture))
        if geometry is None:
            geometry = self.known[id(picture)] = self._measure(picture)
        return geometry

    def size(self, used: Source | Picture) -> Size:
        """Give the size of a file as it is shown, or of a nested picture."""
        if isinstance(used, Picture):
            window = self.measure(used).view.window
            return Size(window.width, window.height)
        return self.facts[used.path].shown_size(oriented=used.apply_orientation)

    def window(self, used: Source | Picture) -> Rect:
        """Give the part of a source that stands for it: all of it, or the named crop."""
        size = self.size(used)
        everything = Rect(0, 0, size.width, size.height)
        if isinstance(used, Picture) or used.crop is None:
            return everything
        named = intersection(used.crop, everything)
        return named if named.width and named.height else everything

    def _measure(self, picture: Picture) -> Geometry:
        first = picture.layers[0]
        window = self.layer_window(first, Frame())
        overhang = self.overhang(first)
        if picture.thumbnail is not None and not is_composition(picture):
            canvas, rect = thumbnail_canvas(picture, picture.thumbnail, window)
            shape = shape_layer(
                first, window, Frame(None, picture.thumbnail, canvas), overhang, self.path_bounds(first)
            )
            base, composite = thumbnail_offset(shape.size, canvas, picture.thumbnail), canvas
            view = thumbnail_view(picture, picture.thumbnail, canvas, rect)
        else:
            shape = shape_layer(first, window, Frame(), overhang, self.path_bounds(first))
            base, composite = Point(0, 0), shape.size
            if max(composite.width, composite.height) > LARGEST_COORDINATE:
                allowed = f"{LARGEST_COORDINATE} pixels a side of a composite"
                raise IllegalSize(composite.width, composite.height, allowed)
            view = self._view(picture, composite)
        bottom = Placed(shape, window, base)
        above = (self._place(layer, bottom, first) for layer in picture.layers[1:])
        return Geometry((bottom, *above), composite, view)

    @staticmethod
    def _view(picture: Picture, composite: Size) -> ViewLayout:
        """Show a composite by the view's commands, or as the thumbnail of a composition."""
        if picture.thumbnail is None:
            return lay_out_view(picture.view, composite, picture.rules)
        _, rect = thumbnail_canvas(picture, picture.thumbnail, Rect(0, 0, composite.width, composite.height))
        return thumbnail_view(picture, picture.thumbnail, composite, rect, texture_scale(picture))

    def _place(self, layer: PlannedLayer, bottom: Placed, first: PlannedLayer) -> Placed:
        frame = Frame(bottom.shape.size)
        window = self.layer_window(layer, frame)
        shape = shape_layer(layer, window, frame, self.overhang(layer), self.path_bounds(layer))
        origin = origin_of(layer, shape, window)
        x, y = origin_of(first, bottom.shape, bottom.window)
        offset = offset_of(layer, origin, (x + bottom.offset.x, y + bottom.offset.y), bottom.shape.size)
        if max(abs(offset.x), abs(offset.y), shape.size.width, shape.size.height) > LARGEST_COORDINATE:
            allowed = f"{LARGEST_COORDINATE} pixels a side of layer={layer.number}"
            raise IllegalSize(shape.size.width, shape.size.height, allowed)
        return Placed(shape, window, offset)

    def path_bounds(self, layer: PlannedLayer) -> tuple[Rect, ...]:
        """Give the bounds of the paths of its image to which a layer is cut."""
        names, source = layer.commands.crop_paths, layer.source
        if not names or not isinstance(source, Source):
            return ()
        facts, oriented = self.facts[source.path], source.apply_orientation
        paths = (path_in_pixels(one, facts, oriented=oriented) for one in named(facts, names))
        return tuple(bounds(path) for path in paths if path.subpaths)

    def overhang(self, layer: PlannedLayer) -> Size:
        """Tell how far a text reaches beyond its box, unless `extend=` cuts it there, or its box does (`text=`)."""
        if not isinstance(layer.source, TextBlock) or layer.commands.extend is not None:
            return NOTHING
        if layer.source.dialect == "text" and not is_self_sized(layer):
            return NOTHING
        return self.texts[id(layer.source)].overhang

    def set_text(self, block: TextBlock, size: Size) -> SetText:
        """Set the text of a layer in a box, once; a side of 0 is free."""
        found = self.texts.get(id(block))
        if found is None:
            from imageserver.typeset.setting import typeset  # noqa: PLC0415, a start does not wait for what shapes text

            files = (file for file in (*block.files, *block.spare_files) if file in self.facts)
            known = block.with_digests({file: self.facts[file].content_hash for file in files})
            found = self.texts[id(block)] = SetText(known, size, typeset(known, size.width, size.height))
        return found

    def layer_window(self, layer: PlannedLayer, frame: Frame) -> Rect:
        """Give the rectangle that a layer's crop counts in: that of its source, text or mask, or of its colour."""
        if isinstance(layer.source, TextBlock):
            return self.set_text(layer.source, wanted_size(layer, frame) or Size(0, 0)).window
        if layer.source is not None:
            return self.window(layer.source)
        return self.window(layer.mask) if layer.mask is not None else solid_window(layer, frame)
