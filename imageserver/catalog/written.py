"""The fields of a record ↔ the JSON that an index keeps of them.

Texts and numbers stand there as they are. Any other value stands there as it was written, in a list of one, and the
schema types it whenever it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from imageserver.catalog.fields import CatalogField, properties_in
from imageserver.errors import DamagedIndex, Mismatch
from imageserver.yaml_nodes import Node

Json = str | int | float | None | list["Json"] | dict[str, "Json"]
Written = dict[str, Json]


def kept(value: object, node: Node) -> Json:
    """Give what is kept of a value that was read from a node."""
    return value if isinstance(value, str | int | float | None) else [plain(node)]


def plain(node: Node) -> Json:
    """Give what was written without the places where it stands."""
    return cast("Json", node.plain())


def node_of(value: Json) -> Node:
    """Give back the node that was written, without its place."""
    match value:
        case list(items):
            return Node([node_of(item) for item in items], 0, 0)
        case dict(items):
            return Node({key: node_of(item) for key, item in items.items()}, 0, 0)
        case None:
            return Node(None, 0, 0)
        case text:
            return Node(str(text), 0, 0)


def properties_of(written: Json) -> dict[str, str]:
    """Give properties as they are written, a mapping or a text, by their names."""
    if isinstance(written, dict):
        return {name: as_text(value) for name, value in written.items()}
    return dict(properties_in(as_text(written).replace("??", "\n")))


def as_text(value: Json) -> str:
    """Give a scalar, or scalars separated by commas, as a text."""
    if isinstance(value, list):
        return ",".join(as_text(one) for one in value)
    return "" if value is None else str(value)


def typed(known: Mapping[str, CatalogField], written: Mapping[str, Json]) -> dict[str, Any]:
    """Give the values of fields that were found right when they were written; raises `DamagedIndex` for any others."""
    values = {}
    try:
        for key, value in written.items():
            shape = known[key].shape
            values[key] = shape.read(node_of(value[0])) if isinstance(value, list) else value
    except (AttributeError, KeyError, IndexError, Mismatch) as error:
        raise DamagedIndex(f"{type(error).__name__} {error}") from error
    return values
