"""Code pages: what bytes mean in the character sets that fonts and documents name. Reference: RTF 1.6, font table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CodePage:
    """How bytes become characters; `leads` are those that need another one behind them. No codec is a symbol font's."""

    number: int
    codec: str
    leads: frozenset[int] = frozenset()

    def decode(self, data: bytes, errors: str = "strict") -> str:
        """Give the characters; those of symbol fonts lie in the private area, as in the fonts themselves."""
        if self.codec:
            return data.decode(self.codec, errors)
        return "".join(chr(byte if byte < HIGH else SYMBOL_AREA + byte) for byte in data)


HIGH = 0x80
SYMBOL_AREA = 0xF000
SHIFT_JIS_LEADS = frozenset((*range(0x81, 0xA0), *range(0xE0, 0xFD)))
CHINESE_LEADS = frozenset(range(0x81, 0xFF))
JOHAB_LEADS = frozenset((*range(0x84, 0xD4), *range(0xD8, 0xDF), *range(0xE0, 0xFA)))
DOUBLE_BYTE = {
    932: CodePage(932, "cp932", SHIFT_JIS_LEADS),
    936: CodePage(936, "cp936", CHINESE_LEADS),
    949: CodePage(949, "cp949", CHINESE_LEADS),
    950: CodePage(950, "cp950", CHINESE_LEADS),
    1361: CodePage(1361, "johab", JOHAB_LEADS),
}
MACINTOSH = {
    10000: "mac_roman",
    10004: "mac_arabic",
    10006: "mac_greek",
    10007: "mac_cyrillic",
    10029: "mac_latin2",
    10081: "mac_turkish",
}
NAMED = (437, 720, 850, 852, 855, 857, 858, 860, 861, 862, 863, 864, 865, 866, 869, 874, *range(1250, 1259))
CODE_PAGES = {
    **{number: CodePage(number, f"cp{number}") for number in NAMED},
    **{number: CodePage(number, codec) for number, codec in MACINTOSH.items()},
    **DOUBLE_BYTE,
    65001: CodePage(65001, "utf-8"),
}
ANSI = CODE_PAGES[1252]
SYMBOL = CodePage(0, "")
CHARSETS: dict[int, CodePage | None] = {
    0: ANSI,
    1: None,
    2: SYMBOL,
    77: CODE_PAGES[10000],
    78: CODE_PAGES[932],
    79: CODE_PAGES[949],
    80: CODE_PAGES[936],
    81: CODE_PAGES[950],
    83: CODE_PAGES[1255],
    84: CODE_PAGES[10004],
    85: CODE_PAGES[10006],
    86: CODE_PAGES[10081],
    87: CODE_PAGES[874],
    88: CODE_PAGES[10029],
    89: CODE_PAGES[10007],
    128: CODE_PAGES[932],
    129: CODE_PAGES[949],
    130: CODE_PAGES[1361],
    134: CODE_PAGES[936],
    136: CODE_PAGES[950],
    161: CODE_PAGES[1253],
    162: CODE_PAGES[1254],
    163: CODE_PAGES[1258],
    177: CODE_PAGES[1255],
    178: CODE_PAGES[1256],
    179: CODE_PAGES[1256],
    180: CODE_PAGES[1256],
    181: CODE_PAGES[1255],
    186: CODE_PAGES[1257],
    204: CODE_PAGES[1251],
    222: CODE_PAGES[874],
    238: CODE_PAGES[1250],
    254: CODE_PAGES[437],
    255: CODE_PAGES[850],
}
"""Of `\\fcharset`; None is the code page of the document."""
DOCUMENT_CODE_PAGES = {"ansi": ANSI, "mac": CODE_PAGES[10000], "pc": CODE_PAGES[437], "pca": CODE_PAGES[850]}
