"""Layout → the finished picture: each layer drawn, laid over one another, and put into the reply."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from imageserver.commands.adjust import Adjust
from imageserver.commands.delivery import ResMode
from imageserver.commands.layer import Flip
from imageserver.layout.layout import LaidEffect, LaidLayer, LaidPicture, LaidSource, LaidText, Layout, Pixels
from imageserver.protocol.color import Color
from imageserver.protocol.values import Rect, Size
from imageserver.render.adjust import adjusted, grow
from imageserver.render.alpha import (
    OPAQUE,
    alpha,
    as_gray,
    as_rgb,
    colors,
    faded,
    filled,
    has_alpha,
    on_color,
    plane,
    premultiplied,
    unpremultiplied,
    whole_numbers,
    with_alpha,
)
from imageserver.render.clipping import clipped
from imageserver.render.color import inked, passed, passed_in
from imageserver.render.cutting import between, cut, grown, read_part, size_of
from imageserver.render.effects import SIGMAS, effect_image, effect_reach
from imageserver.render.engine import Image
from imageserver.render.exchange import to_image
from imageserver.render.focusing import moved
from imageserver.render.lenses import through
from imageserver.render.sources import Opened, open_source
from imageserver.render.stacking import CLEAR, Drawn, piled
from imageserver.render.warp import rotated, warped

LINES = 16
NEAR = 8.0
"""The radius of an unsharp mask whose rows are still at hand when they are needed again."""
EVERYTHING = 10**8
BLACK = Color("rgb", (0, 0, 0))


def focused(layout: Layout) -> Layout:
    """Find what is seen of a picture whose content decides that."""
    return layout if layout.focus is None else moved(layout, layout.focus, finished(layout.focus.preview))


def finished(layout: Layout) -> Image:
    """Draw a picture in the colour space of its reply; what is merged in CMYK is drawn in two parts."""
    layout = focused(layout)
    coloring = layout.coloring
    if coloring is None:
        return compose(layout)
    if coloring.merged.pixel_type == "cmyk":
        layout = with_nested_drawn(layout)
        image = inked(compose(through(layout, coloring, "light")), compose(through(layout, coloring, "black")))
    else:
        image = compose(through(layout, coloring, ""))
    return image if coloring.passage is None else passed(image.copy_memory(), coloring.passage)


def with_nested_drawn(layout: Layout) -> Layout:
    """Draw nested pictures, so that it is done once for both parts."""
    return replace(
        layout,
        layers=tuple(
            replace(layer, source=as_pixels(layer.source)) if isinstance(layer.source, LaidPicture) else layer
            for layer in layout.layers
        ),
    )


def as_pixels(source: LaidPicture) -> LaidPicture:
    """Draw a nested picture."""
    if source.pixels is not None:
        return source
    image = finished(source.layout)
    return replace(source, pixels=Pixels(image.width, image.height, image.bands, bytes(image.write_to_memory())))


def compose(layout: Layout) -> Image:
    """Draw the composite and cut the reply out of the view; the result has alpha where it is not covered."""
    canvas, window = layout.canvas, layout.window
    part = Rect(window.x - canvas.x, window.y - canvas.y, window.width, window.height)
    image = adjusted(mirrored(stacked(layout, part), layout.flip), layout.adjust)
    image = clipped(image, layout.clips, part)
    image = faded(with_effects(image, layout, part), layout.opacity)
    return placed(image, canvas.x - window.x, canvas.y - window.y, size_of(window))


def stacked(layout: Layout, part: Rect) -> Image:
    """Lay all layers over one another on the canvas; `part` of it is going to be looked at."""
    size = size_of(layout.canvas)
    wanted = grown(part, reach(layout), size) if not layout.flip else Rect(0, 0, size.width, size.height)
    if len(layout.layers) == 1 and not layout.layers[0].effects and not layout.effects:
        return on_canvas(draw_layer(layout.layers[0], layout, wanted), size)
    drawn = (one for layer in layout.layers for one in with_its_effects(layer, layout, wanted))
    return piled(drawn, size, wanted)


def reach(layout: Layout) -> int:
    """Give how far a pixel of the reply sees in what is done to the composite."""
    return adjust_reach(layout.adjust) + max((effect_reach(effect) for effect in layout.effects), default=0)


def adjust_reach(adjust: Adjust) -> int:
    """Give how far a pixel sees in operations on pixels; some look at the whole picture, or at where its edges are."""
    if counts(adjust) or adjust.pixelate or adjust.vignette or adjust.fade:
        return EVERYTHING
    return (
        math.ceil(abs(adjust.grow) + adjust.median + SIGMAS * (adjust.blur + (adjust.usm.radius if adjust.usm else 0)))
        + 1
    )


def kept(image: Image, wanted: Rect) -> Image:
    """Compute the wanted part of an image once, since much of what is made of it looks at it more than once."""
    part = image.crop(wanted.x, wanted.y, wanted.width, wanted.height).copy_memory()
    return part.embed(wanted.x, wanted.y, image.width, image.height, extend="copy")


def with_effects(image: Image, layout: Layout, part: Rect) -> Image:
    """Lay the effects of the composite below and over it; its own opacity, the fill's, leaves them alone."""
    shown = faded(image, layout.fill_opacity)
    if not layout.effects:
        return shown
    margin = max(effect_reach(effect) for effect in layout.effects)
    size = size_of(layout.canvas)
    own = alpha(image).embed(margin, margin, size.width + 2 * margin, size.height + 2 * margin)
    rect = Rect(margin, margin, size.width, size.height)
    drawn = [(one, effect_image(one, own, rect, margin, masked=layout.masks_effects)) for one in layout.effects]
    return piled(between_effects(Drawn(with_opaque_alpha(as_rgb(shown))), drawn), size, grown(part, 0, size))


def between_effects(middle: Drawn, effects: list[tuple[LaidEffect, Image]]) -> Iterator[Drawn]:
    """Put outer effects below an image and inner ones over it, from the lowest up."""
    yield from (Drawn(image, mode=one.blend_mode) for one, image in effects if not one.inner)
    yield middle
    yield from (Drawn(image, mode=one.blend_mode) for one, image in effects if one.inner)


def with_opaque_alpha(image: Image) -> Image:
    """Give an image with an alpha band."""
    return image if has_alpha(image) else with_alpha(image, filled(image, (OPAQUE,)))


def with_its_effects(layer: LaidLayer, layout: Layout, part: Rect) -> Iterator[Drawn]:
    """Draw one layer with its effects."""
    effects = [(one, faded(effect, layer.opacity)) for one, effect in drawn_effects(layer, layout, part)]
    return between_effects(draw_layer(layer, layout, part), effects)


def draw_layer(layer: LaidLayer, layout: Layout, part: Rect) -> Drawn:
    """Draw one layer, of which only `part` of the canvas is going to be looked at."""
    size = size_of(layout.canvas)
    if layer.hidden:
        return Drawn(plane(size, CLEAR))
    drawn = contents(layer, layout, size, layer.opacity * layer.fill_opacity, part)
    if not layer.clips:
        return replace(drawn, mode=layer.blend_mode)
    return Drawn(clipped(on_canvas(drawn, size), layer.clips, part), mode=layer.blend_mode)


def on_canvas(drawn: Drawn, size: Size) -> Image:
    """Give an image on the canvas, transparent around it."""
    return placed(drawn.image, drawn.x, drawn.y, size)


def drawn_effects(layer: LaidLayer, layout: Layout, part: Rect) -> Iterator[tuple[LaidEffect, Image]]:
    """Draw the effects of a layer; they are made of all of it, also of what the canvas cuts off."""
    if not layer.effects:
        return
    margin = max(effect_reach(effect) for effect in layer.effects)
    wide = Size(layout.canvas.width + 2 * margin, layout.canvas.height + 2 * margin)
    moved = shifted(layer, margin)
    wanted = Rect(part.x, part.y, part.width + 2 * margin, part.height + 2 * margin)
    whole = on_canvas(contents(moved, layout, wide, 1.0, wanted), wide)
    own = kept(alpha(clipped(whole, moved.clips, wanted)), grown(wanted, 0, wide))
    for effect in layer.effects:
        image = effect_image(effect, own, moved.rect, margin, masked=layout.masks_effects)
        yield effect, image


def shifted(layer: LaidLayer, margin: int) -> LaidLayer:
    """Give a layer on a canvas that is larger by a margin."""
    return replace(
        layer,
        box=replace(layer.box, x=layer.box.x + margin, y=layer.box.y + margin),
        rect=replace(layer.rect, x=layer.rect.x + margin, y=layer.rect.y + margin),
        drawn=replace(layer.drawn, x=layer.drawn.x + margin, y=layer.drawn.y + margin),
        corners=tuple((x + margin, y + margin) for x, y in layer.corners),
        clips=tuple(
            replace(clip, loops=tuple(tuple((x + margin, y + margin) for x, y in loop) for loop in clip.loops))
            for clip in layer.clips
        ),
    )


def contents(layer: LaidLayer, layout: Layout, size: Size, opacity: float, part: Rect) -> Drawn:
    """Draw what a layer shows, for a part of a canvas of this size; the opacity leaves alone what its fills fill."""
    image = mirrored(masked(layer, layout, looked_at(layer, part)), layer.flip)
    image = adjusted(image, layer.adjust)
    if layer.passage is not None:
        image = passed_in(image, layer.passage, looked_at(layer, part))
    image = faded(image, opacity)
    if layer.color.alpha and layer.source is not None:
        image = filled_behind(image, layer.color, layer.fill)
    if layer.corners:
        return Drawn(warped(with_opaque_alpha(as_rgb(image)), layer.corners, size, smooth=layer.smooth))
    image = turned(image, layer, layout.res_mode)
    drawn, rect = layer.drawn, layer.rect
    image = placed(image, layer.box.x - drawn.x, layer.box.y - drawn.y, size_of(drawn))
    if layer.bg_color.alpha:
        image = filled_behind(image, layer.bg_color, replace(rect, x=rect.x - drawn.x, y=rect.y - drawn.y))
    return Drawn(image, drawn.x, drawn.y)


def filled_behind(image: Image, color: Color, part: Rect | None) -> Image:
    """Lay an image over a colour, or only a part of it."""
    if part is None or size_of(part) == Size(image.width, image.height):
        return on_color(as_rgb(image), color)
    image = with_opaque_alpha(as_rgb(image))
    inner = on_color(image.crop(part.x, part.y, part.width, part.height), color)
    return image.insert(with_opaque_alpha(inner), part.x, part.y)


def looked_at(layer: LaidLayer, part: Rect) -> Rect:
    """Give the pixels of a layer's own image that a part of the canvas shows; all of them where it is not upright."""
    if layer.flip or layer.angle or layer.corners:
        return Rect(0, 0, layer.image.width, layer.image.height)
    moved = replace(part, x=part.x - layer.box.x, y=part.y - layer.box.y)
    return grown(moved, adjust_reach(layer.adjust) + abs(layer.mask_growth), layer.image)


def masked(layer: LaidLayer, layout: Layout, part: Rect) -> Image:
    """Draw a layer's source with its mask, used as `maskUse=` says; where the source ends, nothing is."""
    source, mask = layer.source, layer.mask
    if source is not None and not (source.rect.width and source.rect.height):
        return plane(layer.image, CLEAR)
    sequential, mode = streams(layer, layout), layout.res_mode
    hidden_matters = layer.hidden_matters
    box = between(layer.target, layer.image)
    if source is None:
        image = colored(layer, size_of(box))
    elif isinstance(source, LaidText):
        from imageserver.render.text import drawn_text  # noqa: PLC0415, as in layout/measuring.py

        image = placed(drawn_text(source, layer.target, part), part.x - box.x, part.y - box.y, size_of(box))
    else:
        image = fetched(layer, source, mode, part, sequential=sequential, hidden_matters=hidden_matters)
    if mask is not None and not isinstance(mask, LaidText):
        shape = fetched(layer, mask, mode, part, sequential=sequential, hidden_matters=True)
        image = with_mask(image, alpha(shape) if has_alpha(shape) else as_gray(shape), keep=source is None)
    if layer.mask_growth and has_alpha(image):
        image = with_alpha(image, grow(alpha(image), layer.mask_growth))
    if layer.mask_use == "off":
        own = source is not None and source.premultiplied
        image = on_color(image, BLACK) if own else colors(image)
    elif layer.mask_use == "invert":
        image = with_alpha(image, alpha(image).invert())
    return placed(image, box.x, box.y, layer.image)


def colored(layer: LaidLayer, size: Size) -> Image:
    """Draw a layer that is nothing but a colour."""
    color = layer.color
    return plane(size, color.rgb if color.alpha == OPAQUE else (*color.rgb, color.alpha))


def with_mask(image: Image, mask: Image, *, keep: bool) -> Image:
    """Give an image a mask in place of its alpha, or one that is weighted with it."""
    return with_alpha(image, (mask * alpha(image) / OPAQUE).rint() if keep and has_alpha(image) else mask)


def streams(layer: LaidLayer, layout: Layout) -> bool:
    """Tell whether the source is read once from top to bottom, so that it need not be kept whole."""
    upside_down = "ud" in layer.flip or "ud" in layout.flip
    back = any(looks_back(adjust) for adjust in (layer.adjust, layout.adjust))
    return not layer.angle and not upside_down and not back and not layer.corners


def counts(adjust: Adjust) -> bool:
    """Tell whether operations count how often colours are there before they change any."""
    return adjust.auto_levels or (adjust.colorize is not None and adjust.colorize.normalise)


def looks_back(adjust: Adjust) -> bool:
    """Tell whether operations read rows again that have gone by long ago."""
    return counts(adjust) or (adjust.usm is not None and adjust.usm.radius > NEAR)


def fetched(
    layer: LaidLayer,
    source: LaidSource | LaidPicture,
    mode: ResMode,
    part: Rect,
    *,
    sequential: bool,
    hidden_matters: bool,
) -> Image:
    """Read what of a source falls onto the layer's whole pixels, of which only a part is going to be looked at.

    `hidden_matters` keeps invisible colours.
    """
    target, rect = layer.target, source.rect
    box = between(target, layer.image)
    if isinstance(source, LaidPicture):
        opened = drawn_picture(source)
    else:
        wanted = partial(read_part, source, target, box, part)
        opened = open_source(source, wanted, sequential=sequential, hidden_matters=hidden_matters)
    as_it_is = (rect.width, rect.height) == (round(opened.shrink_x * box.width), round(opened.shrink_y * box.height))
    if opened.weighted or (has_alpha(opened.image) and not hidden_matters and not as_it_is):
        image = cut(opened if opened.weighted else weighted(opened), rect, target, box, mode)
        image = image.linecache(tile_height=LINES, access="sequential")  # it is looked at more than once just below
        image = unpremultiplied(image).copy(interpretation=opened.image.interpretation)
    else:
        image = whole_numbers(cut(opened, rect, target, box, mode))
    if source.passage is None:
        return image
    return passed_in(image, source.passage, grown(replace(part, x=part.x - box.x, y=part.y - box.y), 0, size_of(box)))


def weighted(opened: Opened) -> Opened:
    """Give an image whose colours count as much as its alpha says."""
    return replace(opened, image=premultiplied(opened.image), weighted=True)


def drawn_picture(source: LaidPicture) -> Opened:
    """Draw a nested picture, which is kept whole since layers read it in any order."""
    drawn = source.pixels
    if drawn is None:
        image = finished(source.layout).copy_memory()
    else:
        image = to_image(drawn.data, drawn.bands, Size(drawn.width, drawn.height))
    if source.passage is not None and source.passage.origin.pixel_type == "cmyk":
        image = image.copy(interpretation="cmyk")
    return Opened(image, source.size.width / image.width, source.size.height / image.height)


def turned(image: Image, layer: LaidLayer, mode: ResMode) -> Image:
    """Turn a layer's image clockwise: by quarters exactly, by other angles with interpolated edges."""
    if not layer.angle:
        return image
    if layer.turn is None:
        return image.rot(f"d{round(layer.angle)}")
    return rotated(with_opaque_alpha(as_rgb(image)), layer.turn, layer.box, mode)


def mirrored(image: Image, flip: Flip) -> Image:
    """Mirror an image."""
    if "lr" in flip:
        image = image.fliphor()
    return image.flipver() if "ud" in flip else image


def placed(image: Image, x: int, y: int, size: Size) -> Image:
    """Put an image on a transparent canvas; what lies outside is cut off."""
    if x >= size.width or y >= size.height or x <= -image.width or y <= -image.height:
        return plane(size, CLEAR)
    if x <= 0 and y <= 0 and image.width + x >= size.width and image.height + y >= size.height:
        covers = (x, y, image.width, image.height) == (0, 0, size.width, size.height)
        return image if covers else image.crop(-x, -y, size.width, size.height)
    return with_opaque_alpha(image).embed(x, y, size.width, size.height)
