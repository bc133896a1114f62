"""What can be wrong with a request in 4D's language."""

from __future__ import annotations

from dataclasses import dataclass

from imageserver.errors import RequestError


@dataclass(eq=False)
class BadQuery(RequestError):
    """A parameter that cannot be read; the reason says what is allowed."""

    status = 500
    title = "bad query"
    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(eq=False)
class NoSuchPath(RequestError):
    """A path that leads nowhere."""

    status = 404
    title = "not found"
    path: str

    def __str__(self) -> str:
        return f"there is nothing at /rest/{self.path.lstrip('/')}"
