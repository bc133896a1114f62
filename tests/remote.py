"""Another server on this machine, with images and with every fault that a foreign server may have."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Remote:
    """What it answers by path, and how often each path was asked for; `alive` False refuses all."""

    port: int = 0
    bodies: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, Mapping[str, str]] = field(default_factory=dict)
    faults: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    conditional: Counter[str] = field(default_factory=Counter)
    alive: bool = True

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


def handler(remote: Remote) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            remote.asked[self.path] += 1
            with suppress(OSError):
                self.answer()

        def answer(self) -> None:
            headers = remote.headers.get(self.path, {})
            if not remote.alive:
                self.connection.close()
            elif self.path in remote.faults:
                remote.faults[self.path](self)
            elif self.path not in remote.bodies:
                self.send(404, b"nothing", {})
            elif self.headers.get("If-None-Match") and self.headers["If-None-Match"] == headers.get("ETag"):
                remote.conditional[self.path] += 1
                self.send(304, b"", headers)
            else:
                self.send(200, remote.bodies[self.path], headers)

        def send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": "image/png", "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def slow(handler: BaseHTTPRequestHandler) -> None:
    """Send a byte now and then."""
    start(handler, {"Content-Length": "1000"})
    for _ in range(100):
        handler.wfile.write(b"x")
        time.sleep(0.1)


def silent(handler: BaseHTTPRequestHandler) -> None:
    handler.server.stopping.wait(10)  # type: ignore[attr-defined]


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Send without an end, and without a length."""
    start(handler, {})
    while True:
        handler.wfile.write(b"x" * 65536)


def huge(handler: BaseHTTPRequestHandler) -> None:
    start(handler, {"Content-Length": "99999999999"})


def dying(handler: BaseHTTPRequestHandler) -> None:
    start(handler, {"Content-Length": "1000"})
    handler.wfile.write(b"\x89PNG")
    handler.wfile.flush()


def failing(status: int) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def redirecting(target: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", target)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def start(handler: BaseHTTPRequestHandler, headers: Mapping[str, str]) -> None:
    handler.close_connection = True
    handler.send_response(200)
    for name, value in {"Content-Type": "image/png", **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()


@contextmanager
def remote_server() -> Iterator[Remote]:
    remote = Remote()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(remote))
    server.daemon_threads = True
    server.stopping = threading.Event()  # type: ignore[attr-defined]
    remote.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield remote
    finally:
        server.stopping.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()
        thread.join()
