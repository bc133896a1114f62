"""Characters as RTF writes them, plain, as bytes of a code page or as UTF-16 numbers → Unicode."""

from __future__ import annotations

import re
from collections.abc import Callable

from imageserver.richtext.code_pages import ANSI, CodePage

Complain = Callable[[int, str], None]
"""Takes a remark: its offset, and what it says."""
DAMAGED = "\ufffd"
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
HALF = re.compile("[\ud800-\udfff]")
HIGH_HALVES = range(0xD800, 0xDC00)
LOW_HALVES = range(0xDC00, 0xE000)
UNITS = range(-(2**15), 0x110000)
LAST_BYTE = 0xFF
FIRST_TRAIL = 0x30


class Decoder:
    """Turns what is written into characters; bytes and halves of pairs wait until the next thing shows what they are.

    Each method gives the characters that are complete now. Control characters but the tab are skipped, as the
    reference says that they should not be there.
    """

    def __init__(self, complain: Complain) -> None:
        self.complain = complain
        self.to_skip = 0
        self._bytes = bytearray()
        self._offsets: list[int] = []
        self._page = ANSI
        self._is_led = False
        self._half: tuple[int, int] | None = None

    def plain(self, text: str, offset: int) -> str:
        r"""Take characters that stand for themselves, but for those that replace a `\u` before them."""
        skipped = min(self.to_skip, len(text))
        self.to_skip -= skipped
        text = text[skipped:]
        if not text:
            return ""
        if self._is_led and FIRST_TRAIL <= ord(text[0]) <= LAST_BYTE:
            self._take(ord(text[0]), offset + skipped)
            text = text[1:]
        return self.rest() + self._clean(text, offset + skipped)

    def byte(self, value: int, offset: int, page: CodePage) -> str:
        r"""Take a byte of a code page, unless it replaces a `\u` before it."""
        if self.to_skip:
            self.to_skip -= 1
            return ""
        before = self._lone_half()
        self._page = page
        self._take(value, offset)
        return before

    def unit(self, number: int, offset: int, replacements: int) -> str:
        r"""Take the number of `\u`: a UTF-16 unit, signed or not, or a whole character; `replacements` follow it."""
        before = self.settle()
        if number not in UNITS:
            self.complain(offset, f"\\u{number}: expected -32768 to 65535; what is written behind it is shown")
            return before
        self.to_skip = replacements
        value = number + 2**16 if number < 0 else number
        if value in LOW_HALVES and self._half:
            high, self._half = self._half[0], None
            return before + chr(0x10000 + (high - HIGH_HALVES.start) * 0x400 + value - LOW_HALVES.start)
        before += self._lone_half()
        if value in HIGH_HALVES:
            self._half = value, offset
            return before
        return before + self._clean(chr(value), offset)

    def settle(self) -> str:
        """End what was begun, but for half of a pair: words may stand between the halves."""
        self.to_skip = 0
        data, self._bytes, self._is_led = bytes(self._bytes), bytearray(), False
        offsets, self._offsets = self._offsets, []
        try:
            return self._clean(self._page.decode(data), 0) if data else ""
        except UnicodeDecodeError as error:
            written = data[error.start : error.end].hex(" ")
            self.complain(offsets[error.start], f"{written} is no character of code page {self._page.number}")
            return self._clean(self._page.decode(data, "replace"), 0)

    def rest(self) -> str:
        """End all that was begun."""
        return self.settle() + self._lone_half()

    def _take(self, value: int, offset: int) -> None:
        self._bytes.append(value)
        self._offsets.append(offset)
        self._is_led = not self._is_led and value in self._page.leads

    def _lone_half(self) -> str:
        if self._half is None:
            return ""
        (value, offset), self._half = self._half, None
        return self._clean(chr(value), offset)

    def _clean(self, text: str, offset: int) -> str:
        half = HALF.search(text)
        if half:
            self.complain(offset + half.start(), f"U+{ord(half[0]):04X} is half of a surrogate pair without the other")
            text = HALF.sub(DAMAGED, text)
        return CONTROL.sub("", text)
