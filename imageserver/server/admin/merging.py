"""A JSON merge patch → the edits that it stands for. RFC 7396."""

from __future__ import annotations

from collections.abc import Mapping

from imageserver.catalog.written import Json
from imageserver.store.edits import Key

Changes = tuple[dict[Key, Json], tuple[Key, ...]]


def merged(patch: Mapping[str, Json], current: Mapping[str, Json], path: Key = ()) -> Changes:
    """Say what a patch sets and what it takes away: a null takes away, a mapping goes into one that is there."""
    put: dict[Key, Json] = {}
    drop: list[Key] = []
    for name, value in patch.items():
        here, before = (*path, name), current.get(name)
        if value is None:
            drop += [here] if name in current else []
        elif isinstance(value, dict) and isinstance(before, dict):
            inner_put, inner_drop = merged(value, before, here)
            put |= inner_put
            drop += inner_drop
        else:
            put[here] = without_nulls(value)
    return put, tuple(drop)


def replaced(wanted: Mapping[str, Json], current: Mapping[str, Json]) -> Changes:
    """Say what is to be set and taken away so that nothing else is there."""
    return {(name,): value for name, value in wanted.items()}, tuple((name,) for name in current if name not in wanted)


def without_nulls(value: Json) -> Json:
    """Give a value as it stands where nothing was before."""
    if isinstance(value, dict):
        return {name: without_nulls(one) for name, one in value.items() if one is not None}
    return value
