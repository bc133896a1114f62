"""What a request was read as, what it means and where everything of it lies, for people who debug."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imageserver.answers.versions import image_version
from imageserver.layout.coloring import Passage
from imageserver.layout.facts import FactsOf
from imageserver.layout.laying import lay_out
from imageserver.layout.layout import LaidLayer, LaidPicture, LaidSource, LaidText, Layout
from imageserver.plan.plan import Plan
from imageserver.plan.question import Question
from imageserver.protocol.values import Rect, Size

INDENT = 10


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an explanation: what it is about, and what is said; `depth` counts the nested requests around it.

    `place` is where a layer lies in its composite.
    """

    about: str
    text: str
    depth: int = 0
    place: Rect | None = None

    def __str__(self) -> str:
        return f"{' ' * INDENT * self.depth}{self.about:<{INDENT}}{self.text}"


def explain_question(question: Question) -> Iterator[Line]:
    """Yield the pieces of a request with its macros expanded, and which of them are ignored."""
    yield Line("request", question.request.object or "(no object)")
    ignored = {id(piece) for piece in question.ignored()}
    for piece in question.pieces:
        note = "  (ignored)" if id(piece) in ignored else f"  (from {piece.origin})" if piece.origin else ""
        yield Line("", f"{piece.text}{note}")


def explain_plan(planned: Plan, facts: FactsOf) -> Iterator[Line]:
    """Yield what a plan uses, and where it puts it."""
    yield Line("reply", f"req={planned.reply.name}, kept for {planned.lifetime.hours} hours")
    for source in planned.sources:
        size = facts[source.path].shown_size(oriented=source.apply_orientation)
        yield Line("source", f"{source.name}: {source.path.name}, {written(size)}")
    content = planned.picture
    if content is not None:
        yield Line("version", image_version(content, facts))
        yield from explain_layout(lay_out(content, facts))


def explain_layout(layout: Layout, depth: int = 0) -> Iterator[Line]:
    """Yield where the layers of a layout lie."""
    encoding = layout.encoding
    yield Line("composite", f"{place(layout.canvas)} of a view of {written(layout.view)}", depth, layout.canvas)
    for number, layer in enumerate(layout.layers):
        turned = f", turned by {layer.angle:g}" if layer.angle else ""
        text = f"{number}: {place(layer.rect)}{turned}, {layer.blend_mode}, {layer.opacity:.0%}"
        yield Line("layer", text, depth, layer.rect)
        if isinstance(layer.source, LaidSource):
            frame = f", frame {layer.source.frame}" if layer.source.frame else ""
            yield Line("", f"shows {place(layer.source.rect)} of {layer.source.path.name}{frame}", depth)
        elif isinstance(layer.source, LaidText):
            yield from explain_text(layer.source, depth + 1)
        elif isinstance(layer.source, LaidPicture):
            yield from explain_layout(layer.source.layout, depth + 1)
        yield from explain_passages(layer, depth + 1)
        if layer.effects:
            yield Line("", f"with {len(layer.effects)} effects", depth)
    if layout.coloring is not None and layout.coloring.passage is not None:
        yield Line("colours", led(layout.coloring.passage), depth)
    if not depth:
        sent = f"{place(layout.window)} as {encoding.output.name}, quality {encoding.quality.quality}"
        yield Line("sent", sent, place=layout.window)
        if layout.profile is not None:
            yield Line("", f"in {layout.profile.name}")


def explain_passages(layer: LaidLayer, depth: int) -> Iterator[Line]:
    """Yield the ways of a layer's colours from one space into another."""
    read = layer.source.passage if isinstance(layer.source, LaidSource | LaidPicture) else None
    yield from (Line("colours", led(one), depth) for one in (read, layer.passage) if one is not None)


def led(passage: Passage) -> str:
    """Write a way from one colour space into another."""
    names = [one.name or f"{one.pixel_type} of which nothing is known" for one in (passage.origin, passage.target)]
    return f"from {names[0]} to {names[1]}, {passage.intent}{' with black point' if passage.black_point else ''}"


def explain_text(text: LaidText, depth: int) -> Iterator[Line]:
    """Yield the lines that a text was set in, and the faces of its glyphs."""
    known = text.typeset
    whole = "" if known.complete else ", not all of it fits"
    yield Line("", f"text set at {known.resolution:g} dpi{whole}", depth - 1)
    for line in known.lines:
        span = f"characters {line.start}-{line.stop}"
        yield Line("line", f"from {line.x:g},{line.y:g}, {line.width:g} wide: {span}", depth)
    for name in dict.fromkeys(run.face.name for run in known.runs):
        yield Line("font", name, depth)


def written(size: Size) -> str:
    """Write a size."""
    return f"{size.width}x{size.height}"


def place(rect: Rect) -> str:
    """Write a rectangle."""
    return f"{rect.width}x{rect.height} at {rect.x},{rect.y}"
