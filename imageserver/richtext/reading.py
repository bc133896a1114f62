"""Text as written → rich text. Reference: c-text-formatting and the pages below it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from imageserver.protocol.color import Color
from imageserver.richtext.code_pages import ANSI, CODE_PAGES, DOCUMENT_CODE_PAGES, CodePage
from imageserver.richtext.composing import Composer
from imageserver.richtext.decoding import Decoder
from imageserver.richtext.destinations import SKIPPED, TABLES, Destination
from imageserver.richtext.document import BLACK, Dialect, Look, Remark, RichText, TextBox
from imageserver.richtext.scanning import Kind, Token, tokens
from imageserver.richtext.tables import ColorTable, Font, FontTable, NamedColorTable, Table
from imageserver.richtext.words import (
    BOX_WORDS,
    BREAKS,
    CHARACTER_WORDS,
    ENTITIES,
    LOOK_WORDS,
    PARAGRAPH_ENDS,
    PARAGRAPH_WORDS,
    SYMBOLS_WITHOUT_MEANING,
    Characters,
    Lines,
    T,
    Word,
)

MOST_GROUPS = 1000
MOST_REMARKS = 100
MOST_REPLACEMENTS = 2**15 - 1
BROKEN_LINE = re.compile(r"([^\r\n])[\r\n]+[^\r\n]")
PARAGRAPH_SEPARATOR = "\u2029"
ONLY: dict[str, Dialect] = {"cmykcolortbl": "text", "iscolortbl": "textPs"}


def read_rich_text(text: str, dialect: Dialect, *, cmyk: bool = False) -> RichText:
    r"""Read RTF, a piece of it, or plain text; what is damaged gets a remark, and stops nothing.

    Line ends mean nothing, as in all RTF, and as the reference wants them removed; `\line` and `\par` break.
    `cmyk` says that the layer's pixels are CMYK, so that `\cmykcolortbl` counts.
    """
    return Reader(text, dialect, cmyk=cmyk).read()


@dataclass(frozen=True, slots=True)
class State:
    """What is in force; the end of a group brings back what was in force before it."""

    characters: Characters = Characters()
    lines: Lines = Lines()
    destination: Destination = "body"
    replacements: int = 1


class Reader:
    """Reads one text, token by token; groups are kept on a list, so that their depth costs nothing."""

    def __init__(self, text: str, dialect: Dialect, *, cmyk: bool) -> None:
        self.text = text
        self.dialect = dialect
        self.state = State()
        self.groups: list[tuple[State, int]] = []
        self.groups_too_deep = 0
        self.box = TextBox()
        self.default_font: int | None = None
        self.page = ANSI
        self.remarks: list[Remark] = []
        self.asked: dict[tuple[str, int], int | None] = {}
        self.before = ("", "")
        self.last_characters = Characters()
        self.last_lines = Lines()
        self.composer = Composer()
        self.decoder = Decoder(self.complain)
        self.fonts = FontTable(self.complain)
        self.colors = ColorTable("colortbl", self.complain)
        self.inks = ColorTable("cmykcolortbl", self.complain)
        self.named_colors = NamedColorTable(self.complain)
        self.tables: Mapping[Destination, Table] = {
            "fonttbl": self.fonts,
            "colortbl": self.colors,
            "cmykcolortbl": self.inks,
            "iscolortbl": self.named_colors,
        }
        self.color_tables: tuple[ColorTable | NamedColorTable, ...] = (
            self.named_colors,
            *((self.inks,) if cmyk else ()),
            self.colors,
        )
        self.steps: Mapping[Kind, Callable[[Token], None]] = {
            "open": self.open_group,
            "close": self.close_group,
            "word": self.take_word,
            "symbol": self.take_symbol,
            "byte": self.take_byte,
            "text": self.take_text,
        }

    def read(self) -> RichText:
        """Read the whole text."""
        for token in tokens(self.text):
            if token.kind != "line_end":
                self.steps[token.kind](token)
                self.before = (self.before[1], "*" if token.kind == "symbol" and token.text == "*" else token.kind)
        self.put(self.decoder.rest(), len(self.text))
        if not self.composer.is_between:
            self.composer.end_paragraph(self.last_lines.meant, self.look(self.last_characters))
        self.look_back()
        return RichText(
            tuple(self.composer.paragraphs), self.box, tuple(sorted(self.remarks, key=lambda one: one.offset))
        )

    def look_back(self) -> None:
        """Remark upon what only the end shows."""
        if self.groups:
            count = len(self.groups) + self.groups_too_deep
            self.complain(self.groups[0][1], f"{{ is not closed; groups without their }}: {count}")
        if not any(character in self.text for character in "\\{}") and (found := BROKEN_LINE.search(self.text)):
            self.complain(found.end(1), "line ends are skipped; \\line or \\par breaks a line")

    def complain(self, offset: int, says: str) -> None:
        """Remember what was not understood; the first remarks say enough."""
        if len(self.remarks) < MOST_REMARKS:
            self.remarks.append(Remark(min(offset, len(self.text) - 1), says))

    def open_group(self, token: Token) -> None:
        """Begin a group, unless there are too many."""
        self.settle(token)
        if len(self.groups) < MOST_GROUPS:
            self.groups.append((self.state, token.offset))
            return
        if not self.groups_too_deep:
            self.complain(token.offset, f"more than {MOST_GROUPS} groups within one another; the next are no groups")
        self.groups_too_deep += 1

    def close_group(self, token: Token) -> None:
        """End a group: what was in force before it is in force again."""
        self.settle(token)
        if self.groups_too_deep:
            self.groups_too_deep -= 1
        elif self.groups:
            ended, (self.state, _) = self.state, self.groups.pop()
            if ended.destination in self.tables:
                is_last = self.state.destination != ended.destination
                self.tables[ended.destination].end_group(last=is_last)
        else:
            self.complain(token.offset, "} without a { before it; \\} is a brace to be shown")

    def take_text(self, token: Token) -> None:
        """Take plain characters."""
        if self.state.destination != "nowhere":
            self.put(self.decoder.plain(token.text, token.offset), token.offset)

    def take_byte(self, token: Token) -> None:
        """Take a byte of the code page that is in force."""
        if self.state.destination != "nowhere":
            self.put(self.decoder.byte(token.number or 0, token.offset, self.page_in_force()), token.offset)

    def take_symbol(self, token: Token) -> None:
        """Take a backslash with what is no letter."""
        if self.state.destination == "nowhere" or token.text in SYMBOLS_WITHOUT_MEANING:
            return
        if not self.take_as_characters(token):
            self.settle(token)
            symbol = token.text if token.text.isprintable() else f"U+{ord(token.text):04X}"
            says = "wants two hexadecimal digits" if symbol == "'" else "is no symbol of RTF"
            self.complain(token.offset, f"\\{symbol} {says}; \\\\ is a backslash to be shown")

    def take_word(self, token: Token) -> None:
        """Take a word, which begins a destination, stands for characters, or changes something."""
        if self.state.destination == "nowhere":
            return
        if token.text == "bin" and token.end > len(self.text):
            self.complain(token.offset, "\\bin has less data than it says")
        if token.text in TABLES or self.begins_what_is_skipped(token.text):
            self.enter(token)
        elif token.text == "u":
            self.take_unit(token)
        elif not self.take_as_characters(token):
            self.settle(token)
            if self.state.destination == "body":
                self.format(token)
            else:
                self.tables[self.state.destination].word(token.text, token.number or 0, token.offset)
            self.change_document(token)

    def begins_what_is_skipped(self, word: str) -> bool:
        """Whether a word begins a group that is no text, or one that only those may read who know the word."""
        return self.before == ("open", "*") or (self.before[1] == "open" and word in SKIPPED)

    def enter(self, token: Token) -> None:
        """Begin a destination, which lasts to the end of the group; one that is not known leads nowhere."""
        self.settle(token)
        destination = TABLES.get(token.text, "nowhere")
        if ONLY.get(token.text, self.dialect) != self.dialect:
            destination = "nowhere"
        if not self.groups:
            self.complain(token.offset, f"\\{token.text} stands in no group, so that the rest belongs to it")
        self.state = replace(self.state, destination=destination)
        if destination in self.tables:
            self.tables[destination].start(token.offset)

    def take_unit(self, token: Token) -> None:
        r"""Take a `\u`."""
        if token.number is None:
            self.complain(token.offset, "\\u wants the number of a character")
        else:
            self.put(self.decoder.unit(token.number, token.offset, self.state.replacements), token.offset)

    def take_as_characters(self, token: Token) -> bool:
        """Take what stands for characters, a line or the end of a paragraph; say whether it does."""
        if entity := ENTITIES.get(token.text):
            shown = entity.text if entity.only in (None, self.dialect) else ""
            self.put(self.decoder.plain(shown, token.offset), token.offset)
        elif token.text in BREAKS:
            self.put(self.decoder.rest() + BREAKS[token.text], token.offset)
        elif token.text in PARAGRAPH_ENDS:
            self.put(self.decoder.rest(), token.offset)
            if self.state.destination == "body":
                self.composer.end_paragraph(self.state.lines.meant, self.look(self.state.characters))
        else:
            return False
        return True

    def settle(self, token: Token) -> None:
        """Give what a code page still owes before something changes."""
        self.put(self.decoder.settle(), token.offset)

    def put(self, characters: str, offset: int) -> None:
        """Bring characters to where they belong."""
        if not characters:
            return
        if self.state.destination == "body":
            look = self.look(self.state.characters)
            first, *others = characters.split(PARAGRAPH_SEPARATOR)
            self.composer.add(first, look)
            for other in others:
                self.composer.end_paragraph(self.state.lines.meant, look)
                self.composer.add(other, look)
            self.last_characters, self.last_lines = self.state.characters, self.state.lines
        elif self.state.destination in self.tables:
            self.tables[self.state.destination].put(characters, offset)

    def format(self, token: Token) -> None:
        """Change what is in force; a word that is not known is skipped, as the reference does."""
        name = token.text
        if name in PARAGRAPH_WORDS:
            self.set_lines(self.changed(PARAGRAPH_WORDS[name], self.state.lines, token))
        elif name in BOX_WORDS:
            self.box = self.changed(BOX_WORDS[name], self.box, token)
        elif name in LOOK_WORDS:
            now = self.state.characters
            self.set_characters(replace(now, look=self.changed(LOOK_WORDS[name], now.look, token)))
        elif name in CHARACTER_WORDS:
            self.set_characters(self.changed(CHARACTER_WORDS[name], self.state.characters, token))
            self.asked.setdefault((name, token.number or 0), token.offset)

    def set_lines(self, lines: Lines) -> None:
        """Put a paragraph's properties in force; where a group ends behind them, the last paragraph has them still."""
        if lines is not self.state.lines:
            self.state = replace(self.state, lines=lines)
            self.last_lines = lines

    def set_characters(self, characters: Characters) -> None:
        """Put the properties of characters in force, likewise."""
        self.state = replace(self.state, characters=characters)
        self.last_characters = characters

    def change_document(self, token: Token) -> None:
        """Take what says how the characters of the whole document are written."""
        number = token.number
        match token.text:
            case "ansi" | "mac" | "pc" | "pca":
                self.page = DOCUMENT_CODE_PAGES[token.text]
            case "ansicpg" if number in CODE_PAGES:
                self.page = CODE_PAGES[number]
            case "ansicpg":
                self.complain(token.offset, f"\\ansicpg{number or 0} is not known; {self.page.number} is taken")
            case "deff":
                self.default_font = number or 0
            case "uc" if number is None or 0 <= number <= MOST_REPLACEMENTS:
                self.state = replace(self.state, replacements=1 if number is None else number)
            case "uc":
                self.complain(token.offset, f"\\uc{number}: expected 0 to {MOST_REPLACEMENTS}")

    def changed(self, word: Word[T], value: T, token: Token) -> T:
        """Give the value as the word changes it: not at all where its dialect or its number forbids that."""
        if word.only not in (None, self.dialect):
            return value
        number = word.missing if token.number is None else token.number
        if word.low <= number <= word.high:
            return word.change(value, number)
        self.complain(token.offset, f"\\{token.text}{number}: expected {word.low} to {word.high}")
        return value

    def look(self, characters: Characters) -> Look:
        """Give the look that the characters have by the tables that were met so far."""
        look = characters.look
        font, color = self.font_name(characters.font), self.color(characters.color)
        fit = characters.fit if characters.fit.largest > look.size else None
        if (font, color, fit) == (look.font, look.color, look.fit):
            return look
        return replace(look, font=font, color=color, fit=fit)

    def font(self, number: int | None) -> Font | None:
        """Give a font by its number, or else the default one of the document, if there is one."""
        fonts = self.fonts.fonts
        if number is not None and number in fonts:
            return fonts[number]
        return None if self.default_font is None else fonts.get(self.default_font)

    def font_name(self, number: int | None) -> str:
        """Give the name of a font; "" is the default font of the catalog."""
        if number is not None and number not in self.fonts.fonts:
            self.complain_once("f", number, "is in no \\fonttbl; the default font is taken")
        font = self.font(number)
        return font.name if font else ""

    def color(self, number: int | None) -> Color:
        """Give a colour of the first table that has it, or else black."""
        if number is None:
            return BLACK
        for table in self.color_tables:
            color = table.colors[number] if number < len(table.colors) else None
            if color:
                return color
        if number:
            self.complain_once("cf", number, "is in no table of colours; black is taken")
        return BLACK

    def complain_once(self, name: str, number: int, says: str) -> None:
        """Remark upon a number of a table, where it was first asked for."""
        offset, self.asked[name, number] = self.asked.get((name, number)), None
        if offset is not None:
            self.complain(offset, f"\\{name}{number} {says}")

    def page_in_force(self) -> CodePage:
        """Give the code page of the font, unless words say that bytes pair up, or that they do not."""
        if self.state.destination == "fonttbl":
            return self.fonts.page or self.page
        now = self.state.characters
        font = self.font(now.font)
        page = (font.page if font else None) or self.page
        if now.bytes_are == "double" and not page.leads:
            return self.page if self.page.leads else page
        if now.bytes_are == "single" and page.leads:
            return ANSI if self.page.leads else self.page
        return page
