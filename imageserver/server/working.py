"""One process that serves: alone, or as one of several that share a socket."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from aiohttp import web

from imageserver.config import Config
from imageserver.errors import ConfigError
from imageserver.server.app import LINE_LIMIT, SITE, JsonAccessLogger, build_app, hits_first

Ready = tuple[()]
READY: Ready = ()
STOPPING = (signal.SIGTERM, signal.SIGINT)


def work(config: Config, folder: Path, opened: socket.socket, line: Connection, lifeline: Connection) -> None:
    """Serve in a process of its own; say over `line` that it is ready or what is wrong, end when `lifeline` does."""
    log_to_stderr()
    try:
        asyncio.run(run(config, folder, opened, lambda: line.send(READY), lifeline))
    except ConfigError as error:
        line.send((error.where, error.reason))


async def run(
    config: Config, folder: Path, opened: socket.socket, ready: Callable[[], None], lifeline: Connection | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in flight; raises `ConfigError` when it cannot start."""
    log = open_access_log(config.server.access_log)
    app = build_app(config, folder)  # which may take minutes the first time, during which a signal ends it at once
    runner = web.AppRunner(app, access_log_class=JsonAccessLogger, access_log=log, max_line_size=LINE_LIMIT)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in STOPPING:
        loop.add_signal_handler(number, stop.set)
    if lifeline is not None:
        loop.add_reader(lifeline.fileno(), stop.set)
    await runner.setup()
    try:
        assert runner.server is not None  # noqa: S101, what setup makes
        runner.server.request_handler = hits_first(app[SITE], runner.server.request_handler)
        await app[SITE].renderer.start()
        await web.SockSite(runner, opened).start()
        gc.freeze()  # what is there now stays; looking through it again and again would hold up replies
        ready()
        await stop.wait()
    finally:
        await runner.cleanup()
        if lifeline is not None:
            loop.remove_reader(lifeline.fileno())
        for number in STOPPING:  # it is stopping, and the loop that listens for them is about to close
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)


def open_access_log(name: str) -> logging.Logger | None:
    """Open the access log: a file, standard output, or none."""
    if not name:
        return None
    log = logging.getLogger("imageserver.access")
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        handler = logging.StreamHandler(sys.stdout) if name == "-" else logging.FileHandler(name)
    except OSError as error:
        raise ConfigError(f"server.access_log: {name}", error.strerror or "cannot be written") from error
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.handlers = [handler]
    return log


def log_to_stderr() -> None:
    """Send what is logged to standard error, but not what libvips says of its own work."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.INFO, stream=sys.stderr)
    logging.getLogger("pyvips").setLevel(logging.WARNING)
