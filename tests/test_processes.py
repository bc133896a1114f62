"""Processes that do jobs: whatever happens to one costs the job that it has, and nothing else."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest
from sites import eventually

from imageserver.errors import BadSource
from imageserver.server.processes import Died, Job, Late, Processes

MOST_JOBS = 20
PATIENCE = 20.0


def nothing() -> None:
    """What a process begins with here."""


def large(size: int) -> bytes:
    return b"x" * size


def sleep_for_ever() -> None:
    time.sleep(1000)


def end() -> None:
    os._exit(3)


def refuse() -> None:
    raise BadSource("a.png", "it is no image")


def fail() -> None:
    raise KeyError("a bug")


def unwritable() -> object:
    return threading.Lock()


@pytest.fixture
def processes() -> Iterator[Processes]:
    made = Processes(1, MOST_JOBS, nothing)
    yield made
    made.stop()


def test_jobs_are_done_and_told(processes: Processes) -> None:
    process = processes.submit(Job(os.getpid, (), PATIENCE)).result(PATIENCE)
    assert process != os.getpid()
    with pytest.raises(BadSource, match="it is no image"):
        processes.submit(Job(refuse, (), PATIENCE)).result(PATIENCE)
    with pytest.raises(KeyError, match="a bug") as raised:
        processes.submit(Job(fail, (), PATIENCE)).result(PATIENCE)
    assert "in fail" in raised.value.__notes__[0]
    with pytest.raises(TypeError, match="pickle"):
        processes.submit(Job(unwritable, (), PATIENCE)).result(PATIENCE)
    assert processes.submit(Job(os.getpid, (), PATIENCE)).result(PATIENCE) == process


def test_a_job_that_takes_too_long_or_ends_its_process(processes: Processes) -> None:
    with pytest.raises(Late):
        processes.submit(Job(sleep_for_ever, (), 0.2)).result(PATIENCE)
    with pytest.raises(Died):
        processes.submit(Job(end, (), PATIENCE)).result(PATIENCE)
    assert processes.submit(Job(large, (10,), PATIENCE)).result(PATIENCE) == b"x" * 10


def test_a_process_that_is_killed_while_it_tells_leaves_nothing_behind(processes: Processes) -> None:
    """Wherever in its message that is: no lock that is never given back, no half message in front of the next one."""
    died = 0
    for pause in range(6):
        process = processes.submit(Job(os.getpid, (), PATIENCE)).result(PATIENCE)
        telling = processes.submit(Job(large, (2**27,), PATIENCE))
        time.sleep(0.02 + 0.02 * pause)
        os.kill(process, signal.SIGKILL)
        died += isinstance(telling.exception(PATIENCE), Died)
    assert died
    assert processes.submit(Job(large, (10,), PATIENCE)).result(PATIENCE) == b"x" * 10


def test_another_process_is_there_before_it_is_needed(processes: Processes) -> None:
    """In place of one that has done enough, and of one that was killed while it had nothing to do."""
    seen = {processes.submit(Job(os.getpid, (), PATIENCE)).result(PATIENCE) for _ in range(MOST_JOBS + 1)}
    assert len(seen) == 2
    process = processes.submit(Job(os.getpid, (), PATIENCE)).result(PATIENCE)
    os.kill(process, signal.SIGKILL)
    eventually(lambda: children() - {process} != set(), wanted=True)
    assert processes.submit(Job(os.getpid, (), PATIENCE)).result(PATIENCE) in children()


def children() -> set[int | None]:
    """The processes that this one has started in that way."""
    return {one.pid for one in multiprocessing.active_children()}


def test_jobs_that_wait_when_it_stops_are_told() -> None:
    made = Processes(1, MOST_JOBS, nothing)
    first = made.submit(Job(sleep_for_ever, (), PATIENCE))
    second = made.submit(Job(large, (10,), PATIENCE))
    eventually(first.running, wanted=True)
    made.stop()
    assert isinstance(first.exception(PATIENCE), Died)
    assert isinstance(second.exception(PATIENCE), Died)
