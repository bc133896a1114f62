"""The plan of a file that is sent as it is, in place of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from imageserver.catalog.records import Disposition
from imageserver.commands.reply import RequestType
from imageserver.plan.plan import Lifetime, Plan


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file below a folder of static content.

    `limit` is the folder that it may not leave, not even by a link, when its name came in a URL. `time_stamp` is what
    the catalog says of its last change, and counts more than the file's own. `save_as` is what browsers call it.
    """

    name: str
    root: Path
    path: str
    limit: Path | None
    media_type: str
    disposition: Disposition = "inline"
    save_as: str = ""
    time_stamp: float | None = None


@dataclass(frozen=True, slots=True)
class FilePlan:
    """A request for static content: the file itself, or its properties, of which the catalog knows `properties`."""

    file: StaticFile
    reply: RequestType
    lifetime: Lifetime
    cached_by_client: bool = True
    handler: str = "s7jsonResponse"
    request_id: str = ""
    properties: tuple[tuple[str, str], ...] = ()


ContentPlan = Plan | FilePlan
