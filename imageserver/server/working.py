"""One process that serves, of one or several that share a socket."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import Awaitable
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path

from imageserver.config import Config
from imageserver.errors import ConfigError, RenderFailed
from imageserver.server.accepting import Acceptor, Share
from imageserver.server.app import LINE_LIMIT, SITE, build_app, hits_first
from imageserver.server.connections import BoundedRunner, BoundedServer
from imageserver.server.draining import drain
from imageserver.server.operations.access_log import Lines, Recorder
from imageserver.server.operations.metrics import Counts
from imageserver.server.rendering import SOON

Ready = tuple[()]
READY: Ready = ()
WAITS = 2
"""How often the library waits for a request in flight before it closes its connection."""
STOPPING = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class Duty:
    """What a process serves with: it says over `line` that it is ready or what is wrong, and ends with `lifeline`.

    One that stands in for one that died is `urgent`: it answers before it can draw, and what is to be drawn waits.
    """

    config: Config
    opened: socket.socket
    line: Connection
    lifeline: Connection
    counts: Counts
    share: Share
    urgent: bool


def work(duty: Duty) -> None:
    """Serve in a process of its own."""
    log_to_stderr()
    try:
        asyncio.run(run(duty))
    except ConfigError as error:
        duty.line.send((error.where, error.reason))


async def run(duty: Duty) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in flight; raises `ConfigError` when it cannot start."""
    config, counts = duty.config, duty.counts
    log = open_access_log(config.server.access_log)
    # this may take minutes the first time, during which a signal ends it at once
    app = build_app(config, Path(config.catalogs), counts)
    site = app[SITE]
    record = Recorder(config.server, site.clients, counts, log).logger()
    patience = config.server.grace / WAITS
    options = {"access_log_class": record, "max_line_size": LINE_LIMIT, "shutdown_timeout": patience}
    runner = BoundedRunner(app, config, **options)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in STOPPING:
        loop.add_signal_handler(number, stop.set)
    loop.add_reader(duty.lifeline.fileno(), stop.set)
    await runner.setup()
    try:
        server = runner.server
        assert isinstance(server, BoundedServer)  # noqa: S101, what setup makes
        server.request_handler = hits_first(site, server.request_handler)
        starting = asyncio.ensure_future(site.renderer.start())
        starting.add_done_callback(lambda done: done.cancelled() or done.exception())  # the next job starts them anew
        if not duty.urgent:
            await begun(starting)
        acceptor = Acceptor(server, duty.opened, duty.share)
        acceptor.start()
        gc.freeze()  # what is there now stays; looking through it again and again would hold up replies
        duty.line.send(READY)
        loop.call_later(SOON, lambda: loop.run_in_executor(None, import_module, "imageserver.typeset.setting"))
        await stop.wait()
        loop.remove_reader(duty.lifeline.fileno())
        await drain(acceptor, server, site)
    finally:
        await runner.cleanup()
        for number in STOPPING:  # it is stopping, and the loop that listens for them is about to close
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)


async def begun(starting: Awaitable[None]) -> None:
    """Wait for processes that render; raises `ConfigError` when none comes up."""
    try:
        await starting
    except RenderFailed as error:
        raise ConfigError(
            "limits.worker_memory", "processes that render do not start with it, or not at all"
        ) from error


def open_access_log(name: str) -> logging.Logger | None:
    """Open the access log: a file, standard output, or none."""
    if not name:
        return None
    log = logging.getLogger("imageserver.access")
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        handler = Lines(sys.stdout if name == "-" else Path(name).open("a", encoding="utf-8"))  # noqa: SIM115, it stays
    except OSError as error:
        raise ConfigError(f"server.access_log: {name}", error.strerror or "cannot be written") from error
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.handlers = [handler]
    return log


def log_to_stderr() -> None:
    """Send what is logged to standard error, but not what libvips says of its own work."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.INFO, stream=sys.stderr)
    logging.getLogger("pyvips").setLevel(logging.WARNING)
