"""Runs a job: everybody comes in, works in turn, round after round, and is compared with the first."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from statistics import median, quantiles

from bench.parties import Entrant, Party, Slice, Stage
from bench.place import Place
from bench.processes import Failed
from bench.sources import make, make_hot, make_pyramids
from bench.work import Job

LEAST_FOR_P99 = 20


@dataclass(frozen=True, slots=True)
class Row:
    """What one who took part did: seconds, bytes, and how many times as good the first one is."""

    name: str
    problem: str = ""
    note: str = ""
    requests: int = 0
    rate: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    cpu: float = 0.0
    later: float = 0.0
    memory: int = 0
    quality: float | None = None
    amount: float | None = None
    rate_ratio: float | None = None
    cpu_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A job with what came of it."""

    job: Job
    rows: tuple[Row, ...]


def measure(job: Job, place: Place, beside: tuple[str, ...], rounds: int, seconds: float) -> Result:
    """Run a job, with those who are wanted beside us, or with all."""
    make(place.images, (*job.pictures, ("mid", 1)))
    make_hot(place.images, place.hot)
    entrants = job.entrants(place.images)
    chosen = [one for one in entrants if not beside or job.grows or is_chosen(one.name, beside)]
    if any(one.name == "iipsrv" and one.version(place) for one in chosen):
        make_pyramids(place.images, place.pyramids)
    slices: dict[str, list[Slice]] = {}
    parties: dict[str, Party] = {}
    problems: dict[str, str] = {}
    with ExitStack() as stack:
        stage = Stage(place, stack)
        for one in chosen:
            come_in(one, stage, parties, problems)
        for _ in range(job.rounds or rounds):
            for name, party in parties.items():
                slices.setdefault(name, []).append(party.turn(seconds))
    rows = tuple(
        row(one, parties.get(one.name), problems.get(one.name, ""), slices.get(one.name, [])) for one in chosen
    )
    return Result(job, beside_first(rows, slices))


def is_chosen(name: str, beside: tuple[str, ...]) -> bool:
    """Whether a name is our own or begins with one of those that were asked for."""
    return name == "ours" or name.startswith(("ours,", *beside))


def come_in(entrant: Entrant, stage: Stage, parties: dict[str, Party], problems: dict[str, str]) -> None:
    """Let someone get ready, or note why not."""
    if not entrant.version(stage.place):
        problems[entrant.name] = "not installed"
        return
    try:
        parties[entrant.name] = entrant.enter(stage)
    except (Failed, OSError, TimeoutError) as error:
        problems[entrant.name] = f"failed: {error}"


def row(entrant: Entrant, party: Party | None, problem: str, slices: list[Slice]) -> Row:
    """Take the turns of one together."""
    failed = next((one.load.problem for one in slices if one.load.problem), "")
    problem = problem or (f"failed: {failed}" if failed else "")
    count = sum(one.load.count for one in slices)
    if problem or party is None or not count:
        return Row(entrant.name, problem or "failed: nothing was done", amount=entrant.amount)
    times = sorted(time for one in slices for time in one.load.times)
    return Row(
        entrant.name,
        note=party.note,
        requests=count,
        rate=median(rate(one) for one in slices if one.load.count),
        p50=median(times),
        p99=quantiles(times, n=100)[98] if len(times) >= LEAST_FOR_P99 else max(times),
        cpu=sum(one.usage.cpu for one in slices) / count,
        later=sum(one.usage.later for one in slices) / count,
        memory=max(one.usage.memory for one in slices),
        quality=party.quality,
        amount=entrant.amount,
    )


def rate(one: Slice) -> float:
    """Give the requests a second of a turn."""
    return one.load.count / one.load.seconds if one.load.count else 0.0


def beside_first(rows: tuple[Row, ...], slices: dict[str, list[Slice]]) -> tuple[Row, ...]:
    """Add how many times as many requests a second the first does, and how many times its CPU time the others use.

    The rate is compared round by round, since what else the machine does changes from round to round.
    """
    subject = rows[0]
    found = [subject]
    for one in rows[1:]:
        if one.problem or subject.problem:
            found.append(one)
            continue
        pairs = zip(slices[subject.name], slices[one.name], strict=True)
        ratio = median(rate(ours) / rate(theirs) for ours, theirs in pairs if ours.load.count and theirs.load.count)
        found.append(replace(one, rate_ratio=ratio, cpu_ratio=one.cpu / subject.cpu if subject.cpu else None))
    return tuple(found)
