"""What a sprite or a multi is made of: which pictures, what becomes of each, and when any of them has changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Literal

from imageserver.catalog.written import Json
from imageserver.dialects.cloudinary.account import IMAGE, UPLOAD, Account, Name
from imageserver.dialects.cloudinary.assets import tags_of
from imageserver.dialects.cloudinary.language.chain import Chain, read_chain, translate
from imageserver.dialects.cloudinary.language.facts import BadTransformation, NoSuchResource
from imageserver.dialects.cloudinary.language.made import Directions, distinct, in_turn, read_directions, sheet
from imageserver.dialects.cloudinary.language.output import Output, allowed, last_of, output_of
from imageserver.dialects.cloudinary.language.picture import Client, Picture
from imageserver.dialects.cloudinary.looking import Found, Looking
from imageserver.protocol.values import Rect
from imageserver.server.file_versions import Version

Kind = Literal["sprite", "multi"]
KINDS: tuple[Kind, ...] = ("sprite", "multi")
USUAL = {"sprite": "png", "multi": "gif"}
"""Extensions of what is asked for without one."""
MOVING = ("gif", "webp", "pdf")
SMALL = "ico"
"""The format in which a sprite would become smaller than its places tell."""


@dataclass(frozen=True, slots=True)
class Member:
    """One of the pictures: a record, or a URL elsewhere, and the transformation that it comes with."""

    record: str = ""
    url: str = ""
    transformation: str = ""

    @property
    def label(self) -> str:
        """What it is called: its public id, or the name of its file elsewhere."""
        last = self.url.partition("?")[0].rstrip("/").rpartition("/")[2]
        return self.record or last.partition(".")[0] or "picture"

    @property
    def written(self) -> dict[str, Json]:
        """The member as it is remembered."""
        return {"record": self.record, "url": self.url, "transformation": self.transformation}


@dataclass(frozen=True, slots=True)
class Made:
    """What a call has made: of which pictures, and the version that stands for a `state` of them.

    Without a version it was not made by a call.
    """

    public_id: str
    members: tuple[Member, ...]
    version: int = 0
    state: str = ""


@dataclass(frozen=True, slots=True)
class Whole:
    """All pictures together, with the place of each in a sprite, and what is said of how they are sent.

    With `settled`, nothing but the files of its records can change it.
    """

    picture: Picture
    places: dict[str, Rect]
    chain: Chain
    found: tuple[Found, ...]
    settled: bool
    prefix: str

    def written(self, kind: Kind, extension: str, client: Client) -> tuple[str, Output]:
        """Write the native request for it; raises `BadTransformation` for a format that it cannot have."""
        asked = last_of(self.chain.components, "f") or extension or USUAL[kind]
        name = asked.partition(":")[0]
        if name == SMALL or (kind == "multi" and name not in {"auto", *MOVING}):
            allowed = f": expected one of {', '.join(MOVING)}" if kind == "multi" else ""
            raise BadTransformation(f"Format {name[:20]} is not supported for {kind}{allowed}")
        if kind == "multi":
            client = replace(client, formats=tuple(one for one in client.formats if one in MOVING))
        whole = self.picture.whole()
        output = output_of(whole, self.chain.components, asked, USUAL[kind], client)
        return replace(whole, commands=(*whole.commands, *output.commands)).written, output

    @property
    def own(self) -> frozenset[Path]:
        """The files whose change is a change of its version."""
        return frozenset().union(*(one.own for one in self.found)) if self.settled else frozenset()


def check_count(account: Account, kind: Kind, count: int) -> None:
    """Raise `BadTransformation` for more pictures than a request may have layers: one for each, and the ones around."""
    limits = account.site.config.limits
    most, name = (limits.layers - 1) // 2, "limits.layers"
    if kind == "multi" and limits.frames < most:
        most, name = limits.frames, "limits.frames"
    if count > most:
        raise BadTransformation(f"Too many images: {count}, expected at most {most} ({name})")


async def tagged(account: Account, tag: str) -> tuple[Member, ...]:
    """Give the images with a tag in the order of their public ids, as far as they are for everybody."""
    found = await account.desk.run(account.records, IMAGE)
    names = (Name.of(one) for one in found if one.fields.get("path") and tag in tags_of(one.fields))
    return there(account, (Member(record=one.record) for one in sorted(names, key=lambda one: one.record)))


def there(account: Account, members: Iterable[Member]) -> tuple[Member, ...]:
    """Leave out what is not there any more, or is not for everybody."""
    return tuple(one for one in members if one.url or is_public(account, one.record))


def is_public(account: Account, name: str) -> bool:
    """Tell whether there is a record that everybody may see."""
    record = account.record(name)
    return record is not None and record.access is None and Name("images", name).type == UPLOAD


async def gathered(looking: Looking, kind: Kind, made: Made, parts: Sequence[str]) -> Whole:
    """Put pictures together, each changed as a transformation says; raises `BadTransformation`, `NoSuchResource`."""
    if not made.members:
        raise NoSuchResource(made.public_id)
    account, directions = looking.account, read_directions(parts)
    check_count(account, kind, len(made.members))
    chain = read_chain(directions.parts, account.named_transformation)
    settled, pictures, found = not (chain.follows_catalog or chain.overlays), list[Picture](), list[Found]()
    for member in made.members:
        picture, one, own = await shown(looking, member, directions)
        settled = settled and not (own.follows_catalog or own.overlays)
        pictures.append(picture)
        found.append(one)
    most = account.catalog.attributes.max_pix
    whole, places = sheet(pictures, most) if kind == "sprite" else (in_turn(pictures, directions), [])
    labels = distinct(one.label for one in made.members)
    named = dict(zip(labels, places, strict=False))
    return Whole(whole, named, chain, tuple(found), settled and all(one.own for one in found), directions.prefix)


async def shown(looking: Looking, member: Member, directions: Directions) -> tuple[Picture, Found, Chain]:
    """Say what becomes of one of the pictures."""
    found = await looking.fetched(member.url) if member.url else await looking.found(member.record)
    own = member.transformation.split("/") if member.transformation else []
    parts, named = [*own, *directions.parts], looking.account.named_transformation
    chain = read_chain(parts, named)
    if chain.asks_about:
        chain = read_chain(parts, named, await looking.about(found, chain))
    client = Client(most=found.most)
    return allowed(translate(chain, await looking.known(chain, found, client)), client.most), found, chain


@dataclass(frozen=True, slots=True)
class State:
    """A state of all pictures, by the seconds at which their bytes were stored; `watched` is what tells of the next."""

    digest: str
    watched: tuple[Version, ...] | None


async def state_of(account: Account, members: Sequence[Member], whole: Whole, notes: Version | None = None) -> State:
    """Tell one state of all pictures from the next; `notes` are as they were before anything was read in them."""
    lines: list[str] = []
    watched: dict[Version, None] | None = {}
    for member, found in zip(members, whole.found, strict=True):
        second = 0
        if found.entry is not None and found.entry.record is not None and found.entry.record.path:
            stored = await account.stored(found.name, found.entry.source())
            second = stored.second
            watched = {**watched, **dict.fromkeys(stored.watched)} if watched is not None and stored.watched else None
        lines.append(f"{second} {member!r}")
    seen = (*watched, notes) if watched is not None and notes is not None else None
    return State(sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest(), seen)


def read_made(account: Account, kind: Kind, public_id: str) -> Made | None:
    """Find what a call has made, in a thread."""
    note = account.notes.read("made", f"{kind}/{public_id}")
    if note is None:
        return None
    members = note.get("members")
    version = note.get("version")
    return Made(
        public_id,
        tuple(
            Member(str(one.get("record", "")), str(one.get("url", "")), str(one.get("transformation", "")))
            for one in (members if isinstance(members, list) else [])
            if isinstance(one, dict)
        ),
        version if isinstance(version, int) else 0,
        str(note.get("state", "")),
    )


def forget(account: Account, name: str) -> bool:
    """Forget what a call has made, but for its version, in a thread; tell whether there was anything."""
    note = account.notes.read("made", name)
    if note is None or not note.get("members"):
        return False
    account.notes.write("made", name, {**note, "members": [], "state": ""})
    return True
