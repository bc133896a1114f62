"""What can be wrong with a delivery URL, as facts, and how Cloudinary words them."""

from __future__ import annotations

from dataclasses import dataclass

from imageserver.errors import RequestError


@dataclass(eq=False)
class BadTransformation(RequestError):
    """A transformation that makes no sense, or that this server does not have."""

    status = 400
    title = "bad transformation"
    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(eq=False)
class Unsigned(RequestError):
    """A URL without the signature that it needs, or with a wrong one."""

    status = 401
    title = "unauthorised"
    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(eq=False)
class NoSuchResource(RequestError):
    """A public id, of the picture or of a layer, that stands for nothing."""

    status = 404
    title = "resource not found"
    public_id: str

    def __str__(self) -> str:
        return f"Resource not found - {self.public_id}"


def invalid(name: str, value: str) -> BadTransformation:
    """Say that a value does not fit."""
    return BadTransformation(f"Invalid {name} in transformation: {value}")
