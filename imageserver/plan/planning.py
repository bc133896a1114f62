"""Request → Plan: what each kind of request means. Reference: r-req and its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from urllib.parse import quote

from imageserver.catalog.attributes import UNSUPPORTED
from imageserver.catalog.catalogs import Catalogs, Entry
from imageserver.catalog.locales import Locale, suffixes_of
from imageserver.catalog.records import Record
from imageserver.commands.adjust import Adjust
from imageserver.commands.declare import Trait
from imageserver.commands.groups import DECLARATIONS, has, names_object, read_value
from imageserver.commands.layer import Layer
from imageserver.commands.reply import RequestType
from imageserver.commands.text import WordingGrammar
from imageserver.commands.view import View
from imageserver.config import Limits
from imageserver.errors import NotFound
from imageserver.plan.catalogprops import catalog_properties
from imageserver.plan.hints import NO_HINTS, Hints
from imageserver.plan.layers import Composition
from imageserver.plan.mbr_sets import plan_mbr_set
from imageserver.plan.picture import Picture
from imageserver.plan.pictures import compose, picture_of, plan_picture
from imageserver.plan.plan import AreaMap, Plan, Properties, SourceInquiry, Text
from imageserver.plan.profiles import image_spaces, unknown_profiles
from imageserver.plan.question import FOR_EVER, Question, ask, expiration_of
from imageserver.plan.saving import plan_saving
from imageserver.plan.segments import Segments
from imageserver.plan.sets import plan_set
from imageserver.plan.sources import modifier_pieces, plan_source, post_modifier_pieces
from imageserver.protocol.request import Piece, Request
from imageserver.richtext.reading import read_rich_text

SAFE = ",:/{}()$!*'-._~|;@"
GREETING = (("copyright", "imageserver: an open image server for the Image Serving protocol"),)


def plan(request: Request, catalogs: Catalogs, limits: Limits, hints: Hints = NO_HINTS) -> Plan:
    """Say what a request means to a client with these hints; raises a `RequestError` when it cannot be served."""
    if not request.object and not request.pieces:
        return Plan(RequestType("props"), Properties(GREETING))
    question = replace(ask(request, catalogs, limits), hints=hints)
    return PLANNERS[question.kind](question)


def never_expires(request: Request, catalogs: Catalogs, limits: Limits) -> bool:
    """Tell whether a client that has any reply at all to this request may keep it, without a look at any file.

    That is what an expiration of -1 means; a request with `id=` is compared with the current version all the same.
    Raises what is wrong with the request's commands.
    """
    question = ask(request, catalogs, limits)
    kind, control = question.control.req.kind, question.control
    if kind.lifetime != "image" or control.id or not control.cache.client:
        return False
    check_commands(question)
    entry = entry_or_nothing(question)
    alone = not entry.catalog.attributes.watermark and not names_others(question, entry)
    return alone and not is_hinted(question, entry) and expiration_of(entry) == FOR_EVER


def names_others(question: Question, entry: Entry) -> bool:
    """Tell whether a request, or the record of its path, brings other objects in, which may be kept for less long."""
    pieces = (*question.pieces, *modifier_pieces(entry, question.macros))
    return any(names_object(piece) for piece in pieces)


def is_hinted(question: Question, entry: Entry) -> bool:
    """Tell whether the reply may depend on what the client says of itself."""
    macros = question.macros
    pieces = (*question.pieces, *modifier_pieces(entry, macros), *post_modifier_pieces(entry, macros))
    return entry.catalog.attributes.bfc or any(has(piece, Trait.HINTED) for piece in pieces)


def plan_map(question: Question) -> Plan:
    """Give catalog::Map as it stands, or transformed when there is any command that shapes the picture."""
    entry = question.entry()
    shaping = {View, Layer, Adjust}
    groups = {DECLARATIONS[p.name.casefold()].group for p in question.pieces if p.name.casefold() in DECLARATIONS}
    if groups & shaping:
        shaped = picture_of(question, entry)
        assert isinstance(shaped.content, Picture)  # noqa: S101, what picture_of plans
        return question.answered_by(AreaMap("", shaped.content), entry)
    return question.answered_by(AreaMap(entry.record.map if entry.record else ""), entry)


def plan_user_data(question: Question) -> Plan:
    """Give catalog::UserData; of a named crop, what a smart crop's user data are."""
    entry = entry_or_nothing(question)
    if entry.crop_name:
        return question.answered_by(SourceInquiry(plan_source(entry, question.macros)), entry)
    return question.answered_by(Text(entry.record.user_data if entry.record else "", "userdata"), entry)


def plan_targets(question: Question) -> Plan:
    """Give catalog::Targets."""
    entry = entry_or_nothing(question)
    return question.answered_by(Text(entry.record.targets if entry.record else "", "targets"), entry)


def plan_image_set(question: Question) -> Plan:
    """Give catalog::ImageSet."""
    entry = entry_or_nothing(question)
    body = entry.record.image_set if entry.record else ""
    return question.answered_by(Text(body, "imageset", plain=True), entry)


def plan_image_properties(question: Question) -> Plan:
    """Ask for the properties of the source; those that the catalog knows are given along."""
    entry = question.entry()
    attributes, record = entry.catalog.attributes, entry.record or Record()
    known = {
        "image.expiration": f"{expiration_of(entry):g}",
        "image.modifier": record.modifier,
        "image.postModifier": record.post_modifier,
        "image.resolution": f"{record.resolution or attributes.resolution:g}",
        "image.thumbRes": f"{record.thumb_res or attributes.thumb_res or 0:g}",
        "image.thumbType": {"crop": "1", "fit": "2", "texture": "3"}[record.thumb_type or attributes.thumb_type],
        "image.timeStamp": "" if record.time_stamp is None else f"{record.time_stamp}",
        "image.translatedId": entry.name,
        "image.printRes": str(record.print_resolution or ""),
        "image.defaultPrintRes": str(attributes.print_resolution),
    }
    inquiry = SourceInquiry(plan_source(entry, question.macros), tuple(known.items()))
    return question.answered_by(inquiry, entry)


def plan_xmp(question: Question) -> Plan:
    """Ask for the XMP packet of the source."""
    entry = question.entry()
    return question.answered_by(SourceInquiry(plan_source(entry, question.macros)), entry)


def plan_catalog_properties(question: Question) -> Plan:
    """Give the attributes of the catalog that the path names."""
    catalog, _ = question.catalogs.governing(question.request.object)
    return question.answered_by(Properties(catalog_properties(catalog)), Entry("", catalog, catalog))


def plan_exists(question: Question) -> Plan:
    """Tell whether the path names a record."""
    entry = entry_or_nothing(question)
    return question.answered_by(Properties((("catalogRecord.exists", "1" if entry.record else "0"),)), entry)


def plan_translations(question: Question) -> Plan:
    """List the records that stand for the object in one locale or another, the generic one first."""
    catalog, _ = question.catalogs.governing(question.request.object)
    every = (replace(question, locale=Locale((one,))) for one in suffixes_of(catalog.attributes.locale_map))
    found = [entry.name for entry in map(entry_or_nothing, every) if entry.record]
    values = (("xlate.translatedIds", ",".join(found)),)
    return question.answered_by(Properties(values), entry_or_nothing(question))


def plan_validation(question: Question) -> Plan:
    """Say that the commands are right, without looking at any object."""
    check_commands(question)
    ignored = ", ".join(piece.text for piece in question.ignored())
    remarks = "; ".join(remarks_on_text(question))
    more = {
        "request.text": remarks,
        "catalog.ignored": ", ".join(unsupported_fields(question)),
        "catalog.unknown": ", ".join(unknown_names(question)),
    }
    text = tuple((name, told) for name, told in more.items() if told)
    return question.answered_by(Properties((("request.isValid", "1"), ("request.ignored", ignored), *text)))


def unsupported_fields(question: Question) -> list[str]:
    """Name what the catalog and the record say that this server does not do."""
    entry = entry_or_nothing(question)
    found = [name for name in UNSUPPORTED if getattr(entry.catalog.attributes, name)]
    if entry.record is not None and entry.record.digimarc_info:
        found.append("digimarc_info")
    return list(dict.fromkeys(found))


def unknown_names(question: Question) -> Iterator[str]:
    """Yield where the catalog and the record name colour profiles that there are not, and the names."""
    entry = entry_or_nothing(question)
    own = image_spaces((entry.record or Record()).icc_profile, entry.name, entry.catalog, question.catalogs).own
    for one in (*unknown_profiles(entry.catalog, question.catalogs), *([own] if own and own.known else [])):
        yield f"{one.where} {one.name}"


def remarks_on_text(question: Question) -> Iterator[str]:
    """Yield what of the text layers was not understood, and where."""
    for piece in question.pieces:
        declaration = DECLARATIONS.get(piece.name.casefold())
        if declaration and isinstance(declaration.grammar, WordingGrammar):
            for remark in read_rich_text(piece.value or "", declaration.grammar.dialect).remarks:
                yield f"{declaration.name} at {remark.offset}: {remark.says}"


def check_commands(question: Question) -> None:
    """Raise what is wrong with the commands; values with variables are taken as they are."""
    Segments(question.limits).add(question.pieces)
    for piece in question.pieces:
        declaration = DECLARATIONS.get(piece.name.casefold())
        if declaration and "$" not in (piece.value or ""):
            read_value(declaration, piece)


def plan_resolution(question: Question) -> Plan:
    """Give the final request, and what was ignored of it; asked for again it gives the same picture."""
    entry = question.entry()
    picture_of(question, entry)
    lines = [f"{quote(question.request.object)}?{'&'.join(map(written, resolved(compose(question, entry))))}"]
    lines += [f"# ignored: {piece.text}" for piece in question.ignored()]
    lines += [f"# ignored: {name} of the catalog" for name in unsupported_fields(question)]
    return question.answered_by(Text("\n".join(lines), "request"))


def resolved(composition: Composition) -> Iterator[Piece]:
    """Yield the commands that hold: those of the view and the request, of the composite, and of each layer."""
    segments = composition.segments
    yield from (piece for piece in last_of_each(segments.anywhere) if not has(piece, Trait.CARRIED_OUT))
    yield from resolved_segment(segments, None, segments.composite)
    for number, pieces in sorted(segments.layers.items()):
        if number or pieces or segments.effects_of(number):
            yield Piece("layer", str(number))
            yield from resolved_segment(segments, number, pieces)


def resolved_segment(segments: Segments, layer: int | None, pieces: list[Piece]) -> Iterator[Piece]:
    """Yield the commands of a layer and of its effects."""
    yield from last_of_each(pieces)
    for number, inner in segments.effects_of(layer):
        yield Piece("effect", str(number))
        yield from last_of_each(inner)


def plan_message(question: Question) -> Plan:
    """Answer nothing; the message is in the log with the request."""
    return question.answered_by(Text("", "message"))


def entry_or_nothing(question: Question) -> Entry:
    """Look the object up; one without a record stands for an empty record of its catalog."""
    try:
        return question.entry()
    except NotFound:
        catalog, _ = question.catalogs.governing(question.request.object)
        return Entry("", catalog, catalog)


def last_of_each(pieces: list[Piece]) -> list[Piece]:
    """Keep of each command the one that holds."""
    declared = ((DECLARATIONS[piece.name.casefold()], piece) for piece in pieces)
    return list({(one.group, one.field): piece for one, piece in declared}.values())


def written(piece: Piece) -> str:
    """Write a piece as part of a URL."""
    name = DECLARATIONS[piece.name.casefold()].name if piece.name.casefold() in DECLARATIONS else piece.name
    return f"{name}={piece.nested or quote(piece.value or '', safe=SAFE)}"


PLANNERS: Mapping[str, Callable[[Question], Plan]] = {
    **dict.fromkeys(("img", "mask", "tmb", "tile", "props", "loadcache"), plan_picture),
    "map": plan_map,
    "targets": plan_targets,
    "userdata": plan_user_data,
    "xmp": plan_xmp,
    "imageprops": plan_image_properties,
    "catalogprops": plan_catalog_properties,
    "exists": plan_exists,
    "imageset": plan_image_set,
    **dict.fromkeys(("set", "ctx", "fvctx"), plan_set),
    "mbrSet": plan_mbr_set,
    "xlate": plan_translations,
    "validate": plan_validation,
    "resolve": plan_resolution,
    "saveToFile": plan_saving,
    "message": plan_message,
}
