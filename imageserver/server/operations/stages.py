"""The stages of a request, how long each took, and the header that tells it. Reference: W3C Server Timing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

Stage = Literal["read", "plan", "measure", "wait", "draw", "store"]
STAGES: dict[Stage, str] = {
    "read": "its text is read, and admitted by the rules of its catalog",
    "plan": "what it means is found out, and foreign images are fetched",
    "measure": "its files are looked at, and what is to be sent is laid out and named",
    "wait": "it waits for a worker, for another request that makes the same reply, or for the disk",
    "draw": "the reply is drawn and written in its format: of most pictures no pixel is drawn before it is written",
    "store": "`req=saveToFile` writes its file; what is kept in the cache is written after the reply",
}
SERVER_TIMING = "Server-Timing"
Times = dict[Stage, float]
TIMES: ContextVar[Times | None] = ContextVar("TIMES", default=None)
"""The stages of the request that is being answered; what is made for several counts for the one that came first."""


def begin() -> Times:
    """Begin to take the times of a request."""
    times: Times = {}
    TIMES.set(times)
    return times


def took(stage: Stage, seconds: float) -> None:
    """Note that a stage took a while, on top of what it took before."""
    times = TIMES.get()
    if times is not None:
        times[stage] = times.get(stage, 0.0) + seconds


@contextmanager
def timed(stage: Stage) -> Iterator[None]:
    """Take the time of a stage."""
    start = time.perf_counter()
    try:
        yield
    finally:
        took(stage, time.perf_counter() - start)


def server_timing(times: Mapping[Stage, float], result: str) -> str:
    """Write the value of the header, in milliseconds."""
    parts = [f"{stage};dur={times[stage] * 1000:.1f}" for stage in STAGES if stage in times]
    return ", ".join([*([f'cache;desc="{result}"'] if result else []), *parts])


@contextmanager
def waiting() -> Iterator[None]:
    """Take the time of all that is not drawing or storing while a reply is being made."""
    start, before = time.perf_counter(), busy()
    try:
        yield
    finally:
        took("wait", max(0.0, time.perf_counter() - start - (busy() - before)))


def busy() -> float:
    """Give the seconds that were spent on making the reply so far."""
    times = TIMES.get() or {}
    return times.get("draw", 0.0) + times.get("store", 0.0)
