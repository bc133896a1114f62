"""SVG: read by a real parser, with variables put in, and refused where it would reach beyond itself; then drawn.

Only what was checked is given to the library that draws: it sees no file but this text. Reference: r-svg-support.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, TreeBuilder, tostring
from xml.parsers import expat

from imageserver.errors import BadSource
from imageserver.protocol.values import Size
from imageserver.render.engine import Error, Image
from imageserver.render.header import Header
from imageserver.render.packets import packet_in
from imageserver.render.svg_uses import drawn_elements

MOST_BYTES = 2**20
"""What the reference allows a file to have."""
MOST_ELEMENTS, MOST_DEPTH = 100_000, 200
MOST_TEXT = 4 * 2**20
"""Bytes of a file with variables put in."""
MOST_PIXELS = 100_000_000
"""Pixels of a drawing; a larger one is drawn smaller, and magnified."""
VARIABLE = re.compile(r"\$([A-Za-z0-9._-]{1,64})\$")
LEFT_OUT = frozenset({"script", "foreignobject", "iframe", "audio", "video", "animate", "animatetransform", "set"})
"""Elements that are passed over: nothing runs and nothing moves."""
WITH_LINKS = re.compile(r"(?:.*\})?(?:href|src|base)", re.IGNORECASE)
INNER_LINK = re.compile(r"\s*(?:#|data:image/(?:png|jpe?g|gif|webp)[;,])", re.IGNORECASE)
URL = re.compile(r"url\s*+\(\s*+['\"]?+\s*+(?!#|data:image/(?:png|jpe?g|gif|webp)[;,])", re.IGNORECASE)
IMPORT = re.compile(r"@\s*import|expression\s*\(|\\", re.IGNORECASE)
"""What leads out of a style sheet, and the backslash that could hide it."""
ANCHOR = "a"


def header_of_svg(path: Path) -> Header:
    """Read what a file says of itself; raises `ValueError` for one that is refused."""
    data = content(path)
    tree = checked(parsed(data))
    refuse_sized_by_variables(tree)
    image = opened(written(tree))
    return Header("SVG", Size(image.width, image.height), alpha="unassociated", packet=packet_in(data))


def names_in(path: Path) -> tuple[str, ...]:
    """Give the names of the variables of a file, each once."""
    return tuple(sorted({name for text in texts(parsed(content(path))) for name in VARIABLE.findall(text)}))


def texts(tree: Element) -> Iterator[str]:
    """Yield whatever may hold variables: values of attributes, and text."""
    for element in tree.iter():
        yield from element.attrib.values()
        yield from (part for part in (element.text, element.tail) if part)


def read_svg(path: Path, variables: Mapping[str, str], scale: float) -> Image:
    """Draw a file, larger or smaller by a factor; raises `BadSource` for one that is refused."""
    try:
        tree = parsed(content(path))
        put_in(tree, variables)
        return opened(written(checked(tree)), scale)
    except (ValueError, Error) as error:
        raise BadSource(path.name, str(error).splitlines()[0], str(path)) from error


def content(path: Path) -> bytes:
    """Read a file, which may not be long."""
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"expected an SVG of at most {MOST_BYTES} bytes")
    return path.read_bytes()


def parsed(data: bytes) -> Element:
    """Read XML that declares no entities, is no deeper and has no more elements than it may; raises `ValueError`."""
    parser = expat.ParserCreate(namespace_separator="}")
    builder = Builder()
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = refuse_entities
    parser.ExternalEntityRefHandler = None
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ValueError(f"it is no well-formed XML (line {error.lineno})") from error
    return builder.close()


def refuse_entities(*_: object) -> None:
    """Refuse a declaration of an entity."""
    raise ValueError("expected an SVG without entities of its own")


class Builder:
    """Makes a tree of what the parser finds, within bounds."""

    def __init__(self) -> None:
        self._tree = TreeBuilder()
        self._depth = self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
        self._depth += 1
        self._count += 1
        if self._depth > MOST_DEPTH or self._count > MOST_ELEMENTS:
            raise ValueError(f"expected an SVG of at most {MOST_ELEMENTS} elements, {MOST_DEPTH} within one another")
        self._tree.start(qualified(name), {qualified(key): value for key, value in attributes.items()})

    def end(self, name: str) -> None:
        """End an element."""
        self._depth -= 1
        self._tree.end(qualified(name))

    def data(self, text: str) -> None:
        """Take text."""
        self._tree.data(text)

    def close(self) -> Element:
        """Give the root."""
        root = self._tree.close()
        if local(root.tag) != "svg":
            raise ValueError("expected an svg element")
        return root


def qualified(name: str) -> str:
    """Write a name as trees have it."""
    return "{" + name if "}" in name else name


def local(name: object) -> str:
    """Give a name without its namespace."""
    return name.rpartition("}")[2].casefold() if isinstance(name, str) else ""


def checked(tree: Element) -> Element:
    """Take out what would run or move; raise `ValueError` for what leads outside."""
    for element in tree.iter():
        for child in [one for one in element if local(one.tag) in LEFT_OUT]:
            element.remove(child)
        for name in [one for one in element.attrib if local(one).startswith("on")]:
            del element.attrib[name]
    for element in tree.iter():
        check_links(element)
    check_uses(tree)
    return tree


def check_links(element: Element) -> None:
    """Refuse links and styles that lead to anything but the file itself."""
    for name, value in list(element.attrib.items()):
        if WITH_LINKS.fullmatch(name) and not INNER_LINK.match(value):
            if local(element.tag) == ANCHOR:
                del element.attrib[name]  # nobody can click on it
                continue
            raise ValueError(f"{local(name)}={value[:60]}: expected an SVG that refers to nothing outside of itself")
        check_style(value, sheet=name == "style")
    if local(element.tag) == "style":
        check_style("".join(element.itertext()), sheet=True)


def check_uses(tree: Element) -> None:
    """Refuse a drawing whose elements draw one another too often."""
    if drawn_elements(tree, MOST_ELEMENTS) > MOST_ELEMENTS:
        raise ValueError(
            f"expected an SVG that draws at most {MOST_ELEMENTS} elements, those that are used again included"
        )


def check_style(text: str, *, sheet: bool = False) -> None:
    """Refuse a style that loads something."""
    if URL.search(text) or (sheet and IMPORT.search(text)):
        raise ValueError("expected an SVG whose styles load nothing from outside")


def refuse_sized_by_variables(tree: Element) -> None:
    """Refuse a size that depends on variables, since the layers of a picture are laid out before those are put in."""
    for name in ("width", "height", "viewBox"):
        if VARIABLE.search(tree.get(name, "")):
            raise ValueError(f"{name}={tree.get(name)}: the size of an SVG cannot be a variable")


def put_in(tree: Element, variables: Mapping[str, str]) -> None:
    """Put variables into attributes, and into the text of text elements; unknown ones stay."""

    def replaced(text: str) -> str:
        return VARIABLE.sub(lambda match: variables.get(match[1], match[0]), text)

    for element in tree.iter():
        for name, value in element.attrib.items():
            element.attrib[name] = replaced(value)
    for element in [one for one in tree.iter() if local(one.tag) == "text"]:
        for part in element.iter():
            part.text = replaced(part.text) if part.text else part.text
            if part is not element:
                part.tail = replaced(part.tail) if part.tail else part.tail


def written(tree: Element) -> bytes:
    """Write XML again."""
    data: bytes = tostring(tree, "utf-8")
    if len(data) > MOST_TEXT:
        raise ValueError(f"expected an SVG of at most {MOST_TEXT} bytes with its variables put in")
    return data


def opened(data: bytes, scale: float = 1.0) -> Image:
    """Give a drawing, of which only the parts that are asked for will be drawn."""
    image = Image.svgload_buffer(data, scale=1.0)
    if scale == 1:
        return image
    most = (MOST_PIXELS / (image.width * image.height)) ** 0.5
    return Image.svgload_buffer(data, scale=max(1 / min(image.width, image.height), min(scale, most)))
