"""Rule sets: what they make of a request before it is read. Reference: c-rule-set-reference and its pages.

The text that rules see is path and query as they came, still encoded, without what stands in front of the object:
`Co/shoe?wid=300`. Where pages of the reference contradict each other its examples decide: the whole match is replaced,
whether the expression has groups or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from imageserver.catalog.addresses import is_listed, networks_of
from imageserver.catalog.catalogs import Catalog, Catalogs
from imageserver.catalog.expressions import compiled, pieces_of
from imageserver.catalog.extras import Rule
from imageserver.config import Limits
from imageserver.errors import LimitExceeded, Refused
from imageserver.protocol.reading import read_object

Kind = Literal["is", "static"]
"""What a request is for: images, or static content."""
MOST_LOOKED_THROUGH = 2**21
"""Bytes that a rule which replaces all matches may look through: behind each of them, it may be all of the rest."""
OF_ACCESS = frozenset({"client_address_filter", "request_lock", "request_obfuscation", "request_signing"})
"""What a rule overrides of its own catalog only, wherever it sends the request."""
Header = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Preprocessed:
    """A request as its rules left it, still encoded, and the catalogs with the attributes that the rules override.

    `catalog` is the one whose rules they were.
    """

    path: str
    modifiers: str
    catalogs: Catalogs
    catalog: Catalog
    headers: tuple[Header, ...] = ()
    overrides: Mapping[str, Any] = field(default_factory=dict)


def preprocess(
    path: str, modifiers: str, catalogs: Catalogs, limits: Limits, *, kind: Kind = "is", main: Catalog | None = None
) -> Preprocessed:
    """Apply the rules of the catalog that a path names, or else of `main`; raises `Refused` where a rule says so.

    A request that rules leave without a catalog keeps its own.
    """
    catalog, _ = catalogs.governing(read_object(path))
    if catalog is catalogs.default and main is not None:
        catalog = main
    rules = [(rule, own) for rule, own in catalog.extras.rules if kind in rule.request_type or not rule.request_type]
    untouched = Preprocessed(path, modifiers, catalogs, catalog)
    if not rules:
        return untouched
    path = path.lstrip("/")
    before = f"{path}?{modifiers}" if modifiers else path
    text, headers, own = apply(rules, before, catalogs, catalog, limits)
    if text != before:
        path, modifiers = cut(text)
        if main is None and catalog is not catalogs.default and names_none(path, catalogs):
            path = f"{catalog.name}/{path}"
    seen, changed = catalogs.overriding(catalog, own)
    other, _ = seen.governing(read_object(path))
    if other is not changed and other is not seen.default:
        seen, _ = seen.overriding(other, {name: value for name, value in own.items() if name not in OF_ACCESS})
    return replace(
        untouched,
        path=path,
        modifiers=modifiers,
        catalogs=seen,
        catalog=changed,
        headers=tuple(headers),
        overrides=own,
    )


def apply(
    rules: list[tuple[Rule, tuple[tuple[str, object], ...]]],
    text: str,
    catalogs: Catalogs,
    catalog: Catalog,
    limits: Limits,
) -> tuple[str, list[Header], dict[str, Any]]:
    """Apply rules in their order; the last one that sets an attribute, or filters addresses, prevails."""
    headers: list[Header] = []
    overrides: dict[str, Any] = {}
    for rule, own in rules:
        if len(text) > limits.text:
            raise LimitExceeded("limits.text", len(text), limits.text)
        if rule.expression and not compiled(rule.expression).search(encoded(text)):
            continue
        check(rule, catalogs, catalog)
        if rule.address_filter:
            overrides["client_address_filter"] = rule.address_filter
        overrides |= own
        headers += rule.headers
        if rule.substitution is not None:
            text = substituted(rule, rule.substitution, text, limits)
        if rule.on_match == "break":
            break
    return text, headers, overrides


def check(rule: Rule, catalogs: Catalogs, catalog: Catalog) -> None:
    """Raise `Refused` where a rule that matches refuses the request, or the client."""
    name = f"rule '{rule.name}'" if rule.name else "a rule"
    if rule.on_match == "error":
        raise Refused(catalog.name, f"{name} does not allow it")
    visitor = catalogs.visitor
    listed = networks_of(rule.address_filter)
    if listed and visitor is not None and not is_listed(visitor.address, listed):
        raise Refused(catalog.name, f"the client's address is not one of the address_filter of {name}")


def substituted(rule: Rule, substitution: str, text: str, limits: Limits) -> str:
    """Replace what a rule matches; without an expression the substitution is put behind path or query."""
    if not rule.expression:
        return appended(text, substitution)
    expression = compiled(rule.expression)
    pieces = pieces_of(substitution, expression.groups)
    data, result, position, looked_through = encoded(text), bytearray(), 0, 0
    for match in expression.finditer(data):
        result += data[position : match.start()]
        for piece in pieces:
            result += (match.group(piece) or b"") if isinstance(piece, int) else encoded(piece)
        position = match.end()
        if len(result) > limits.text:
            raise LimitExceeded("limits.text", len(result), limits.text)
        if rule.replace == "first":
            break
        looked_through += len(data) - position
        if looked_through > MOST_LOOKED_THROUGH:
            raise LimitExceeded(f"bytes that rule '{rule.name}' looks through", looked_through, MOST_LOOKED_THROUGH)
    return (bytes(result) + data[position:]).decode("utf-8", "surrogateescape")


def appended(text: str, addition: str) -> str:
    """Put a text behind the query if it begins as one, with `&` or `?`, and else behind the path."""
    addition = "".join(str(piece) for piece in pieces_of(addition, 0))
    path, _, query = text.partition("?")
    if addition[:1] in {"?", "&"}:
        return f"{path}?{'&'.join(part for part in (query, addition[1:]) if part)}"
    return f"{path}{addition}{'?' + query if query else ''}"


def cut(text: str) -> tuple[str, str]:
    """Cut a text that a rule wrote into path and modifiers, which begin at the first `?`, or else at the first `&`."""
    mark = "?" if "?" in text else "&"
    path, _, modifiers = text.partition(mark)
    return path, modifiers


def names_none(path: str, catalogs: Catalogs) -> bool:
    """Tell whether a path names no catalog."""
    return catalogs.governing(read_object(path))[0] is catalogs.default


def encoded(text: str) -> bytes:
    """Give the bytes of a text as they came over the line."""
    return text.encode("utf-8", "surrogateescape")
