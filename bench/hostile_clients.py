"""Clients that are slow, and clients that send what they should not, for `bench.hostile`."""

from __future__ import annotations

import re
import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.arrivals import Line
from bench.hostile_site import HIT, Server, serving, share, traced

from bad_requests import MARKUP, bad_messages, bad_targets  # isort: skip, found by what hostile_site says

SHOWN_BY_BROWSERS = ("text/html", "image/svg", "application/xhtml")
QUICK = {"LIMITS__HEADER_SECONDS": "3", "LIMITS__BODY_SECONDS": "3", "LIMITS__IDLE_SECONDS": "6"}
MANY = {**QUICK, "LIMITS__CLIENT_CONNECTIONS": "400"}
LINE = b"GET / HTTP/1.1\r\n"
PARTS = (b"", LINE, b"POST /is/image/Co/grid HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\nwid=")
OPENED = re.compile(r'open(?:at)?2?\((?:AT_FDCWD|\d+)?(?:<[^>]*>)?,? ?"([^"]*)"[^)]*\) += \d+')
OURS = re.compile(
    r"(?!/)|/proc/|/dev/|/sys/|/usr/(?:lib|share|local)/|/lib|/etc/(?:ssl/|localtime|ld\.so|mime\.types|fonts)"
)


@dataclass(frozen=True, slots=True)
class Slow:
    """What slow clients did: by how much hits took longer, and what is left of them."""

    ratio: float
    open: int
    descriptors: int


def slow_clients(folder: Path, count: int, hits: int) -> Slow:
    """Connect many clients, a third of them after nothing, after a line and in the midst of a body."""
    with serving(folder, MANY, processes=1) as server, ExitStack() as stack:
        line = Line(server.port)
        idle = [line.ask(HIT).seconds for _ in range(hits)]
        before = descriptors(server)
        opened = []
        for number in range(count):
            one = stack.enter_context(socket.socket())
            one.settimeout(5)
            one.bind((f"127.0.{1 + number // 250}.{1 + number % 250}", 0))
            one.connect(("127.0.0.1", server.port))
            one.sendall(PARTS[number % len(PARTS)])
            opened.append(one)
        busy = [line.ask(HIT).seconds for _ in range(hits)]
        time.sleep(9)
        left = sum(not closed(one) for one in opened)
        server.ask(HIT)
        return Slow(share(busy, 0.99) / share(idle, 0.99), left, max(0, descriptors(server) - before))


def closed(one: socket.socket) -> bool:
    """Tell whether the other side has closed a connection."""
    one.settimeout(0.01)
    try:
        while one.recv(4096):
            continue
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


def descriptors(server: Server) -> int:
    """Count the descriptors of those that serve."""
    serving_now = server.serving() or (server.supervisor,)
    return sum(len(list(Path(f"/proc/{one}/fd").iterdir())) for one in serving_now)


@dataclass(slots=True)
class Strings:
    """What became of strings: those that failed, those that came back as markup, and the files that were opened."""

    failures: list[str] = field(default_factory=list)
    echoes: list[str] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    drawn: list[float] = field(default_factory=list)
    opened: list[str] | None = None


def strings(folder: Path, count: int) -> Strings:
    """Ask for each string; then once more, where system calls can be seen, and look at what is opened."""
    found = Strings()
    with serving(folder) as server:
        for target in bad_targets(count):
            reply = server.ask(target, headers={"Accept": "text/html,*/*"})
            (found.drawn if reply.status == 200 else found.refused).append(reply.seconds)
            if reply.status >= 500 or not reply.status:
                found.failures.append(f"{reply.status} {target[:200]}")
            if reply.kind.startswith(SHOWN_BY_BROWSERS) and MARKUP.encode() in reply.body:
                found.echoes.append(target[:200])
    if traced():
        found.opened = opened_outside(folder, min(count, 500))
    return found


def opened_outside(folder: Path, count: int) -> list[str]:
    """Give the files beside our own and those of the system that were opened for some strings."""
    trace = folder / "trace"
    before = ("strace", "-f", "-qq", "-e", "trace=open,openat,openat2", "-o", str(trace))
    with serving(folder, before=before, processes=1) as server:
        for target in bad_targets(count, seed=10):
            server.ask(target)
    ours = (str(folder), *sorted_prefixes())
    paths = dict.fromkeys(OPENED.findall(trace.read_text(errors="replace")))
    return [path for path in paths if not OURS.match(path) and not path.startswith(ours)]


def sorted_prefixes() -> tuple[str, ...]:
    """Give the folders of the program itself."""
    import sys  # noqa: PLC0415

    import imageserver  # noqa: PLC0415

    package = str(Path(imageserver.__file__).parents[1])
    return package, sys.prefix, sys.base_prefix, str(Path(sys.executable).parent), str(Path.home())


def messages(folder: Path, count: int) -> list[str]:
    """Send malformed messages; give those that failed or were refused twice."""
    wrong = []
    with serving(folder, QUICK) as server:
        for message in bad_messages(count):
            reply = exchange(server.port, message)
            if b"HTTP/1.1 500" in reply or reply.count(b"400 Bad Request") > 1:
                wrong.append(repr(message[:200]))
        if server.ask(HIT).status != 200:
            wrong.append("nobody answers any more")
    return wrong


def exchange(port: int, message: bytes) -> bytes:
    """Send bytes, and read what comes until the other side closes, or for a while."""
    with socket.create_connection(("127.0.0.1", port), timeout=0.3) as one:
        found = b""
        try:
            one.sendall(message)
            while part := one.recv(65536):
                found += part
        except OSError:
            pass
        return found
