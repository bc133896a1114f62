"""Requests that mean harm, made by numbers: strings for URLs, and messages that are almost HTTP."""

from __future__ import annotations

import random
from collections.abc import Iterator
from urllib.parse import quote

MARKUP = "<script>alert(1)</script>"
PLACES = (
    "/is/image/Co/{}",
    "/is/image/{}",
    "/is/content/Co/{}",
    "/is/content/{}",
    "/{}",
    "/catalog/{}",
    "/is/image/Co/grid?{}",
    "/is/image/Co/grid?wid={}",
    "/is/image/Co/grid?fmt={}",
    "/is/image/Co/grid?req={}",
    "/is/image/Co/grid?req=props,json&handler={}",
    "/is/image/Co/grid?req=props,json&id={}",
    "/is/image/Co/grid?req=props,xml&wid={}",
    "/is/image/Co/grid?req=set,json&handler={}",
    "/is/image/Co/grid?req=set,xml&wid={}",
    "/is/image/Co/grid?req=catalogprops,json&handler={}",
    "/is/image/Co/grid?layer=0&src={}",
    "/is/image/Co/grid?layer=0&text={}",
    "/is/image/Co/grid?layer=0&textPs={}",
    "/is/image/Co/grid?layer=0&size=50,50&color=red&clipPath={}",
    "/is/image/Co/grid?mask={}",
    "/is/image/Co/grid?icc={}",
    "/is/image/Co/grid?imageSet={}&req=set",
    "/is/image/Co/grid?{}=1",
    "/is/image/Co/grid?$a={}&$b=$a$$a$&text=$b$",
    "/is/image/Co/grid?defaultImage={}",
    "/is/image/Co/grid?map={}&req=map",
    "/is/image/Co/grid?rgn={}",
    "/is/image/Co/grid?op_usm={}",
    "/is/image/Co?req={}",
)
HARMS = (
    MARKUP,
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "*/alert(1)/*",
    "');alert(1)//",
    "alert(1)//\u2028",
    "]]><x>",
    "&#60;x&#62;",
    "../../../../etc/passwd",
    "..\\..\\secret.txt",
    "..%2f..%2fsecret.txt",
    "....//....//secret.txt",
    "/etc/passwd",
    "file:///etc/passwd",
    "http://127.0.0.1:1/",
    "(http://169.254.169.254/latest/)",
    "\\\\host\\share",
    "a\r\nX-Evil: 1",
    "a\0.png",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "\xc0\xae\xc0\xae\xc0\xaf",
    "%",
    "%zz",
    "%u002e",
    "$",
    "$$",
    "$a$",
    "$" * 999,
    "is{" * 90,
    "is{Co/grid?src=is{Co/grid}}",
    "{" * 999,
    "}" * 999,
    "(" * 999,
    "[" * 999,
    ",".join("9" * 300),
    ";".join("Co/grid" for _ in range(900)),
    "9" * 300,
    "-1",
    "1e999",
    "nan",
    "inf",
    "0x10",
    "99999999,99999999",
    "-99999999,-99999999,99999999,99999999",
    "0,0,0,0",
    "M" + "0,0L9,9" * 900,
    "M0,0" + "C1e9,1e9,-1e9,1e9,0,0" * 90 + "Z",
    "{\\rtf1" + "{\\b " * 900,
    "{\\rtf1\\ansi" + "\\u-9999?" * 300 + "}",
    "{\\rtf1 \\fs99999999 \\li-99999999 \\'zz \\bin99999999 x}",
    "{\\rtf1 {\\fonttbl{\\f0 ../../etc/passwd;}}\\f0 x}",
    "a" * 5000,
    "\u202e\u0301" * 300,
    "\U0001f468\u200d" * 200,
    "' or 1=1--",
    "{{7*7}}${7*7}#{7*7}",
    "%n%s%x",
    "| id; $(id) `id`",
)


HEAD = b"Host: a\r\nConnection: close\r\n"
GET = b"GET /is/image/Co/grid?wid=20 HTTP/1.1\r\n" + HEAD + b"\r\n"
PAGE = b'GET / HTTP/1.1\r\nRange: bytes=0-9,5-\r\nIf-None-Match: "a", W/"b"\r\n' + HEAD + b"\r\n"
FORM = b"POST /is/image/Co/grid HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n" + HEAD + b"%s"
CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n6\r\nwid=20\r\n0\r\n\r\n"


def bad_targets(count: int, seed: int = 9) -> Iterator[str]:
    """Yield paths with queries, as they go over the line: each harm at each place, then bent ones by chance."""
    chance = random.Random(seed)  # noqa: S311, the same at every run
    together = [(place, harm) for place in PLACES for harm in HARMS]
    chance.shuffle(together)
    for number in range(count):
        place, harm = together[number % len(together)]
        if number >= len(together):
            harm = bent(harm, chance)
        yield place.format(written(harm, chance))


def written(harm: str, chance: random.Random) -> str:
    """Encode what may not stand in a request line, and at times all or twice."""
    safe = chance.choice(("", "/", "/<>\"'${}|\\^`", "/,;:()[]{}$!*'"))
    data = harm.encode("latin-1" if max(map(ord, harm), default=0) < 0x100 else "utf-8", "surrogatepass")
    text = quote(data, safe=safe)
    return quote(text) if not chance.randrange(12) else text


def bent(harm: str, chance: random.Random) -> str:
    """Change some letters."""
    letters = list(harm[:300]) or ["x"]
    for _ in range(chance.randrange(1, 5)):
        place = chance.randrange(len(letters))
        letters[place] = chance.choice((chr(chance.randrange(1, 0x250)), letters[place] * 2, "", "&", "=", "$", "%"))
    return "".join(letters)


def bad_messages(count: int, seed: int = 9) -> Iterator[bytes]:
    """Yield messages that are almost HTTP: good ones with bytes changed, lost, doubled or put in."""
    chance = random.Random(seed)  # noqa: S311, the same at every run
    good = (GET, FORM % b"Content-Length: 6\r\n\r\nwid=20", FORM % CHUNKS, PAGE)
    put_in = (b"\r", b"\n", b"\r\n", b"\0", b" ", b"\t", b":", b"\xff", b"chunked", b"HTTP/", b"Content-Length: 3\r\n")
    for number in range(count):
        data = bytearray(good[number % len(good)])
        for _ in range(chance.choice((1, 1, 2, 5))):
            place = chance.randrange(len(data))
            match chance.randrange(4):
                case 0:
                    data[place] = chance.randrange(256)
                case 1:
                    del data[place : place + chance.choice((1, 2, 9))]
                case 2:
                    data[place:place] = chance.choice(put_in)
                case _:
                    data[place:place] = data[place : place + 20]
        yield bytes(data)
