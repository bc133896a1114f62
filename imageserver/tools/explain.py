"""`imageserver explain URL`: a request as it was read, as it is meant, and as it is laid out, for people who debug."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from imageserver.admission.rules import preprocess
from imageserver.answers.explaining import explain_plan, explain_question
from imageserver.catalog.loading import load
from imageserver.catalog.shelf import shelf_of
from imageserver.config import Config
from imageserver.plan.planning import plan
from imageserver.plan.question import ask
from imageserver.protocol.reading import read
from imageserver.server.looking import facts_of

DOOR = "/is/image/"


def explain(url: str, config: Config) -> Iterator[str]:
    """Yield the lines of an explanation; raises what the server would answer."""
    behind = url.partition(DOOR)[2] if DOOR in url else url.lstrip("/")
    path, _, query = behind.partition("?")
    loaded = load(Path(config.catalogs), shelf=shelf_of(config)).catalogs
    done = preprocess(path, query, replace(loaded, sources=config.sources), config.limits)
    request, catalogs = read(done.path, done.modifiers), done.catalogs
    if (done.path, done.modifiers) != (path, query):
        yield f"rules     made it {done.path}?{done.modifiers}"
    yield from map(str, explain_question(ask(request, catalogs, config.limits)))
    planned = plan(request, catalogs, config.limits)
    yield from map(str, explain_plan(planned, facts_of(planned, config.limits)))
