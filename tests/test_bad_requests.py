"""Strings and messages that mean harm: one clear answer each, never a failure, and nothing that a browser would run."""

from __future__ import annotations

import socket

from bad_requests import MARKUP, bad_messages, bad_targets
from serving import Client

SOME = 300
SHOWN_BY_BROWSERS = ("text/html", "image/svg", "application/xhtml")


def test_hostile_strings(server: Client) -> None:
    for target in bad_targets(SOME):
        reply = server.ask(target, headers={"Accept": "text/html,*/*"})
        assert reply.status in {200, 403, 404}, target
        assert reply.headers["X-Content-Type-Options"] == "nosniff", target
        assert "X-Evil" not in reply.headers, target
        if reply.headers["Content-Type"].startswith(SHOWN_BY_BROWSERS):
            assert MARKUP.encode() not in reply.body, target
            assert "Content-Security-Policy" in reply.headers, target
        for secret in (b"root:x:0", b"Traceback", str(server.folder).encode()):
            assert secret not in reply.body, target


def test_malformed_messages(server: Client) -> None:
    """Whatever comes, there is at most one refusal, and then the connection is closed."""
    for message in bad_messages(80):
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as opened:
            opened.sendall(message + b"\r\n\r\n")
            opened.settimeout(0.1)
            reply = received(opened)
        assert b" 500 " not in reply[:20], message
        assert reply.count(b"HTTP/1.0 400 ") <= 1, message
        assert b"Traceback" not in reply, message
    assert server.ask("/is/image/Co/grid?wid=20").status == 200


def received(opened: socket.socket) -> bytes:
    """Read until the other side closes, or is quiet: it may still wait for the rest of a body."""
    found = b""
    try:
        while part := opened.recv(65536):
            found += part
    except OSError:
        pass
    return found
