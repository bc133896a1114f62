"""Variables: `$name_value` sets one, `$name` or `$(name)` uses it.

`$name_ctx:!key!` takes it from the context, `$name_md:!id!` from the metadata.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from imageserver.dialects.cloudinary.language.conditions import METADATA, About
from imageserver.dialects.cloudinary.language.facts import BadTransformation

LONGEST = 1000
"""Characters of a component with its variables put in: those that are made of one another would grow for ever."""
SET = re.compile(r"\$([A-Za-z0-9]+)_(.+)", re.DOTALL)
USE = re.compile(r"\$\(?([A-Za-z0-9]+)\)?")
SAID = re.compile(r"(ctx|md):!([^!]+)!")
"""What is said of the picture."""
MEANS_MORE = re.compile(r"[%,/$]")
"""What would not be read as part of a value any more."""
NOT_KNOWN_YET = "x"


class Variables:
    """The variables of a transformation as it is read.

    One that asks for what is said of its picture is to be read again when that is known.
    """

    def __init__(self, about: About | None = None) -> None:
        self._about = about
        self._known: dict[str, str] = {}
        self.asks_about = self.asks_metadata = False

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
        match = SAID.fullmatch(text)
        if not match:
            return self._used(text).strip("!")
        self.asks_about = True
        self.asks_metadata = self.asks_metadata or match[1] == METADATA
        if self._about is None:
            return NOT_KNOWN_YET
        return MEANS_MORE.sub(lambda one: quote(one[0], safe=""), self._about.value(match[1], match[2]))

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
