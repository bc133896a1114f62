"""A request on its way to a plan: its macros expanded, its catalog found, and what it wants to know."""

from __future__ import annotations

from dataclasses import dataclass, replace

from imageserver.catalog.catalogs import Catalogs, Entry
from imageserver.catalog.records import Record
from imageserver.commands.delivery import Delivery
from imageserver.commands.groups import is_command, read_group
from imageserver.commands.reply import TextForm
from imageserver.config import Limits
from imageserver.plan.expansion import Macros, is_variable
from imageserver.plan.picture import Content, Lifetime, Plan
from imageserver.plan.sources import canonical
from imageserver.protocol.grammar import split_list
from imageserver.protocol.request import Piece, Request

CONTROLS = frozenset({"req", "id", "handler", "cache", "message"})
"""The commands that every kind of request obeys; most kinds ignore all others."""
FORMS: tuple[TextForm, ...] = ("json", "xml", "javascript", "text")


@dataclass(frozen=True, slots=True)
class Question:
    """A request with its macros expanded; `control` holds the commands that every kind of request obeys."""

    request: Request
    catalogs: Catalogs
    limits: Limits
    macros: Macros
    pieces: tuple[Piece, ...]
    control: Delivery

    @property
    def kind(self) -> str:
        """The kind of reply."""
        return self.control.req.name

    def entry(self) -> Entry:
        """Look the object of the path up; raises `NotFound` for a crop that its record does not have."""
        return self.catalogs.look_up(self.request.object)

    def ignored(self) -> tuple[Piece, ...]:
        """Give the pieces that are no command, no variable and no comment."""
        return tuple(piece for piece in self.pieces if not is_command(piece) and not is_variable(piece))

    def answered_by(self, content: Content, entry: Entry | None = None, hours: float | None = None) -> Plan:
        """Make the plan of an answer; `hours` is how long an image of it may be kept."""
        lifetime = Lifetime()
        if entry is not None and self.control.req.kind.lifetime != "none":
            lifetime = self._lifetime(entry, hours)
        ids = [piece.value or "" for piece in self.pieces if piece.name.casefold() == "id"]
        return Plan(
            reply=self.control.req,
            content=content,
            lifetime=lifetime,
            handler=self.control.handler,
            request_id=ids[-1] if ids else "",
            cache=self.control.cache,
            metadata=(canonical(entry.record or Record(), self.macros, pixels=False),) if entry else (),
        )

    def _lifetime(self, entry: Entry, hours: float | None) -> Lifetime:
        attributes, record = entry.catalog.attributes, entry.record
        if self.control.req.kind.lifetime == "other":
            hours = attributes.non_img_expiration
        elif hours is None:
            own = record.expiration if record else None
            hours = attributes.expiration if own is None else own
        stamp = (record.time_stamp if record else None) or attributes.time_stamp or entry.catalog.modified
        return Lifetime(
            hours=hours,
            versioned=attributes.versioned_expiration,
            unversioned=attributes.non_img_expiration,
            asked=self.control.id,
            last_modified=stamp if attributes.use_last_modified else None,
        )


def ask(request: Request, catalogs: Catalogs, limits: Limits) -> Question:
    """Expand the macros of a request and read what kind of reply it wants."""
    main, _ = catalogs.governing(request.object)
    macros = Macros(catalogs, main, limits)
    pieces = macros.expand(request.pieces)
    controls = [piece for piece in pieces if piece.name.casefold() in CONTROLS]
    return Question(request, catalogs, limits, macros, pieces, read_group(Delivery, controls, Delivery()))


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
    form, request_id = ErrorForm(), ""
    for piece in request.pieces:
        words = [word.casefold() for word in split_list(piece.value or "")]
        if piece.name.casefold() == "req":
            form = next((ErrorForm(one) for one in FORMS if one in words[1:2]), ErrorForm())
        elif piece.name.casefold() == "id":
            request_id = piece.value or ""
    attributes = main.attributes
    return replace(
        form, request_id=request_id, detail=attributes.error_detail, missing_status=attributes.missing_image_status
    )
