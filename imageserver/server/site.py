"""What a server holds: its configuration, its catalogs, its workers, and what it knows of files."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from aiohttp import web

from imageserver.admission.admitting import Admitted, Arrival, admit
from imageserver.admission.rules import Kind
from imageserver.answers.answer import Answer, Document, Drawing, Measurement, Packet, Storing
from imageserver.answers.answering import answer, digest, tag_of
from imageserver.answers.properties import java_properties, media_type
from imageserver.catalog.catalogs import Catalogs
from imageserver.catalog.shelf import shelf_of
from imageserver.config import Cache, Config, Key
from imageserver.errors import BadSource, DamagedPyramid, ImageServerError, NotFound, RenderFailed, SavingFailed
from imageserver.layout.facts import Facts
from imageserver.layout.layout import Layout
from imageserver.plan.error_images import plan_error_image
from imageserver.plan.files import FilePlan
from imageserver.plan.hints import Hints
from imageserver.plan.plan import MediaSet, Plan, Saving
from imageserver.plan.planning import never_expires, plan
from imageserver.render.drawing import draw, draw_converted
from imageserver.render.probe import read_xmp
from imageserver.server.attempts import Attempts
from imageserver.server.clients import Clients
from imageserver.server.drawing import DrawingThreads
from imageserver.server.fetching import Fetcher
from imageserver.server.file_versions import Version, version_of
from imageserver.server.files import Files
from imageserver.server.hits import Hits
from imageserver.server.operations.metrics import Counts
from imageserver.server.operations.noting import RequestIds
from imageserver.server.operations.readiness import Readiness
from imageserver.server.operations.stages import SERVER_TIMING, server_timing, timed
from imageserver.server.pyramids import Pyramids
from imageserver.server.reloading import LiveCatalogs
from imageserver.server.remembering import Remembered
from imageserver.server.rendering import Renderer
from imageserver.server.replies import Body, Replies
from imageserver.server.saving import store
from imageserver.server.sources import Sources

T = TypeVar("T")
Planned = TypeVar("Planned", Plan, FilePlan)
TRIES = 3
"""How often a reply is made anew because a file changed under it."""


class Site:
    """One process that serves; when it `is_stopping`, it answers what comes over its connections and closes them."""

    def __init__(self, config: Config, folder: Path, counts: Counts) -> None:
        self.config = config
        self.counts = counts
        self.is_stopping = False
        self.live = LiveCatalogs(folder, shelf_of(config), counts)
        self.renderer = Renderer(config.limits, counts=counts)
        self.readiness = Readiness(self.renderer)
        self.ids = RequestIds()
        remembered = Remembered(Path(config.state) / "sources.sqlite", config.limits)
        self.sources = Sources(self.renderer, config.limits, remembered)
        self.files = Files()
        self.fetcher = Fetcher(config.sources)
        self.replies = Replies(config.cache)
        self.clients = Clients(config.server)
        self.attempts = Attempts()
        self.hits = Hits(self.replies, {**common_headers(config), **hit_timing(config)}, self.clients, self.ids)
        self.pyramids = Pyramids(config, counts)
        self.threads = DrawingThreads(config, counts)

    @property
    def catalogs(self) -> Catalogs:
        """The catalogs as they are now; a request keeps to the ones that it began with."""
        return self.live.state.catalogs

    def admit(
        self, request: web.BaseRequest, path: str, modifiers: str, kind: Kind = "is", *, key: Key | None = None
    ) -> Admitted:
        """Apply the rules of the catalogs to a request; raises `Refused` when it may not be served."""
        arrival = Arrival(path, modifiers, self.clients.address(request), time.time(), kind, key)
        return admit(arrival, self.catalogs, self.config)

    def judge(
        self, request: web.BaseRequest, credentials: str, opens: Callable[[], T | None], *, name: str = ""
    ) -> T | None:
        """Give what the credentials of a request open, None for wrong ones; raises `TooManyAttempts`."""
        return self.attempts.judge(self.clients.address(request), credentials, time.time(), opens, name=name)

    def plan(self, admitted: Admitted, hints: Hints) -> Plan:
        """Say what a request means to a client."""
        return bound(plan(admitted.request, admitted.catalogs, self.config.limits, hints), admitted)

    def versions(self, planned: Plan) -> tuple[Version, ...]:
        """Tell which versions of its files a plan is going to use; raises `BadSource` for one that is gone."""
        return tuple(version_of(path) for path in (*paths_of(planned), *(file.path for file in planned.other_files)))

    def never_expires(self, admitted: Admitted) -> bool:
        """Tell whether any reply to a request that a client has is right."""
        return never_expires(admitted.request, admitted.catalogs, self.config.limits)

    async def error_image(self, admitted: Admitted, title: str, message: str) -> tuple[bytes, str] | None:
        """Draw the picture that is sent instead of an error's text; None where there is none, or it fails, too."""
        variables = {"error.title": title, "error.message": message}
        try:
            planned = plan_error_image(admitted.request, admitted.catalogs, self.config.limits, variables)
            if planned is None:
                return None
            await self.fetcher.bring(planned.foreign)
            _, body, kind = await self.finish(planned, await self.answer(planned))
        except ImageServerError:
            return None
        return body.content, kind

    async def facts(self, planned: Plan) -> Mapping[Path, Facts]:
        """Give the facts of all files of a plan as they are now."""
        with naming(planned):
            needs_all = not isinstance(planned.content, MediaSet)
            return await self.sources.facts(paths_of(planned), planned.other_files, needs_all=needs_all)

    async def answer(self, planned: Plan) -> Answer:
        """Say what is sent in reply to a plan."""
        facts = await self.facts(planned)
        arguments = planned, self.pyramids.seen(facts), time.time(), self.replies.length
        found = await asyncio.to_thread(answer, *arguments) if planned.sets_text else answer(*arguments)
        return replace(found, facts=facts)

    async def finish(self, planned: Plan, answered: Answer) -> tuple[Answer, Body, str]:
        """Give answer and body that belong together, also while files are being replaced.

        A pyramid that appears meanwhile changes nothing; one that turns out to be damaged is done without.
        """
        for _ in range(TRIES):
            try:
                with naming(planned):
                    body, kind = await self._body(planned, answered)
            except (Changed, DamagedPyramid):
                answered = await self.answer(planned)
            else:
                return answered, body, kind
        raise RenderFailed("its source files keep changing")

    async def _body(self, planned: Plan, answered: Answer) -> tuple[Body, str]:
        """Give the bytes and the content type of an answer; raises `Changed` when its files are not those any more."""
        match answered.content:
            case Document(body, kind):
                return Body(body), kind
            case Drawing(layout, kind):
                return await self._drawn(planned, answered, layout), kind
            case Measurement(layout):
                drawn = await self._drawn(planned, answered, layout)
                length = java_properties((("image.length", str(len(drawn.content))),), time.time())
                return Body(length.encode(), drawn.origin), media_type("text")
            case Storing(layout, saving):
                return await self._stored(planned, answered, layout, saving), media_type("text")
            case Packet(path, name, absent, kind):
                if absent:
                    raise NotFound("XMP metadata", name, "the image has none")
                return Body(await self._checked(planned, answered, partial(self.renderer.run, read_xmp, path))), kind

    async def draw(self, layout: Layout) -> bytes:
        """Draw a layout; of one whose format was chosen, the length in the format that was asked for is kept."""
        if layout.encoding.instead_of is None:
            return await self._work(draw, layout)
        written, length = await self._work(draw_converted, layout)
        await self.replies.get_or_make(length_tag(tag_of(layout)), partial(given, str(length).encode()), anew=True)
        return written

    async def saved(self, answered: Answer, length: int) -> int | None:
        """Tell how many bytes the choice of the format has saved; None where there was none, or it is forgotten."""
        content = answered.content
        if not isinstance(content, Drawing) or content.layout.encoding.instead_of is None:
            return None
        found = await self.replies.find(length_tag(answered.tag))
        return int(found) - length if found else None

    async def _work(self, work: Callable[[Layout, Cache], T], layout: Layout) -> T:
        """Draw in a thread what is made of our own levels, in a worker process what comes from outside."""
        if not self.threads.takes(layout):
            self.pyramids.want(layout)
            return await self.renderer.run(work, layout, self.config.cache)
        try:
            return await self.threads.draw(work, layout)
        except DamagedPyramid as damaged:
            self.pyramids.discard(damaged)
            raise

    async def _drawn(self, planned: Plan, answered: Answer, layout: Layout) -> Body:
        """Draw a layout, or find it in the cache, as `cache=` says.

        What is drawn in threads of levels alone is right whatever happens to files meanwhile: levels never change.
        """
        quick = not planned.other_files and self.threads.takes(layout)
        drawing = partial(self.draw, layout)
        make = drawing if quick else partial(self._checked, planned, answered, drawing)
        if planned.cache.server == "off":
            return Body(await make())
        return await self.replies.get_or_make(answered.tag, make, anew=planned.cache.server == "update", quick=quick)

    async def _stored(self, planned: Plan, answered: Answer, layout: Layout, saving: Saving) -> Body:
        """Draw a layout into a file, and tell that it was done."""
        seconds = min(saving.seconds or self.config.save.timeout, self.config.save.timeout)
        try:
            async with asyncio.timeout(seconds):
                drawn = await self._drawn(planned, answered, layout)
                with timed("store"):
                    await asyncio.to_thread(store, self.config.save, saving, drawn.content)
        except TimeoutError as error:
            raise SavingFailed(saving.file, f"it took longer than {seconds:g} s") from error
        now = time.time()
        pixels = layout.window.width * layout.window.height
        told = {"lastUpdated": str(int(now * 1000)), "pixelsTotal": str(pixels), "status": "done"}
        return Body(java_properties(tuple(told.items()), now).encode())

    async def _checked(self, planned: Plan, answered: Answer, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """Make bytes, and see whether they were made of the files that the answer is about."""
        body = await make()
        if await self.facts(planned) != answered.facts:
            raise Changed
        return body

    async def close(self) -> None:
        """Finish what is being written, and stop drawing and building."""
        await self.replies.close()
        await self.sources.close()
        await self.fetcher.close()
        await self.pyramids.stop()
        self.threads.stop()
        await asyncio.to_thread(self.renderer.stop)


def bound(planned: Planned, admitted: Admitted) -> Planned:
    """Let a reply be kept no longer, and by nobody else, than the request allows."""
    lifetime = replace(planned.lifetime, until=admitted.until, private=admitted.private)
    return replace(planned, lifetime=lifetime)


def length_tag(tag: str) -> str:
    """Name what is kept of the length that a reply would have in the format that was asked for."""
    return digest(f"length instead of {tag}")


async def given(body: bytes) -> bytes:
    """Give what is there already to who waits for it."""
    return body


class Changed(Exception):
    """Files were replaced while an answer was being made of them."""


def paths_of(planned: Plan) -> tuple[Path, ...]:
    """Give the files that a plan reads, each once."""
    return tuple(dict.fromkeys(path for source in planned.sources for path in source.paths))


@contextmanager
def naming(planned: Plan) -> Iterator[None]:
    """Name a foreign image that is no good by its URL, not by the file that it was fetched into."""
    try:
        yield
    except BadSource as error:
        urls = {path.name: url for url, path in planned.foreign}
        if error.name not in urls:
            raise
        raise type(error)(urls[error.name], error.reason) from error


def common_headers(config: Config) -> dict[str, str]:
    """Give the headers of every reply."""
    origin = {"Access-Control-Allow-Origin": config.server.allow_origin} if config.server.allow_origin else {}
    timing = {"Timing-Allow-Origin": config.server.allow_origin} if config.server.timing and origin else {}
    return {**origin, **timing, "X-Content-Type-Options": "nosniff", "Server": "imageserver"}


def hit_timing(config: Config) -> dict[str, str]:
    """Give the header that tells where a reply at hand came from; it has no stages."""
    return {SERVER_TIMING: server_timing({}, "memory")} if config.server.timing else {}
