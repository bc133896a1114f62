"""`imageserver explain URL`: a request as it was read, as it is meant, and as it is laid out, for people who debug."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from imageserver.admission.rules import preprocess
from imageserver.answers.versions import image_version
from imageserver.catalog.loading import load
from imageserver.catalog.shelf import shelf_of
from imageserver.config import Config
from imageserver.layout.coloring import Passage
from imageserver.layout.facts import Facts
from imageserver.layout.laying import lay_out
from imageserver.layout.layout import LaidLayer, LaidPicture, LaidSource, LaidText, Layout
from imageserver.plan.plan import Plan
from imageserver.plan.planning import plan
from imageserver.plan.question import ask
from imageserver.protocol.reading import read
from imageserver.protocol.values import Rect, Size
from imageserver.server.looking import facts_of

DOOR = "/is/image/"


def explain(url: str, config: Config) -> Iterator[str]:
    """Yield the lines of an explanation; raises what the server would answer."""
    behind = url.partition(DOOR)[2] if DOOR in url else url.lstrip("/")
    path, _, query = behind.partition("?")
    loaded = load(Path(config.catalogs), shelf=shelf_of(config)).catalogs
    done = preprocess(path, query, replace(loaded, sources=config.sources), config.limits)
    request, catalogs = read(done.path, done.modifiers), done.catalogs
    if (done.path, done.modifiers) != (path, query):
        yield f"rules     made it {done.path}?{done.modifiers}"
    yield f"request   {request.object or '(no object)'}"
    question = ask(request, catalogs, config.limits)
    ignored = {id(piece) for piece in question.ignored()}
    for piece in question.pieces:
        note = "  (ignored)" if id(piece) in ignored else f"  (from {piece.origin})" if piece.origin else ""
        yield f"          {piece.text}{note}"
    planned = plan(request, catalogs, config.limits)
    yield f"reply     req={planned.reply.name}, kept for {planned.lifetime.hours} hours"
    yield from explain_plan(planned, facts_of(planned, config.limits))


def explain_plan(planned: Plan, facts: dict[Path, Facts]) -> Iterator[str]:
    """Yield what a plan uses, and where it puts it."""
    for source in planned.sources:
        size = facts[source.path].shown_size(oriented=source.apply_orientation)
        yield f"source    {source.name}: {source.path.name}, {written(size)}"
    content = planned.picture
    if content is not None:
        yield f"version   {image_version(content, facts)}"
        yield from explain_layout(lay_out(content, facts), "")


def explain_layout(layout: Layout, indent: str) -> Iterator[str]:
    """Yield where the layers of a layout lie."""
    encoding = layout.encoding
    yield f"{indent}composite {place(layout.canvas)} of a view of {written(layout.view)}"
    for number, layer in enumerate(layout.layers):
        turned = f", turned by {layer.angle:g}" if layer.angle else ""
        yield f"{indent}layer     {number}: {place(layer.rect)}{turned}, {layer.blend_mode}, {layer.opacity:.0%}"
        if isinstance(layer.source, LaidSource):
            yield f"{indent}          shows {place(layer.source.rect)} of {layer.source.path.name}"
        elif isinstance(layer.source, LaidText):
            yield from explain_text(layer.source, indent + "          ")
        elif isinstance(layer.source, LaidPicture):
            yield from explain_layout(layer.source.layout, indent + "          ")
        yield from explain_passages(layer, indent + "          ")
        if layer.effects:
            yield f"{indent}          with {len(layer.effects)} effects"
    if layout.coloring is not None and layout.coloring.passage is not None:
        yield f"{indent}colours   {led(layout.coloring.passage)}"
    if not indent:
        yield f"sent      {place(layout.window)} as {encoding.output.name}, quality {encoding.quality.quality}"
        if layout.profile is not None:
            yield f"          in {layout.profile.name}"


def explain_passages(layer: LaidLayer, indent: str) -> Iterator[str]:
    """Yield the ways of a layer's colours from one space into another."""
    read = layer.source.passage if isinstance(layer.source, LaidSource | LaidPicture) else None
    yield from (f"{indent}colours   {led(one)}" for one in (read, layer.passage) if one is not None)


def led(passage: Passage) -> str:
    """Write a way from one colour space into another."""
    names = [one.name or f"{one.pixel_type} of which nothing is known" for one in (passage.origin, passage.target)]
    return f"from {names[0]} to {names[1]}, {passage.intent}{' with black point' if passage.black_point else ''}"


def explain_text(text: LaidText, indent: str) -> Iterator[str]:
    """Yield the lines that a text was set in, and the faces of its glyphs."""
    known = text.typeset
    yield f"{indent}text set at {known.resolution:g} dpi{'' if known.complete else ', not all of it fits'}"
    for line in known.lines:
        yield f"{indent}line      from {line.x:g},{line.y:g}, {line.width:g} wide: characters {line.start}-{line.stop}"
    for name in dict.fromkeys(run.face.name for run in known.runs):
        yield f"{indent}font      {name}"


def written(size: Size) -> str:
    """Write a size."""
    return f"{size.width}x{size.height}"


def place(rect: Rect) -> str:
    """Write a rectangle."""
    return f"{rect.width}x{rect.height} at {rect.x},{rect.y}"
