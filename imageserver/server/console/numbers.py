"""The page of the server: how it is set up, and its numbers as they change."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path

from aiohttp import web

from imageserver.cache.disk import opened
from imageserver.config import SECRETS, Config
from imageserver.options import KIB, size
from imageserver.server.console.catalogs import loaded_ones
from imageserver.server.console.measures import Series, of_metrics
from imageserver.server.console.processes import Process, family
from imageserver.server.console.visiting import Visit, rendered
from imageserver.server.operations.exposing import told


async def show_server(visit: Visit) -> web.StreamResponse:
    """Show the page; its script asks for the numbers."""
    shown = settings(visit.desk.site.config) if visit.session.token.reaches("*") else ()
    return rendered(visit, "server.html", {"settings": list(shown)})


async def send_numbers(visit: Visit) -> web.StreamResponse:
    """Send the numbers of all processes as they are now."""
    series = await visit.desk.run(measured, visit)
    found = {"time": time.time(), "series": [asdict(one) for one in series]}
    return web.json_response(found, headers={"Cache-Control": "no-store"})


def measured(visit: Visit) -> list[Series]:
    """Measure, in a thread."""
    config = visit.desk.site.config
    processes = family(os.getppid() if config.server.workers > 1 else os.getpid())
    records = {name: float(len(one.catalog.images)) for name, one in loaded_ones(visit) if one.catalog}
    problems = {name: float(len(one.problems)) for name, one in loaded_ones(visit)}
    return [
        *of_metrics(told(visit.desk.site)),
        *of_processes(processes),
        *of_cache(config),
        Series("Records", "Image records that are served.", records),
        Series("Problems", "What is wrong in the catalogs.", problems),
    ]


def of_processes(processes: list[Process]) -> Iterator[Series]:
    """Yield what the processes need."""
    if processes:
        seconds, memory = sum(one.seconds for one in processes), sum(one.memory for one in processes)
        yield Series("Processor", "Cores that all processes keep busy.", {"": seconds}, "cores", "counter")
        yield Series("Memory", "What all processes hold; what they share counts for each.", {"": memory}, "bytes")
        yield Series("Processes", "Those that answer, and those that draw.", {"": float(len(processes))})


def of_cache(config: Config) -> Iterator[Series]:
    """Yield what the cache on disk holds."""
    if config.cache.max_size and Path(config.cache.path).is_dir():
        usage = opened(config.cache).usage()
        yield Series("Cache on disk", "Bytes of replies that were made before.", {"": float(usage.size)}, "bytes")
        yield Series("Replies in the cache", "Their number.", {"": float(usage.entries)})


def settings(config: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the keys of the configuration with their values; of secrets only whether there are some."""
    for one in fields(config):  # type: ignore[arg-type]
        key, value = f"{prefix}{one.name}", getattr(config, one.name)
        if is_dataclass(value):
            yield from settings(value, f"{key}.")
        else:
            measured_in_bytes = one.metadata["read"] is size
            text = in_bytes(value) if measured_in_bytes else written(value)
            yield key, ("set" if value else "not set") if key in SECRETS else text


def in_bytes(count: int) -> str:
    """Write a size as the configuration does."""
    power = next((power for power in (3, 2, 1) if count and count % KIB**power == 0), 0)
    return f"{count // KIB**power} {('bytes', 'KiB', 'MiB', 'GiB')[power]}"


def written(value: object) -> str:
    """Write the value of a key."""
    match value:
        case bool(flag):
            return "on" if flag else "off"
        case tuple(items):
            return ", ".join(map(str, items))
        case other:
            return str(other)
