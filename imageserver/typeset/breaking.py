"""Where lines may end: the rules of UAX 14 as a table. The classes of characters are uniseg's.

uniseg's own rules take seconds for what a page of text holds, and the square of that for a row of spaces.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from uniseg.linebreak import LineBreak, line_break

from imageserver.typeset.clusters import Break

LINE_ENDS = frozenset("\n\v\f\r\x85\u2028\u2029")
"""Characters behind which a line has to end."""
WIDE = frozenset({"W", "F", "H"})
KINDS = (*(one.value for one in LineBreak), "QUi", "QUf", "HH", "DC")
"""The classes, and what some rules tell apart: quotation marks that open or close, U+2010, and the dotted circle."""
CODES = {(kind, wide): chr(0xE000 + 2 * place + wide) for place, kind in enumerate(KINDS) for wide in (False, True)}
"""A character that stands for each class, not East Asian and East Asian."""
GROUPS = {
    "QU": "QU QUi QUf",
    "QUo": "QU",
    "BA": "BA HH",
    "AL": "AL DC",
    "END": "BK CR LF NL",
    "WORD": "AL HL DC",
    "HANGUL": "JL JV JT H2 H3",
    "AKSARA": "AK AS DC",
    "PICTURE": "ID EB EM",
}
"""What a name stands for in the rules, where it is not just its class."""
RESOLVED = {"AI": "AL", "SG": "AL", "XX": "AL", "CJ": "NS"}
RULES = tuple(
    line.split(maxsplit=1)
    for line in r"""
    LB4    BK ÷
    LB5    CR × LF
    LB5    END ÷
    LB6    × END
    LB7    × (SP|ZW)
    LB8    ZW SP* ÷
    LB11   × WJ
    LB11   WJ ×
    LB12   GL ×
    LB12a  (?<!SP|BA|HY) × GL
    LB13   × (CL|CP|EX|SY)
    LB14   OP SP* ×
    LB15a  (\A|(?<=END|OP|QU|GL|SP|ZW)) QUi SP* ×
    LB15b  × QUf (SP|GL|WJ|CL|QU|CP|EX|IS|SY|END|ZW|\Z)
    LB15c  SP ÷ IS NU
    LB15d  × IS
    LB16   (CL|CP) SP* × NS
    LB17   B2 SP* × B2
    LB18   SP ÷
    LB19   × (QUo|QUf)
    LB19   (QUo|QUi) ×
    LB19a  NARROW × QU
    LB19a  × QU (NARROW|\Z)
    LB19a  QU × NARROW
    LB19a  (\A|(?<=NARROW)) QU ×
    LB20   ÷ CB
    LB20   CB ÷
    LB20a  (\A|(?<=END|SP|ZW|CB|GL)) (HY|HH) × AL
    LB21   × (BA|HY|NS)
    LB21   BB ×
    LB21a  HL (HY|BA) × (?!HL)
    LB21b  SY × HL
    LB22   × IN
    LB23   WORD × NU
    LB23   NU × WORD
    LB23a  PR × PICTURE
    LB23a  PICTURE × PO
    LB24   (PR|PO) × WORD
    LB24   WORD × (PR|PO)
    LB25   NU (SY|IS)* (CL|CP)? × (PO|PR)
    LB25   (PO|PR) × OP IS? NU
    LB25   (PO|PR|HY|IS) × NU
    LB25   NU (SY|IS)* × NU
    LB26   JL × (JL|JV|H2|H3)
    LB26   (JV|H2) × (JV|JT)
    LB26   (JT|H3) × JT
    LB27   HANGUL × PO
    LB27   PR × HANGUL
    LB28   WORD × WORD
    LB28a  AP × AKSARA
    LB28a  AKSARA × (VF|VI)
    LB28a  AKSARA VI × (AK|DC)
    LB28a  AKSARA × AKSARA VF
    LB29   IS × WORD
    LB30   (WORD|NU) × OPEN
    LB30   CLOSED × (WORD|NU)
    LB30b  EB × EM
    """.strip().splitlines()
)
"""The rules in their order, of which the first that fits a place decides: × forbids a break there, ÷ allows it.

LB1, 2, 3, 8a, 9, 10 and 30a are code below; LB31 is the rest. Of LB30b, signs that are not assigned yet are left out.
"""


def breaks(text: str) -> list[Break]:
    """Tell for each character of a text whether a line may or must end behind it; behind the last one only if it must.

    Thai, Lao, Khmer and Burmese words, which need a dictionary, are not told apart.
    """
    found: list[Break] = ["no"] * len(text)
    kept, codes, joined = _simplified(text)
    allowed = _allowed(codes)
    for place in range(1, len(kept)):
        if allowed[place] and place not in joined:
            found[kept[place] - 1] = "may"
    for place, char in enumerate(text):
        if char in LINE_ENDS and not (char == "\r" and text[place + 1 : place + 2] == "\n"):
            found[place] = "must"
    return found


def _allowed(codes: str) -> list[bool]:
    """Tell for each place whether a line may break before it; later rules first, so that earlier ones decide."""
    allowed = [True] * (len(codes) + 1)
    for pattern, may in reversed(PATTERNS):
        for match in pattern.finditer(codes):
            allowed[match.end()] = may
    for match in REGIONAL.finditer(codes):  # LB30a: flags are pairs
        allowed[match.start() + 1] = False
    return allowed


def _simplified(text: str) -> tuple[list[int], str, set[int]]:
    """Give the places that count, their classes, and those that a joiner stands before (LB8a, 9, 10).

    Marks belong to the character before them and are left out, as is a space behind a space.
    """
    kept: list[int] = []
    codes: list[str] = []
    joined: set[int] = set()
    open_to_marks = False
    for place, char in enumerate(text):
        code = _code(char)
        if code in MARKS:
            if open_to_marks:
                (joined.add if code in JOINERS else joined.discard)(len(kept))
                continue
            if code in JOINERS:
                joined.add(len(kept) + 1)
            code = CODES["AL", False]
        elif code in SPACES and codes and codes[-1] == code:
            continue
        kept.append(place)
        codes.append(code)
        open_to_marks = code not in CLOSED_TO_MARKS
    return kept, "".join(codes), joined


@lru_cache(2**15)
def _code(char: str) -> str:
    kind = line_break(char).value
    kind = RESOLVED.get(kind, kind)
    category = unicodedata.category(char)
    if kind == "SA":
        kind = "CM" if category in {"Mn", "Mc"} else "AL"
    elif kind == "QU" and category in {"Pi", "Pf"}:
        kind += category[1]
    elif char in SPECIAL:
        kind = SPECIAL[char]
    return CODES[kind, unicodedata.east_asian_width(char) in WIDE]


SPECIAL = {"\u2010": "HH", "\u25cc": "DC"}


def _set(name: str) -> str:
    """Give the set of codes that a name in the rules stands for."""
    match name:
        case "NARROW":
            return "[" + "".join(code for (_, wide), code in CODES.items() if not wide) + "]"
        case "OPEN" | "CLOSED":
            return CODES["OP" if name == "OPEN" else "CP", False]
        case _:
            kinds = GROUPS.get(name, name).split()
            return "[" + "".join(CODES[kind, wide] for kind in kinds for wide in (False, True)) + "]"


def _pattern(rule: str) -> tuple[re.Pattern[str], bool]:
    """Compile a rule: what it finds ends at the place that it is about."""
    written = re.sub(r"(?<!\\)\b[A-Z][A-Za-z0-9]+", lambda name: _set(name[0]), rule)
    before, mark, after = re.split("([×÷])", re.sub(r"\s", "", written))
    return re.compile(f"(?:{before})(?={after})"), mark == "÷"


PATTERNS = tuple(_pattern(rule) for _, rule in RULES)
REGIONAL = re.compile(_set("RI") + "{2}")
MARKS = frozenset(CODES[kind, wide] for kind in ("CM", "ZWJ") for wide in (False, True))
JOINERS = frozenset(CODES["ZWJ", wide] for wide in (False, True))
SPACES = frozenset(CODES["SP", wide] for wide in (False, True))
CLOSED_TO_MARKS = frozenset(
    CODES[kind, wide] for kind in ("BK", "CR", "LF", "NL", "SP", "ZW") for wide in (False, True)
)
