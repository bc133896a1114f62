"""Everything that can go wrong, as facts; `server/failures.py` alone turns them into HTTP.

ImageServerError
├── ConfigError                 the configuration cannot be used
├── Mismatch                    a text does not fit a grammar; who read it makes another error of it
│   └── BadImageSet             the text of a set does not, and where
├── RequestError                the request cannot be served as it stands (403)
│   ├── BadValue                a command's value does not fit its grammar
│   ├── BadCombination          commands that do not go together
│   ├── UnknownMacro            `$name$` names no macro
│   ├── UnknownFont             text names a font, or a style of one, that no catalog in reach has
│   ├── NotSupported            a feature of the protocol that this server does not have
│   ├── NotFound                no such image, record or crop (attribute::MissingImageStatus)
│   ├── Refused                 who asks, or how, is not allowed by the catalog
│   ├── IllegalSize             the reply would be larger than attribute::MaxPix
│   ├── TooManyBytes            no quality makes the reply as small as jpegSize= asks for
│   ├── LimitExceeded           a limit of the server (413, 414)
│   ├── TooMuchMemory           drawing it takes more memory than a renderer has
│   ├── UnsatisfiableRange      bytes of a file that are not there (416)
│   ├── BadSource               a source file that cannot be decoded
│   │   └── Unread              a source file that the system does not give now (500)
│   ├── BadFont                 a font file that cannot be used
│   └── BadProfile              a colour profile that is unknown, or cannot be used
├── OutsideProtocol             a path that is not ours (404)
├── WrongMethod                 a method that the path does not answer to (405)
├── EditError               an edit that cannot be made; its tree is in `store/errors.py`
├── DamagedIndex                the index of a catalog cannot be read (500)
├── Overloaded                  no room in the render queue (503)
├── TooManyAttempts             too many wrong credentials (429), in `server/attempts.py`
├── RenderFailed                a worker died or ran out of time (500)
├── SavingFailed                a reply was made but not saved (500)
└── DamagedPyramid              a pyramid that is not what was written; it is built anew, and the request drawn again
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

SHOWN = 12
"""How many of the names that an error lists it shows."""


def some_of(names: Sequence[str]) -> str:
    """List the first of some names, and say how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN]) or 'none'}{more}"


class ImageServerError(Exception):
    """The root of this tree."""

    status: int = 500
    title: str = "internal error"

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes with all fields."""
        values = [getattr(self, one.name) for one in fields(self)] if is_dataclass(self) else list(self.args)
        return type(self), tuple(values)


@dataclass(eq=False)
class ConfigError(ImageServerError):
    """The configuration cannot be used; one line says where and why."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


@dataclass(eq=False)
class Mismatch(ImageServerError):
    """A text does not fit a grammar; who read it knows which command or field it stood in."""

    expected: str

    def __str__(self) -> str:
        return f"expected {self.expected}"


@dataclass(eq=False)
class BadImageSet(Mismatch):
    """The text of a set does not fit its grammar; `offset` is the character at which that shows, counted from 0."""

    offset: int

    @property
    def where(self) -> str:
        """What was expected, and where; characters count from 1."""
        return f"{self.expected} at character {self.offset + 1}"

    def __str__(self) -> str:
        return f"expected {self.where}"


class RequestError(ImageServerError):
    """The request cannot be served as it stands."""

    status = 403
    title = "bad request"
    origin: str = ""
    """Where the offending command came from, when not from the URL, or the path of the file that is meant.

    Both are shown from attribute::ErrorDetail 2 on.
    """


@dataclass(eq=False)
class BadValue(RequestError):
    """A command's value does not fit its grammar."""

    title = "problem parsing modifier"
    command: str
    value: str
    expected: str
    origin: str = ""

    def __str__(self) -> str:
        return f"{self.command}={self.value}: expected {self.expected}"


@dataclass(eq=False)
class BadCombination(RequestError):
    """Commands that do not go together, or one that lacks another."""

    title = "commands do not go together"
    commands: str
    reason: str

    def __str__(self) -> str:
        return f"{self.commands}: {self.reason}"


@dataclass(eq=False)
class UnknownMacro(RequestError):
    """A macro is invoked that no catalog in reach defines."""

    title = "unknown macro"
    name: str
    catalog: str
    known: Sequence[str]
    origin: str = ""

    def __str__(self) -> str:
        names = some_of([f"${name}$" for name in self.known])
        return f"${self.name}$: expected a macro of catalog '{self.catalog}': {names}"


@dataclass(eq=False)
class UnknownFont(RequestError):
    """Text names a font that no catalog in reach has, or a style of one that may not be made up."""

    title = "unknown font"
    name: str
    style: str
    catalog: str
    known: Sequence[str]

    def __str__(self) -> str:
        style = f" {self.style}" if self.style else ""
        return f"font {self.name}{style}: expected a font of catalog '{self.catalog}': {some_of(self.known)}"


@dataclass(eq=False)
class NotSupported(RequestError):
    """A feature of the protocol that this server does not have."""

    title = "not supported"
    what: str
    feature: str

    def __str__(self) -> str:
        return f"{self.what}: {self.feature}"


@dataclass(eq=False)
class NotFound(RequestError):
    """No record, crop or file answers to the name."""

    kind: str
    name: str
    reason: str
    origin: str = ""

    @property
    def title(self) -> str:  # type: ignore[override]
        """The kind of thing that is missing."""
        return f"{self.kind} not found"

    def __str__(self) -> str:
        return f"{self.kind} '{self.name}' not found: {self.reason}"


@dataclass(eq=False)
class Refused(RequestError):
    """A catalog does not allow the request: a rule, a filter of addresses, a lock or a signature says so."""

    title = "request refused"
    catalog: str
    reason: str

    def __str__(self) -> str:
        who = f"catalog '{self.catalog}'" if self.catalog else "the default catalog"
        return f"request refused by {who}: {self.reason}"


@dataclass(eq=False)
class IllegalSize(RequestError):
    """The reply would be larger than attribute::MaxPix permits."""

    title = "illegal image size"
    width: int
    height: int
    allowed: str

    def __str__(self) -> str:
        return f"illegal image size {self.width}x{self.height}: expected at most {self.allowed}"


@dataclass(eq=False)
class TooManyBytes(RequestError):
    """The reply is larger than a command permits, even at the lowest quality; both in kilobytes."""

    title = "reply too large"
    command: str
    most: int
    smallest: int

    def __str__(self) -> str:
        return f"{self.command}={self.most}: expected at least {self.smallest}, the size at the lowest quality"


@dataclass(eq=False)
class LimitExceeded(RequestError):
    """A limit of the server, named as in config.yaml."""

    title = "limit exceeded"
    limit: str
    actual: int
    allowed: int
    status: int = 403

    def __str__(self) -> str:
        return f"{self.limit}: {self.actual} is more than the {self.allowed} allowed"


@dataclass(eq=False)
class TooMuchMemory(RequestError):
    """A source or a reply for which the memory of a process that renders does not suffice."""

    title = "limit exceeded"
    allowed: int

    def __str__(self) -> str:
        return f"limits.worker_memory: it takes more than the {self.allowed} bytes allowed"


@dataclass(eq=False)
class UnsatisfiableRange(RequestError):
    """A range begins behind the end of the content."""

    status = 416
    title = "range not satisfiable"
    asked: str
    length: int

    def __str__(self) -> str:
        return f"Range: {self.asked}: expected bytes within the {self.length} that there are"


@dataclass(eq=False)
class BadSource(RequestError):
    """A source file is there but is no image that can be decoded."""

    title = "unreadable image"
    name: str
    reason: str
    origin: str = ""

    def __str__(self) -> str:
        return f"source '{self.name}' cannot be read: {self.reason}"


class Unread(BadSource):
    """A source file that the system does not give now; that says nothing of the file, and the next one tries again."""

    status = 500


@dataclass(eq=False)
class BadFont(RequestError):
    """A font file is there but is no font that can be used."""

    title = "unreadable font"
    name: str
    reason: str
    origin: str = ""

    def __str__(self) -> str:
        return f"font '{self.name}' cannot be read: {self.reason}"


@dataclass(eq=False)
class BadProfile(RequestError):
    """A colour profile is there but cannot be used, or not for what it was named for."""

    title = "unusable colour profile"
    name: str
    reason: str
    origin: str = ""

    def __str__(self) -> str:
        return f"colour profile '{self.name}' cannot be used: {self.reason}"


@dataclass(eq=False)
class OutsideProtocol(ImageServerError):
    """A path that none of the front doors serves."""

    status = 404
    title = "not found"
    path: str

    def __str__(self) -> str:
        return f"{self.path}: not found; images are at /is/image/catalog/id"


@dataclass(eq=False)
class WrongMethod(ImageServerError):
    """A method that the path, or the request, does not answer to."""

    status = 405
    title = "method not allowed"
    method: str
    allowed: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method}: expected {', '.join(self.allowed[:-1])} or {self.allowed[-1]}"


@dataclass(eq=False)
class DamagedIndex(ImageServerError):
    """The index of a catalog cannot be read; it is made anew."""

    title = "catalog index is damaged"
    reason: str

    def __str__(self) -> str:
        return f"the index of a catalog is damaged, and is made anew: {self.reason}"


@dataclass(eq=False)
class Overloaded(ImageServerError):
    """There is no room in the render queue."""

    status = 503
    title = "server is busy"
    retry_after: int = 1

    def __str__(self) -> str:
        return f"server is busy, try again in {self.retry_after} s"


@dataclass(eq=False)
class RenderFailed(ImageServerError):
    """A render worker died or ran out of time; only this request is lost."""

    title = "rendering failed"
    reason: str

    def __str__(self) -> str:
        return f"rendering failed: {self.reason}"


@dataclass(eq=False)
class SavingFailed(ImageServerError):
    """The file that `req=saveToFile` names was not written."""

    title = "saving failed"
    name: str
    reason: str

    def __str__(self) -> str:
        return f"'{self.name}' was not saved: {self.reason}"


@dataclass(eq=False)
class DamagedPyramid(ImageServerError):
    """A pyramid is gone, or is not what was written."""

    title = "rendering failed"
    path: Path

    def __str__(self) -> str:
        return f"{self.path.name} is damaged"
