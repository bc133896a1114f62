"""What can go wrong with an edit; nothing has changed then. They belong to the tree of `imageserver.errors`.

EditError           an edit that cannot be made
├── InvalidEdit     a value that does not fit, or something that cannot be (422)
├── NoSuchRecord    an edit names what the catalog does not have (404)
├── AlreadyThere    a name that is taken (409)
├── StaleEdit       the record or the catalog has changed since it was looked at (412)
├── Uneditable      the file is written in a way that only people can edit (409)
└── NotStored       the disk refuses (507)
"""

from __future__ import annotations

from dataclasses import dataclass

from imageserver.errors import ImageServerError


class EditError(ImageServerError):
    """An edit that cannot be made; nothing has changed."""

    status = 409
    title = "edit refused"


@dataclass(eq=False)
class InvalidEdit(EditError):
    """A value does not fit, or what is asked for cannot be; the reason says what is allowed."""

    status = 422
    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


@dataclass(eq=False)
class NoSuchRecord(EditError):
    """An edit names what the catalog does not have."""

    status = 404
    catalog: str
    name: str
    what: str = "record"

    def __str__(self) -> str:
        return f"catalog '{self.catalog}' has no {self.what} '{self.name}'"


@dataclass(eq=False)
class AlreadyThere(EditError):
    """A name that is taken."""

    name: str
    what: str = "record"

    def __str__(self) -> str:
        return f"there is a {self.what} '{self.name}' already"


@dataclass(eq=False)
class StaleEdit(EditError):
    """The record, or the catalog, has changed since it was looked at; `actual` is its revision now, 0 for none."""

    status = 412
    what: str
    expected: int
    actual: int

    def __str__(self) -> str:
        return f"{self.what} has changed: it is at revision {self.actual}, not {self.expected}"


@dataclass(eq=False)
class Uneditable(EditError):
    """The file is written in a way that only people can edit."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}; edit it by hand"


@dataclass(eq=False)
class NotStored(EditError):
    """The disk refuses; what was there before is there, or will be finished at the next opening."""

    status = 507
    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: cannot be stored: {self.reason}"
