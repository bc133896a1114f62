"""The table of all operations of the API."""

from __future__ import annotations

from typing import get_args

from imageserver.server.admin.asking import in_thread
from imageserver.server.admin.catalogs import list_catalogs, show_catalog, show_named
from imageserver.server.admin.operation import Operation, Parameter
from imageserver.server.admin.records import list_records, show_record
from imageserver.store.edits import Section

SECTIONS = get_args(Section)
NAMED = ("attributes", "macros")
CATALOG = "/catalogs/{catalog}"
TEXT = {"type": "string", "maxLength": 255, "pattern": r"^[^\u0000-\u001f\u007f]*$"}
PAGING = (
    Parameter("q", "A text that stands in the id or in the fields; case does not matter.", TEXT),
    Parameter("prefix", "What the ids begin with.", TEXT),
    Parameter("after", "The id behind which the page begins, as `next` of the page before says it.", TEXT),
    Parameter("limit", "How many records a page has.", {"type": "integer", "minimum": 1}),
)


def title(word: str) -> str:
    """Give a word as part of a name."""
    return word[0].upper() + word[1:]


def of_named(member: str) -> tuple[Operation, ...]:
    """Give the operations on the attributes or the macros of a catalog."""
    path, fixed, schema = f"{CATALOG}/{member}", {"named": member}, title(member)
    doc = f"Gives the {member} that the catalog itself defines."
    return (Operation("GET", path, f"show{schema}", doc, in_thread(show_named), {200: schema}, fixed=fixed),)


def of_section(section: str) -> tuple[Operation, ...]:
    """Give the operations on the records of a section."""
    records, fixed, name = f"{CATALOG}/{section}", {"section": section}, title(section)
    record = f"{records}/{{id}}"
    listing = "Gives a page of records by id, of those that are searched for."
    return (
        Operation(
            "GET", records, f"list{name}", listing, in_thread(list_records), {200: "Records"}, query=PAGING, fixed=fixed
        ),
        Operation(
            "GET", record, f"show{name}", "Gives a record.", in_thread(show_record), {200: "Record"}, fixed=fixed
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
        "GET", CATALOG, "showCatalog", "Gives the revision of a catalog.", in_thread(show_catalog), {200: "Catalog"}
    ),
    *(operation for member in NAMED for operation in of_named(member)),
    *(operation for section in SECTIONS for operation in of_section(section)),
)
