"""The plan of layers: what each shows, its mask, its effects, and the requests nested in it.

References: r-layer, r-src, r-mask, r-effect, r-request-nesting-and-embedding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from imageserver.admission.rules import preprocess
from imageserver.catalog.catalogs import Entry
from imageserver.commands.adjust import Adjust
from imageserver.commands.declare import Trait
from imageserver.commands.groups import has, read_group
from imageserver.commands.layer import Layer
from imageserver.commands.objects import Foreign, Nested
from imageserver.commands.text import Wording
from imageserver.errors import BadCombination, LimitExceeded, NotFound
from imageserver.plan.expansion import substitute, substituted_text
from imageserver.plan.fonts import FontMap
from imageserver.plan.foreign import plan_foreign
from imageserver.plan.picture import Effect, Picture, PlannedLayer, Shown, Source
from imageserver.plan.profiles import Spaces
from imageserver.plan.question import Question, Surroundings, ask
from imageserver.plan.segments import Segments
from imageserver.plan.sources import modifier_pieces, plan_mask, plan_source
from imageserver.plan.text import TextBlock
from imageserver.protocol.reading import read
from imageserver.protocol.request import Piece, Request
from imageserver.protocol.values import Size, SizeN
from imageserver.richtext.reading import read_rich_text

Draw = Callable[[Question, Entry | None], Picture]
"""Plans the picture of a nested request: it comes back to where the outer one was planned, with its default image."""


@dataclass(frozen=True, slots=True)
class Composition:
    """The commands of a request by layer, variables put in.

    `entry` is that of the path or of the template; `default` stands in for images that are missing.
    """

    question: Question
    entry: Entry
    segments: Segments
    variables: Mapping[str, str]
    draw: Draw
    default: Entry | None = None
    spaces: Spaces = Spaces()


def plan_layers(composition: Composition) -> tuple[tuple[PlannedLayer, ...], Entry | None]:
    """Plan all layers, from the lowest up, and give the entry that layer 0 shows."""
    numbers = sorted(composition.segments.layers)
    composition.question.around.tally.add_layers(len(numbers), composition.question.limits)
    planned = [plan_layer(composition, number) for number in numbers]
    shown = [layer for layer, _ in planned if not layer.commands.hide or layer.number == 0]
    return tuple(shown), planned[0][1]


def plan_layer(composition: Composition, number: int) -> tuple[PlannedLayer, Entry | None]:
    """Plan one layer and give the entry that it shows, if it shows one."""
    pieces = composition.segments.layers[number]
    source, entry = plan_shown(composition, number, read_group(Layer, pieces, Layer()))
    own: Segments | None = None
    if entry is not None and entry is not composition.entry:
        own = own_segments(composition, entry)
        pieces = [*own.layers[0], *own.composite, *pieces]
    commands = read_group(Layer, pieces, Layer())
    mask = plan_layer_mask(composition, commands)
    check_layer(number, source, mask, commands)
    check_size(composition, number, commands)
    layer = PlannedLayer(
        number=number,
        source=source,
        commands=commands,
        adjust=read_group(Adjust, pieces, Adjust()),
        mask=mask,
        effects=plan_effects(composition, number, own),
    )
    return layer, entry


def plan_shown(composition: Composition, number: int, commands: Layer) -> tuple[Shown | None, Entry | None]:
    """Find what a layer shows: what `src=` or `text=` says; for layer 0 else the object of the path; or a colour."""
    question, entry = composition.question, composition.entry
    if isinstance(commands.src, Nested):
        return plan_nested(composition, commands.src), None
    if isinstance(commands.src, Foreign):
        return plan_foreign(commands.src, "src", entry.catalog, question.catalogs), None
    if isinstance(commands.src, Wording):
        return plan_text(composition, commands.src, commands), None
    is_path = number == 0 and commands.src is None
    if commands.src is None and (not is_path or not shows_something(entry, commands)):
        return None, None
    try:
        if not is_path:
            entry = question.look_up(commands.src or "", entry.catalog)
            own_segments(composition, entry)
        return plan_source(question.around.tally.use(entry), question.macros, composition.variables), entry
    except NotFound:
        if composition.default is None:
            raise
        entry = question.around.tally.use(composition.default)
        return plan_source(entry, question.macros, composition.variables), entry


def plan_text(composition: Composition, wording: Wording, commands: Layer) -> TextBlock:
    """Read the words of a text layer, and find its fonts."""
    question, is_photoshops = composition.question, wording.dialect == "textPs"
    text = read_rich_text(wording.written, wording.dialect, cmyk=composition.spaces.cmyk)
    question.around.tally.add_characters(text.length, question.limits)
    if is_photoshops and commands.text_path and commands.text_flow_path:
        raise BadCombination("textPath, textFlowPath", "do not go together in one layer")
    fonts = FontMap.of(composition.entry.catalog, question.catalogs)
    return TextBlock(
        dialect=wording.dialect,
        text=text,
        faces=fonts.uses(text),
        fallback=fonts.fallback(),
        attributes=commands.text_attr,
        angle=commands.text_angle if is_photoshops else 0.0,
        path=commands.text_path if is_photoshops else None,
        place=commands.path_attr,
        flow_path=commands.text_flow_path if is_photoshops else None,
        flow_x_path=commands.text_flow_x_path if is_photoshops else None,
    )


def shows_something(entry: Entry, commands: Layer) -> bool:
    """Tell whether layer 0 shows the path's object, rather than a colour of its own."""
    has_image = bool(entry.record.path) if entry.record else bool(entry.file)
    return has_image or not commands.color.alpha


def plan_layer_mask(composition: Composition, commands: Layer) -> Source | Picture | None:
    """Find the mask that `mask=` names."""
    question = composition.question
    if isinstance(commands.mask, Nested):
        return plan_nested(composition, commands.mask)
    if isinstance(commands.mask, Foreign):
        return plan_foreign(commands.mask, "mask", composition.entry.catalog, question.catalogs)
    if commands.mask is None:
        return None
    entry = question.look_up(commands.mask, composition.entry.catalog)
    own_segments(composition, entry)
    return plan_mask(question.around.tally.use(entry), question.macros, composition.variables)


def check_layer(number: int, source: Shown | None, mask: object, commands: Layer) -> None:
    """Refuse a layer that shows nothing, or whose size nobody knows."""
    name = f"layer={number}"
    if source is None and not commands.color.alpha and commands.color == Layer().color:
        raise BadCombination(name, "needs src=, text= or color=")
    sized = isinstance(commands.size, Size) and commands.size.width and commands.size.height
    normalised = isinstance(commands.size, SizeN) and commands.size.width and commands.size.height
    if source is None and not (sized or normalised or mask or commands.clip_path or commands.perspective):
        raise BadCombination(name, "needs size=width,height, mask= or clipPath= beside color=")
    self_sized = source is None and mask is None and commands.clip_path is not None and commands.size is None
    if self_sized and (commands.scale is not None or commands.rotate or commands.anchor is not None):
        raise BadCombination(name, "a colour that has the size of its clipPath= takes no scale=, rotate= or anchor=")


def check_size(composition: Composition, number: int, commands: Layer) -> None:
    """Refuse `sizeN=` for layer 0, to which it is relative; that of a watermark is relative to what it marks."""
    mark = composition.entry.catalog.attributes.watermark
    if number == 0 and isinstance(commands.size, SizeN) and composition.question.request.object != mark:
        raise BadCombination("sizeN", "does not go with layer 0, to which it is relative")


def own_segments(composition: Composition, entry: Entry) -> Segments:
    """Give the commands that the record named by `src=` or `mask=` brings into its layer."""
    question = composition.question
    segments = Segments(question.limits)
    own = modifier_pieces(entry, question.macros)
    segments.add(substitute(own, composition.variables, question.limits))
    inner = read_group(Layer, [*segments.layers[0], *segments.composite], Layer())
    if inner.src or inner.mask or len(segments.layers) > 1:
        raise BadCombination(f"src={entry.name}", "names a template; put it into a nested request, is{…}")
    return segments


def plan_effects(composition: Composition, layer: int | None, own: Segments | None = None) -> tuple[Effect, ...]:
    """Plan the effects of a layer, or of the composite; `own` are those that its record brings along."""
    found: dict[int, list[Piece]] = {}
    for segments, owners in ((own, (None, 0)), (composition.segments, (layer,))):
        for owner in owners if segments else ():
            for number, pieces in segments.effects_of(owner) if segments else ():
                found.setdefault(number, []).extend(pieces)
    effects = tuple(
        Effect(number, read_group(Layer, pieces, Layer()), read_group(Adjust, pieces, Adjust()))
        for number, pieces in sorted(found.items())
    )
    for effect in effects:
        if effect.commands.color == Layer().color:
            raise BadCombination(f"effect={effect.number}", "needs color=")
    return effects


def plan_nested(composition: Composition, nested: Nested) -> Picture:
    """Plan a request within a request; the variables of the outer one hold in the inner one too."""
    outer = composition.question
    depth = outer.around.depth + 1
    if depth > outer.limits.nesting:
        raise LimitExceeded(f"limits.nesting of is{{{nested.text[:80]}}}", depth, outer.limits.nesting)
    path, _, query = nested.text.partition("?")
    done = preprocess(path, query, outer.catalogs, outer.limits, main=composition.entry.catalog)
    written = read(done.path, done.modifiers)
    name = substituted_text(written.object, composition.variables)
    pieces = tuple(piece for piece in written.pieces if not has(piece, Trait.OUTERMOST))
    main = done.catalog if done.catalog.name == composition.entry.catalog.name else composition.entry.catalog
    tally = outer.around.tally
    around = Surroundings(main, composition.variables, depth, tally, composition.spaces, outer.locale)
    inner = ask(Request(name, pieces), done.catalogs, outer.limits, around)
    return composition.draw(inner, composition.default)
