"""The processes of this server, as Linux tells of them: how many, how much memory and how much processor time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
PARENT, USER_TIME, SYSTEM_TIME, RESIDENT = 1, 11, 12, 21
"""Fields of /proc/PID/stat behind the name of the process, which may hold anything."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process: its parent, the seconds that it has computed for, and the bytes of memory that it holds."""

    number: int
    parent: int
    seconds: float
    memory: int


def family(first: int) -> list[Process]:
    """Give a process and all that it started, or that those started; none where the system does not tell."""
    known = {one.number: one for one in running()}
    found = [known[first]] if first in known else []
    for one in found:
        found += [other for other in known.values() if other.parent == one.number]
    return found


def running() -> Iterator[Process]:
    """Yield all processes that there are."""
    ticks, size = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    for folder in PROC.glob("[0-9]*"):
        try:
            words = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        seconds = (int(words[USER_TIME]) + int(words[SYSTEM_TIME])) / ticks
        yield Process(int(folder.name), int(words[PARENT]), seconds, int(words[RESIDENT]) * size)
