"""File plan + what the file is + the client's conditions → how it is sent. RFC 9110, 13 and 14."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import quote

from imageserver.answers.caching import Caching
from imageserver.plan.dates import java_date
from imageserver.plan.files import FilePlan, StaticFile
from imageserver.plan.media_types import content_type, is_page
from imageserver.plan.plan import Plan, Properties
from imageserver.protocol.ranges import ByteRange, read_range

SANDBOX = (
    "default-src 'none'; img-src 'self' data:; media-src 'self'; font-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; sandbox"
)
"""What pages of static content may do: show themselves, with pictures and styles, but run no script."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of a file; `tag` stands for its content."""

    size: int
    modified: float
    tag: str


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """How a file is sent: the status, the headers, and which bytes; none go with 304 and 412."""

    status: HTTPStatus
    headers: Mapping[str, str]
    part: ByteRange | None = None


def answer_file(
    plan: FilePlan, facts: FileFacts, conditions: Mapping[str, str], now: float, *, parts: bool = True
) -> FileAnswer:
    """Say how a file is sent; raises `UnsatisfiableRange`.

    `conditions` are the headers of the request, among which `Range` counts where `parts` may be asked for.
    """
    caching = caching_of_file(plan, facts)
    headers = caching.headers(facts.tag, now)
    if is_refused(facts, last_modified(plan.file, facts), conditions):
        return FileAnswer(HTTPStatus.PRECONDITION_FAILED, {"Cache-Control": "no-store"})
    if caching.is_known(facts.tag, conditions):
        return FileAnswer(HTTPStatus.NOT_MODIFIED, headers)
    headers |= {"Content-Type": content_type(plan.file.media_type), "Accept-Ranges": "bytes", **safety(plan.file)}
    part = read_range(conditions.get("Range", ""), facts.size) if parts and may_be_part(facts, conditions) else None
    if part is None:
        return FileAnswer(HTTPStatus.OK, headers, ByteRange(0, facts.size))
    return FileAnswer(HTTPStatus.PARTIAL_CONTENT, {**headers, "Content-Range": part.header(facts.size)}, part)


def caching_of_file(plan: FilePlan, facts: FileFacts) -> Caching:
    """Find how long a file may be kept; static content always tells when it was modified."""
    lifetime = plan.lifetime
    return Caching(
        hours=lifetime.hours if plan.cached_by_client else None,
        last_modified=last_modified(plan.file, facts),
        until=lifetime.until,
        private=lifetime.private,
    )


def last_modified(file: StaticFile, facts: FileFacts) -> float:
    """Give the time of the last change: what the catalog says, or the file."""
    return facts.modified if file.time_stamp is None else file.time_stamp


def is_refused(facts: FileFacts, modified: float, conditions: Mapping[str, str]) -> bool:
    """Tell whether the client wants a content only that is another one by now (412)."""
    if "If-Match" in conditions:
        names = {name.strip() for name in conditions["If-Match"].split(",")}
        return "*" not in names and f'"{facts.tag}"' not in names
    try:
        before = parsedate_to_datetime(conditions["If-Unmodified-Since"]).timestamp()
    except (KeyError, ValueError, TypeError, OverflowError):
        return False
    return int(modified) > before


def may_be_part(facts: FileFacts, conditions: Mapping[str, str]) -> bool:
    """Tell whether the bytes that the client has are of this content; a date is not enough to know."""
    return "If-Range" not in conditions or conditions["If-Range"].strip() == f'"{facts.tag}"'


def safety(file: StaticFile) -> dict[str, str]:
    """Give the headers that keep a file from doing more than it should; `nosniff` is in every reply."""
    headers = {"Content-Security-Policy": SANDBOX} if is_page(file.media_type) else {}
    if file.disposition == "attachment":
        headers["Content-Disposition"] = f"attachment; {named(file.save_as)}"
    return headers


def named(name: str) -> str:
    """Write the name of a file as parameters of `Content-Disposition`. RFC 6266."""
    plain = "".join(letter if " " <= letter <= "~" and letter not in '"\\%' else "_" for letter in name)
    exact = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"
    return f'filename="{plain}"{exact}'


def properties_of_file(plan: FilePlan, facts: FileFacts) -> Plan:
    """Give the properties of a file. Reference: r-props."""
    known = dict(plan.properties)
    values = (
        ("path", known["path"]),
        ("length", str(facts.size)),
        ("expiration", known["expiration"]),
        ("lastModified", java_date(last_modified(plan.file, facts))),
        ("userType", known["userType"]),
    )
    told = Plan(plan.reply, Properties(values), plan.lifetime, plan.handler, plan.request_id)
    return told if plan.cached_by_client else replace(told, lifetime=replace(plan.lifetime, hours=None))
