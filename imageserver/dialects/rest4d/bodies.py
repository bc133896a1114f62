"""Bodies of requests: entities in JSON, whatever the client calls it."""

from __future__ import annotations

import json

from imageserver.catalog.written import Json
from imageserver.dialects.rest4d.datastore import Call
from imageserver.dialects.rest4d.language.facts import BadQuery
from imageserver.server.admin.bodies import bytes_of, check, finite, no_number, once, whole

FORM = "application/x-www-form-urlencoded"
ESCAPED = {"%21": "!", "%27": "'", "%28": "(", "%29": ")", "%2A": "*"}
"""What clients encode in JSON that they send as a form, and nothing else."""
DEEPEST = 8
MOST = 1000
"""Entities of a body."""


async def read_body(call: Call) -> Json:
    """Read a body; one that is empty is None. Raises `BadQuery`."""
    text = (await bytes_of(call.request, call.site.config.limits.body_size)).decode("utf-8", "replace")
    if call.request.content_type == FORM:
        for escape, letter in ESCAPED.items():
            text = text.replace(escape, letter)
    if not text.strip():
        return None
    try:
        found: Json = json.loads(
            text, object_pairs_hook=once, parse_constant=no_number, parse_float=finite, parse_int=whole
        )
    except RecursionError as error:
        raise BadQuery("the body is nested too deep") from error
    except ValueError as error:
        raise BadQuery(f"the body is no JSON: {str(error)[:120]}") from error
    check(found, DEEPEST)
    return found


async def read_items(call: Call) -> tuple[list[dict[str, Json]], bool]:
    """Read the entities of a body, and whether it is a list of them."""
    found = await read_body(call)
    items = found if isinstance(found, list) else [found]
    if len(items) > MOST:
        raise BadQuery(f"the body has more than {MOST} entities")
    entities = [one for one in items if isinstance(one, dict)]
    if len(entities) < len(items):
        raise BadQuery("expected a body that is an entity, or a list of entities, in JSON")
    return entities, isinstance(found, list)
