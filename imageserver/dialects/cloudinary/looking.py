"""What a delivery URL names: its record, the pictures of its layers, and how large all of them are."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from imageserver.admission.admitting import Admitted
from imageserver.catalog.catalogs import Entry
from imageserver.catalog.fields import properties_in
from imageserver.catalog.loading import State
from imageserver.catalog.written import Json
from imageserver.config import Key
from imageserver.dialects.cloudinary.account import UPLOAD, Account, record_id
from imageserver.dialects.cloudinary.calls import written as text_of
from imageserver.dialects.cloudinary.language.address import Address
from imageserver.dialects.cloudinary.language.chain import Chain, Known, Overlay, key_of, layer_request
from imageserver.dialects.cloudinary.language.components import Component
from imageserver.dialects.cloudinary.language.conditions import About
from imageserver.dialects.cloudinary.language.facts import BadTransformation, NoSuchResource, Unsigned
from imageserver.dialects.cloudinary.language.layers import Fetched, Layer, Named, Written, elsewhere, stand_in
from imageserver.dialects.cloudinary.language.picture import Boxes, Client, Shown
from imageserver.errors import NotFound
from imageserver.layout.measuring import Survey
from imageserver.plan.fonts import FontMap
from imageserver.plan.hints import NO_HINTS
from imageserver.plan.picture import Picture
from imageserver.plan.plan import Plan
from imageserver.protocol.values import Size
from imageserver.render.cropping import border_of, crop_of

STORED = {"JPEG": "jpg", "TIFF": "tif", "HEIF": "heic", "JPEG2000": "jp2"}
"""Extensions of the formats of sources; any other is its own name."""
UNBOUNDED = Size(0, 0)


@dataclass(frozen=True, slots=True)
class Found:
    """A record, or a picture from elsewhere, and what is known of it; `extension` is what the URL adds to its id."""

    shown: Shown
    stored: str
    extension: str = ""
    name: str = ""
    entry: Entry | None = None

    @property
    def is_its_file(self) -> bool:
        """Tell whether the file of the record is all there is to see: no template, no mask and no watermark."""
        if self.entry is None or self.entry.record is None or not self.shown.plain:
            return False
        return not (self.entry.record.mask_path or self.entry.catalog.attributes.watermark)

    @property
    def most(self) -> Size:
        """How large the catalog lets a picture be; a side of 0 is free."""
        return self.entry.catalog.attributes.max_pix if self.entry else UNBOUNDED

    @property
    def fits(self) -> bool:
        """Tell whether the catalog lets the picture be as large as it is."""
        size, most = self.shown.size, self.most
        return size.width <= (most.width or size.width) and size.height <= (most.height or size.height)

    @property
    def about(self) -> About:
        """What conditions may ask for beside the size."""
        record = self.entry.record if self.entry else None
        if record is None:
            return About()
        tags = frozenset(filter(None, (one.strip() for one in record.tags.split(","))))
        return About(tags, dict(properties_in(record.user_data)))

    @property
    def own(self) -> frozenset[Path]:
        """The files whose change is a change of the record; none where it stands for a request of its own."""
        if self.entry is None or self.entry.record is None or not self.shown.plain:
            return frozenset()
        return frozenset(filter(None, (self.entry.source(), self.entry.mask())))


@dataclass(frozen=True, slots=True)
class Looking:
    """Looks names up for one request, that is `signed` or not; without, its picture may be restricted all the same.

    A `token` counts as a signature, but only for that picture.
    """

    account: Account
    request: web.Request
    state: State
    signed: bool
    restricted: bool = False
    token: bool = False

    @property
    def others(self) -> Looking:
        """What looks up all else that a URL shows, layers and default images: only a signature is for these, too."""
        return replace(self, signed=self.signed and not self.token, restricted=False)

    def path_of(self, name: str) -> str:
        """Give the native path of a record."""
        return "/".join(filter(None, (self.account.root, quote(name, safe="/"))))

    def admit(self, path: str, query: str) -> Admitted:
        """Let a native request in; what is for those who sign is open to one that is signed, or is for its picture."""
        account = self.account
        own = account.catalog.attributes
        closed = own.request_signing or own.request_lock or own.request_obfuscation
        is_known = self.signed or (self.restricted and not closed)
        key = Key("cloudinary", "", (account.catalog.name,)) if is_known else None
        return account.site.admit(self.request, f"/{path}", query, key=key)

    def planned(self, written: str) -> Plan:
        """Say what a native request means; raises `Refused` for what may not be seen."""
        path, _, query = written.partition("?")
        return self.account.site.plan(self.admit(path, query), NO_HINTS)

    async def base(self, address: Address) -> Found:
        """Find what a URL asks for; raises `NoSuchResource`."""
        if address.type == "fetch":
            return await self.fetched(address.public_id)
        for public_id in dict.fromkeys((address.public_id, address.stem)):
            name = record_id(address.type, public_id)
            if self.account.record(name) is not None:
                extension = "" if public_id == address.public_id else address.extension
                return replace(await self.found(name), extension=extension)
        raise NoSuchResource(address.stem)

    async def found(self, name: str) -> Found:
        """Measure a record."""
        admitted = self.admit(self.path_of(name), "")
        entry = admitted.catalogs.look_up(admitted.request.object)
        record = entry.record
        if record is None:
            raise NoSuchResource(name)
        if not record.path or record.modifier or record.post_modifier:
            return Found(await self.measured(self.path_of(name)), "", name=name, entry=entry)
        path, attributes = entry.source(), entry.catalog.attributes
        facts = (await self.account.site.sources.facts([path]))[path]
        shown = Shown(
            self.path_of(name),
            facts.shown_size(oriented=attributes.apply_orientation),
            has_alpha=facts.alpha != "none" or bool(record.mask_path),
            paths=tuple(one.name for one in facts.paths),
            pages=facts.frame_count,
        )
        return Found(shown, STORED.get(facts.format, facts.format.casefold()), name=name, entry=entry)

    async def fetched(self, url: str) -> Found:
        """Measure a picture from elsewhere, if the catalog and the configuration allow it."""
        try:
            return Found(await self.measured(elsewhere(self.account.root, url)), "")
        except NotFound as error:
            raise NoSuchResource(url) from error

    async def measured(self, written: str) -> Shown:
        """Measure any native request, at its own size."""
        site, planned = self.account.site, self.planned(written)
        await site.fetcher.bring(planned.foreign)
        picture = planned.picture
        if not isinstance(picture, Picture):
            raise BadTransformation(f"Invalid layer: {written[:100]}")
        unbounded = replace(picture, rules=replace(picture.rules, max_size=UNBOUNDED, default_size=UNBOUNDED))
        survey = Survey(await site.facts(planned))
        measure = partial(survey.measure, unbounded)  # a long text takes its time
        window = (await asyncio.to_thread(measure) if planned.sets_text else measure()).view.window
        alpha = (
            bool(picture.texts)
            or not written.partition("?")[2].startswith("src=(")
            or any(survey.facts[one.path].alpha != "none" for one in picture.sources)
        )
        return Shown(written, Size(window.width, window.height), alpha, plain=False)

    async def known(self, chain: Chain, found: Found, client: Client) -> Known:
        """Gather all that a transformation needs to know of its pictures."""
        if chain.looks_elsewhere:
            raise BadTransformation("Effect trim and background auto are for the first page")
        client = replace(client, border=await self.border(found, chain))
        if chain.needs_places:
            faces, custom = await self.places(found)
            client = replace(client, faces=faces, custom=custom)
        layers, trim = await self.layers(chain), await self.trim(found, chain.trim)
        return Known(found.shown, self.account.root, layers, client, trim, await self.about(found, chain))

    async def about(self, found: Found, chain: Chain) -> About:
        """Give what is said of a picture, and what is noted of it if a chain asks for that."""
        if not chain.asks_notes or found.entry is None:
            return found.about
        note = await self.account.noted(found.name)
        metadata, given = note.get("metadata"), note.get("coordinates")
        fields = metadata.items() if isinstance(metadata, dict) else ()
        faces = boxes_of(given.get("faces")) if isinstance(given, dict) else ()
        return replace(
            found.about,
            metadata={name: values for name, value in fields if (values := texts_of(value))},
            faces=len(faces),
        )

    async def layers(self, chain: Chain) -> dict[tuple[Layer, str], Shown]:
        """Measure what all layers show; raises `NoSuchResource`."""
        found = {}
        for overlay in chain.overlays:
            found[key_of(overlay)] = await self.layer(overlay)
        return found

    async def layer(self, overlay: Overlay) -> Shown:
        """Measure what a layer shows."""
        if isinstance(overlay.shows, Named):
            return (await self.others.found(self.others.named(overlay.shows))).shown
        if isinstance(overlay.shows, Written) and overlay.shows.saved:
            overlay = await self.in_saved_style(overlay, overlay.shows)
        written = layer_request(overlay, self.account.root, self.font, lambda _: "")
        try:
            return await self.measured(written)
        except NotFound as error:
            name = overlay.shows.url if isinstance(overlay.shows, Fetched) else error.name
            raise NoSuchResource(name) from error

    async def in_saved_style(self, overlay: Overlay, layer: Written) -> Overlay:
        """Give a text the style of one that was stored; raises `NoSuchResource`."""
        style = (await self.account.noted(layer.saved)).get("text")
        if not isinstance(style, dict):
            raise NoSuchResource(layer.saved)
        shows, opens = styled(layer, overlay.opens, style)
        return replace(overlay, shows=shows, opens=opens)

    def named(self, layer: Named) -> str:
        """Find the record of a layer; what needs a signature is for URLs that have one."""
        if layer.type != UPLOAD and not self.signed:
            raise Unsigned(f"Overlay {layer.type}:{layer.public_id} needs a signed URL")
        for public_id in candidates(layer.public_id):
            name = record_id(layer.type, public_id)
            if self.account.record(name) is not None:
                return name
        raise NoSuchResource(layer.public_id)

    @property
    def fonts(self) -> FontMap:
        """The fonts of the catalog."""
        return FontMap.of(self.account.catalog, self.account.site.catalogs)

    def font(self, name: str) -> str:
        """Give a font of that name, or one that is like it."""
        known = {one.casefold(): one for one in self.fonts.names()}
        return known.get(name.casefold()) or stand_in(name)

    def follows_fonts(self, chain: Chain) -> bool:
        """Tell whether a text is in a font of the catalog, or in one that the catalog does not have yet."""
        texts = (one.shows for one in chain.overlays if isinstance(one.shows, Written))
        return any(not self.fonts.comes_along(one.font) for one in texts)

    async def trim(self, found: Found, tolerance: float | None) -> str:
        """Find the rectangle that a border leaves; nothing when there is none."""
        if tolerance is None:
            return ""
        if found.entry is None or not found.shown.plain:
            raise BadTransformation("Effect trim is for pictures as they are stored")
        entry = found.entry
        oriented = entry.catalog.attributes.apply_orientation
        corner = "alpha" if found.shown.has_alpha else "ul"
        return await self.account.site.renderer.run(crop_of, entry.source(), oriented, corner, tolerance / 100)

    async def places(self, found: Found) -> tuple[Boxes, Boxes]:
        """Give the coordinates of faces, and others, that a record was given."""
        if found.entry is None or not found.shown.plain:
            return (), ()
        given = (await self.account.noted(found.name)).get("coordinates")
        known = given if isinstance(given, dict) else {}
        return boxes_of(known.get("faces")), boxes_of(known.get("custom"))

    async def border(self, found: Found, chain: Chain) -> str:
        """Find the colour at the edges of a picture, if it is asked for and the picture is stored as it is."""
        if not chain.needs_border or found.entry is None or not found.shown.plain:
            return ""
        oriented = found.entry.catalog.attributes.apply_orientation
        return await self.account.site.renderer.run(border_of, found.entry.source(), oriented)


def candidates(public_id: str) -> Iterable[str]:
    """Yield the ids that a name may stand for: as it is, and without an extension."""
    stem, dot, extension = public_id.rpartition(".")
    return dict.fromkeys((public_id, *([stem] if dot and stem and "/" not in extension else [])))


def boxes_of(written: Json) -> Boxes:
    """Read rectangles as they are kept."""
    found: list[tuple[int, int, int, int]] = []
    for one in written if isinstance(written, list) else ():
        match one:
            case [int() as x, int() as y, int() as width, int() as height]:
                found.append((x, y, width, height))
    return tuple(found)


def texts_of(value: Json) -> tuple[str, ...]:
    """Read the values of a field of metadata, of which some came as text; none where it is empty."""
    if isinstance(value, str) and value.startswith("["):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    values = value if isinstance(value, list) else [value]
    return tuple(text_of(one) for one in values if one is not None and one != "")


def styled(layer: Written, component: Component, style: Mapping[str, Json]) -> tuple[Written, Component]:
    """Give a text the font and the colours of a style, but for colours that it has itself."""
    words = style.get("styles")
    size = style.get("size")
    shows = replace(
        layer,
        font=str(style.get("font", "")),
        size=float(size) if isinstance(size, int | float) else 0.0,
        styles=tuple(str(one) for one in words) if isinstance(words, list) else (),
    )
    colors = {name: str(style[name]) for name in ("co", "b") if name in style}
    return shows, replace(component, values={**colors, **component.values})
