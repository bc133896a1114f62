"""What is printed and written: a table for each job, the aims, the machine and the versions."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from bench.measuring import Result, Row
from bench.place import Place, first_line
from bench.work import Goal
from bench.wrk import is_installed

HEADER = ("who", "requests/s", "p50 ms", "p99 ms", "CPU ms", "memory MB", "PSNR dB", "rate ×", "CPU ×", "")
GROWTH = ("", "requests/s", "p50 ms", "CPU ms", "memory MB", "{} ×", "time ×", "CPU ×", "")


def tables(results: Iterable[Result]) -> Iterator[str]:
    """Give the lines of all tables."""
    for result in results:
        yield from table(result)


def table(result: Result) -> Iterator[str]:
    """Give the lines of the table of a job."""
    job = result.job
    yield f"### {job.key}: {job.title}"
    yield ""
    if job.grows:
        yield from lines(tuple(one.format(job.grows) for one in GROWTH), [grown(one, result) for one in result.rows])
    else:
        yield from lines(HEADER, [cells(one) for one in result.rows])
    for goal in job.goals:
        yield from ("", aim(goal, result))
    yield ""


def lines(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Give a table in Markdown, its columns aligned."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    for number, row in enumerate((header, *rows)):
        padded = [text.ljust(widths[0]) if not at else text.rjust(widths[at]) for at, text in enumerate(row[:-1])]
        yield f"| {' | '.join(padded)} | {row[-1].ljust(widths[-1])} |"
        if not number:
            yield f"| --- |{' ---: |' * (len(header) - 2)} --- |"


def cells(row: Row) -> tuple[str, ...]:
    """Give the cells of one who took part."""
    if row.problem:
        return (row.name, *("–",) * (len(HEADER) - 2), row.problem)
    return (
        row.name,
        short(row.rate),
        short(row.p50 * 1000),
        short(row.p99 * 1000),
        short(row.cpu * 1000),
        short(row.memory / 2**20),
        "" if row.quality is None else f"{row.quality:.1f}",
        "" if row.rate_ratio is None else short(row.rate_ratio),
        "" if row.cpu_ratio is None else short(row.cpu_ratio),
        "; ".join(notes(row)),
    )


def notes(row: Row) -> Iterator[str]:
    """Give what must be said about a row besides its numbers."""
    if row.note:
        yield row.note
    if row.later > row.cpu / 20 and row.later > 0.001:
        yield f"and {short(row.later * 1000)} ms CPU a request after the last reply"


def grown(row: Row, result: Result) -> tuple[str, ...]:
    """Give the cells of a step of growth, compared with the first step."""
    first = result.rows[0]
    if row.problem or first.problem:
        return (row.name, *("–",) * (len(GROWTH) - 2), row.problem)
    return (
        row.name,
        short(row.rate),
        short(row.p50 * 1000),
        short(row.cpu * 1000),
        short(row.memory / 2**20),
        short((row.amount or 1) / (first.amount or 1)),
        short(row.p50 / first.p50),
        short(row.cpu / first.cpu) if first.cpu else "",
        "; ".join(notes(row)),
    )


def aim(goal: Goal, result: Result) -> str:
    """Say what the aim was and what came of it."""
    rows = {one.name: one for one in result.rows}
    first, row = rows.get(goal.who or result.rows[0].name), rows.get(goal.beside or result.rows[0].name)
    text, at_least, reach = MEASURES[goal.measure]
    wanted = f"Aim{goal.who and f' for {goal.who}'}: {text.format(goal.bound, goal.beside)}"
    if not first or not row or first.problem or row.problem:
        return f"{wanted}; not measured."
    reached = reach(first, row)
    good = reached >= goal.bound if at_least else reached <= goal.bound
    return f"{wanted}; {'reached' if good else 'missed'}: {short(reached)}."


MEASURES: dict[str, tuple[str, bool, Callable[[Row, Row], float]]] = {
    "rate": (
        "at least {:g} × the rate of {}",
        True,
        lambda ours, other: (other.rate_ratio or 0) / (ours.rate_ratio or 1),
    ),
    "CPU": ("at most {:g} × the CPU of {}", False, lambda ours, other: ours.cpu / other.cpu),
    "PSNR": ("at least {:g} dB more than {}", True, lambda ours, other: (ours.quality or 0) - (other.quality or 0)),
    "MB": ("at most {:g} MB", False, lambda ours, _: ours.memory / 2**20),
    "seconds": ("at most {:g} s", False, lambda ours, _: ours.p50),
}


def short(number: float) -> str:
    """Give a number with two or three digits that count."""
    if number >= 100:
        return f"{number:,.0f}"
    if number >= 10:
        return f"{number:.1f}"
    return f"{number:.2g}" if 0 < number < 0.1 else f"{number:.2f}"


def circumstances(results: Iterable[Result], place: Place, date: str) -> Iterator[str]:
    """Say when, on what and with which versions it was measured."""
    yield f"- {date}; {os.cpu_count()} cores, {processor()}; {platform.system()} {platform.release()}"
    yield f"- Python {platform.python_version()}; {place.processes} processes for each server"
    yield f"- {', '.join(f'{name} {version}' for name, version in versions(results, place).items())}"


def processor() -> str:
    """Give the name of the processor."""
    text = Path("/proc/cpuinfo").read_text()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def versions(results: Iterable[Result], place: Place) -> dict[str, str]:
    """Give the versions of all who took part."""
    entrants = [one for result in results for one in result.job.entrants(place.images)]
    found = {one.program: version for one in entrants if (version := one.version(place))}
    return found | ({"wrk": first_line("wrk", "-v", pattern=r"\d+[.\d]+")} if is_installed() else {})


def as_json(results: Iterable[Result], place: Place, date: str) -> str:
    """Give everything that was measured, for programs; times are in seconds, memory in bytes."""
    found = list(results)
    document = {
        "date": date,
        "machine": {"cores": os.cpu_count(), "processor": processor(), "system": platform.release()},
        "processes": place.processes,
        "versions": versions(found, place),
        "jobs": {one.job.key: {"title": one.job.title, "rows": [asdict(row) for row in one.rows]} for one in found},
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
