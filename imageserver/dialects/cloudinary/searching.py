"""`resources/search`: a subset of its expressions, over what is known of records without a look at their pixels."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from imageserver.catalog.written import Json
from imageserver.dialects.cloudinary.account import Name
from imageserver.dialects.cloudinary.assets import Asset, asset_of, context_of, described, listed, stamp, tags_of
from imageserver.dialects.cloudinary.calls import Call
from imageserver.dialects.cloudinary.replies import Failed
from imageserver.dialects.cloudinary.resources import MOST, cursor, cursor_at
from imageserver.store.store import Status

TOKEN = re.compile(
    r"\s*(?:(?P<paren>[()])|(?P<word>AND|OR|NOT)(?=[\s(])|"
    r'(?P<field>[a-z_]+(?:\.[A-Za-z0-9_-]+)?)\s*(?P<op>>=|<=|[:=<>])\s*(?P<value>"[^"]*"|\[[^\]]*\]|[^\s()]+)|'
    r'(?P<text>"[^"]*"|[^\s()]+))'
)
LONGEST, MOST_WORDS = 2000, 200
MEASURED = frozenset({"width", "height", "format", "aspect_ratio", "bytes"})
Facts = dict[str, object]
Test = Callable[[Facts], bool]
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">": lambda one, other: one > other,
    "<": lambda one, other: one < other,
    ">=": lambda one, other: one >= other,
    "<=": lambda one, other: one <= other,
}


async def search(call: Call) -> object:
    """Find assets."""
    started = time.monotonic()
    expression = call.text("expression")
    if len(expression) > LONGEST:
        raise Failed(400, f"Invalid expression: expected at most {LONGEST} characters")
    test = parsed(expression)
    notes = await call.run(call.account.notes.every, "asset")
    records = [one for one in await call.run(call.account.records) if one.fields.get("path")]
    assets: dict[Name, Asset] = {}
    if any(name in expression for name in MEASURED) or any(
        name in str(call.document.get("sort_by")) for name in MEASURED
    ):
        assets = {Name.of(one): await asset_of(call, Name.of(one), one) for one in records}
    known = ((one, notes.get(one.row.uid, {}), assets.get(Name.of(one))) for one in records)
    found = await call.run(sifted, known, test, list(orders(call)))
    count, start = call.number("max_results", 50, MOST), cursor(call.text("next_cursor"))
    chosen = [await asset_of(call, Name.of(one), one) for one, _ in found[start : start + count]]
    told: dict[str, object] = {
        "total_count": len(found),
        "time": round((time.monotonic() - started) * 1000),
        "resources": [shown(call, one) for one in chosen],
    }
    if start + count < len(found):
        told["next_cursor"] = cursor_at(start + count)
    if call.values.get("aggregate"):
        told["aggregations"] = {name: counted(name, [facts for _, facts in found]) for name in call.values["aggregate"]}
    return told


def sifted(
    known: Iterable[tuple[Status, Mapping[str, Json], Asset | None]], test: Test, order: Sequence[tuple[str, str]]
) -> list[tuple[Status, Facts]]:
    """Choose and sort, in a thread."""
    pairs = ((status, facts_of(status, note, asset)) for status, note, asset in known)
    found = [(status, facts) for status, facts in pairs if test(facts)]
    for name, direction in reversed(order):
        found.sort(key=lambda pair: sortable(pair[1].get(name)), reverse=direction == "desc")
    return found


def sortable(value: object) -> tuple[int, float, str]:
    """Give a key by which numbers come before texts."""
    return (0, float(value), "") if isinstance(value, int | float) else (1, 0.0, str(value))


def counted(name: str, found: list[Facts]) -> dict[str, int]:
    """Count the values of a field."""
    counts: dict[str, int] = {}
    for facts in found:
        value = str(facts.get(name, ""))
        counts[value] = counts.get(value, 0) + 1
    return counts


def orders(call: Call) -> Iterator[tuple[str, str]]:
    """Yield fields to sort by; at last by when they were made, the newest first."""
    asked = call.document.get("sort_by")
    for one in asked if isinstance(asked, list) else []:
        if isinstance(one, dict):
            yield from ((name, str(direction)) for name, direction in one.items())
    yield "created_at", "desc"
    yield "public_id", "asc"


def shown(call: Call, asset: Asset) -> dict[str, object]:
    """Describe an asset with the fields that are asked for."""
    everything = {
        **described(call, asset),
        "filename": asset.public_id.rpartition("/")[2],
        "uploaded_at": stamp(asset.version),
        "status": "active",
        **(measures_of(asset) if asset.is_image else {}),
    }
    fields = call.list("fields")
    if fields:
        return {name: everything[name] for name in ("asset_id", "public_id", *fields) if name in everything}
    usual = [*listed(call, asset), "filename", "uploaded_at", "aspect_ratio", "pixels", "status", "etag", "pages"]
    told = {name: everything[name] for name in (*usual, *call.list("with_field")) if name in everything}
    if "context" in told:
        told["context"] = asset.context
    for name in ("tags", "context"):
        if name in call.list("with_field") and name not in told:
            told[name] = [] if name == "tags" else {}
    return told


def measures_of(asset: Asset) -> dict[str, object]:
    """Say what follows from the size of a picture."""
    width, height = asset.size.width, asset.size.height
    return {"aspect_ratio": round(width / max(1, height), 5), "pixels": width * height}


def facts_of(status: Status, note: Mapping[str, Json], asset: Asset | None) -> Facts:
    """Say what an expression may ask of a record."""
    name = Name.of(status)
    public_id = name.public_id
    folder = public_id.rpartition("/")[0]
    facts: Facts = {
        "public_id": public_id,
        "asset_id": status.row.uid,
        "tags": tags_of(status.fields),
        "folder": folder,
        "asset_folder": note.get("asset_folder", folder),
        "display_name": note.get("display_name", public_id.rpartition("/")[2]),
        "path": public_id,
        "filename": public_id.rpartition("/")[2],
        "type": name.type,
        "resource_type": name.kind,
        "uploaded_at": status.row.stored_at,
        "created_at": status.row.stored_at,
        "status": "active",
        **{f"context.{name}": value for name, value in context_of(status.fields).items()},
    }
    if asset is not None:
        facts["bytes"] = asset.bytes
    if asset is not None and asset.is_image:
        size = asset.size
        facts |= {"width": size.width, "height": size.height, "format": asset.format}
        facts |= {"aspect_ratio": size.width / max(1, size.height)}
    return facts


def parsed(text: str) -> Test:
    """Read an expression; raises `Failed`."""
    tokens = list(tokens_of(text))
    if not tokens:
        return lambda _: True
    if len(tokens) > MOST_WORDS:
        raise Failed(400, f"Invalid expression: expected at most {MOST_WORDS} comparisons, words and brackets")
    test, rest = either(tokens)
    if rest:
        raise Failed(400, f"Invalid expression near '{rest[0]['paren'] or rest[0]['text'] or ''}'")
    return test


def tokens_of(text: str) -> Iterator[dict[str, str | None]]:
    """Cut an expression."""
    position, end = 0, len(text.rstrip())
    while position < end:
        match = TOKEN.match(text, position)
        if not match or match.end() == position:
            raise Failed(400, f"Invalid expression near '{text[position : position + 20]}'")
        position = match.end()
        yield match.groupdict()


Tokens = list[dict[str, str | None]]


def either(tokens: Tokens) -> tuple[Test, Tokens]:
    """Read what stands on both sides of OR."""
    test, rest = both(tokens)
    while rest and rest[0]["word"] == "OR":
        other, rest = both(rest[1:])
        test = or_(test, other)
    return test, rest


def both(tokens: Tokens) -> tuple[Test, Tokens]:
    """Read what stands on both sides of AND, which may be left out."""
    test, rest = one_of(tokens)
    while rest and rest[0]["word"] != "OR" and rest[0]["paren"] != ")":
        other, rest = one_of(rest[1:] if rest[0]["word"] == "AND" else rest)
        test = and_(test, other)
    return test, rest


def or_(one: Test, other: Test) -> Test:
    """Join two tests of which one is enough."""
    return lambda facts: one(facts) or other(facts)


def and_(one: Test, other: Test) -> Test:
    """Join two tests that are both needed."""
    return lambda facts: one(facts) and other(facts)


def one_of(tokens: Tokens) -> tuple[Test, Tokens]:
    """Read a comparison, a text, or what stands in brackets."""
    if not tokens:
        raise Failed(400, "Invalid expression: it ends too early")
    token, rest = tokens[0], tokens[1:]
    if token["word"] == "NOT":
        test, rest = one_of(rest)
        return (lambda facts: not test(facts)), rest
    if token["paren"] == "(":
        test, rest = either(rest)
        if not rest or rest[0]["paren"] != ")":
            raise Failed(400, "Invalid expression: a bracket is not closed")
        return test, rest[1:]
    if token["field"]:
        return comparison(token["field"], token["op"] or "", (token["value"] or "").strip('"')), rest
    if token["text"]:
        return anywhere(token["text"].strip('"').casefold()), rest
    raise Failed(400, "Invalid expression")


def anywhere(text: str) -> Test:
    """Look for a text in all that is known of an asset."""
    pattern = text if "*" in text else f"*{text}*"
    return lambda facts: any(fnmatchcase(str(value).casefold(), pattern) for value in facts.values())


def comparison(name: str, operator: str, value: str) -> Test:
    """Compare a field; `*` stands for anything, and `[a TO b]` for what lies between."""
    if operator in COMPARISONS:
        compare = COMPARISONS[operator]
        return lambda facts: compare(number(facts.get(name, 0)), number(value))
    between = re.fullmatch(r"\[\s*(\S+) TO (\S+)\s*\]", value)
    if between:
        low, high = number(between[1]), number(between[2])
        return lambda facts: low <= number(facts.get(name, 0)) <= high
    return lambda facts: fits(facts.get(name), value)


def fits(found: object, value: str) -> bool:
    """Tell whether a value, or one of several, is the one that is asked for."""
    if found is None:
        return False
    if isinstance(found, list):
        return any(fnmatchcase(str(one), value) for one in found)
    return fnmatchcase(str(found), value)


def number(value: object) -> float:
    """Read a number or a date."""
    text = str(value)
    match = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d).*", text)
    try:
        if match:
            return datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC).timestamp()
        return float(text)
    except ValueError:
        return 0.0
