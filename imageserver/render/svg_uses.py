"""How many elements an SVG draws: those that others use, or are filled or masked with, once more each time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

HREF = re.compile(r"(?:.*\})?href", re.IGNORECASE)
INNER = re.compile(r"\s*#(.+)", re.DOTALL)
URL = re.compile(r"url\(\s*['\"]?#([^'\")]+)")
DEEPEST = 300
"""Elements within elements, with those that they use."""


def drawn_elements(tree: Element, most: int) -> int:
    """Count what is drawn, up to somewhat more than `most`; who uses itself is not drawn again."""
    named = {element.get("id", ""): element for element in tree.iter()}
    return Counting(named, most).count(tree, 0)


class Counting:
    """Counts each element once, and remembers the result."""

    def __init__(self, named: dict[str, Element], most: int) -> None:
        self._named = named
        self._most = most
        self._known: dict[Element, int] = {}

    def count(self, element: Element, depth: int) -> int:
        """Count an element with all that stands in it and all that it uses."""
        if element in self._known:
            return self._known[element]
        if depth > DEEPEST:
            return self._most + 1
        self._known[element] = 0
        found = 1
        for other in (*element, *self._used(element)):
            found += self.count(other, depth + 1)
            if found > self._most:
                break
        self._known[element] = found
        return found

    def _used(self, element: Element) -> Iterator[Element]:
        for name, value in element.attrib.items():
            inner = INNER.fullmatch(value) if HREF.fullmatch(name) else None
            for word in (inner[1],) if inner else URL.findall(value):
                if word.strip() in self._named:
                    yield self._named[word.strip()]
