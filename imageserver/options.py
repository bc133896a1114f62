"""How a key of the configuration is declared, and the texts that most keys are read from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import field
from typing import TypeVar

T = TypeVar("T")


def whole(text: str) -> int:
    """Read a whole number that is not negative."""
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise ValueError("a whole number, 0 or more")
    return int(text)


def switch(text: str) -> bool:
    """Read on or off."""
    try:
        return {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}[text.casefold()]
    except KeyError:
        raise ValueError("on or off") from None


def option(read: Callable[[str], T], default: T, doc: str) -> T:
    """Declare a key of the configuration."""
    return field(default=default, metadata={"read": read, "doc": doc})
