"""`req=set` → the set that it asks for, with everything in it looked up. References: r-media-set-requests, r-set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from imageserver.catalog.catalogs import Catalog, Entry
from imageserver.catalog.fields import properties_in
from imageserver.catalog.members import KINDS, WORDS, Member, SetKind, asked_name, find_member, kind_of, known_set
from imageserver.catalog.records import ContentRecord, Record
from imageserver.commands.groups import asked
from imageserver.errors import BadImageSet, BadValue, LimitExceeded, NotFound, NotSupported
from imageserver.plan.expansion import substituted_text, variables_of
from imageserver.plan.picture import Picture, Source
from imageserver.plan.pictures import nested_picture
from imageserver.plan.plan import MediaSet, Named, Notes, Plan, SetItem, Video
from imageserver.plan.question import Question, ask, default_image_of
from imageserver.plan.sources import plan_source
from imageserver.protocol.image_set import (
    ImageSet,
    Item,
    Part,
    Reference,
    SolidColor,
    read_image_set,
    without_braces,
)
from imageserver.protocol.request import Piece, Request

OF_ONE = frozenset({"img_set", "ecat", "video_set"})
"""The types that an item of a media set may give to a single image or video, which then is a set of one item."""


def plan_set(question: Question) -> Plan:
    """Plan the set of `imageSet=`, or else the one that the path names, which may be a single image or video."""
    name = question.request.object
    if ":" in name:
        raise NotSupported(f"req={question.kind} of '{name}'", "the name of a set has no colon")
    main, _ = question.catalogs.governing(name)
    gathering = Gathering(question, default_of(question, main), question.control.label_key)
    given = asked_set(question)
    match given.items if given else ():
        case () if given is None:
            found = gathering.object_set(Reference(name), main)
        case (Item(fields=((Reference() as only,),)),):
            found = gathering.object_set(only, main)
        case _:
            found = gathering.given_set(given or ImageSet(), main)
    return question.answered_by(replace(found, settled=gathering.settled), Entry("", main, main))


def asked_set(question: Question) -> ImageSet | None:
    """Read `imageSet=`; None when there is none, or an empty one."""
    piece = asked(question.pieces, "imageSet")
    if piece is None or not piece.value:
        return None
    text = substituted_text(piece.nested or piece.value, variables_of(question.pieces, {}))
    try:
        return read_image_set(without_braces(text), plus=bool(piece.nested))
    except BadImageSet as error:
        raise BadValue("imageSet", text, error.where, piece.origin) from error


@dataclass(frozen=True, slots=True)
class Default:
    """What stands for an image that is missing: the default image; or else the item is an error, or is left out."""

    image: Member | None = None
    leaves_out: bool = False


def default_of(question: Question, main: Catalog) -> Default:
    """Read `defaultImage=` and attribute::DefaultImage; an empty `defaultImage=` leaves out what is missing."""
    name = default_image_of(question, main)
    image = find_member(question.catalogs, name, main, question.locale) if name else None
    return Default(image, leaves_out=question.control.default_image == "")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a set something stands: the catalog that its ids belong to, the set's own name, its type, and how deep.

    `told` says that records tell of themselves; behind the limit of an e-catalog they do not.
    """

    main: Catalog
    name: str = ""
    kind: SetKind = "unknown"
    depth: int = 1
    told: bool = True

    def within(self) -> Place:
        """Give the place of what stands in a set at this place."""
        return replace(self, depth=self.depth + 1)


@dataclass
class Gathering:
    """A set on its way to a plan; `count` is how many items it has so far, `known` what images they show.

    It is `settled` as long as nothing was missing, and nothing but images was found without a record.
    """

    question: Question
    default: Default
    label_key: str
    count: int = 0
    known: dict[str, Source | Picture] = field(default_factory=dict)
    settled: bool = True

    def object_set(self, reference: Reference, main: Catalog) -> MediaSet:
        """Give what one name stands for: the set of its record, or a set of one item."""
        member = self.found(reference, main)
        if member is None:
            raise NotFound("image", reference.name, "no such record or file")
        if member.image_set and member is not self.default.image:
            return self.record_set(member, Place(main), None)
        item = self.single(member, reference, Place(main))
        return MediaSet(item.name, item.kind, (item,), crops=self.crops(member))

    def given_set(self, written: ImageSet, main: Catalog) -> MediaSet:
        """Give the set of `imageSet=`, which stands for that of the path's record; the path may name a catalog only."""
        name = self.question.request.object
        member = find_member(self.question.catalogs, name, main, self.question.locale)
        record = member.entry.record if member and member.entry else None
        kind = KINDS.get(record.asset_type) if record else None
        place = Place(main, member.name if member else name)
        return self.gathered(written, place, kind, notes_of(record))

    def record_set(self, member: Member, place: Place, kind: SetKind | None) -> MediaSet:
        """Give the set of a record; `kind` is the type that its surroundings give it."""
        record = (member.entry.record if member.entry else None) or Record()
        try:
            written = known_set(record.image_set)
        except BadImageSet as error:
            raise BadValue(f"catalog::ImageSet of {member.name}", record.image_set, error.where) from error
        inner = replace(place, main=member.catalog, name=member.name)
        notes = notes_of(record) if place.told else suppressed(record)
        return self.gathered(written, inner, kind or KINDS.get(record.asset_type), notes)

    def gathered(self, written: ImageSet, place: Place, kind: SetKind | None, notes: Notes = Notes()) -> MediaSet:  # noqa: B008, a value
        """Look up all items of a set; one without a type in a spin set is a row of frames, in a swatch set swatches."""
        limits = self.question.limits
        if place.depth > limits.set_nesting:
            raise LimitExceeded("limits.set_nesting", place.depth, limits.set_nesting)
        kind = kind or kind_of(written, self.question.catalogs, place.main, place.name, self.question.locale)
        if kind == "unknown" and place.kind in {"spin", "img_set"}:
            kind = place.kind
        items: list[SetItem] = []
        for number, item in enumerate(written.items):
            told = place.told and (kind != "ecat" or number < limits.set_pages)
            items.extend(self.items(item, replace(place, kind=kind, told=told)))
        return MediaSet(place.name, kind if items else "empty", tuple(items), notes)

    def items(self, item: Item, place: Place) -> Iterator[SetItem]:
        """Give what an item stands for; in a spin set each field is a frame."""
        if place.kind == "spin":
            for part in (part for one in item.fields for part in one):
                yield from self.part(part, None, None, place)
        elif len(item.pages) > 1:
            yield from self.spread(item, place)
        else:
            word = WORDS.get(item.word) if place.kind == "media_set" else None
            for one in self.part(item.pages[0], word, self.swatch(item.swatch, place), place):
                if place.kind == one.kind == "media_set":
                    raise BadValue("catalog::ImageSet", one.name or "{…}", "no media set in a media set")
                yield one

    def spread(self, item: Item, place: Place) -> Iterator[SetItem]:
        """Give the pages that lie side by side, as a set of its own."""
        pages = tuple(one for part in item.pages for one in self.part(part, None, None, place.within()))
        if pages:
            yield SetItem("img_set", "", swatch=self.swatch(item.swatch, place), inner=MediaSet("", "img_set", pages))

    def part(self, part: Part, word: SetKind | None, swatch: Named | None, place: Place) -> Iterator[SetItem]:
        """Give the item that an id or an inner set stands for; none when it is missing, and is left out."""
        self.count += 1
        if self.count > self.question.limits.set_items:
            raise LimitExceeded("limits.set_items", self.count, self.question.limits.set_items)
        if isinstance(part, ImageSet):
            inner = replace(self.gathered(part, place.within(), "spin" if place.kind == "spin" else word), name="")
            yield SetItem(inner.kind, "", swatch=swatch, inner=inner)
        elif isinstance(part, Reference):
            member = self.found(part, place.main)
            if member is not None:
                yield self.item(member, part, word, swatch, place)

    def item(
        self, member: Member, reference: Reference, word: SetKind | None, swatch: Named | None, place: Place
    ) -> SetItem:
        """Give the item that a member makes; the record of the set itself, and the default image, are images."""
        is_image = member.name == place.name or member is self.default.image or word == "img"
        if member.image_set and not is_image:
            inner = self.record_set(member, place.within(), None if word in {"video", "static"} else word)
            return SetItem(inner.kind, member.name, swatch=swatch, inner=inner)
        alone = self.single(member, reference, place)
        if word in OF_ONE or (word == "spin" and alone.image):
            return SetItem(word, alone.name, swatch=swatch, inner=MediaSet(alone.name, word, (alone,)))
        return replace(alone, swatch=swatch)

    def single(self, member: Member, reference: Reference, place: Place) -> SetItem:
        """Give the item of one image, video or file."""
        record = (member.entry.record if member.entry else None) or member.content
        notes = notes_of(record) if place.told else suppressed(record)
        if member.entry is None:
            video = video_of(member) if member.kind == "video" else None
            return SetItem(member.kind, member.name, video=video, notes=notes)
        image = self.named(member, reference, place.main)
        return SetItem("img", image.name, image=image, shown=self.shown(member.name, member.entry), notes=notes)

    def shown(self, name: str, entry: Entry) -> Source | Picture | None:
        """Give the image of an entry, or the composite of a template at its own size; a set may have neither."""
        if name not in self.known:
            if entry.record is None or entry.record.path:
                self.known[name] = plan_source(entry, self.question.macros)
            elif entry.record.modifier:
                request = Request(name, (Piece("scl", "1"),))
                self.known[name] = nested_picture(ask(request, self.question.catalogs, self.question.limits), None)
        return self.known.get(name)

    def swatch(self, part: Part | None, place: Place) -> Named | None:
        """Give the swatch of an item."""
        if isinstance(part, SolidColor):
            return Named(color=f"0x{part.rgb}", label=part.label)
        member = self.found(part, place.main) if isinstance(part, Reference) else None
        if member is None or not isinstance(part, Reference):
            return None
        self.settled &= member.has_record
        return self.named(member, part, place.main)

    def named(self, member: Member, reference: Reference, main: Catalog) -> Named:
        """Give an image by its name, with the label that `labelkey=` finds in its user data."""
        is_default = member is self.default.image
        name = asked_name(self.question.catalogs, reference.name, main) if is_default else member.name
        label = dict(properties_in(member.user_data)).get(self.label_key, "") if self.label_key else ""
        return Named(name, label, reference.commands, is_default=is_default)

    def found(self, reference: Reference, main: Catalog) -> Member | None:
        """Find what an id stands for, or the default image in its place; None when it is to be left out."""
        member = find_member(self.question.catalogs, reference.name, main, self.question.locale)
        self.settled &= member is not None and (member.has_record or member.entry is not None)
        member = member or self.default.image
        if member is None and not self.default.leaves_out:
            raise NotFound("image", asked_name(self.question.catalogs, reference.name, main), "no such record or file")
        return member

    def crops(self, member: Member) -> tuple[Source, ...]:
        """Give the named crops of a record's image."""
        entry = member.entry
        if entry is None or entry.record is None or not entry.record.path or member is self.default.image:
            return ()
        names = entry.record.crop_rects
        return tuple(plan_source(replace(entry, crop_name=name), self.question.macros) for name in names)


def notes_of(record: Record | ContentRecord | None) -> Notes:
    """Give what a record says of itself."""
    match record:
        case Record():
            return Notes(properties_in(record.user_data), record.map, record.targets)
        case ContentRecord():
            return Notes(properties_in(record.user_data))
        case None:
            return Notes()


def suppressed(record: Record | ContentRecord | None) -> Notes:
    """Say what a record would have said of itself to viewers of a shorter e-catalog."""
    found = {"map": isinstance(record, Record) and record.map, "userdata": record and record.user_data}
    return Notes(suppressed=tuple(name for name, value in found.items() if value))


def video_of(member: Member) -> Video:
    """Describe a video; one without a record has a name and a suffix only."""
    content = member.content or ContentRecord()
    return Video(member.name, member.suffix, content.video_size, content.bit_rate)
