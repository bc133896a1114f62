"""What the server does in a hostile world, measured: `python -m bench.hostile` prints a table of what holds.

Each row is an aim: what was sent, what was seen, and what is allowed. Counts are options; with the defaults it takes
seven minutes on two cores. Exit code 1 says that something does not hold.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

from bench.arrivals import Line
from bench.hostile_clients import messages, slow_clients, strings
from bench.hostile_processes import kills, restarts
from bench.hostile_site import (
    HEAVY,
    HIT,
    Asked,
    Server,
    in_threads,
    peak,
    private,
    serving,
    share,
    site,
)
from bench.report import lines

MIB = 2**20
HEADER = ("what", "sent", "seen", "allowed", "")


@dataclass(frozen=True, slots=True)
class Aim:
    """A row: what was sent, what was seen, what is allowed, and whether it holds."""

    what: str
    sent: str
    seen: str
    allowed: str
    holds: bool

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells of its row."""
        return self.what, self.sent, self.seen, self.allowed, "yes" if self.holds else "NO"


Told = tuple[Counter[str], list[float]]
"""What many clients were answered, and how long those waited who were refused."""
Job = Callable[[Path, list[str], argparse.Namespace], Iterator[Aim]]


def at_most(what: str, sent: str, seen: float, allowed: float, unit: str) -> Aim:
    """Compare a figure with what is allowed."""
    return Aim(what, sent, f"{seen:.3g} {unit}", f"≤ {allowed:.3g} {unit}", seen <= allowed)


def nothing(what: str, sent: str, found: object, count: int) -> Aim:
    """Say that something must not happen at all."""
    return Aim(what, sent, f"{count}" + (f": {found}" if count else ""), "0", not count)


def images(folder: Path, names: list[str], options: argparse.Namespace) -> Iterator[Aim]:
    """Ask for every bad image."""
    with serving(folder) as server:
        before = set(server.serving())
        found, most = [], 0
        for number, name in enumerate(names[: options.images]):
            found.append(server.ask(f"/is/image/B/{name}?wid=200"))
            if name.startswith("bomb") or not number % 100:  # renderers are replaced now and then
                most = max(most, *map(peak, server.rendering()))
        after = set(server.serving())
    sent = f"{len(found)} bad images"
    counts = Counter(one.status for one in found)
    yield nothing("1 lost connections", sent, "", counts[0])
    yield nothing("1 failures (5xx)", sent, dict(counts), sum(counts[one] for one in counts if one >= 500))
    yield nothing("1 serving processes that died", sent, before ^ after, len(before - after))
    times = [one.seconds for one in found]
    yield at_most("1 slowest answer", sent, max(times), 6, "s")
    yield at_most("1 answers, p99", sent, 1000 * share(times, 0.99), 200, "ms")
    yield at_most("2 most memory of a renderer", sent, most / MIB, 512, "MB")


def memory(folder: Path, names: list[str], options: argparse.Namespace) -> Iterator[Aim]:
    """Ask for this and that, and see whether the server grows.

    The first quarter meets nearly all names that there are: what is remembered of new ones grows up to its bounds.
    """
    chance = random.Random(9)
    few = names[:300]

    def one(server: Server) -> Asked:
        url = chance.choice(
            (
                HIT,
                f"/is/image/Co/grid?wid={chance.randrange(20, 100)}&op_blur={chance.randrange(9)}",
                f"/is/image/Co/grid?wid={chance.randrange(20, 100)}&fmt=png",
                f"/is/image/B/{chance.choice(few)}?wid=90",
                "/is/image/Co/grid?req=props",
                f"/is/image/Co/nothing{chance.randrange(10**6)}",
                f"/is/image/Co/grid?wid={'9' * chance.randrange(1, 99)}",
            )
        )
        return server.ask(url)

    count = options.requests
    with serving(folder, {"CACHE__MEMORY": "16 MiB"}) as server:
        for _ in range(count // 4):
            one(server)
        first = used(server)
        for _ in range(count - count // 4):
            one(server)
        last = used(server)
        most = max(map(peak, server.rendering()), default=0)
    sent = f"{count} mixed requests"
    yield at_most("2 memory of the serving processes", sent, last / MIB, 300, "MB")
    yield at_most("2 growth after the first quarter", sent, 100 * (last - first) / first, 10, "%")
    yield at_most("2 most memory of a renderer", sent, most / MIB, 512, "MB")


def used(server: Server) -> float:
    """Give the memory of those that serve and of who looks after them."""
    return float(sum(map(private, (server.supervisor, *server.serving()))))


def flood(folder: Path, names: list[str], options: argparse.Namespace) -> Iterator[Aim]:
    """Ask for what is known while another process asks for bombs and for much work."""
    bombs = [name for name in names if name.startswith("bomb")]
    with serving(folder, {"LIMITS__QUEUE": "8"}) as server:
        hits(server, options.hits // 4)
        idle = hits(server, options.hits)
        with flooded(server.port, bombs) as told:
            time.sleep(2)
            busy = hits(server, options.hits)
        start = time.monotonic()
        back = server.ask("/is/image/Co/grid?wid=333&op_blur=1")
        seconds = time.monotonic() - start
    sent = f"{options.hits} hits beside 32 clients"
    ratio = share(busy, 0.99) / share(idle, 0.99)
    figures = f"{1000 * share(busy, 0.99):.2f} ms, idle {1000 * share(idle, 0.99):.2f} ms"
    yield Aim("3 p99 of hits under a flood", sent, f"{ratio:.2g} × ({figures})", "≤ 3 ×", ratio <= 3)
    counts, times = told[0] if told else (Counter[str](), [])
    yield at_most("3 503 when the queue is full, p99", f"{len(times)} refused", 1000 * share(times, 0.99), 50, "ms")
    lost = sum(count for status, count in counts.items() if status not in {"200", "403", "503"})
    yield nothing("3 neither served nor refused", f"{counts.total()} requests", dict(counts), lost)
    yield at_most("3 first answer afterwards", "1 request", seconds if back.status == 200 else 99, 1, "s")


@contextmanager
def flooded(port: int, bombs: list[str]) -> Iterator[list[Told]]:
    """Let another process ask for bombs and for much work; it tells in the end what it was answered."""
    forking = multiprocessing.get_context("fork")
    told: list[Told] = []
    near, far = forking.Pipe()
    over = forking.Event()
    process = forking.Process(target=ask_for_much, args=(port, bombs, over, far), daemon=True)
    process.start()
    try:
        yield told
    finally:
        over.set()
        if near.poll(60):
            told.append(near.recv())
        process.join(10)
        process.kill()


def ask_for_much(port: int, bombs: list[str], over: Event, far: Connection) -> None:
    """Ask with 32 clients until it is over."""
    statuses, refused = Counter[str](), list[float]()

    def ask(number: int) -> None:
        chance, line = random.Random(number), Line(port)
        while not over.is_set():
            width = chance.randrange(1000)
            bomb = f"/is/image/B/{chance.choice(bombs)}?wid={100 + width // 4}"
            try:
                reply = line.ask(bomb if number % 2 else HEAVY.format(width, chance.randrange(1000)))
            except OSError as error:
                statuses[type(error).__name__] += 1
                continue
            statuses[str(reply.status)] += 1
            if reply.status == 503:
                refused.append(reply.seconds)
                over.wait(0.5)  # half as long as it was asked to

    for thread in in_threads(32, ask):
        thread.join()
    far.send((statuses, refused))


def hits(server: Server, count: int) -> list[float]:
    """Ask for what is known, again and again."""
    line = Line(server.port)
    return [line.ask(HIT).seconds for _ in range(count)]


def slow(folder: Path, _: list[str], options: argparse.Namespace) -> Iterator[Aim]:
    """Have many clients that do not finish what they begin."""
    found = slow_clients(folder, options.clients, options.hits)
    sent = f"{options.clients} slow clients"
    yield Aim("5 p99 of hits meanwhile", sent, f"{found.ratio:.2g} × idle", "≤ 3 ×", found.ratio <= 3)
    yield nothing("5 connections that stay open", sent, "", found.open)
    yield nothing("5 descriptors that are not given back", sent, "", found.descriptors)


def hostile(folder: Path, _: list[str], options: argparse.Namespace) -> Iterator[Aim]:
    """Send strings and messages that mean harm."""
    found = strings(folder, options.strings)
    sent = f"{options.strings} strings"
    yield nothing("6 failures (5xx)", sent, found.failures[:3], len(found.failures))
    yield nothing("6 markup in what a browser shows", sent, found.echoes[:3], len(found.echoes))
    yield at_most("6 refusals, p99", f"{len(found.refused)} of them", 1000 * share(found.refused, 0.99), 50, "ms")
    yield at_most(
        "6 what is drawn all the same, p99", f"{len(found.drawn)}", 1000 * share(found.drawn, 0.99), 1000, "ms"
    )
    if found.opened is None:
        yield Aim("6 opened outside of the roots", sent, "no strace here", "0", True)
    else:
        yield nothing("6 opened outside of the roots", sent, found.opened[:3], len(found.opened))
    count = options.strings // 4
    wrong = messages(folder, count)
    yield nothing("6 failures, or two refusals", f"{count} malformed messages", wrong[:3], len(wrong))


def killed(folder: Path, _: list[str], options: argparse.Namespace) -> Iterator[Aim]:
    """Kill processes under load."""
    found = kills(folder, options.kills)
    sent = f"{options.kills} × kill -9"
    yield nothing("4 wrong bytes", sent, "", found.wrong)
    yield nothing("4 lost edits", sent, f"of {found.edits}", found.lost)
    yield at_most("4 until it serves again", sent, found.longest, 1, "s")


def restarted(folder: Path, _: list[str], options: argparse.Namespace) -> Iterator[Aim]:
    """Restart under load."""
    for name, found in restarts(folder, options.restarts).items():
        sent = f"{options.restarts} × {name}, {found.asked} requests"
        yield nothing(f"7 lost requests at {name}", sent, "", found.lost)


JOBS: Mapping[str, Job] = {
    "images": images,
    "memory": memory,
    "flood": flood,
    "kills": killed,
    "slow": slow,
    "strings": hostile,
    "restarts": restarted,
}


def options() -> argparse.ArgumentParser:
    """Declare the options."""
    found = argparse.ArgumentParser(prog="python -m bench.hostile", description=(__doc__ or "").splitlines()[0])
    found.add_argument("--only", nargs="+", choices=JOBS, metavar="JOB", help=f"some of {', '.join(JOBS)}")
    for name, count, what in (
        ("images", 5000, "bad images"),
        ("requests", 20_000, "mixed requests"),
        ("hits", 40_000, "hits that are timed"),
        ("kills", 200, "processes that are killed"),
        ("clients", 1000, "slow clients"),
        ("strings", 2000, "hostile strings"),
        ("restarts", 20, "restarts of each kind"),
    ):
        found.add_argument(f"--{name}", type=int, default=count, metavar="N", help=f"{what} ({count})")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table, and say whether all holds."""
    chosen = options().parse_args(arguments)
    aims: list[Aim] = []
    with site(chosen.images) as (folder, names):
        for name in chosen.only or JOBS:
            start = time.monotonic()
            aims += JOBS[name](folder, names, chosen)
            print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    print("\n".join(lines(HEADER, [aim.cells for aim in aims])))
    return 0 if all(aim.holds for aim in aims) else 1


if __name__ == "__main__":
    sys.exit(main())
