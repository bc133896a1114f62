"""The text of catalog::ImageSet → items; what they are is found out when they are looked up. Reference: r-imageset-cat.

    set   = item *("," item)
    item  = field *(";" field)         the image, inner set or video; its swatch; its type; or the frames of a spin
    field = part *(":" part)           the pages of a spread
    part  = id ["?" commands] | "{0x" rrggbb [label] "}" | "{" set "}"

Parentheses are as good as braces. Blanks around a part go, and so do items in which nothing stands. The text is cut
first and decoded after, so that an encoded separator is a character like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from imageserver.errors import BadImageSet, Mismatch
from imageserver.protocol.reading import decoded

MARK = re.compile(r"[,;:{}()]")
PAIRS = {"{": "}", "(": ")"}
COLOR = re.compile(r"0x([0-9A-Fa-f]{6})(?:\s(.*))?", re.DOTALL)
DEEPEST = 64
MOST_PAGES = 3


@dataclass(frozen=True, slots=True)
class Reference:
    """An id, decoded, and the commands behind it as they are written; `offset` is where it stands in the text."""

    name: str
    commands: str = ""
    offset: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class SolidColor:
    """The colour of a swatch without an image, as six hexadecimal digits, and its label."""

    rgb: str
    label: str = ""
    offset: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class ImageSet:
    """A set, the whole text or what stands in brackets."""

    items: tuple[Item, ...] = ()
    offset: int = field(default=0, compare=False)


Part = Reference | SolidColor | ImageSet
Field = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its fields in order, each of them empty, or one part, or the pages of a spread."""

    fields: tuple[Field, ...]
    offset: int = field(default=0, compare=False)

    @property
    def pages(self) -> Field:
        """What the item shows."""
        return self.fields[0]

    @property
    def swatch(self) -> Part | None:
        """The second field."""
        return self.fields[1][0] if len(self.fields) > 1 and self.fields[1] else None

    @property
    def word(self) -> str:
        """The third field: the type of an item of a media set, in lower case."""
        part = self.fields[2][0] if len(self.fields) > 2 and self.fields[2] else None  # noqa: PLR2004, the third
        return part.name.casefold() if isinstance(part, Reference) else ""


@dataclass(slots=True)
class Level:
    """A set that is being read: what is finished of it, and the group in brackets that has just been closed.

    `start` is where the item begins that is being read.
    """

    opening: str
    offset: int
    start: int = 0
    items: list[Item] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    pages: list[Part] = field(default_factory=list)
    group: SolidColor | ImageSet | None = None

    def is_fresh(self) -> bool:
        """Tell whether nothing has been read yet."""
        return not (self.items or self.fields or self.pages or self.group)

    def end_part(self, words: str, offset: int, *, plus: bool) -> None:
        """Take the part that ends here: a group, or the words in front of the mark."""
        if self.group is not None:
            if words.strip():
                raise BadImageSet("a separator behind brackets", offset)
            self.pages.append(self.group)
            self.group = None
        elif words.strip():
            self.pages.append(reference(words, offset, plus=plus))

    def end_field(self) -> None:
        """Take the field that ends here."""
        self.fields.append(tuple(self.pages))
        self.pages.clear()

    def end_item(self, offset: int) -> None:
        """Take the item that ends here, unless nothing stands in it."""
        self.end_field()
        if any(self.fields):
            self.items.append(item_of(tuple(self.fields), self.start))
        self.fields.clear()
        self.start = offset + 1


def read_image_set(text: str, *, plus: bool = False) -> ImageSet:
    """Read a set; raises `BadImageSet`. `plus` says that it stands in a URL, where a plus is a blank."""
    levels, start = [Level("", 0)], 0
    for match in MARK.finditer(text):
        here, mark, level = match.start(), match[0], levels[-1]
        words = text[start:here]
        if mark in PAIRS:
            if words.strip() or level.group is not None:
                raise BadImageSet(f"a separator in front of '{mark}'", here)
            if len(levels) > DEEPEST:
                raise BadImageSet(f"at most {DEEPEST} brackets within one another", here)
            levels.append(Level(mark, here, match.end()))
        elif mark in PAIRS.values():
            if PAIRS.get(level.opening) != mark:
                raise BadImageSet(f"an opening bracket for '{mark}'", here)
            levels.pop()
            levels[-1].group = closed(level, words, start, plus=plus)
        else:
            level.end_part(words, start, plus=plus)
            if mark != ":":
                level.end_item(here) if mark == "," else level.end_field()
        start = match.end()
    if len(levels) > 1:
        raise BadImageSet(f"'{PAIRS[levels[-1].opening]}' for the bracket", levels[-1].offset)
    return finished(levels[0], text[start:], start, plus=plus)


def closed(level: Level, words: str, start: int, *, plus: bool) -> SolidColor | ImageSet:
    """Give what stood in brackets: the colour of a swatch, or a set."""
    if level.is_fresh() and words.lstrip().startswith("0x"):
        match = COLOR.fullmatch(decoded(words, plus=plus).strip())
        if not match:
            raise BadImageSet("0xrrggbb and perhaps a label", start)
        return SolidColor(match[1].lower(), (match[2] or "").strip(), level.offset)
    return finished(level, words, start, plus=plus)


def finished(level: Level, words: str, start: int, *, plus: bool) -> ImageSet:
    """Give the set of a level that ends here."""
    level.end_part(words, start, plus=plus)
    level.end_item(start)
    return ImageSet(tuple(level.items), level.offset)


def reference(words: str, offset: int, *, plus: bool) -> Reference:
    """Read an id and the commands behind it."""
    name, _, commands = words.strip().partition("?")
    return Reference(decoded(name, plus=plus).strip(), commands, offset + len(words) - len(words.lstrip()))


def item_of(fields: tuple[Field, ...], start: int) -> Item:
    """Give an item that begins at `start`; raises `BadImageSet` for fields that make none."""
    pages, *others = fields
    if not pages:
        raise BadImageSet("an id in front of ';'", start)
    if len(pages) > MOST_PAGES:
        raise BadImageSet(f"at most {MOST_PAGES} pages, separated by ':'", pages[MOST_PAGES].offset)
    for part in pages:
        if isinstance(part, SolidColor):
            raise BadImageSet("an id or a set in front of ';', and no colour", part.offset)
    for other in others:
        for number, part in enumerate(other):
            if number or isinstance(part, ImageSet):
                raise BadImageSet("one id or one colour behind ';'", part.offset)
    return Item(fields, pages[0].offset)


def without_braces(text: str) -> str:
    """Take off the pair of braces that encloses a value as a whole, which keeps `&` in it from ending it."""
    text = text.strip()
    if not text.startswith("{"):
        return text
    depth = 0
    for match in re.finditer("[{}]", text):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return text[1:-1] if match.end() == len(text) else text
    return text


@dataclass(frozen=True, slots=True)
class ImageSetGrammar:
    """Reads the text of a set and gives it as it was written."""

    expected: str = "an image set: items separated by commas, with paired brackets"

    def parse(self, text: str) -> str:
        """Check the text; raises `Mismatch`."""
        try:
            read_image_set(text)
        except BadImageSet as error:
            raise Mismatch(error.where) from error
        return text
