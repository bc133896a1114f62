"""Plan → Layout: how many pixels go where, at the resolution of the reply."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from imageserver.commands.adjust import Adjust, UnsharpMaskR
from imageserver.commands.delivery import ResMode
from imageserver.commands.layer import Flip, Layer
from imageserver.errors import LimitExceeded
from imageserver.layout.animating import animated
from imageserver.layout.clips import Onto, Shown, lay_clips, path_corner
from imageserver.layout.coloring import Colors, LayerPassages, Passage, colors_of, out_of_cmyk
from imageserver.layout.embedding import embedded_in
from imageserver.layout.encoding import check_side, lay_encoding
from imageserver.layout.facts import FactsOf
from imageserver.layout.frames import check_frames, with_frame
from imageserver.layout.layers import Geometry, LayerShape, Placed
from imageserver.layout.layout import (
    Box,
    Clip,
    Focus,
    Laid,
    LaidEffect,
    LaidLayer,
    LaidPicture,
    LaidSource,
    LaidText,
    Layout,
    Loop,
    Turn,
)
from imageserver.layout.levels import with_reductions
from imageserver.layout.measuring import Survey
from imageserver.layout.moving import corners_of, flipped, source_to_composite
from imageserver.layout.view import ViewLayout, region_in_view, small_view, zoomed
from imageserver.plan.picture import Effect, Picture, PlannedLayer, Source
from imageserver.plan.picture import Shown as Shows
from imageserver.plan.profiles import Profile
from imageserver.plan.text import TextBlock
from imageserver.protocol.values import Point, Rect, Size, at_least_one, rounded

MOST_FOCUSES = 4
"""Pictures in one another that may look for what matters."""


def lay_out(picture: Picture, facts: FactsOf) -> Layout:
    """Say how many pixels go where; raises `IllegalSize` or `LimitExceeded` when they are too many."""
    survey = Survey(facts)
    check_focuses(picture)
    check_frames(picture, facts)
    layout = lay_focused(picture, survey.measure(picture).view, survey, colors_of(picture, facts, None, nested=False))
    check_side(layout.encoding, layout.reply)
    return animated(layout, picture, facts)


def check_focuses(picture: Picture) -> None:
    """Raise `LimitExceeded` where too many of the pictures in one another look for what matters: each looks twice."""
    deepest = focuses(picture)
    if deepest > MOST_FOCUSES:
        raise LimitExceeded("focus= in nested requests", deepest, MOST_FOCUSES)


def focuses(picture: Picture) -> int:
    """Count the pictures in one another, at most, that look for what matters."""
    return bool(picture.view.focus) + max(map(focuses, picture.pictures), default=0)


def lay_focused(picture: Picture, view: ViewLayout, survey: Survey, colors: Colors) -> Layout:
    """Lay a picture out; where `focus=` has a choice of what is seen, what to look at comes along."""
    layout, interest = lay_view(picture, view, survey, colors), picture.view.focus
    composite = survey.measure(picture).composite
    region = region_in_view(picture.view, view, composite)
    if not interest or picture.thumbnail or (region.width <= view.size.width and region.height <= view.size.height):
        return layout
    preview = lay_view(picture, small_view(picture.view, composite), survey, colors)
    embedded = replace(layout.embedded, paths=())  # it is not known yet where they are going to be
    return replace(layout, focus=Focus(interest, preview, region), embedded=embedded)


def lay_view(picture: Picture, view: ViewLayout, survey: Survey, colors: Colors) -> Layout:
    """Lay a picture out in a view, which may be a smaller one than its own."""
    geometry = survey.measure(picture)
    canvas = canvas_of(view, geometry.composite)
    passages = tuple(colors.passages(layer) for layer in picture.layers)
    sheet = Sheet(geometry, view, canvas, survey, picture.res_mode, colors)
    encoding = lay_encoding(picture, survey.facts, colors, Size(view.window.width, view.window.height))
    return Layout(
        layers=tuple(
            lay_layer(layer, placed, sheet, passed)
            for layer, placed, passed in zip(picture.layers, geometry.layers, passages, strict=True)
        ),
        canvas=canvas,
        flip=picture.composite.flip,
        opacity=picture.composite.opac.layer / 100,
        fill_opacity=picture.composite.opac.fill / 100,
        adjust=scaled_adjust(picture.adjust, sheet.scale, sheet.scale),
        clips=composite_clips(picture, sheet),
        effects=tuple(lay_effect(effect, sheet) for effect in picture.effects),
        masks_effects=picture.masks_effects,
        view=view.size,
        window=view.window,
        background=picture.background,
        res_mode=picture.res_mode,
        encoding=encoding,
        mask_only=picture.mask_only,
        profile=colors.output,
        coloring=colors.coloring(passages),
        embedded=embedded_in(picture, encoding, colors.output, survey),
    )


@dataclass(frozen=True, slots=True)
class Sheet:
    """What leads from pixels of the composite to pixels of the canvas."""

    geometry: Geometry
    view: ViewLayout
    canvas: Rect
    survey: Survey
    res_mode: ResMode
    colors: Colors

    @property
    def scale(self) -> float:
        """The scale of lengths that have no direction, such as radii."""
        return math.sqrt(self.view.scale_x * self.view.scale_y)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Bring a point of the composite onto the canvas."""
        view = self.view
        return x * view.scale_x + view.left - self.canvas.x, y * view.scale_y + view.top - self.canvas.y


def canvas_of(view: ViewLayout, composite: Size) -> Rect:
    """Give the composite's rectangle in whole pixels of the view."""
    right = view.left + composite.width * view.scale_x
    bottom = view.top + composite.height * view.scale_y
    return between(view.left, view.top, right, bottom)


def lay_layer(layer: PlannedLayer, placed: Placed, sheet: Sheet, passages: LayerPassages) -> LaidLayer:
    """Bring a layer into pixels of the canvas."""
    shape, commands, view = placed.shape, layer.commands, sheet.view
    outer = sheet.point(placed.offset.x, placed.offset.y)
    inner = sheet.point(placed.offset.x + shape.margins.left, placed.offset.y + shape.margins.top)
    corners = lay_corners(layer, placed, sheet)
    turn, image, box, target = landed(shape, view, inner, corners)
    rect = between(*outer, outer[0] + shape.size.width * view.scale_x, outer[1] + shape.size.height * view.scale_y)
    laid = LaidLayer(
        source=lay_source(layer.source, shape.visible, target, sheet, passages.read),
        target=target,
        image=image,
        flip=commands.flip,
        adjust=scaled_adjust(layer.adjust, sheet.scale, shape.scale * sheet.scale),
        color=commands.color,
        angle=shape.angle,
        turn=turn,
        box=box,
        corners=corners,
        smooth=commands.perspective is None or commands.perspective.resampling != "R1",
        rect=rect,
        drawn=union(rect, box) if shape.overhang.width or shape.overhang.height else rect,
        fill=filled_part(shape, image),
        bg_color=commands.bg_color,
        fill_opacity=commands.opac.fill / 100,
        opacity=commands.opac.layer / 100,
        blend_mode=commands.blend_mode if layer.number else "norm",
        hidden=commands.hide,
        mask=lay_mask(layer, placed, target, sheet),
        mask_use=commands.mask_use,
        mask_growth=mask_growth(commands, shape.scale * sheet.scale),
        clips=lay_clips(commands, written_onto(path_corner(layer, placed), sheet), shown_by(layer, placed, sheet)),
        effects=tuple(lay_effect(effect, sheet) for effect in layer.effects),
        passage=passages.done,
    )
    window = replace(view.window, x=view.window.x - sheet.canvas.x, y=view.window.y - sheet.canvas.y)
    facts = sheet.survey.facts
    return with_frame(with_reductions(laid, facts, window, sheet.res_mode), layer, facts)


def landed(
    shape: LayerShape, view: ViewLayout, corner: tuple[float, float], corners: Loop
) -> tuple[Turn | None, Size, Rect, Box]:
    """Find how a layer lands: its turn, its image before that, the box behind it, and its source's place in the image.

    An upright image keeps the fractions of its place; a turned or warped one is made whole first.
    """
    left, top = corner
    scale_x, scale_y = view.scale_x, view.scale_y
    box = between(left, top, left + shape.turned.width * scale_x, top + shape.turned.height * scale_y)
    if shape.warped:
        size = before_warp(shape.crop, corners)
        return None, size, box, landing(shape, 0, 0, (1.0, 1.0), size)
    if not shape.angle:
        size = Size(box.width, box.height)
        return None, size, box, landing(shape, left - box.x, top - box.y, (scale_x, scale_y), shape.image)
    if shape.angle % 90 == 0:
        size = Size(box.height, box.width) if shape.angle % 180 else Size(box.width, box.height)
        return None, size, box, landing(shape, 0, 0, (1.0, 1.0), size)
    turn, size = turned(shape, scale_x, scale_y)
    return turn, size, box, landing(shape, 0, 0, (1.0, 1.0), size)


def before_warp(crop: Rect, corners: Loop) -> Size:
    """Give the size that suffices for an image that a perspective leads to these corners."""
    first, second, third, fourth = corners
    wide, tall = (
        max(math.dist(first, second), math.dist(fourth, third)),
        max(math.dist(first, fourth), math.dist(second, third)),
    )
    return Size(at_least_one(min(crop.width, wide)), at_least_one(min(crop.height, tall)))


def turned(shape: LayerShape, scale_x: float, scale_y: float) -> tuple[Turn, Size]:
    """Find the map that turns an image, and the size that the image has before at this scale."""
    cosine, sine = math.cos(math.radians(shape.angle)), math.sin(math.radians(shape.angle))
    size = Size(
        at_least_one(shape.image.width * math.hypot(cosine * scale_x, sine * scale_y)),
        at_least_one(shape.image.height * math.hypot(sine * scale_x, cosine * scale_y)),
    )
    unit_x, unit_y = shape.image.width / size.width, shape.image.height / size.height
    turn = Turn(cosine * scale_x * unit_x, -sine * scale_x * unit_y, sine * scale_y * unit_x, cosine * scale_y * unit_y)
    return turn, size


def landing(shape: LayerShape, left: float, top: float, scale: tuple[float, float], image: Size) -> Box:
    """Give the box on which the visible part of the source lands, when the whole crop lands on `image`, scaled."""
    crop, visible = shape.crop, shape.visible
    unit_x, unit_y = image.width * scale[0] / crop.width, image.height * scale[1] / crop.height
    x, y = left + (visible.x - crop.x) * unit_x, top + (visible.y - crop.y) * unit_y
    return Box(x, y, x + visible.width * unit_x, y + visible.height * unit_y)


def filled_part(shape: LayerShape, image: Size) -> Rect | None:
    """Give the part of a layer's image that its colour fills, where that is not all of it."""
    beyond = shape.overhang
    if not (beyond.width or beyond.height):
        return None
    unit_x, unit_y = image.width / shape.crop.width, image.height / shape.crop.height
    left, top = beyond.width * unit_x, beyond.height * unit_y
    return between(left, top, image.width - left, image.height - top)


def union(one: Rect, other: Rect) -> Rect:
    """Give the rectangle that holds two."""
    x, y = min(one.x, other.x), min(one.y, other.y)
    right = max(one.x + one.width, other.x + other.width)
    bottom = max(one.y + one.height, other.y + other.height)
    return Rect(x, y, right - x, bottom - y)


def between(left: float, top: float, right: float, bottom: float) -> Rect:
    """Give a box in whole pixels, at least one each way."""
    x, y = rounded(left), rounded(top)
    return Rect(x, y, max(1, rounded(right) - x), max(1, rounded(bottom) - y))


def lay_source(source: Shows | None, rect: Rect, target: Box, sheet: Sheet, passage: Passage | None) -> Laid | None:
    """Say which rectangle of which file is read, or lay a nested picture out at the size that is needed."""
    if source is None:
        return None
    if isinstance(source, TextBlock):
        known = sheet.survey.texts[id(source)]
        return LaidText(known.block, known.size, rect, known.typeset)
    laid = lay_image(source, rect, target, sheet, sheet.colors.output)
    return laid if passage is None else replace(laid, passage=passage)


def lay_image(
    source: Source | Picture, rect: Rect, target: Box, sheet: Sheet, space: Profile | None
) -> LaidSource | LaidPicture:
    """Say which rectangle of a file is read, or lay a nested picture out, in a colour space."""
    if isinstance(source, Picture):
        return lay_picture(source, rect, target, sheet, space)
    known = sheet.survey.facts[source.path]
    return LaidSource(
        path=source.path,
        content_hash=known.content_hash,
        size=known.shown_size(oriented=source.apply_orientation),
        oriented=source.apply_orientation,
        turned=known.is_turned(oriented=source.apply_orientation),
        premultiplied=known.alpha == "associated",
        rect=rect,
        variables=tuple((name, value) for name, value in source.variables if name in known.variables),
    )


def lay_picture(picture: Picture, rect: Rect, target: Box, sheet: Sheet, space: Profile | None) -> LaidPicture:
    """Lay a nested picture out, no larger than it is needed and never larger than it is."""
    view, size = sheet.survey.measure(picture).view, sheet.survey.size(picture)
    zoom_x = min(1.0, (target.right - target.left) / max(1, rect.width))
    zoom_y = min(1.0, (target.bottom - target.top) / max(1, rect.height))
    needed = Size(at_least_one(size.width * zoom_x), at_least_one(size.height * zoom_y))
    colors = colors_of(picture, sheet.survey.facts, space, nested=True)
    return LaidPicture(lay_focused(picture, zoomed(view, needed), sheet.survey, colors), size, rect, kept=picture.kept)


def lay_mask(layer: PlannedLayer, placed: Placed, target: Box, sheet: Sheet) -> LaidSource | LaidPicture | None:
    """Say which rectangle of which picture is the mask: that of `mask=`, or the record's own.

    A mask of another size than its image is stretched over it. A source whose alpha is premultiplied keeps it.
    """
    source, survey = layer.source, sheet.survey
    mask: Source | Picture
    if layer.mask is not None:
        mask, whole = layer.mask, placed.window
    elif isinstance(source, Source) and source.mask is not None and survey.facts[source.path].alpha != "associated":
        mask = replace(source, path=source.mask, mask=None, crop=None)
        whole = survey.window(replace(source, crop=None))
    else:
        return None
    window, visible = survey.window(mask), placed.shape.visible
    unit_x, unit_y = window.width / whole.width, window.height / whole.height
    rect = Rect(
        window.x + rounded((visible.x - whole.x) * unit_x),
        window.y + rounded((visible.y - whole.y) * unit_y),
        at_least_one(visible.width * unit_x),
        at_least_one(visible.height * unit_y),
    )
    laid = lay_image(mask, rect, target, sheet, None)
    return replace(laid, passage=out_of_cmyk(mask, sheet.colors)) if isinstance(mask, Picture) else laid


def mask_growth(commands: Layer, scale: float) -> int:
    """Give by how many pixels of the reply a mask grows."""
    growth = commands.grow_mask
    if growth is None:
        return 0
    return rounded(growth.radius * min(1.0, scale)) if growth.full_resolution else growth.radius


def lay_corners(layer: PlannedLayer, placed: Placed, sheet: Sheet) -> Loop:
    """Bring the corners of a perspective into pixels of the canvas."""
    return tuple(sheet.point(x, y) for x, y in corners_of(layer, placed, sheet.geometry))


def written_onto(corner: tuple[float, float], sheet: Sheet) -> Onto:
    """Lead paths of the request, which count from a corner, onto the canvas."""
    return Onto(lambda point: sheet.point(point[0] + corner[0], point[1] + corner[1]), sheet.scale)


def composite_clips(picture: Picture, sheet: Sheet) -> tuple[Clip, ...]:
    """Bring what clips the composite onto the canvas; paths of a file are those of the image that layer 0 shows."""
    shown = shown_by(picture.layers[0], sheet.geometry.layers[0], sheet, picture.composite.flip)
    return lay_clips(picture.composite, written_onto((0.0, 0.0), sheet), shown)


def shown_by(layer: PlannedLayer, placed: Placed, sheet: Sheet, flip: Flip = "") -> Shown | None:
    """Lead the paths of the image file that a layer shows onto the canvas, mirrored as the composite is."""
    source = layer.source
    if not isinstance(source, Source):
        return None
    move = source_to_composite(layer, placed, corners_of(layer, placed, sheet.geometry))
    mirror = flipped(flip, sheet.geometry.composite)
    onto = Onto(lambda point: sheet.point(*mirror(move(point))), placed.shape.scale * sheet.scale)
    return Shown(sheet.survey.facts[source.path], source.apply_orientation, onto)


def lay_effect(effect: Effect, sheet: Sheet) -> LaidEffect:
    """Bring an effect into pixels of the canvas."""
    commands, pos = effect.commands, effect.commands.pos
    layer_0 = sheet.geometry.layers[0].shape.size
    if pos is None:
        x, y = 0.0, 0.0
    else:
        x, y = (pos.x, pos.y) if isinstance(pos, Point) else (pos.x * layer_0.width, pos.y * layer_0.height)
    return LaidEffect(
        inner=effect.number > 0,
        color=commands.color,
        opacity=commands.opac.layer / 100,
        blend_mode=commands.blend_mode,
        mask_use=commands.mask_use,
        adjust=scaled_adjust(effect.adjust, sheet.scale, sheet.scale),
        offset=Point(rounded(x * sheet.view.scale_x), rounded(y * sheet.view.scale_y)),
    )


def scaled_adjust(adjust: Adjust, scale: float, sharpening: float) -> Adjust:
    """Bring radii from pixels of the composite, and of `op_usm` from full resolution, into pixels of the view."""
    usm = adjust.usm
    if usm is not None and not isinstance(usm, UnsharpMaskR):
        usm = replace(usm, radius=usm.radius * min(1.0, sharpening))
    return replace(
        adjust,
        usm=usm,
        blur=adjust.blur * scale,
        grow=rounded(adjust.grow * scale),
        median=adjust.median * scale,
        pixelate=at_least_one(adjust.pixelate * scale) if adjust.pixelate else 0,
    )
