"""The playground: a request is written or built, drawn, and explained."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from aiohttp import web

from imageserver.admission.admitting import Admitted
from imageserver.admission.rules import preprocess
from imageserver.answers.answer import Answer, Drawing, Storing
from imageserver.answers.explaining import Line, explain_plan, explain_question
from imageserver.errors import ImageServerError
from imageserver.plan.hints import NO_HINTS
from imageserver.plan.plan import Plan
from imageserver.plan.question import ask
from imageserver.protocol.reading import read
from imageserver.server.admin.bodies import bad
from imageserver.server.admin.desk import DEFAULT
from imageserver.server.admin.tokens import check_scope
from imageserver.server.console.commands import written_commands
from imageserver.server.console.pictures import path_in, seen_by
from imageserver.server.console.visiting import Visit, rendered
from imageserver.server.site import Site

MOST_OBJECTS = 500
DOOR = "/is/image/"
SHOWN_TEXT = 4000
"""Characters of a reply of text that are shown."""


@dataclass
class Clock:
    """How long the steps of a reply took, in milliseconds."""

    read: Callable[[], float] = time.perf_counter
    steps: dict[str, float] = field(default_factory=dict)
    last: float = 0.0

    def start(self) -> None:
        """Begin to count."""
        self.last = self.read()

    def stop(self, step: str) -> None:
        """Note that a step is done."""
        now = self.read()
        self.steps[step], self.last = round((now - self.last) * 1000, 2), now


async def show_playground(visit: Visit) -> web.StreamResponse:
    """Show the page, with the request that its URL names."""
    return rendered(visit, "playground.html", {"url": visit.request.query.get("url", ""), "objects": objects(visit)})


def objects(visit: Visit) -> list[str]:
    """Name records that can be asked for; any other may be typed."""
    catalogs = visit.desk.site.catalogs
    every = [catalogs.default, *catalogs.named.values()]
    seen = [one for one in every if visit.session.token.reaches(one.name or DEFAULT)]
    return list(islice((path_in(one, name) for one in seen for name, _ in one.page(0, MOST_OBJECTS)), MOST_OBJECTS))


async def send_commands(_visit: Visit) -> web.StreamResponse:
    """Send what is declared of all commands."""
    return web.Response(text=written_commands(), content_type="application/json")


async def explain(visit: Visit) -> web.StreamResponse:
    """Answer a request as it would be answered, and tell how that came about; what is wrong with it, too."""
    target = visit.request.query.get("url", "")
    behind = (target.partition(DOOR)[2] if DOOR in target else target.lstrip("/")).partition("#")[0]
    if len(behind) > visit.desk.site.config.limits.url_length:
        raise bad("the request is longer than limits.url_length")
    found = Explained(DOOR + behind)
    path, _, query = behind.partition("?")
    try:
        await found.fill(visit, path, query)
    except ImageServerError as error:
        found.told["refused"] = ""  # it is wrong for everybody
        found.told["error"] = {"title": error.title, "message": " ".join(str(error).split()), "status": error.status}
    told = {"url": found.url, "lines": [told_line(one) for one in found.lines], "timing": found.clock.steps}
    return web.json_response({**told, **found.told}, headers={"Cache-Control": "no-store"})


@dataclass
class Explained:
    """An explanation while it is being put together, so that what was found out before an error is told as well."""

    url: str
    lines: list[Line] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)
    told: dict[str, object] = field(default_factory=dict)

    async def fill(self, visit: Visit, path: str, query: str) -> None:
        """Find out what a request gives; raises what the server would answer."""
        site, limits = visit.desk.site, visit.desk.site.config.limits
        self.clock.start()
        admitted = admitted_anyway(visit, path, query)
        governing, _ = admitted.catalogs.governing(admitted.request.object)
        check_scope(visit.session.token, governing.name or DEFAULT, write=False)
        self.told["refused"] = refusal_of(visit, path, query)
        self.lines += explain_question(ask(admitted.request, admitted.catalogs, limits))
        planned = site.plan(admitted, NO_HINTS)
        self.clock.stop("plan")
        await site.fetcher.bring(planned.foreign)
        answered = await site.answer(planned)
        self.clock.stop("measure")
        self.lines += explain_plan(planned, answered.facts)
        self.told["cache"] = caching_of(answered)
        if not isinstance(answered.content, Storing):
            await self.finish(site, planned, answered)

    async def finish(self, site: Site, planned: Plan, answered: Answer) -> None:
        """Have the reply made, and say what it is."""
        self.clock.start()
        answered, body, kind = await site.finish(planned, answered)
        self.clock.stop("draw")
        reply: dict[str, object] = {"type": kind, "bytes": len(body.content), "origin": body.origin}
        if isinstance(answered.content, Drawing):
            size = answered.content.layout.reply
            reply |= {"width": size.width, "height": size.height}
        else:
            reply["text"] = body.content[:SHOWN_TEXT].decode("utf-8", "replace")
        self.told["reply"] = reply


def admitted_anyway(visit: Visit, path: str, query: str) -> Admitted:
    """Read a request as the rules of its catalog leave it, also where it would not be let in without the token."""
    site = visit.desk.site
    done = preprocess(path, query, seen_by(visit, site.catalogs), site.config.limits)
    return Admitted(read(done.path, done.modifiers), done.catalogs, done.headers)


def refusal_of(visit: Visit, path: str, query: str) -> str:
    """Say why the same request, sent to the public address, would not be let in; nothing when it would."""
    try:
        visit.desk.site.plan(visit.desk.site.admit(visit.request, path, query), NO_HINTS)
    except ImageServerError as error:
        return " ".join(str(error).split())
    return ""


def caching_of(answered: Answer) -> dict[str, object]:
    """Say by what a reply is found in the cache, and how long others may keep it."""
    headers = answered.caching.headers(answered.tag, time.time())
    return {"key": answered.tag, "hours": answered.caching.hours, "headers": headers}


def told_line(line: Line) -> dict[str, object]:
    """Tell a line of an explanation."""
    place = line.place and [line.place.x, line.place.y, line.place.width, line.place.height]
    return {"about": line.about, "text": line.text, "depth": line.depth, "place": place}
