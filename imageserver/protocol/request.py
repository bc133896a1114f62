"""What was written: the Request, before anybody asks what it means."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """One `name=value` of a request, decoded; a name without `=` has the value None.

    `nested` is the value as it was written when one pair of brackets encloses all of it, as in `is{…}`: an inner
    request is cut first and decoded after, like the outer one.
    `origin` names the macro or record that it came from; it is empty for the URL itself.
    """

    name: str
    value: str | None = None
    nested: str = ""
    origin: str = ""

    @property
    def text(self) -> str:
        """The piece as one would write it, for messages."""
        return self.name if self.value is None else f"{self.name}={self.value}"


@dataclass(frozen=True, slots=True)
class Request:
    """An object and the pieces that modify it, in the order in which they were written."""

    object: str
    pieces: tuple[Piece, ...] = ()
