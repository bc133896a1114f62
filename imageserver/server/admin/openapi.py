"""The description of the API, OpenAPI 3.1, made of the table of its operations and of the fields of catalogs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from imageserver.catalog.reading import ATTRIBUTES, MACRO_NAME, RECORDS
from imageserver.catalog.schema import NULL, Schema, either, record
from imageserver.server.admin.bodies import JSON_TYPES
from imageserver.server.admin.operation import BYTES, FORM, LIMIT, Operation
from imageserver.server.admin.problems import MEDIA_TYPE
from imageserver.server.admin.uploading import IMAGE_TYPES, PARTS
from imageserver.store.validating import LONGEST_ID

Document = dict[str, object]
VERSION = "1.0.0"
ALWAYS = (400, 401, 403, 404, 409, 429, 500, 503, 507)
"""Problems that any operation may have: a catalog's YAML may be broken, for one, or its disk be full."""
EDITING = (410, 412, 413, 415, 422, 428)
NUMBER: Document = {"type": "integer", "minimum": 0}
WORD: Document = {"type": "string"}
MACROS: Document = {
    "type": "object",
    "propertyNames": {"pattern": f"^{MACRO_NAME.pattern}$"},
    "additionalProperties": WORD,
}
TAG: Document = {"ETag": {"description": "For If-None-Match, and that of a revision for If-Match.", "schema": WORD}}
PATH: Mapping[str, Document] = {
    "catalog": {"type": "string", "minLength": 1},
    "id": {"type": "string", "minLength": 1, "maxLength": LONGEST_ID},
    "version": {"type": "string", "minLength": 1},
}
PATH_DOCS = {
    "catalog": "The root id of a catalog; `default` is the default one.",
    "id": "The id of a record; a `/` in it is written %2F.",
    "version": "The version_id of a revision.",
}


def described(operations: Iterable[Operation], prefix: str, page_size: int) -> Document:
    """Describe the API, whose pages have at most so many records."""
    paths: dict[str, Document] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.casefold()] = described_operation(operation, page_size)
    return {
        "openapi": "3.1.0",
        "info": {"title": "imageserver editing API", "version": VERSION},
        "servers": [{"url": prefix}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas(),
            "responses": {
                "Problem": {"description": "What is wrong.", "content": {MEDIA_TYPE: {"schema": ref("Problem")}}}
            },
        },
    }


def described_operation(operation: Operation, page_size: int) -> Document:
    """Describe one operation."""
    problems = (*ALWAYS, *(EDITING if operation.write else ()))
    replies = {str(status): described_reply(status, schema) for status, schema in operation.replies.items()}
    if operation.method == "GET":
        replies["304"] = {"description": HTTPStatus.NOT_MODIFIED.phrase, "headers": TAG}
    document: Document = {
        "operationId": operation.name,
        "summary": operation.doc,
        "parameters": parameters(operation, page_size),
        "responses": {**replies, **{str(one): {"$ref": "#/components/responses/Problem"} for one in problems}},
    }
    if operation.body:
        document["requestBody"] = {"required": True, "content": content_of(operation)}
    return document


def parameters(operation: Operation, page_size: int) -> list[Document]:
    """Describe what stands in the path, the query and the headers."""
    found: list[Document] = [
        {"name": name, "in": "path", "required": True, "description": PATH_DOCS[name], "schema": PATH[name]}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    for one in operation.query:
        schema = {**one.schema, "maximum": page_size} if one.name == LIMIT else one.schema
        found.append({"name": one.name, "in": "query", "description": one.doc, "schema": schema})
    if operation.condition:
        doc = "The ETag of what is to be changed, or * for whatever there is."
        always = operation.condition == "always"
        found.append({"name": "If-Match", "in": "header", "required": always, "description": doc, "schema": WORD})
    return found


def content_of(operation: Operation) -> Document:
    """Describe the body of a request."""
    if operation.body == BYTES:
        return {kind: {"schema": {}} for kind in IMAGE_TYPES}
    if operation.body == FORM:
        files = {name: {"type": "string", "contentMediaType": "application/octet-stream"} for name in PARTS}
        form = {"type": "object", "properties": files, "minProperties": 1, "additionalProperties": False}
        return {"multipart/form-data": {"schema": form}}
    kinds = JSON_TYPES if operation.method == "PATCH" else JSON_TYPES[:1]
    return {kind: {"schema": ref(operation.body)} for kind in kinds}


def described_reply(status: int, schema: str) -> Document:
    """Describe a reply that is no problem."""
    document: Document = {"description": HTTPStatus(status).phrase}
    if schema == BYTES:
        document |= {"content": {kind: {"schema": {}} for kind in IMAGE_TYPES}, "headers": TAG}
    elif schema:
        document |= {"content": {"application/json": {"schema": ref(schema)}}, "headers": TAG}
    return document


def ref(name: str) -> Document:
    """Refer to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def schemas() -> Document:
    """Give all schemas."""
    numbers = {
        **dict.fromkeys(("id", "section", "uid", "content_hash", "md5"), WORD),
        **dict.fromkeys(("rev", "image_rev", "meta_rev", "stored_at", "changed_at"), NUMBER),
        "fields": {"type": "object"},
    }
    revision = {
        **dict.fromkeys(("version_id", "hash", "md5", "format", "source", "mask"), WORD),
        **dict.fromkeys(("rev", "stored_at", "size"), NUMBER),
        **{name: {"type": "boolean"} for name in ("current", "restorable")},
    }
    problem = {"type": WORD, "title": WORD, "status": NUMBER, "detail": WORD}
    catalog = {"name": WORD, "write": {"type": "boolean"}}
    page = {"records": array(ref("Record")), "next": {"type": ["string", "null"]}}
    found: Document = {
        "Problem": {"type": "object", "properties": problem, "required": [*problem]},
        "Catalogs": whole({"catalogs": array(whole(catalog))}),
        "Catalog": whole({"name": WORD, "rev": NUMBER}),
        "Record": whole(numbers),
        "Records": whole(page),
        "Revision": whole(revision),
        "Revisions": whole({"revisions": array(ref("Revision"))}),
        "Attributes": whole({"rev": NUMBER, "attributes": {"type": "object"}}),
        "Macros": whole({"rev": NUMBER, "macros": {"type": "object", "additionalProperties": WORD}}),
        "Rename": whole({"id": PATH["id"]}),
    }
    written = {"Attributes": ("attributes", record(ATTRIBUTES)), "Macros": ("macros", MACROS)}
    written |= {name.capitalize(): ("fields", record(known)) for name, known in RECORDS.items()}
    for name, (member, schema) in written.items():
        found[f"{name}Body"] = whole({member: modern(schema)})
        found[f"{name}Patch"] = whole({member: patching(modern(schema))})
    return found


def whole(properties: Document) -> Document:
    """Describe an object that has all of these members, and no others."""
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def array(items: Document) -> Document:
    """Describe a list."""
    return {"type": "array", "items": items}


def modern(schema: Schema) -> Schema:
    """Give a schema of draft 7 as OpenAPI has it, where the items of a list of fixed length have another name."""
    found = {key: modern_value(value) for key, value in schema.items()}
    if isinstance(found.get("items"), list):
        found["prefixItems"] = found.pop("items")
    return found


def modern_value(value: Any) -> Any:  # noqa: ANN401, JSON
    """Give a part of a schema as OpenAPI has it."""
    if isinstance(value, list):
        return [modern_value(one) for one in value]
    return modern(value) if isinstance(value, dict) else value


def patching(schema: Schema) -> Schema:
    """Give the schema of a merge patch for what fits a schema: any member may be null, which takes it away."""
    found = dict(schema)
    if "anyOf" in found:
        found["anyOf"] = [patching(one) for one in found["anyOf"]]
    if isinstance(found.get("properties"), dict):
        found["properties"] = {name: removable(one) for name, one in found["properties"].items()}
        found.pop("required", None)
    if isinstance(found.get("additionalProperties"), dict):
        found["additionalProperties"] = removable(found["additionalProperties"])
    return found


def removable(schema: Schema) -> Schema:
    """Give the schema of a member of a merge patch."""
    described = {key: value for key, value in schema.items() if key == "description"}
    rest = {key: value for key, value in patching(schema).items() if key != "description"}
    return {**described, **either(rest, NULL)}
