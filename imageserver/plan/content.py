"""Request → plan of static content. References: r-serving-static-non-image-content, r-type, r-props, r-exists.

Of the commands those are looked at that are read first, and those for static content; all others are ignored, and so
are macros.
"""

from __future__ import annotations

from imageserver.catalog.catalogs import Catalogs
from imageserver.catalog.content import KIND, Item, look_up_content, suffix_of
from imageserver.catalog.records import ContentRecord, Disposition
from imageserver.commands.declare import Trait
from imageserver.commands.delivery import Delivery
from imageserver.commands.groups import asked, has, read_group
from imageserver.errors import BadValue, NotFound
from imageserver.plan.files import ContentPlan, FilePlan, StaticFile
from imageserver.plan.media_types import is_page, media_type_of
from imageserver.plan.plan import Lifetime, Plan, Properties, Text
from imageserver.plan.question import asked_locale
from imageserver.protocol.request import Piece, Request

KINDS = ("userdata", "props", "exists")


def plan_content(request: Request, catalogs: Catalogs) -> ContentPlan:
    """Say what a request for static content means; raises a `RequestError` when it cannot be served as it stands."""
    pieces = tuple(piece for piece in request.pieces if has(piece, Trait.CONTROL) or has(piece, Trait.STATIC))
    control = read_group(Delivery, pieces, Delivery())
    check_kind(control, pieces)
    main, _ = catalogs.governing(request.object)
    catalogs.check(main)
    item = look_up_content(catalogs, request.object, asked_locale(control, main))
    match control.req.name:
        case "userdata":
            return document(control, item, Text(item.record.user_data if item.record else "", "userdata"))
        case "exists":
            return document(control, item, Properties((("catalogRecord.exists", str(int(item.record is not None))),)))
    check_type(item, control.type)
    file = planned_file(item, control.cdh)
    return FilePlan(
        file=file,
        reply=control.req,
        lifetime=lifetime_of(control, item),
        cached_by_client=control.cache.client,
        handler=control.handler,
        request_id=control.id,
        properties=known_properties(item),
    )


def check_kind(control: Delivery, pieces: tuple[Piece, ...]) -> None:
    """Refuse what is asked of images only."""
    if control.req.name not in {"img", *KINDS}:
        piece = asked(pieces, "req")
        text = (piece and piece.value) or ""
        raise BadValue("req", text, f"{', '.join(KINDS)}, or nothing, of static content")


def check_type(item: Item, wanted: str) -> None:
    """Refuse an item of another type; one without a type goes with any."""
    own = item.record.user_type if item.record else ""
    if wanted and own and wanted != own:
        raise NotFound(KIND, item.name, f"it is of another type than type={wanted}")


def planned_file(item: Item, wanted: Disposition | None) -> StaticFile:
    """Find the file of an item. What browsers show as a page of its own is saved, unless its record says otherwise."""
    path, record = item.path, item.record or ContentRecord()
    media_type = media_type_of(path)
    usual: Disposition = "attachment" if is_page(media_type) else "inline"
    return StaticFile(
        name=item.name,
        root=item.home.content_root,
        path=path,
        limit=item.limit,
        media_type=media_type,
        disposition=wanted or record.disposition or usual,
        save_as=file_name(item.name, path),
        time_stamp=record.time_stamp or item.catalog.attributes.time_stamp,
    )


def file_name(name: str, path: str) -> str:
    """Give the name to save a file by: the last part of its id, with the file's suffix."""
    last, suffix = name.rpartition("/")[2], suffix_of(path)
    return f"{last}.{suffix}" if suffix and suffix_of(last) != suffix else last


def lifetime_of(control: Delivery, item: Item) -> Lifetime:
    """Find how long a reply may be kept; there are no versions of static content."""
    kind = control.req.kind.lifetime
    return Lifetime(hours=item.catalog.attributes.non_img_expiration if kind == "other" else expiration_of(item))


def expiration_of(item: Item) -> float:
    """Give the hours that the file of an item may be kept."""
    own = item.record.expiration if item.record else None
    return item.catalog.attributes.expiration if own is None else own


def document(control: Delivery, item: Item, content: Text | Properties) -> Plan:
    """Plan a reply that needs no file."""
    return Plan(
        reply=control.req,
        content=content,
        lifetime=lifetime_of(control, item),
        handler=control.handler,
        request_id=control.id,
        cache=control.cache,
    )


def known_properties(item: Item) -> tuple[tuple[str, str], ...]:
    """Give the properties that the catalog knows. Reference: r-props."""
    return (
        ("path", item.path),
        ("expiration", f"{expiration_of(item):g}"),
        ("userType", item.record.user_type if item.record else ""),
    )
