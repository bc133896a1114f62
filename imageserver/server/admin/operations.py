"""The table of all operations of the API."""

from __future__ import annotations

from typing import get_args

from imageserver.server.admin.asking import in_thread
from imageserver.server.admin.bodies import LONGEST
from imageserver.server.admin.catalogs import list_catalogs, patch_named, put_named, show_catalog, show_named
from imageserver.server.admin.operation import BYTES, FORM, LIMIT, Operation, Parameter
from imageserver.server.admin.records import (
    delete_record,
    list_records,
    patch_record,
    put_record,
    rename_record,
    show_record,
)
from imageserver.server.admin.revisions import list_revisions, restore_revision, send_file, show_revision
from imageserver.server.admin.uploading import PARTS, post_files, put_file
from imageserver.store.edits import Section

SECTIONS = get_args(Section)
NAMED = ("attributes", "macros")
CATALOG = "/catalogs/{catalog}"
TEXT = {"type": "string", "maxLength": LONGEST, "pattern": r"^[^\u0000-\u001f\u007f]*$"}
PAGING = (
    Parameter("q", "A text that stands in the id or in the fields; case does not matter.", TEXT),
    Parameter("prefix", "What the ids begin with.", TEXT),
    Parameter("after", "The id behind which the page begins, as `next` of the page before says it.", TEXT),
    Parameter(LIMIT, "How many records a page has.", {"type": "integer", "minimum": 1}),
)
FILES = Parameter(
    "files", "Whether the files go, too, unless others use them.", {"type": "string", "enum": ["true", "false"]}
)
PATH = Parameter("path", "Where the file goes, relative to attribute::RootPath; else where the one before was.", TEXT)
IMAGE = f"{CATALOG}/images/{{id}}"
REVISION = f"{IMAGE}/revisions/{{version}}"


def title(word: str) -> str:
    """Give a word as part of a name."""
    return word[0].upper() + word[1:]


def of_named(member: str) -> tuple[Operation, ...]:
    """Give the operations on the attributes or the macros of a catalog."""
    path, fixed, schema = f"{CATALOG}/{member}", {"named": member}, title(member)
    return (
        Operation(
            "GET",
            path,
            f"show{schema}",
            f"Gives the {member} that the catalog itself defines.",
            in_thread(show_named),
            {200: schema},
            fixed=fixed,
        ),
        Operation(
            "PUT",
            path,
            f"replace{schema}",
            f"Replaces all {member} of the catalog.",
            in_thread(put_named),
            {200: schema},
            write=True,
            body=f"{schema}Body",
            condition="always",
            fixed=fixed,
        ),
        Operation(
            "PATCH",
            path,
            f"change{schema}",
            f"Sets some {member}, and takes away those that are null.",
            in_thread(patch_named),
            {200: schema},
            write=True,
            body=f"{schema}Patch",
            condition="always",
            fixed=fixed,
        ),
    )


def of_section(section: str) -> tuple[Operation, ...]:
    """Give the operations on the records of a section."""
    records, fixed, name = f"{CATALOG}/{section}", {"section": section}, title(section)
    return (
        Operation(
            "GET",
            records,
            f"list{name}",
            "Gives a page of records by id, of those that are searched for.",
            in_thread(list_records),
            {200: "Records"},
            query=PAGING,
            fixed=fixed,
        ),
        *of_record(f"{records}/{{id}}", fixed, name),
        Operation(
            "POST",
            f"{records}/{{id}}/rename",
            f"rename{name}",
            "Gives a record another id; it keeps its history.",
            in_thread(rename_record),
            {200: "Record"},
            write=True,
            body="Rename",
            condition="always",
            fixed=fixed,
        ),
    )


def of_record(path: str, fixed: dict[str, str], name: str) -> tuple[Operation, ...]:
    """Give the operations on one record."""
    return (
        Operation("GET", path, f"show{name}", "Gives a record.", in_thread(show_record), {200: "Record"}, fixed=fixed),
        Operation(
            "PUT",
            path,
            f"put{name}",
            "Makes a record, or replaces all fields of the one that is there.",
            in_thread(put_record),
            {200: "Record", 201: "Record"},
            write=True,
            body=f"{name}Body",
            condition="when there",
            fixed=fixed,
        ),
        Operation(
            "PATCH",
            path,
            f"change{name}",
            "Sets some fields, and takes away those that are null.",
            in_thread(patch_record),
            {200: "Record"},
            write=True,
            body=f"{name}Patch",
            condition="always",
            fixed=fixed,
        ),
        Operation(
            "DELETE",
            path,
            f"delete{name}",
            "Takes a record away.",
            in_thread(delete_record),
            {204: ""},
            write=True,
            query=(FILES,),
            condition="always",
            fixed=fixed,
        ),
    )


def of_file(kind: str) -> tuple[Operation, ...]:
    """Give the operations on the source or the mask of an image."""
    name, fixed = title(kind), {"kind": kind}
    return (
        Operation(
            "GET",
            f"{IMAGE}/{kind}",
            f"send{name}",
            f"Sends the {kind} file of an image.",
            send_file,
            {200: BYTES},
            fixed=fixed,
        ),
        Operation(
            "PUT",
            f"{IMAGE}/{kind}",
            f"put{name}",
            f"Stores the {kind} file of an image, which must be a picture that can be read.",
            put_file,
            {200: "Record", 201: "Record"},
            write=True,
            query=(PATH,),
            body=BYTES,
            condition="when there",
            fixed=fixed,
        ),
        Operation(
            "GET",
            f"{REVISION}/{kind}",
            f"sendRevision{name}",
            f"Sends the {kind} file of a revision.",
            send_file,
            {200: BYTES},
            fixed=fixed,
        ),
    )


REVISIONS = (
    Operation(
        "POST",
        f"{IMAGE}/files",
        "postFiles",
        "Stores the source file and the mask file of an image, or one of them.",
        post_files,
        {200: "Record", 201: "Record"},
        write=True,
        body=FORM,
        condition="when there",
    ),
    Operation(
        "GET",
        f"{IMAGE}/revisions",
        "listRevisions",
        "Names what was stored of an image, the newest first.",
        in_thread(list_revisions),
        {200: "Revisions"},
    ),
    Operation("GET", REVISION, "showRevision", "Gives a revision.", in_thread(show_revision), {200: "Revision"}),
    Operation(
        "POST",
        f"{REVISION}/restore",
        "restoreRevision",
        "Puts the files of a revision in place again, and the record if it was removed.",
        in_thread(restore_revision),
        {200: "Record"},
        write=True,
        condition="when there",
    ),
)
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/catalogs",
        "listCatalogs",
        "Names the catalogs that the token is for.",
        in_thread(list_catalogs),
        {200: "Catalogs"},
    ),
    Operation(
        "GET",
        CATALOG,
        "showCatalog",
        "Gives the revision of a catalog.",
        in_thread(show_catalog),
        {200: "Catalog"},
    ),
    *(operation for member in NAMED for operation in of_named(member)),
    *(operation for section in SECTIONS for operation in of_section(section)),
    *(operation for kind in PARTS for operation in of_file(kind)),
    *REVISIONS,
)
