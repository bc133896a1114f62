"""A process that stops answers whoever has reached it, also at the very last moment."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from sites import write_site

from imageserver.config import Config, Server
from imageserver.server.accepting import Acceptor, Shares
from imageserver.server.app import SITE, build_app
from imageserver.server.connections import BoundedRunner, BoundedServer
from imageserver.server.draining import drain
from imageserver.server.listening import listening
from imageserver.server.operations.metrics import counts_of_its_own

CATALOG = "attributes: {root_path: images}\nimages: {grid: {path: grid.png}}\n"
LONGEST_MAKING = 5
"""Rounds of the loop within which a connection is made."""


async def test_connection_that_is_being_made_is_answered(tmp_path: Path) -> None:
    """However many rounds of the loop it was before that the client came."""
    folder = write_site(tmp_path, {"Co": CATALOG})
    config = Config(catalogs=str(folder / "catalogs"), state=str(folder / "state"), server=Server(port=0))
    for rounds in range(LONGEST_MAKING):
        runner = BoundedRunner(build_app(config, folder / "catalogs", counts_of_its_own()), config)
        await runner.setup()
        opened = listening(config.server)
        server = runner.server
        assert isinstance(server, BoundedServer)
        acceptor = Acceptor(server, opened, Shares(1).share(0))
        acceptor.start()
        with socket.create_connection(opened.getsockname()) as client:
            client.sendall(b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
            for _ in range(rounds):
                await asyncio.sleep(0)
            await drain(acceptor, server, runner.app[SITE])
            await runner.cleanup()
            client.settimeout(60)
            assert client.recv(4096).startswith(b"HTTP/1.1 200 OK"), f"{rounds} rounds after it came"
