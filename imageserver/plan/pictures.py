"""The plan of a picture: layers, composite, view and encoding, from the request and the records it names.

The order of evaluation is that of the protocol: catalog::Modifier of the record, the request's own commands,
catalog::PostModifier; then variables; then the records that layers name themselves.
"""

from __future__ import annotations

from dataclasses import replace

from imageserver.catalog.attributes import Attributes
from imageserver.catalog.catalogs import Entry
from imageserver.catalog.records import Record
from imageserver.commands.adjust import Adjust
from imageserver.commands.declare import Trait
from imageserver.commands.delivery import Delivery, Turns
from imageserver.commands.formats import Output, PixelType
from imageserver.commands.groups import asked, has, read_group
from imageserver.commands.layer import Layer
from imageserver.commands.reply import PICTURES
from imageserver.commands.view import View
from imageserver.errors import BadCombination, NotFound
from imageserver.plan.expansion import substitute, variables_of
from imageserver.plan.hints import headers_used, hinted_quality, hinted_view, offered
from imageserver.plan.layers import Composition, plan_effects, plan_layers
from imageserver.plan.picture import AnimationRules, Encoding, InTurn, Picture, Thumbnail, ViewRules
from imageserver.plan.plan import Plan
from imageserver.plan.profiles import Spaces, spaces_of, with_asked
from imageserver.plan.question import Question, Surroundings, ask, default_image_of
from imageserver.plan.segments import Segments
from imageserver.plan.sources import canonical, modifier_pieces, post_modifier_pieces
from imageserver.plan.watermarks import watermarked
from imageserver.protocol.color import FULL, Color
from imageserver.protocol.request import Piece, Request
from imageserver.protocol.values import Size


def plan_picture(question: Question) -> Plan:
    """Plan a picture; where its image is missing, plan the default image, if there is one."""
    try:
        return picture_of(question, question.entry())
    except NotFound as missing:
        if question.kind not in PICTURES - {"mask"}:
            raise
        return plan_default_image(question, missing)


def plan_default_image(question: Question, missing: NotFound) -> Plan:
    """Plan the default image in place of one that is missing. Reference: r-is-http-defaultimage."""
    main, _ = question.catalogs.governing(question.request.object)
    name = default_image_of(question, main)
    if not name:
        raise missing
    try:
        default = question.look_up(name, main)
        own = default.record.expiration if default.record else None
        hours = main.attributes.default_expiration if own is None else own
        if main.attributes.default_image_mode:
            plan = picture_of(question, entry_or(question, default), hours, default)
        else:
            kept = tuple(piece for piece in question.pieces if has(piece, Trait.FOR_DEFAULT_IMAGE))
            request = Request(question.request.object, kept)
            around = Surroundings(locale=question.locale)
            asked_now = replace(ask(request, question.catalogs, question.limits, around), hints=question.hints)
            plan = picture_of(asked_now, default, hours)
    except NotFound as error:
        raise missing from error
    return replace(plan, is_default_image=True)


def entry_or(question: Question, default: Entry | None) -> Entry:
    """Give the entry of the path, or the default when the path names none."""
    try:
        return question.entry()
    except NotFound:
        if default is None:
            raise
        return default


def picture_of(question: Question, entry: Entry, hours: float | None = None, default: Entry | None = None) -> Plan:
    """Plan the picture of a request over an entry; `default` stands in for the image of a layer that is missing."""
    composition = compose(question, entry, default)
    picture, shown = draw(composition)
    mark = composition.entry.catalog.attributes.watermark
    if mark and question.control.req.kind.watermarked:
        picture = watermarked(picture, plan_watermark(question, composition.entry, mark, picture.spaces))
    delivery = read_group(Delivery, composition.segments.anywhere, question.control)
    return replace(question, control=delivery).answered_by(picture, shown or composition.entry, hours)


def plan_watermark(question: Question, entry: Entry, name: str, spaces: Spaces) -> Picture:
    """Plan the picture of the record that attribute::Watermark names, in the colour spaces of what it marks."""
    around = Surroundings(entry.catalog, {}, 1, question.around.tally, spaces, question.locale)
    mark = ask(Request(name), question.catalogs, question.limits, around)
    picture, _ = draw(compose(mark, mark.entry()))
    return picture


def nested_picture(question: Question, default: Entry | None) -> Picture:
    """Plan the picture of a nested request: neither attribute::DefaultPix nor attribute::MaxPix bounds it.

    `default` stands in for images that are missing, if there is one.
    """
    picture, _ = draw(compose(question, entry_or(question, default), default))
    rules = replace(picture.rules, default_size=Size(0, 0), max_size=Size(0, 0))
    kept = asked(question.pieces, "cache") is not None and question.control.cache.server != "off"
    return replace(picture, rules=rules, kept=kept)


def draw(composition: Composition) -> tuple[Picture, Entry | None]:
    """Plan the picture of a composition, and give the entry that layer 0 shows."""
    question, segments = composition.question, composition.segments
    delivery = read_group(Delivery, segments.anywhere, question.control)
    spaces = plan_spaces(composition, delivery)
    layers, shown = plan_layers(replace(composition, spaces=replace(spaces, asked=None)))
    view = read_group(View, segments.anywhere, View())
    check_fit(view, question.kind)
    attributes = composition.entry.catalog.attributes
    encoding = plan_encoding(delivery, attributes, question)
    record = (shown.record if shown else composition.entry.record) or Record()
    thumbnail = plan_thumbnail(attributes, record) if question.kind == "tmb" else None
    masks = attributes.apply_effect_mask if delivery.effect_mask is None else delivery.effect_mask
    picture = Picture(
        layers=layers,
        composite=read_group(Layer, segments.composite, Layer()),
        adjust=read_group(Adjust, segments.composite, Adjust()),
        effects=plan_effects(composition, None),
        masks_effects=masks,
        view=hinted_view(view, delivery, question.hints),
        rules=plan_rules(attributes, question),
        thumbnail=thumbnail,
        background=plan_background(view, attributes, thumbnail),
        res_mode=delivery.res_mode or attributes.res_mode,
        encoding=encoding,
        spaces=spaces,
        animated=attributes.animation,
        frames=AnimationRules(question.limits.frames, question.limits.animation_pixels),
        mask_only=question.kind == "mask",
        headers_used=headers_used(view, encoding.output, delivery, attributes),
        recipe=recipe_of(composition, shown),
    )
    if delivery.animate is not None and len(layers) > 1:
        picture = in_turn(picture, delivery.animate)
    return picture, shown


def recipe_of(composition: Composition, shown: Entry | None) -> str:
    """Write what changes pixels in the record of a composition that is no image of it, but says how it is made."""
    record = composition.entry.record
    if record is None or not (record.modifier or record.post_modifier) or (shown and shown.record == record):
        return ""
    return canonical(record, composition.question.macros, pixels=True)


def plan_spaces(composition: Composition, delivery: Delivery) -> Spaces:
    """Find the colour spaces: those around a nested request, or the main catalog's, and what `icc=` asks for."""
    catalog, catalogs = composition.entry.catalog, composition.question.catalogs
    pixel_type = (delivery.fmt and delivery.fmt.pixel_type) or "rgb"
    spaces = composition.question.around.spaces or spaces_of(catalog, catalogs, pixel_type)
    return spaces if delivery.icc is None else with_asked(spaces, delivery.icc, catalog, catalogs)


def plan_background(view: View, attributes: Attributes, thumbnail: Thumbnail | None) -> Color:
    """Find what fills the view, always opaque: `bgc=`, or the catalog's colour."""
    color = view.bgc or (attributes.thumb_bkg_color if thumbnail else attributes.bkg_color)
    return replace(color, alpha=FULL)


def check_fit(view: View, kind: str) -> None:
    """Refuse `fit=` where there is nothing to fit into, or where thumbnails have rules of their own."""
    if view.fit and not (view.wid or view.hei):
        raise BadCombination("fit", "needs wid= or hei=")
    if view.fit and kind == "tmb":
        raise BadCombination("fit", "does not go with req=tmb, where catalog::ThumbType says how the image fits")


def compose(question: Question, entry: Entry, default: Entry | None = None) -> Composition:
    """Put the modifiers of the path's record, or of the template, around the request, and variables into all of them.

    Variables: those of the modifier are defaults; those of an outer request win over them; the request's own win.
    """
    macros = question.macros
    template = template_of(question, entry)
    base = template or entry
    before, behind = modifier_pieces(base, macros), post_modifier_pieces(base, macros)
    defaults = variables_of(before, {})
    path = {"object": question.request.object} if question.request.object else {}
    if template is None and ("object" in defaults or "object" in question.around.variables):
        path = {}  # a template's own default, and the object of the outer request, count more than the path here
    variables = variables_of((*question.pieces, *behind), {**defaults, **question.around.variables, **path})
    segments = Segments(question.limits)
    for part in (before, question.pieces, behind):
        segments.add(substitute(part, variables, question.limits))
    segments.add(substitute(behind_layer_0(question, base, segments), variables, question.limits))
    return Composition(question, base, segments, variables, nested_picture, default)


def behind_layer_0(question: Question, base: Entry, segments: Segments) -> tuple[Piece, ...]:
    """Give the catalog::PostModifier of the record that `src=` names for layer 0; no other layer has one."""
    name = read_group(Layer, segments.layers[0], Layer()).src
    if not isinstance(name, str):
        return ()
    try:
        entry = question.look_up(name, base.catalog)
    except NotFound:
        return ()
    return () if entry.record == base.record else post_modifier_pieces(entry, question.macros)


def template_of(question: Question, entry: Entry) -> Entry | None:
    """Find the record of `template=`. Reference: r-template."""
    piece = asked((piece for piece in question.pieces if piece.value), "template")
    name = read_group(Delivery, [piece], Delivery()).template if piece else ""
    if not name:
        return None
    template = question.look_up(name, entry.catalog)
    if template.record is None:
        raise NotFound("template", name, "no such record")
    return replace(template, catalog=entry.catalog)


def plan_thumbnail(attributes: Attributes, record: Record) -> Thumbnail:
    """Collect what says how the thumbnail of a record is made."""
    return Thumbnail(
        kind=record.thumb_type or attributes.thumb_type,
        resolution=record.thumb_res or attributes.thumb_res,
        horizontal=attributes.thumb_horiz_align,
        vertical=attributes.thumb_vert_align,
        default_size=attributes.default_thumb_pix,
    )


def plan_rules(attributes: Attributes, question: Question) -> ViewRules:
    """Collect what the catalog and the server say of the size of replies."""
    return ViewRules(attributes.default_pix, attributes.max_pix, attributes.default_fit, question.limits.reply_pixels)


def in_turn(picture: Picture, turns: Turns) -> Picture:
    """Show the layers above layer 0 in turn: all of them where the reply can hold them, and else the first one."""
    form = picture.encoding.output.format
    if picture.mask_only or not (form.paged or (form.moving and picture.animated)):
        return replace(picture, layers=picture.layers[:2])
    return replace(picture, in_turn=InTurn(turns, picture.frames))


def plan_encoding(delivery: Delivery, attributes: Attributes, question: Question) -> Encoding:
    """Fill in how the picture is written; a mask is gray where its format can be."""
    asked = delivery.fmt or Output("jpeg")
    form = asked.format
    default: PixelType = "gray" if question.kind == "mask" and "gray" in form.pixel_types else "rgb"
    compression = asked.compression or (form.compressions[0] if form.compressions else "")
    output = Output(asked.name, asked.pixel_type or default, compression)
    return Encoding(
        output=output,
        quality=hinted_quality(delivery.qlt or attributes.jpeg_quality, delivery, question.hints),
        quantize=delivery.quantize,
        print_resolution=delivery.print_res,
        default_print_resolution=attributes.print_resolution,
        icc_embed=delivery.icc_embed,
        xmp_embed=delivery.xmp_embed,
        path_embed=delivery.path_embed,
        most_kilobytes=delivery.jpeg_size if form.codec == "jpeg" else 0,
        scans=delivery.pscan if form.progressive else 0,
        offered=offered(output, delivery, attributes, question.hints),
    )
