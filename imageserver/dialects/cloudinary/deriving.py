"""What is made of a picture at once: by `eager`, and by `transformation` and `format` before it is stored."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from imageserver.catalog.records import Record
from imageserver.catalog.written import Json
from imageserver.dialects.cloudinary.account import Account
from imageserver.dialects.cloudinary.assets import Asset, url_of
from imageserver.dialects.cloudinary.calls import Call
from imageserver.dialects.cloudinary.language.chain import Known, finished, read_chain, translate
from imageserver.dialects.cloudinary.language.conditions import About
from imageserver.dialects.cloudinary.language.output import FORMATS, allowed, held
from imageserver.dialects.cloudinary.language.picture import Client, Shown
from imageserver.dialects.cloudinary.looking import STORED, UNBOUNDED, Found, Looking
from imageserver.dialects.cloudinary.replies import Failed
from imageserver.plan.planning import plan
from imageserver.protocol.reading import read
from imageserver.protocol.values import Size

if TYPE_CHECKING:
    from imageserver.plan.plan import Plan

STAGED = "what is being uploaded"
MOST = 20
TYPICAL = Shown("", Size(1000, 1000), pages=1000)


async def eager(call: Call, asset: Asset) -> list[dict[str, Json]]:
    """Draw what a call asks for, `t1|t2/png`, so that it is at hand when it is wanted."""
    return [await derived(call, asset, one) for one in eager_parts(call)]


def eager_parts(call: Call) -> Sequence[str]:
    """Cut the transformations of `eager`."""
    parts = [one for text in call.values.get("eager", ()) for one in text.split("|") if one]
    if len(parts) > MOST:
        raise Failed(400, f"Too many eager transformations: expected at most {MOST}")
    return parts


def check_transformation(call: Call, text: str) -> None:
    """Try a transformation on a picture of a usual size, as far as that can be; raises `BadTransformation`."""
    chain = read_chain(text.split("/") if text else [], call.account.named_transformation)
    if not chain.overlays and not chain.asks_about:
        known = Known(TYPICAL, call.account.root, client=Client(border="ffffff"), about=About(faces=1))
        translate(chain, known)


@dataclass(frozen=True, slots=True)
class Derivation:
    """A picture that may be made of an asset: its size, the native request that draws it, and what it becomes."""

    size: Size
    request: str
    extension: str
    looking: Looking
    most: Size = UNBOUNDED

    @property
    def most_width(self) -> int:
        """How wide it may be: no wider than it is, and no larger than the catalog lets pictures be."""
        width, height = self.size.width, self.size.height
        by_height = self.most.height * width // height if self.most.height else width
        return max(1, min(width, self.most.width or width, by_height))


async def derived(call: Call, asset: Asset, text: str) -> dict[str, Json]:
    """Draw one of them."""
    found = await derivation(call, asset, text)
    body, _ = await drawn(call.account, found.looking.planned(found.request))
    url = url_of_derived(call, asset, text, found.extension)
    return {
        "transformation": text,
        "width": found.size.width,
        "height": found.size.height,
        "bytes": len(body),
        "format": found.extension,
        "url": url,
        "secure_url": url,
    }


def url_of_derived(call: Call, asset: Asset, text: str, extension: str) -> str:
    """Give the URL of one of them."""
    return url_of(call, asset, cut(text)[0], extension)


async def derivation(call: Call, asset: Asset, text: str) -> Derivation:
    """Find how large one of them is, and how it is drawn."""
    transformation, extension = cut(text)
    looking = Looking(call.account, call.request, call.account.site.live.state, signed=True)
    found = await looking.found(asset.name.record)
    parts = transformation.split("/") if transformation else []
    chain = read_chain(parts, call.account.named_transformation)
    if chain.asks_about:
        chain = read_chain(parts, call.account.named_transformation, await looking.about(found, chain))
    client = Client(most=found.most)
    picture = translate(chain, await looking.known(chain, found, client))
    written, output = finished(picture, chain, extension, found.stored or "png", client)
    size = held(allowed(picture, found.most).whole(), output).size
    return Derivation(size, written, output.extension, looking, found.most)


def cut(text: str) -> tuple[str, str]:
    """Cut a transformation from the format behind it."""
    before, slash, last = text.rpartition("/")
    if last in FORMATS:
        return (before, last) if slash else ("", last)
    return text.strip("/"), ""


async def drawn(account: Account, planned: Plan) -> tuple[bytes, str]:
    """Draw a plan, or find that it was drawn before; give its media type as well."""
    site = account.site
    await site.fetcher.bring(planned.foreign)
    _, body, media_type = await site.finish(planned, await site.answer(planned))
    return body.content, media_type


async def changed_before_storing(call: Call, path: Path) -> Path:
    """Draw a picture anew by `transformation` and `format`; give the file that is to be stored."""
    transformation, form = call.text("transformation"), call.text("format")
    if not transformation and not form:
        return path
    account = call.account
    facts = (await account.site.sources.facts([path]))[path]
    stored = STORED.get(facts.format, facts.format.casefold())
    looking = Looking(account, call.request, call.account.site.live.state, signed=True)
    size = facts.shown_size(oriented=account.catalog.attributes.apply_orientation)
    shown = Shown(looking.path_of(STAGED), size, facts.alpha != "none", pages=facts.frame_count)
    parts = transformation.split("/") if transformation else []
    chain = read_chain(parts, account.named_transformation, About())  # nothing is said of it before it is stored
    written, _ = finished(
        translate(chain, await looking.known(chain, Found(shown, stored), Client())), chain, form, stored, Client()
    )
    object_, _, query = written.partition("?")
    catalog = account.catalog
    images = ChainMap({STAGED: Record(path=str(await call.run(path.resolve)))}, dict[str, Record](), catalog.images)  # type: ignore[arg-type]
    with_it = replace(catalog, images=images)
    catalogs = account.site.catalogs
    catalogs = (
        replace(catalogs, named={**catalogs.named, catalog.name: with_it})
        if account.root
        else replace(catalogs, default=with_it)
    )
    planned = plan(read(object_, query), catalogs, account.site.config.limits)
    body, _ = await drawn(account, planned)
    result = path.parent / "changed"
    await call.run(result.write_bytes, body)
    return result
