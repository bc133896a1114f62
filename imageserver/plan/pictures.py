"""The plan of a picture: layers, composite, view and encoding, from the request and the records it names.

The order of evaluation is that of the protocol: catalog::Modifier of the record, the request's own commands,
catalog::PostModifier; then variables; then the records that layers name themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from imageserver.catalog.attributes import Attributes
from imageserver.catalog.catalogs import Entry
from imageserver.catalog.records import Record
from imageserver.commands.adjust import Adjust
from imageserver.commands.delivery import Delivery
from imageserver.commands.formats import Output, PixelType
from imageserver.commands.groups import read_group
from imageserver.commands.layer import LAYERS, Layer
from imageserver.commands.reply import PICTURES
from imageserver.commands.view import View
from imageserver.errors import BadCombination, NotFound, NotSupported
from imageserver.plan.expansion import substitute, variables_of
from imageserver.plan.picture import Encoding, Picture, Plan, PlannedLayer, Source, Thumbnail, ViewRules
from imageserver.plan.question import Question, ask
from imageserver.plan.segments import Segments
from imageserver.plan.sources import modifier_pieces, plan_mask, plan_source, post_modifier_pieces
from imageserver.protocol.color import FULL, Color
from imageserver.protocol.request import Piece, Request

KEPT_BY_DEFAULT_IMAGE = frozenset({"wid", "hei", "fmt", "qlt", "req", "id", "cache"})


@dataclass(frozen=True, slots=True)
class Composition:
    """The commands of a request by layer, variables put in, with the entry of its path."""

    entry: Entry
    segments: Segments
    variables: Mapping[str, str]


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
    asked = read_group(Delivery, [p for p in question.pieces if p.name.casefold() == "defaultimage"], Delivery())
    name = main.attributes.default_image if asked.default_image is None else asked.default_image
    if not name:
        raise missing
    try:
        default = question.catalogs.look_up(name, main)
        own = default.record.expiration if default.record else None
        hours = main.attributes.default_expiration if own is None else own
        if main.attributes.default_image_mode:
            plan = picture_of(question, entry_or(question, default), hours, default)
        else:
            kept = tuple(piece for piece in question.pieces if piece.name.casefold() in KEPT_BY_DEFAULT_IMAGE)
            request = Request(question.request.object, kept)
            plan = picture_of(ask(request, question.catalogs, question.limits), default, hours)
    except NotFound as error:
        raise missing from error
    return replace(plan, is_default_image=True)


def entry_or(question: Question, default: Entry) -> Entry:
    """Give the entry of the path, or the default when the path names none."""
    try:
        return question.entry()
    except NotFound:
        return default


def picture_of(question: Question, entry: Entry, hours: float | None = None, default: Entry | None = None) -> Plan:
    """Plan the picture of a request over an entry; `default` stands in for the image of a layer that is missing."""
    composition = compose(question, entry)
    layer, layer_entry = plan_layer(question, composition, default)
    anywhere = composition.segments.anywhere
    view = read_group(View, anywhere, View())
    delivery = read_group(Delivery, anywhere, question.control)
    check_fit(view, question.kind)
    attributes = entry.catalog.attributes
    thumbnail = plan_thumbnail(attributes, layer_entry.record or Record()) if question.kind == "tmb" else None
    picture = Picture(
        layers=(layer,),
        composite=read_group(Layer, composition.segments.composite, Layer()),
        adjust=read_group(Adjust, composition.segments.composite, Adjust()),
        view=view,
        rules=plan_rules(attributes, question),
        thumbnail=thumbnail,
        background=plan_background(view, attributes, thumbnail),
        res_mode=delivery.res_mode or attributes.res_mode,
        encoding=plan_encoding(delivery, attributes, question.kind),
        mask_only=question.kind == "mask",
    )
    return replace(question, control=delivery).answered_by(picture, layer_entry, hours)


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


def compose(question: Question, entry: Entry) -> Composition:
    """Put the modifiers of the path's record around the request, and variables into all of them."""
    parts = (
        modifier_pieces(entry, question.macros),
        question.pieces,
        post_modifier_pieces(entry, question.macros),
    )
    written = [piece for part in parts for piece in part]
    variables = variables_of(written, {"object": question.request.object})
    segments = Segments(question.limits)
    for part in parts:
        segments.add(substitute(part, variables, question.limits))
    return Composition(entry, segments, variables)


def plan_layer(question: Question, composition: Composition, default: Entry | None) -> tuple[PlannedLayer, Entry]:
    """Plan layer 0, from the entry of the path or from the one that `src=` names."""
    segments = composition.segments
    above = [number for number in segments.layers if number]
    if above:
        raise NotSupported(f"layer={min(above)}", LAYERS)
    pieces = segments.layers[0]
    entry, source = plan_layer_source(question, composition, default)
    if entry is not composition.entry:
        pieces = [*own_pieces(question, entry, composition), *pieces]
    commands = read_group(Layer, pieces, Layer())
    mask = question.catalogs.look_up(commands.mask, composition.entry.catalog) if commands.mask else None
    layer = PlannedLayer(
        number=0,
        source=source,
        commands=commands,
        adjust=read_group(Adjust, pieces, Adjust()),
        mask=plan_mask(mask, question.macros) if mask else None,
    )
    return layer, entry


def plan_layer_source(question: Question, composition: Composition, default: Entry | None) -> tuple[Entry, Source]:
    """Find the image of layer 0; `default` stands in for one that is missing."""
    name = read_group(Layer, composition.segments.layers[0], Layer()).src
    try:
        entry = question.catalogs.look_up(name, composition.entry.catalog) if name else composition.entry
        return entry, plan_source(entry, question.macros)
    except NotFound:
        if default is None:
            raise
        return default, plan_source(default, question.macros)


def own_pieces(question: Question, entry: Entry, composition: Composition) -> list[Piece]:
    """Give the commands that the record named by `src=` brings into its layer."""
    segments = Segments(question.limits)
    segments.add(substitute(modifier_pieces(entry, question.macros), composition.variables, question.limits))
    pieces = segments.layers[0]
    inner = read_group(Layer, pieces, Layer())
    if inner.src or inner.mask:
        raise BadCombination(f"src={entry.name}", "names a record whose modifier has a src= or mask= of its own")
    return [*pieces, *segments.composite]


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


def plan_encoding(delivery: Delivery, attributes: Attributes, kind: str) -> Encoding:
    """Fill in how the picture is written; a mask is gray where its format can be."""
    output = delivery.fmt or Output("jpeg")
    form = output.format
    default: PixelType = "gray" if kind == "mask" and "gray" in form.pixel_types else "rgb"
    return Encoding(
        output=Output(
            output.name,
            output.pixel_type or default,
            output.compression or (form.compressions[0] if form.compressions else ""),
        ),
        quality=delivery.qlt or attributes.jpeg_quality,
        quantize=delivery.quantize,
        print_resolution=delivery.print_res,
        default_print_resolution=attributes.print_resolution,
    )
