"""The JSON Schema of a catalog's YAML files, made from the declarations of its fields; `imageserver catalog schema`.

It is for editors and for checks before a catalog is deployed. Grammars that JSON Schema cannot say are a text with a
description; `imageserver check` judges them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import singledispatch
from typing import Any

from imageserver.catalog.extras import Headers, Words
from imageserver.catalog.fields import RECT, CatalogField, Crops, Hours, PropertyData, Scalar, Targets
from imageserver.catalog.reading import ATTRIBUTES, CONTENT, FONT, MACRO_NAME, RECORD, RULE
from imageserver.protocol.grammar import Integer, Keyword, Product, Real

Schema = dict[str, Any]
TEXT: Schema = {"type": ["string", "number", "boolean"]}
"""Every scalar is read as the text that was written."""
TEXTS: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}
NULL: Schema = {"type": "null"}


def catalog_schema() -> Schema:
    """Give the schema of a `catalog.yaml`, and of the files that it includes."""
    properties: Schema = {
        "attributes": {"$ref": "#/definitions/attributes"},
        "include": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}, NULL]},
        "images": mapping({"anyOf": [{"$ref": "#/definitions/image"}, NULL]}),
        "content": mapping({"anyOf": [{"$ref": "#/definitions/content"}, NULL]}),
        "svg": mapping({"anyOf": [{"$ref": "#/definitions/content"}, NULL]}),
        "macros": mapping(TEXT) | {"propertyNames": {"pattern": f"^{MACRO_NAME.pattern}$"}},
        "fonts": {"type": ["array", "null"], "items": record(FONT)},
        "icc_profiles": mapping({"type": "string"}),
        "rules": {
            "type": ["array", "null"],
            "items": record(RULE, {"attributes": {"$ref": "#/definitions/attributes"}}),
        },
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "An image catalog of imageserver",
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": False,
        "definitions": {
            "attributes": record(ATTRIBUTES) | {"type": ["object", "null"]},
            "image": record(RECORD),
            "content": record(CONTENT),
        },
    }


def written_schema() -> str:
    """Write the schema as it is committed."""
    return json.dumps(catalog_schema(), indent=2, ensure_ascii=False) + "\n"


def mapping(of: Schema) -> Schema:
    """Give the schema of a mapping of any names."""
    return {"type": ["object", "null"], "additionalProperties": of}


def record(known: Mapping[str, CatalogField], more: Schema | None = None) -> Schema:
    """Give the schema of a mapping of declared fields."""
    properties = {name: {"description": one.doc, **shape(one.shape)} for name, one in known.items()}
    return {"type": "object", "properties": properties | (more or {}), "additionalProperties": False}


@singledispatch
def shape(_one: Any) -> Schema:  # noqa: ANN401, a shape that has no more to say
    """Give the schema of a shape, or of a grammar."""
    return TEXTS


@shape.register
def _(one: Scalar) -> Schema:
    return either(shape(one.grammar), *([] if one.null is ... else [NULL]))


@shape.register
def _(one: Integer) -> Schema:
    number = {"type": "integer", "minimum": one.low, "maximum": one.high}
    return either(number, {"type": "string", "pattern": r"^\s*[+-]?[0-9]{1,10}\s*$"})


@shape.register
def _(one: Real) -> Schema:
    low = {"minimum": one.low} if one.above is None else {"exclusiveMinimum": one.above}
    return either({"type": "number", **low, "maximum": one.high}, {"type": "string", "pattern": "^[-+0-9.eE ]+$"})


@shape.register
def _(_one: Hours) -> Schema:
    return shape(Real())


@shape.register(Keyword)
def _(one: Keyword[Any]) -> Schema:
    words = [*one.words, *(one.spellings or {})]
    numbers = [int(word) for word in words if word.isdecimal()]
    flags = [True, False] if "true" in words else []
    return {"enum": [*dict.fromkeys(words), *numbers, *flags]}


@shape.register(Product)
def _(one: Product[Any]) -> Schema:
    parts = [shape(part) for part in one.parts]
    needed = sum(field.default is MISSING for field in fields(one.kind))
    listed = {"type": "array", "items": parts, "minItems": needed, "maxItems": len(parts)}
    return either(listed, TEXT if needed <= 1 else {"type": "string"})


@shape.register
def _(one: Words) -> Schema:
    return either({"type": "array", "items": {"enum": list(one.words)}}, {"type": "string"})


@shape.register
def _(_one: PropertyData) -> Schema:
    return either(mapping(either(TEXTS, NULL)), TEXT)


@shape.register
def _(_one: Targets) -> Schema:
    target = {
        "type": "object",
        "properties": {"rect": shape(RECT), "label": TEXTS, "frame": TEXTS, "user_data": TEXTS},
        "required": ["rect"],
        "additionalProperties": False,
    }
    return either({"type": "array", "items": target}, shape(PropertyData()))


@shape.register
def _(_one: Crops) -> Schema:
    return {"type": "object", "additionalProperties": shape(RECT)}


@shape.register
def _(_one: Headers) -> Schema:
    names = ("name", "action", "value")
    properties = {name: {"type": "string"} for name in names}
    header = {"type": "object", "properties": properties, "required": list(names), "additionalProperties": False}
    return either({"type": "array", "items": header}, header)


def either(*schemas: Schema) -> Schema:
    """Give the schema of what fits one of several."""
    flat = [inner for one in schemas for inner in (one["anyOf"] if set(one) == {"anyOf"} else [one])]
    return flat[0] if len(flat) == 1 else {"anyOf": flat}
