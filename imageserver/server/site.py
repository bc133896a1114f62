"""What a server holds: its configuration, its catalogs, its workers, and what it knows of files."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from imageserver.answers.answer import Answer, Document, Drawing, Measurement, Packet
from imageserver.answers.answering import answer
from imageserver.answers.properties import java_properties, media_type
from imageserver.catalog.catalogs import Catalogs
from imageserver.config import Config
from imageserver.errors import DamagedPyramid, ImageServerError, NotFound, RenderFailed
from imageserver.layout.facts import Facts
from imageserver.layout.layout import Layout
from imageserver.plan.error_images import plan_error_image
from imageserver.plan.picture import Plan
from imageserver.plan.planning import never_expires, plan
from imageserver.protocol.request import Request
from imageserver.render.drawing import draw
from imageserver.render.probe import read_xmp
from imageserver.server.drawing import DrawingThreads
from imageserver.server.pyramids import Pyramids
from imageserver.server.reloading import LiveCatalogs
from imageserver.server.rendering import Renderer
from imageserver.server.sources import Sources

TRIES = 3
"""How often a reply is made anew because a file changed under it."""


class Site:
    """One running server."""

    def __init__(self, config: Config, folder: Path) -> None:
        self.config = config
        self.live = LiveCatalogs(folder)
        self.renderer = Renderer(config)
        self.sources = Sources(self.renderer, config.limits)
        self.pyramids = Pyramids(config)
        self.threads = DrawingThreads(config)

    @property
    def catalogs(self) -> Catalogs:
        """The catalogs as they are now; a request keeps to the ones that it began with."""
        return self.live.state.catalogs

    def plan(self, request: Request) -> Plan:
        """Say what a request means."""
        return plan(request, self.catalogs, self.config.limits)

    def never_expires(self, request: Request) -> bool:
        """Tell whether any reply to a request that a client has is right."""
        return never_expires(request, self.catalogs, self.config.limits)

    async def error_image(self, request: Request, title: str, message: str) -> tuple[bytes, str] | None:
        """Draw the picture that is sent instead of an error's text; None where there is none, or it fails, too."""
        variables = {"error.title": title, "error.message": message}
        try:
            planned = plan_error_image(request, self.catalogs, self.config.limits, variables)
            return None if planned is None else await self.body(await self.answer(planned))
        except ImageServerError:
            return None

    async def facts(self, planned: Plan) -> Mapping[Path, Facts]:
        """Give the facts of all files of a plan as they are now."""
        return await self.sources.facts(path for source in planned.sources for path in source.paths)

    async def answer(self, planned: Plan) -> Answer:
        """Say what is sent in reply to a plan."""
        facts = await self.facts(planned)
        return replace(answer(planned, self.pyramids.seen(facts), time.time()), facts=facts)

    async def body(self, answered: Answer) -> tuple[bytes, str]:
        """Give the bytes and the content type of an answer, drawing it where that is still to be done."""
        match answered.content:
            case Document(body, kind):
                return body, kind
            case Drawing(layout, kind):
                return await self.draw(layout), kind
            case Measurement(layout):
                length = len(await self.draw(layout))
                return java_properties((("image.length", str(length)),), time.time()).encode(), media_type("text")
            case Packet(path, name, absent, kind):
                if absent:
                    raise NotFound("XMP metadata", name, "the image has none")
                return await self.renderer.run(read_xmp, path), kind

    async def draw(self, layout: Layout) -> bytes:
        """Draw a layout: in a thread what is made of our own levels, in a worker process what comes from outside."""
        if not self.threads.takes(layout):
            self.pyramids.want(layout)
            return await self.renderer.run(draw, layout)
        try:
            return await self.threads.draw(layout)
        except DamagedPyramid as damaged:
            self.pyramids.discard(damaged)
            raise

    async def stop(self) -> None:
        """Stop drawing and building."""
        await self.pyramids.stop()
        self.threads.stop()
        await asyncio.to_thread(self.renderer.stop)

    async def finish(self, planned: Plan, answered: Answer) -> tuple[Answer, bytes, str]:
        """Give answer and body that belong together, also while files are being replaced.

        A pyramid that appears meanwhile changes nothing; one that turns out to be damaged is done without.
        """
        for _ in range(TRIES):
            try:
                body, kind = await self.body(answered)
            except DamagedPyramid:
                answered = await self.answer(planned)
                continue
            facts = answered.facts if isinstance(answered.content, Document) else await self.facts(planned)
            if facts == answered.facts:
                return answered, body, kind
            answered = await self.answer(planned)
        raise RenderFailed("its source files keep changing")
