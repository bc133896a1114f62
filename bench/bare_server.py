"""The floor of hot replies: an aiohttp handler that sends one file from memory, in processes that share a socket.

python bare_server.py FILE PORT PROCESSES
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

from aiohttp import web


def main(file: str, port: str, processes: str) -> None:
    """Serve until told to stop."""
    body = Path(file).read_bytes()
    tag = '"0123456789abcdef0123456789abcdef"'
    headers = {"ETag": tag, "Cache-Control": "public, max-age=36000"}

    async def serve(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type="image/jpeg", headers=headers)

    shared = socket.socket()
    shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    shared.bind(("127.0.0.1", int(port)))
    shared.listen(1024)
    children = fork(int(processes) - 1)
    app = web.Application()
    app.router.add_get("/{path:.*}", serve)
    web.run_app(app, sock=shared, print=None, access_log=None)
    for child in children:
        os.kill(child, signal.SIGTERM)


def fork(count: int) -> list[int]:
    """Start processes that go on like this one, and give their ids; a child has none."""
    children: list[int] = []
    for _ in range(count):
        child = os.fork()
        if not child:
            return []
        children.append(child)
    return children


if __name__ == "__main__":
    main(*sys.argv[1:])
