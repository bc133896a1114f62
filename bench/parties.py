"""Who takes part in a job: a server that is asked, a program that works, a server that is started anew."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from PIL import Image

from bench.load import Ask, Load, ask_many, ask_one
from bench.ours import OURS, convert
from bench.place import Peer, Place, Server
from bench.processes import Failed, Usage, settle, stop, watched
from bench.sources import make_catalog, psnr
from bench.wrk import ask_again

HERE = Path(__file__).resolve().parent
CONNECTIONS = 4
HOT_CONNECTIONS = 16
WARM_UP = 30.0


@dataclass(frozen=True, slots=True)
class Sample:
    """A request whose reply is compared with a picture that was made without haste."""

    ask: Ask
    reference: Callable[[], Image.Image]


@dataclass(frozen=True, slots=True)
class Slice:
    """What a party did in one turn."""

    load: Load
    usage: Usage


@dataclass(slots=True)
class Party:
    """Someone who is ready to work a turn of some seconds."""

    turn: Callable[[float], Slice]
    quality: float | None = None
    note: str = ""


@dataclass(slots=True)
class Stage:
    """The place of a job, and the servers that run on it until its end."""

    place: Place
    stack: ExitStack
    servers: dict[tuple[str, bool], Server] = field(default_factory=dict)
    converted: str | None = None

    def convert(self) -> str:
        """Build our pyramids once; the result says why there are none."""
        if self.converted is None:
            self.converted = convert(self.place, self.place.converted)
        return self.converted

    def server(self, peer: Peer, *, converted: bool) -> Server:
        """Give the server of a peer, started when it is first wanted."""
        key = (peer.name, converted)
        if key not in self.servers:
            self.servers[key] = self.stack.enter_context(peer.start(self.place, self.folder(peer, converted)))
        return self.servers[key]

    def folder(self, peer: Peer, converted: bool) -> Path:
        """Give an empty folder to run in, or for ours the one in which pyramids were built."""
        if peer is OURS and converted:
            return self.place.converted
        return Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))


Enter = Callable[[Stage], Party]


@dataclass(frozen=True, slots=True)
class Entrant:
    """Someone who may take part: a name, a program, its version, empty when it is not installed, and the way in."""

    name: str
    program: str
    version: Callable[[Place], str]
    enter: Enter
    amount: float | None = None


def asked(
    peer: Peer,
    asks: Callable[[Peer], Iterable[Ask]],
    samples: tuple[Sample, ...] = (),
    *,
    name: str = "",
    converted: bool = False,
    connections: int = CONNECTIONS,
    first_byte: bool = False,
    most: int | None = None,
    amount: float | None = None,
    warm: float = 0.0,
) -> Entrant:
    """Let a server be asked different things, each once; `most` of them in a turn, after `warm` seconds of the same."""

    def enter(stage: Stage) -> Party:
        note = stage.convert() if peer is OURS and converted else ""
        server = stage.server(peer, converted=converted and not note)
        rest = iter(asks(peer))
        quality = compared(server.port, samples)
        if most is None:
            warm_up(server.port, rest, stage.place.processes, warm)

        def turn(seconds: float) -> Slice:
            with watched(server.processes) as usage:
                load = ask_many(server.port, itertools.islice(rest, most), seconds, connections)
            if first_byte:
                load.times = load.first_bytes
            return Slice(load, usage)

        return Party(turn, quality, note)

    return Entrant(name or peer.name, peer.program, peer.version, enter, amount)


def warm_up(port: int, asks: Iterator[Ask], processes: int, seconds: float) -> None:
    """Let each process of a server have done something, and then work a while; raises `Failed` when it does not."""
    for some, most in ((itertools.islice(asks, 2 * processes), WARM_UP), (asks, seconds)):
        problem = ask_many(port, some, most, 2 * processes).problem
        if problem:
            raise Failed(problem)


def compared(port: int, samples: tuple[Sample, ...]) -> float | None:
    """Give the mean likeness of samples to their references; raises `Failed` for a reply that is wrong."""
    found = []
    for sample in samples:
        reply = ask_one(port, sample.ask)
        if reply.problem:
            raise Failed(reply.problem)
        found.append(psnr(reply.image, sample.reference()))
    return sum(found) / len(found) if found else None


def asked_again(peer: Peer, ask: Ask, *, name: str = "", known: bool = False) -> Entrant:
    """Let a server be asked the same again and again; when `known`, whether what the client has is still right."""

    def enter(stage: Stage) -> Party:
        converted = peer is OURS and not stage.convert()  # so that none is built, nor a tag changed, while we are asked
        server = stage.server(peer, converted=converted)
        repeated = known_already(server.port, ask) if known else ask
        folder = Path(stage.stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))

        def turn(seconds: float) -> Slice:
            with watched(server.processes) as usage:
                load = ask_again(server.port, repeated, seconds, HOT_CONNECTIONS, folder)
            return Slice(load, usage)

        return Party(turn)

    return Entrant(name or peer.name, peer.program, peer.version, enter)


def known_already(port: int, ask: Ask) -> Ask:
    """Give the request of a client that has the reply already."""
    reply = ask_one(port, ask)
    if reply.problem:
        raise Failed(reply.problem)
    if "etag" not in reply.headers:
        raise Failed("sends no ETag")
    return Ask(ask.url, None, (f"If-None-Match: {reply.headers['etag']}",), 304)


def worked(
    work: str, program: str, version: Callable[[Place], str], *, processes: int | None = None, name: str
) -> Entrant:
    """Let a program of `floors.py` work, in as many processes as servers have."""

    def enter(stage: Stage) -> Party:
        count = processes or stage.place.processes
        programs = [stage.stack.enter_context(worker(work, stage.place)) for _ in range(count)]

        def turn(seconds: float) -> Slice:
            with watched(tuple(one.pid for one in programs)) as usage:
                load = work_all(programs, seconds)
            return Slice(load, usage)

        return Party(turn)

    return Entrant(name, program, version, enter)


@contextmanager
def worker(work: str, place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends."""
    command = [sys.executable, str(HERE / "floors.py"), work, str(place.images)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    try:
        if answer(process) != b"ready\n":
            raise Failed(f"{work} does not work")
        yield process
    finally:
        stop(process)


def answer(process: subprocess.Popen[bytes]) -> bytes:
    """Read a line that a program writes."""
    return process.stdout.readline() if process.stdout else b""


def work_all(programs: list[subprocess.Popen[bytes]], seconds: float) -> Load:
    """Let programs work side by side, and give what they did together."""
    for one in programs:
        if one.stdin:
            one.stdin.write(f"{seconds}\n".encode())
            one.stdin.flush()
    answers = [json.loads(answer(one)) for one in programs]
    times = [float(time) for one in answers for time in one["times"]]
    return Load(len(times), max(float(one["seconds"]) for one in answers), times)


def started(peer: Peer, ask: Ask, *, name: str = "", records: int | None = None) -> Entrant:
    """Let a server be started at each turn, all unchanged: its time is that to the first answer, its memory at rest."""

    def enter(stage: Stage) -> Party:
        place, folder = stage.place, stage.folder(peer, converted=False)
        if records is not None:
            place = replace(place, catalogs_name=make_catalog(place.folder, records).name)

        def turn(_: float) -> Slice:
            return start_once(peer, ask, place, folder)

        first = turn(0).load
        return Party(turn, note=f"for the first time {first.seconds:.2f} s")

    return Entrant(name or peer.name, peer.program, peer.version, enter, records)


def start_once(peer: Peer, ask: Ask, place: Place, folder: Path) -> Slice:
    """Start a server, ask it once, and stop it."""
    begin = time.perf_counter()
    with peer.start(place, folder) as server:
        reply = ask_one(server.port, ask)
        seconds = time.perf_counter() - begin
        cpu = settle(server.processes)
        with watched(server.processes) as usage:
            pass
    usage.cpu = cpu
    return Slice(Load(1, seconds, [seconds], [seconds], reply.problem), usage)
