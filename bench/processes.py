"""Processes that are measured: starting and stopping them, their CPU time and their memory, children included."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
TICK = 1 / os.sysconf("SC_CLK_TCK")
MEMORY_EVERY = 0.2
QUIET_FOR = 0.1
QUIET_WITHIN = 30.0
START_WITHIN = 300.0
STOP_WITHIN = 10.0


class Failed(Exception):
    """A program that is measured did not do what it should."""


def tree(roots: Iterable[int]) -> tuple[int, ...]:
    """Give the processes and all that descend from them."""
    children: dict[int, list[int]] = {}
    for path in PROC.glob("[0-9]*"):
        fields = stat(int(path.name))
        if fields:
            children.setdefault(int(fields[1]), []).append(int(path.name))
    found = list(roots)
    for one in found:
        found += children.get(one, [])
    return tuple(found)


def stat(process: int) -> list[str]:
    """Give the fields of a process from its state on; none when it has ended."""
    try:
        return (PROC / str(process) / "stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []


def cpu_seconds(roots: Iterable[int]) -> float:
    """Give the CPU seconds of processes, of their living descendants, and of those that they have waited for."""
    return sum(TICK * sum(int(ticks) for ticks in stat(one)[11:15]) for one in tree(roots))


def memory_bytes(roots: Iterable[int]) -> int:
    """Give the memory of processes and their descendants; what they share counts once."""
    total = 0
    for one in tree(roots):
        try:
            text = (PROC / str(one) / "smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:"))
    return total


@dataclass(slots=True)
class Usage:
    """What processes used while they were watched: CPU seconds, those used afterwards until quiet, most memory."""

    cpu: float = 0.0
    later: float = 0.0
    memory: int = 0
    ended: threading.Event = field(default_factory=threading.Event)


@contextmanager
def watched(roots: tuple[int, ...]) -> Iterator[Usage]:
    """Watch processes as long as the block runs, then wait until they are quiet."""
    usage = Usage(memory=memory_bytes(roots))

    def look() -> None:
        while not usage.ended.wait(MEMORY_EVERY):
            usage.memory = max(usage.memory, memory_bytes(roots))

    watcher = threading.Thread(target=look)
    watcher.start()
    before = cpu_seconds(roots)
    try:
        yield usage
    finally:
        usage.cpu = cpu_seconds(roots) - before
        usage.ended.set()
        watcher.join()
    usage.memory = max(usage.memory, memory_bytes(roots))
    usage.later = settle(roots) - before - usage.cpu


def settle(roots: tuple[int, ...]) -> float:
    """Wait until processes use next to no CPU, and give the seconds that they have used."""
    give_up = time.monotonic() + QUIET_WITHIN
    used = cpu_seconds(roots)
    while True:
        time.sleep(QUIET_FOR)
        now = cpu_seconds(roots)
        if now - used <= TICK or time.monotonic() > give_up:
            return now
        used = now


def free_port() -> int:
    """Give a port that nobody listens at, of those that the system gives to nobody who takes any."""
    first = int((PROC / "sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", random.randrange(first // 2, first)))
            return int(one.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until somebody listens at a port; raises `Failed` when the process that should has ended."""
    give_up = time.monotonic() + START_WITHIN
    while time.monotonic() < give_up and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.005)
    lines = log.read_text(errors="replace").strip().splitlines() or ["it does not listen"]
    raise Failed(lines[-1])


@contextmanager
def running(
    command: Sequence[str],
    port: int,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
) -> Iterator[int]:
    """Run a server in a folder until the block ends, and give its process id once it listens."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{Path(command[0]).name}-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=stdin,
            stdout=out,
            stderr=out,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    try:
        wait_for(port, process, log)
        yield process.pid
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process politely, or at once when that takes long, and whatever it leaves behind."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=STOP_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
