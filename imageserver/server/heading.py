"""The headers that the rules of a catalog add to replies. Reference: r-header-rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from imageserver.admission.admitting import Admitted
from imageserver.admission.rules import Header
from imageserver.catalog.extras import is_free_header
from imageserver.errors import BadValue
from imageserver.plan.expansion import substituted_text, variables_of
from imageserver.protocol.request import Piece

LONGEST = 4096


def rule_headers(headers: Iterable[Header], pieces: Iterable[Piece]) -> tuple[Header, ...]:
    """Put the variables of a request into headers; raises `BadValue` for what HTTP does not allow."""
    variables = variables_of(pieces, {})
    result = []
    for name, action, value in headers:
        filled, text = substituted_text(name, variables), substituted_text(value, variables).strip()
        if not is_free_header(filled):
            raise BadValue("header", name, "a token that is no header of the connection")
        if len(text) > LONGEST or not all(" " <= letter <= "~" or letter == "\t" for letter in text):
            raise BadValue(f"header {filled}", value, f"up to {LONGEST} printable letters of ASCII")
        result.append((filled, action, text))
    return tuple(result)


def ruled(fields: Mapping[str, str], admitted: Admitted) -> dict[str, str]:
    """Give the headers of a reply as the rules of its request leave them."""
    return with_rule_headers(fields, rule_headers(admitted.headers, admitted.request.pieces))


def with_rule_headers(fields: Mapping[str, str], headers: Iterable[Header]) -> dict[str, str]:
    """Give the headers of a reply as rules leave them; names are not case-sensitive."""
    result = dict(fields)
    for name, action, value in headers:
        known = next((one for one in result if one.casefold() == name.casefold()), name)
        result[known] = f"{result[known]}, {value}" if action == "add" and result.get(known) else value
    return result
