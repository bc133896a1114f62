"""Plan + facts → Answer: the document or the layout that a plan asks for, and how long it may be kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b

from imageserver.answers.answer import Answer, Document, Drawing, Measurement, Packet, Storing
from imageserver.answers.areas import html_areas, picture_areas, unchanged_areas, written_area
from imageserver.answers.caching import caching_of
from imageserver.answers.descriptions import describe_crop, describe_picture, describe_source
from imageserver.answers.properties import (
    CRLF,
    Pairs,
    java_properties,
    javascript,
    jsonp,
    media_type,
    quote,
    xml_document,
    xml_properties,
    xml_text,
)
from imageserver.answers.sets import OLDER_NAMES, Writer, set_element
from imageserver.answers.streams import streams_document
from imageserver.answers.versions import image_version, metadata_version
from imageserver.layout.coloring import name_of_profile
from imageserver.layout.facts import FactsOf
from imageserver.layout.laying import lay_out
from imageserver.layout.layout import Layout
from imageserver.plan.picture import Picture
from imageserver.plan.plan import AreaMap, MediaSet, Plan, Properties, SourceInquiry, Streams, Text

LengthOf = Callable[[str], int]
MAKING = "6"
"""Changes with every change of the renderer that changes its bytes."""


def unknown(_: str) -> int:
    """Say that no reply was made yet."""
    return 0


def answer(plan: Plan, facts: FactsOf, now: float, length_of: LengthOf = unknown) -> Answer:
    """Give what is sent in reply to a plan; `facts` has an entry for each file of `plan.sources`.

    `length_of` gives the length of the reply that has a tag, or 0 when it was not made yet.
    """
    match plan.content:
        case Picture() as picture:
            return answer_picture(plan, picture, facts, now, length_of)
        case SourceInquiry() as inquiry:
            return answer_inquiry(plan, inquiry, facts, now)
        case Properties(values):
            return properties_answer(plan, values, now)
        case AreaMap() as areas:
            document = area_document(plan, areas, facts)
        case Streams() as streams:
            document = streams_document(streams, plan.reply.encoding)
        case Text() as text:
            document = text_document(plan, text)
        case MediaSet() as found:
            document = set_document(plan, found, facts)
            return replace(text_answer(plan, document), passing=not found.settled)
    return text_answer(plan, document)


def answer_picture(plan: Plan, picture: Picture, facts: FactsOf, now: float, length_of: LengthOf) -> Answer:
    """Answer with a picture, with its properties, or with its length."""
    layout = lay_out(picture, facts)
    if plan.reply.name == "props":
        tag = tag_of(layout)
        length = length_of(tag)
        answered = properties_answer(plan, describe_picture(picture, layout, facts, length), now)
        return replace(answered, tells_length_of=tag, length=length)
    if plan.reply.name == "loadcache":
        return Answer(Measurement(layout), caching_of(plan, ""), tag_of(layout))
    if plan.saving is not None:
        return Answer(Storing(layout, plan.saving), caching_of(plan, ""), tag_of(layout))
    drawing = Drawing(layout, layout.encoding.output.format.media_type)
    caching = caching_of(plan, image_version(picture, facts))
    return Answer(drawing, caching, tag_of(layout), plan.is_default_image)


def answer_inquiry(plan: Plan, inquiry: SourceInquiry, facts: FactsOf, now: float) -> Answer:
    """Answer a question about a source."""
    source, known = inquiry.source, facts[inquiry.source.path]
    if plan.reply.name == "xmp":
        caching = caching_of(plan, image_version(source, facts))
        packet = Packet(source.path, source.name, absent=not known.has_xmp)
        return Answer(packet, caching, digest(f"xmp {known.content_hash}"))
    if plan.reply.name == "userdata":
        return text_answer(plan, text_document(plan, Text(describe_crop(source, known), "userdata")))
    profile = name_of_profile(source, facts)
    return properties_answer(plan, describe_source(inquiry, known, profile), now)


def properties_answer(plan: Plan, values: Pairs, now: float) -> Answer:
    """Answer with properties; the date in the text form does not count as a change."""
    body = encode_properties(plan, values, now)
    document = Document(body.encode(), media_type(plan.reply.form), dated=plan.reply.form == "text")
    return Answer(document, caching_of(plan, version(plan)), digest(encode_properties(plan, values, None)))


def encode_properties(plan: Plan, values: Pairs, now: float | None) -> str:
    """Write properties in the form that was asked for."""
    match plan.reply.form:
        case "json":
            return jsonp(dict(values), plan.handler, plan.request_id)
        case "xml":
            return xml_properties(values)
        case "javascript":
            return javascript(values)
        case "text":
            return java_properties(values, now)


def text_answer(plan: Plan, document: Document) -> Answer:
    """Answer with a text."""
    tag = blake2b(document.body, digest_size=16).hexdigest()
    return Answer(document, caching_of(plan, version(plan)), tag)


def text_document(plan: Plan, text: Text) -> Document:
    """Write a text of the catalog; as JSON and XML, lines of name=value become properties."""
    lines = text.body.splitlines()
    cut = [] if text.plain else [line.partition("=") for line in lines]
    pairs = [(name.strip(), value) for name, equals, value in cut if equals]
    if plan.reply.form == "text":
        body = CRLF.join(lines) + CRLF if text.tag != "message" else ""
        return Document(body.encode(), media_type("text"))
    if plan.reply.form == "json":
        data: object = dict(pairs) if pairs else text.body
        return Document(jsonp(data, plan.handler, plan.request_id).encode(), media_type("json"))
    if plan.reply.form == "javascript":
        return Document(javascript(pairs or [(text.tag, text.body)]).encode(), media_type("javascript"))
    inner = "".join(f"\n<property name={quote(name)} value={quote(value)}/>" for name, value in pairs)
    body = f"{inner}\n" if inner else xml_text(text.body)
    return encoded_xml(f"<{text.tag}>{body}</{text.tag}>", plan.reply.encoding)


def encoded_xml(element: str, encoding: str) -> Document:
    """Write an XML document in an encoding; what that cannot hold becomes a character reference."""
    body = xml_document(element, encoding).encode(encoding, "xmlcharrefreplace")
    return Document(body, media_type("xml", encoding))


def set_document(plan: Plan, found: MediaSet, facts: FactsOf) -> Document:
    """Write a set as JSON or XML, in the shape of `req=set` or of its older names."""
    root = OLDER_NAMES.get(plan.reply.name, plan.reply.name)
    value = Writer(facts).images(found) if plan.reply.name in OLDER_NAMES else Writer(facts).set(found)
    if plan.reply.form == "json":
        return Document(jsonp({root: value}, plan.handler, plan.request_id).encode(), media_type("json"))
    return encoded_xml(set_element(root, value), plan.reply.encoding)


def area_document(plan: Plan, areas: AreaMap, facts: FactsOf) -> Document:
    """Write an image map as HTML elements, as XML, or as a list of objects."""
    if areas.picture is None:
        shown, text = unchanged_areas(areas.areas), areas.areas
    else:
        shown = [written_area(area) for area in picture_areas(areas.picture, facts)]
        text = html_areas(shown)
    if plan.reply.form == "text":
        return Document(text.encode(), media_type("text"))
    if plan.reply.form == "json":
        return Document(jsonp(shown, plan.handler, plan.request_id).encode(), media_type("json"))
    elements = "".join(
        f"<area {' '.join(f'{name}={quote(value)}' for name, value in area.items())}/>\n" for area in shown
    )
    return encoded_xml(f"<map>\n{elements}</map>", plan.reply.encoding)


def tag_of(layout: Layout) -> str:
    """Name the bytes that a layout becomes: 32 hex digits over the layout and the content of its files."""
    return digest(f"{MAKING} {layout!r}")


def digest(text: str) -> str:
    """Give 32 hex digits that stand for a text."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def version(plan: Plan) -> str:
    """Give the version that `id=` is compared with for this kind of text; those of images are known where they are."""
    return metadata_version(plan.metadata) if plan.reply.kind.version == "metadata" else ""
