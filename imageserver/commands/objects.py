"""Names of objects as values of commands: records and files of catalogs, and requests in their place."""

from __future__ import annotations

from dataclasses import dataclass

from imageserver.errors import Mismatch, NotSupported

UNSUPPORTED_REQUESTS = {
    "ir": "Image Rendering is not supported",
    "fxg": "FXG graphics are not supported",
}


@dataclass(frozen=True, slots=True)
class Nested:
    """A request within a request, still as it was written: `Co/photo?scl=2`."""

    text: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """A URL of another server, or a part of one, as it was written: `http://images.example/a.jpg`."""

    text: str


@dataclass(frozen=True, slots=True)
class NameGrammar:
    """Reads the name of a record or file."""

    expected: str = "a catalog record or an image file, without commas"

    def parse(self, text: str) -> str:
        """Read the text, or raise `Mismatch`."""
        if not text.strip("/ ") or "," in text or "\0" in text:
            raise Mismatch(self.expected)
        return text.strip()


@dataclass(frozen=True, slots=True)
class ObjectGrammar:
    """Reads the name of a record or file, a request nested in brackets, `is{…}` or `is(…)`, or a foreign URL."""

    expected: str = "a catalog record or an image file, without commas, or a request as is{…}, or (http://…)"

    def parse(self, text: str) -> str | Nested | Foreign:
        """Read the text, or raise `Mismatch`, or `NotSupported` for a request to another service."""
        for opening, closing in (("is{", "}"), ("is(", ")")):
            if text.startswith(opening):
                if not text.endswith(closing):
                    raise Mismatch(f"a nested request that ends with {closing}")
                return Nested(text[len(opening) : -1])
        for opening, closing in (("{", "}"), ("(", ")")):
            if text.startswith(opening):
                if not text.endswith(closing):
                    raise Mismatch(f"a URL that ends with {closing}")
                return Foreign(text[1:-1])
        for prefix, feature in UNSUPPORTED_REQUESTS.items():
            if text.startswith((f"{prefix}{{", f"{prefix}(")):
                raise NotSupported(text, feature)
        return NameGrammar(self.expected).parse(text)


NAME = NameGrammar()
OBJECT = ObjectGrammar()
