"""How a key of the configuration is declared, and the texts that most keys are read from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import field
from typing import TypeVar

T = TypeVar("T")
KIB, MIB, GIB = 2**10, 2**20, 2**30
UNITS = {"": 1, "B": 1, "KB": 1000, "MB": 10**6, "GB": 10**9, "KIB": KIB, "MIB": MIB, "GIB": GIB}
SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) *([A-Za-z]*)")


def whole(text: str) -> int:
    """Read a whole number that is not negative."""
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise ValueError("a whole number, 0 or more")
    return int(text)


def positive(text: str) -> int:
    """Read a whole number of 1 or more."""
    if not re.fullmatch(r"0*[1-9][0-9]{0,14}", text):
        raise ValueError("a whole number of 1 or more")
    return int(text)


def seconds(text: str) -> float:
    """Read a number of seconds greater than 0."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text) or float(text) <= 0:
        raise ValueError("seconds, more than 0")
    return float(text)


def size(text: str) -> int:
    """Read a number of bytes, such as `64 MiB`."""
    match = SIZE.fullmatch(text.strip())
    if not match or match[2].upper() not in UNITS:
        raise ValueError("a size such as 64 MiB")
    return int(float(match[1]) * UNITS[match[2].upper()])


def size_from(least: int) -> Callable[[str], int]:
    """Read a number of bytes that is no smaller than `least`, which are whole mebibytes."""

    def read(text: str) -> int:
        found = size(text)
        if found < least:
            raise ValueError(f"a size of at least {least // MIB} MiB")
        return found

    return read


def port(text: str) -> int:
    """Read a TCP port; 0 takes any that is free."""
    number = whole(text)
    if number > 65535:  # noqa: PLR2004, the largest port
        raise ValueError("a port from 0 to 65535")
    return number


def switch(text: str) -> bool:
    """Read on or off."""
    try:
        return {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}[text.casefold()]
    except KeyError:
        raise ValueError("on or off") from None


def one_of(*words: str) -> Callable[[str], str]:
    """Read one of some words."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return text

    return read


def option(read: Callable[[str], T], default: T, doc: str) -> T:
    """Declare a key of the configuration."""
    return field(default=default, metadata={"read": read, "doc": doc})
