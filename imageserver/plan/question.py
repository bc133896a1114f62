"""A request on its way to a plan: its macros expanded, its catalog found, and what it wants to know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from imageserver.catalog.catalogs import UNTRANSLATED, Catalog, Catalogs, Entry
from imageserver.catalog.locales import Locale, locale_of
from imageserver.catalog.records import Record
from imageserver.commands.declare import Trait
from imageserver.commands.delivery import Delivery
from imageserver.commands.groups import asked, asked_kind, has, is_command, read_group
from imageserver.commands.reply import TextForm, default_form
from imageserver.config import Limits
from imageserver.errors import BadValue, LimitExceeded, Mismatch
from imageserver.plan.expansion import Macros, is_variable
from imageserver.plan.hints import NO_HINTS, Hints
from imageserver.plan.plan import Content, Lifetime, Plan
from imageserver.plan.profiles import Spaces
from imageserver.plan.sources import canonical
from imageserver.protocol.grammar import split_list
from imageserver.protocol.request import Piece, Request

FOR_EVER = -1
FORMS: tuple[TextForm, ...] = ("json", "xml", "javascript", "text")


@dataclass
class Tally:
    """What a request has used so far, with the requests nested in it: entries of catalogs, layers, characters."""

    entries: list[Entry] = field(default_factory=list)
    layers: int = 0
    characters: int = 0

    def use(self, entry: Entry) -> Entry:
        """Note that the image of an entry is used."""
        self.entries.append(entry)
        return entry

    def add_layers(self, count: int, limits: Limits) -> None:
        """Note layers; raises `LimitExceeded` when they are too many for one request."""
        self.layers += count
        if self.layers > limits.layers:
            raise LimitExceeded("limits.layers", self.layers, limits.layers)

    def add_characters(self, count: int, limits: Limits) -> None:
        """Note characters of text; raises `LimitExceeded` when they are too many for one request."""
        self.characters += count
        if self.characters > limits.characters:
            raise LimitExceeded("limits.characters", self.characters, limits.characters)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a nested request finds around it: main catalog, variables, depth, colour spaces and locale of the outer one.

    The outermost request has no locale around it, and finds its own.
    """

    main: Catalog | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    depth: int = 0
    tally: Tally = field(default_factory=Tally)
    spaces: Spaces | None = None
    locale: Locale | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A request with its macros expanded; `control` holds the commands that every kind of request obeys."""

    request: Request
    catalogs: Catalogs
    limits: Limits
    macros: Macros
    pieces: tuple[Piece, ...]
    control: Delivery
    around: Surroundings
    hints: Hints = NO_HINTS
    locale: Locale = UNTRANSLATED

    @property
    def kind(self) -> str:
        """The kind of reply."""
        return self.control.req.name

    def entry(self) -> Entry:
        """Look the object of the path up; raises `NotFound` for a crop that its record does not have."""
        return self.look_up(self.request.object, self.around.main)

    def look_up(self, name: str, main: Catalog | None) -> Entry:
        """Look a name up in the locale of the request."""
        return self.catalogs.look_up(name, main, self.locale)

    def ignored(self) -> tuple[Piece, ...]:
        """Give the pieces that are no command, no variable and no comment."""
        return tuple(piece for piece in self.pieces if not is_command(piece) and not is_variable(piece))

    def answered_by(self, content: Content, entry: Entry | None = None, hours: float | None = None) -> Plan:
        """Make the plan of an answer; `hours` is how long an image of it may be kept."""
        lifetime = Lifetime()
        if entry is not None and self.control.req.kind.lifetime != "none":
            lifetime = self._lifetime(entry, hours)
        return Plan(
            reply=self.control.req,
            content=content,
            lifetime=lifetime,
            handler=self.control.handler,
            request_id=self.control.id,
            cache=self.control.cache,
            metadata=(canonical(entry.record or Record(), self.macros, pixels=False),) if entry else (),
        )

    def _lifetime(self, entry: Entry, hours: float | None) -> Lifetime:
        attributes, record = entry.catalog.attributes, entry.record
        if self.control.req.kind.lifetime == "other":
            hours = attributes.non_img_expiration
        elif hours is None:
            hours = shortest(self.around.tally.entries or [entry])
        stamp = (record.time_stamp if record else None) or attributes.time_stamp or entry.catalog.modified
        return Lifetime(
            hours=hours,
            versioned=attributes.versioned_expiration,
            unversioned=attributes.non_img_expiration,
            asked=self.control.id,
            last_modified=stamp if attributes.use_last_modified else None,
        )


def shortest(entries: Iterable[Entry]) -> float:
    """Give the hours of the entry that may be kept for the shortest time; -1 is for ever."""
    return min((expiration_of(entry) for entry in entries), key=lambda hours: (hours == FOR_EVER, hours))


def expiration_of(entry: Entry) -> float:
    """Give the hours that the image of an entry may be kept."""
    own = entry.record.expiration if entry.record else None
    return entry.catalog.attributes.expiration if own is None else own


def ask(request: Request, catalogs: Catalogs, limits: Limits, around: Surroundings | None = None) -> Question:
    """Expand the macros of a request and read what kind of reply it wants; raises `Refused` for another's catalog."""
    around = around or Surroundings()
    main, _ = catalogs.governing(request.object)
    main = around.main if around.main and main is catalogs.default else main
    catalogs.check(main)
    macros = Macros(catalogs, main, limits)
    pieces = macros.expand(request.pieces)
    controls = [piece for piece in pieces if has(piece, Trait.CONTROL)]
    control = read_group(Delivery, controls, Delivery())
    locale = asked_locale(control, main) if around.locale is None else around.locale
    return Question(request, catalogs, limits, macros, pieces, control, around, locale=locale)


def asked_locale(control: Delivery, main: Catalog) -> Locale:
    """Find what `locale=` of a request stands for in its main catalog. Reference: r-locale."""
    name = control.locale
    try:
        return locale_of(main.attributes, name)
    except Mismatch as error:
        raise BadValue("locale", main.attributes.default_locale if name is None else name, error.expected) from error


def default_image_of(question: Question, main: Catalog) -> str:
    """Name the default image of a request, `defaultImage=` or attribute::DefaultImage; an empty name is none."""
    name = question.control.default_image
    return main.attributes.default_image if name is None else name


@dataclass(frozen=True, slots=True)
class ErrorForm:
    """In which form an error is told, and in how much detail (attribute::ErrorDetail)."""

    form: TextForm = "text"
    request_id: str = ""
    detail: int = 1
    missing_status: int = 403


def error_form(request: Request, catalogs: Catalogs) -> ErrorForm:
    """Find out in which form errors of a request are told, even when it makes no sense otherwise."""
    main, _ = catalogs.governing(request.object)
    req, request_id = asked(request.pieces, "req"), asked(request.pieces, "id")
    words = [word.casefold() for word in split_list((req and req.value) or "")]
    return ErrorForm(
        form=next((one for one in FORMS if one in words[1:2]), default_form(asked_kind(request.pieces))),
        request_id=(request_id and request_id.value) or "",
        detail=main.attributes.error_detail,
        missing_status=main.attributes.missing_image_status,
    )
