"""Processes that are killed or restarted while they work, for `bench.hostile`."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.hostile_site import HIT, TOKEN, Server, edited, in_threads, serving

URLS = tuple(f"/is/image/Co/grid?wid={width}&fmt=png&cache=off" for width in range(20, 60))


@dataclass(slots=True)
class Kills:
    """What killing did: replies that were not what they should be, edits that are lost, the longest pause."""

    wrong: int = 0
    edits: int = 0
    lost: int = 0
    longest: float = 0.0


def kills(folder: Path, count: int) -> Kills:
    """Kill a process by chance, see when it serves again, and go on; compare all replies with what they should be."""
    found, chance = Kills(), random.Random(9)
    with serving(folder) as server:
        right = {url: server.ask(url).body for url in URLS}
        kept: dict[int, int] = {}
        with loaded(server, right, found, kept):
            for _ in range(count):
                server.wait_until_complete()
                victims = [*server.serving(), *server.rendering()]
                with suppress(ProcessLookupError, IndexError):
                    os.kill(chance.choice(victims), signal.SIGKILL)
                found.longest = max(found.longest, server.wait())
        found.edits = sum(kept.values())
        found.lost = sum(value_of(server, number) != str(value) for number, value in kept.items())
    return found


@contextmanager
def loaded(server: Server, right: dict[str, bytes], found: Kills, kept: dict[int, int]) -> Iterator[None]:
    """Ask for pictures and make edits for as long as the block runs; `kept` is what was acknowledged of each record."""
    over = threading.Event()

    def look(number: int) -> None:
        chance = random.Random(number)
        while not over.is_set():
            url = chance.choice(URLS)
            reply = server.ask(url)
            found.wrong += reply.status == 200 and reply.body != right[url]

    def edit(number: int) -> None:
        value = 0
        while not over.is_set():
            value += 1
            if edited(server, number, value):
                kept[number] = value
            else:  # it may have been made, or not: what is acknowledged next counts
                kept.pop(number, None)
            over.wait(0.2)

    threads = [*in_threads(3, look), *in_threads(2, edit)]
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(30)


def value_of(server: Server, number: int) -> str:
    """Give what a record says now."""
    import json  # noqa: PLC0415

    headers = {"Authorization": f"Bearer {TOKEN}"}
    reply = server.ask(f"/admin/v1/catalogs/Co/images/e{number}", headers=headers, keep=False)
    return str(json.loads(reply.body)["fields"].get("expiration")) if reply.status == 200 else ""


@dataclass(slots=True)
class Restarts:
    """Requests that were sent while a server was restarted, and those that got no answer."""

    asked: int = 0
    lost: int = 0
    threads: list[threading.Thread] = field(default_factory=list)


def restarts(folder: Path, count: int) -> dict[str, Restarts]:
    """Let workers be replaced by SIGHUP under load, and end servers by SIGTERM under load."""
    return {"SIGHUP": rolling(folder, count), "SIGTERM": stopping(folder, count)}


def rolling(folder: Path, count: int) -> Restarts:
    """Replace the workers again and again; nobody may notice."""
    found, over = Restarts(), threading.Event()
    with serving(folder) as server:
        threads = in_threads(4, lambda number: ask_until(server, number, over, found, ends=False))
        for _ in range(count):
            before = set(server.serving())
            os.kill(server.supervisor, signal.SIGHUP)
            end = time.monotonic() + 30
            while set(server.serving()) & before and time.monotonic() < end:
                time.sleep(0.05)
            found.lost += bool(set(server.serving()) & before)
        over.set()
        for thread in threads:
            thread.join(30)
    return found


def stopping(folder: Path, count: int) -> Restarts:
    """End a server again and again; what it has taken it answers, what comes later it does not take."""
    found = Restarts()
    for _ in range(count):
        over = threading.Event()
        with serving(folder) as server:
            threads = in_threads(4, lambda number: ask_until(server, number, over, found, ends=True))  # noqa: B023
            time.sleep(0.5)
            os.kill(server.supervisor, signal.SIGTERM)
            for thread in threads:
                thread.join(30)
            over.set()
    return found


def ask_until(server: Server, number: int, over: threading.Event, found: Restarts, *, ends: bool) -> None:
    """Ask for this and that over connections of its own; where the server `ends`, a refused connection is the end."""
    chance = random.Random(number)
    while not over.is_set():
        url = HIT if chance.random() < 0.5 else f"/is/image/Co/grid?wid={chance.randrange(20, 400)}&op_blur=3"
        if ends and is_refused(server):
            return
        reply = server.ask(url, keep=False)
        if reply.status == 0 and ends and is_refused(server) and reply.seconds < 0.05:
            return  # it was refused between the two looks
        found.asked += 1
        found.lost += reply.status != 200


def is_refused(server: Server) -> bool:
    """Tell whether nobody takes a connection; it is left without a request."""
    import socket  # noqa: PLC0415

    try:
        socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
    except OSError:
        return True
    return False
