"""Numbers of a transformation: integers are pixels, decimals are shares of something; both may be expressions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from operator import add, mod, mul, sub

from imageserver.dialects.cloudinary.language.facts import BadTransformation, invalid
from imageserver.dialects.cloudinary.language.picture import Picture
from imageserver.protocol.values import rounded

INTEGER = re.compile(r"-?[0-9]{1,7}")
DECIMAL = re.compile(r"-?[0-9]{0,7}\.[0-9]{1,9}")
PERCENT = re.compile(r"([0-9]{1,4})p")
MOST_STEPS = 40


def divided(one: float, other: float) -> float:
    """Divide; raises `BadTransformation` where that is not possible."""
    if not other:
        raise BadTransformation("Division by zero in transformation")
    return one / other


def raised(one: float, other: float) -> float:
    """Raise to a power, within reason."""
    if abs(other) > 10 or abs(one) > 10**6:  # noqa: PLR2004, more than any size needs
        raise BadTransformation("Invalid power in transformation")
    found = one**other if one or other >= 0 else 0.0
    return found if isinstance(found, int | float) else 0.0


def remainder(one: float, other: float) -> float:
    """Give what a division leaves."""
    return mod(one, other) if other else divided(one, other)


OPERATORS: Mapping[str, Callable[[float, float], float]] = {
    "add": add,
    "sub": sub,
    "mul": mul,
    "div": divided,
    "mod": remainder,
    "pow": raised,
}


def values_of(picture: Picture) -> dict[str, float]:
    """Give the names that an expression may use."""
    size, source = picture.size, picture.source
    return {
        "w": size.width,
        "h": size.height,
        "ar": size.width / size.height,
        "iw": source.width,
        "ih": source.height,
        "iar": source.width / source.height,
        "width": size.width,
        "height": size.height,
        "initial_width": source.width,
        "initial_height": source.height,
        "pc": picture.pages,
        "fc": picture.faces,
    }


def evaluate(name: str, text: str, picture: Picture) -> float:
    """Compute an expression from left to right; raises `BadTransformation`."""
    known = values_of(picture)
    for long in ("initial_width", "initial_height"):
        text = text.replace(long, {"initial_width": "iw", "initial_height": "ih"}[long])
    words = text.split("_")
    if len(words) > MOST_STEPS or len(words) % 2 == 0:
        raise invalid(name, text)
    found = operand(name, words[0], known)
    for operator, word in zip(words[1::2], words[2::2], strict=True):
        if operator not in OPERATORS:
            raise invalid(name, text)
        found = OPERATORS[operator](found, operand(name, word, known))
    return found


def operand(name: str, word: str, known: Mapping[str, float]) -> float:
    """Read a number or a name."""
    if word in known:
        return known[word]
    if INTEGER.fullmatch(word) or DECIMAL.fullmatch(word):
        return float(word)
    raise invalid(name, word)


def length(name: str, text: str, whole: int, picture: Picture, ratio: float = 1.0) -> int:
    """Read a number of pixels, or a share of `whole`; pixels count times the ratio of a device."""
    if INTEGER.fullmatch(text):
        return rounded(int(text) * ratio)
    if DECIMAL.fullmatch(text):
        return rounded(float(text) * whole)
    match = PERCENT.fullmatch(text)
    if match:
        return rounded(int(match[1]) / 100 * whole)
    if "_" in text or text in values_of(picture):
        return rounded(evaluate(name, text, picture) * ratio)
    raise invalid(name, text)


def within(name: str, text: str, low: float, high: float) -> float:
    """Read a number between two others."""
    if not (INTEGER.fullmatch(text) or DECIMAL.fullmatch(text)) or not low <= float(text) <= high:
        raise invalid(name, text)
    return float(text)


def written(number: float) -> str:
    """Write a number without needless digits."""
    return f"{number:.4f}".rstrip("0").rstrip(".")
