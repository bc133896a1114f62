"""Variables: `$name_value` sets one, `$name` or `$(name)` uses it, `$name_ctx:!key!` takes it from the context."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from imageserver.dialects.cloudinary.language.facts import BadTransformation

LONGEST = 1000
"""Characters of a component with its variables put in: those that are made of one another would grow for ever."""
SET = re.compile(r"\$([A-Za-z0-9]+)_(.+)", re.DOTALL)
USE = re.compile(r"\$\(?([A-Za-z0-9]+)\)?")
CONTEXT = re.compile(r"ctx:!([^!]+)!")
MEANS_MORE = re.compile(r"[%,/$]")
"""What would not be read as part of a value any more."""
NOT_KNOWN_YET = "x"


class Variables:
    """The variables of a transformation as it is read; without a context, it is to be read again once there is one."""

    def __init__(self, context: Mapping[str, str] | None = None) -> None:
        self._context = context
        self._known: dict[str, str] = {}
        self.asks_context = False

    def applied(self, part: str) -> str:
        """Take in the variables that a component sets, and put in those that it uses."""
        kept = []
        for word in part.split(","):
            match = SET.fullmatch(word)
            if match:
                self._known[match[1]] = self._value(match[2])
            else:
                kept.append(self._used(word))
        return ",".join(kept)

    def _value(self, text: str) -> str:
        match = CONTEXT.fullmatch(text)
        if not match:
            return self._used(text).strip("!")
        self.asks_context = True
        if self._context is None:
            return NOT_KNOWN_YET
        return MEANS_MORE.sub(lambda one: quote(one[0], safe=""), self._context.get(match[1], ""))

    def _used(self, text: str) -> str:
        def value(match: re.Match[str]) -> str:
            if match[1] not in self._known:
                raise BadTransformation(f"Undefined variable ${match[1]}")
            return self._known[match[1]]

        if "$" not in text:
            return text
        found = USE.sub(value, text)
        if len(found) > LONGEST:
            raise BadTransformation(f"Invalid transformation: more than {LONGEST} characters with its variables put in")
        return found
