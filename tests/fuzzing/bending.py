"""Data, changed by chance."""

from __future__ import annotations

import random

MARKS = (
    b"\0",
    b"\xff",
    b"\xff\xff\xff\xff",
    b"\x7f\xff",
    b"%",
    b"&",
    b"=",
    b"{",
    b"}",
    b"$",
    b"?",
    b"\\",
    b"<",
    b"'",
    b"\n",
)


def bent(data: bytes, chance: random.Random) -> bytes:
    """Change, lose, double or put in some bytes."""
    found = bytearray(data or b"a")
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        place = chance.randrange(len(found) + 1)
        length = chance.choice((1, 1, 2, 4, 20))
        match chance.randrange(5):
            case 0 if place < len(found):
                found[place] ^= 1 << chance.randrange(8)
            case 1:
                del found[place : place + length]
            case 2:
                found[place:place] = found[place : place + length] * chance.choice((1, 2, 30))
            case 3:
                found[place:place] = chance.choice(MARKS)
            case _:
                found[place : place + length] = bytes(chance.randrange(256) for _ in range(length))
        found = found or bytearray(b"a")
    return bytes(found[:20_000])
