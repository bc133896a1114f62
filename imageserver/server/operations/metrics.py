"""The metrics: what is counted, under which names. `docs/operations.md` has them as a table."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from imageserver.server.operations.cells import Board, Cells

Kind = tuple[str, str]
"""The URL language of a request, and what it asks for there."""
Result = Literal["", "memory", "disk", "made", "shared"]
Labels = tuple[str, ...]
SEPARATOR = "\x1f"
ANSWERS, SUM, SIZE = "answers", "sum", "bytes"
"""What requests are counted under, and what there is of a histogram besides its bounds."""


@dataclass(frozen=True, slots=True)
class Metric:
    """Something that is counted or told; `together` says what the numbers of several processes make.

    A counter only ever grows. A histogram counts what is up to each of its bounds.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    doc: str
    together: Literal["sum", "largest"] = "sum"
    bounds: tuple[float, ...] = ()

    def cell(self, *values: str) -> str:
        """Name the number of some values of the labels."""
        return SEPARATOR.join((self.name, *values))


FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
SLOW = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Bounds in seconds; a reply that is at hand takes less than a thousandth."""

REQUESTS = Metric(
    "imageserver_requests",
    "counter",
    ("dialect", "req", "status"),
    "Requests that were answered: by URL language (image, content, admin, health, metrics, names of `dialects`, page), "
    "what they asked for (the value of req=), and HTTP status.",
)
REQUEST_SECONDS = Metric(
    "imageserver_request_seconds",
    "histogram",
    ("dialect", "req"),
    "Seconds from a request's header to the end of its reply.",
    bounds=FAST,
)
REPLY_BYTES = Metric("imageserver_reply_bytes", "counter", ("dialect", "req"), "Bytes of the bodies of replies.")
CACHE_REQUESTS = Metric(
    "imageserver_cache_requests",
    "counter",
    ("result",),
    "Replies that the cache was asked for: found in memory or on disk, shared with a request that came just before, "
    "or made.",
)
CACHE_BYTES = Metric("imageserver_cache_reply_bytes", "counter", ("result",), "Bytes of those replies.")
QUEUE = Metric(
    "imageserver_render_queue",
    "gauge",
    (),
    "Jobs that rendering processes and drawing threads do, or that wait for one.",
)
RENDERS = Metric(
    "imageserver_renders",
    "counter",
    ("work", "place", "outcome"),
    "Jobs of rendering processes and of drawing threads, with how they ended: done, refused (limits.queue), failed, "
    "killed (a process at the deadline), late (a thread, which is left alone), died, cancelled.",
)
RENDER_SECONDS = Metric(
    "imageserver_render_seconds",
    "histogram",
    ("work", "place"),
    "Seconds that jobs took, without the time that they waited.",
    bounds=SLOW,
)
WORKERS = Metric("imageserver_workers", "gauge", (), "Processes that answer.")
WORKER_ENDS = Metric(
    "imageserver_worker_ends",
    "counter",
    ("kind", "reason"),
    "Processes that ended and were replaced: serving ones that died or made room at a reload, and rendering ones that "
    "died or were killed over a job.",
)
CATALOG_RECORDS = Metric(
    "imageserver_catalog_records", "gauge", ("catalog",), "Image records of a catalog, in the process that answers."
)
CATALOG_PROBLEMS = Metric(
    "imageserver_catalog_problems", "gauge", (), "Problems that catalogs have, in the process that answers."
)
CATALOG_GENERATION = Metric(
    "imageserver_catalog_generation",
    "gauge",
    (),
    "How often a process has read the catalogs and found something new; the largest of all processes.",
    "largest",
)
CATALOG_READ = Metric(
    "imageserver_catalog_last_read_timestamp_seconds", "gauge", (), "When a process last did so.", "largest"
)
METRICS = (
    REQUESTS,
    REQUEST_SECONDS,
    REPLY_BYTES,
    CACHE_REQUESTS,
    CACHE_BYTES,
    QUEUE,
    RENDERS,
    RENDER_SECONDS,
    WORKERS,
    WORKER_ENDS,
    CATALOG_RECORDS,
    CATALOG_PROBLEMS,
    CATALOG_GENERATION,
    CATALOG_READ,
)
LARGEST = frozenset(one.name for one in METRICS if one.together == "largest")
PASSING = frozenset(one.name for one in METRICS if one.kind == "gauge" and one.together == "sum")
"""What says nothing any more once its process has ended."""
RESULTS: dict[Result, str] = {"memory": "memory", "disk": "disk", "made": "miss", "shared": "shared"}


@dataclass(frozen=True, slots=True)
class Histogram:
    """The places of a histogram: that of the sum, and one for each bound and for what is beyond all."""

    bounds: tuple[float, ...]
    total: int
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """The places in which requests of one kind, status and result are counted, from which several metrics are made."""

    seconds: int
    size: int
    places: tuple[int, ...]


class Counts:
    """What one process counts, in one thread."""

    def __init__(self, board: Board, cells: Cells) -> None:
        self.board = board
        self._cells = cells
        self._values = cells.values
        self._answers: dict[tuple[Kind, int, Result], Answers] = {}
        self._histograms: dict[tuple[str, ...], Histogram] = {}

    def add(self, metric: Metric, *labels: str, amount: float = 1.0) -> None:
        """Count something."""
        self._values[self._cells.place(metric.cell(*labels))] += amount

    def set(self, metric: Metric, value: float) -> None:
        """Say how much of something there is."""
        self._values[self._cells.place(metric.cell())] = value

    def observe(self, metric: Metric, seconds: float, *labels: str) -> None:
        """Count something that took a while."""
        key = (metric.name, *labels)
        histogram = self._histograms.get(key)
        if histogram is None:
            place = self._cells.place
            places = tuple(place(metric.cell(*labels, bound)) for bound in written(metric.bounds))
            histogram = Histogram(metric.bounds, place(metric.cell(*labels, SUM)), places)
            self._histograms[key] = histogram
        self._values[histogram.total] += seconds
        self._values[histogram.places[bisect_left(histogram.bounds, seconds)]] += 1

    def answer(self, kind: Kind, status: int, result: Result, seconds: float, size: int) -> None:
        """Count a request that was answered; this is a part of what a hit costs, so it is three additions."""
        key = (kind, status, result)
        answers = self._answers.get(key)
        if answers is None:
            answers = self._answers[key] = self._answers_of(kind, status, result)
        values = self._values
        values[answers.seconds] += seconds
        values[answers.size] += size
        values[answers.places[bisect_left(FAST, seconds)]] += 1

    def _answers_of(self, kind: Kind, status: int, result: Result) -> Answers:
        labels, place = (ANSWERS, *kind, str(status), RESULTS.get(result, "")), self._cells.place
        places = tuple(place(SEPARATOR.join((*labels, bound))) for bound in written(FAST))
        return Answers(place(SEPARATOR.join((*labels, SUM))), place(SEPARATOR.join((*labels, SIZE))), places)


def written(bounds: Iterable[float]) -> list[str]:
    """Write the bounds of a histogram, and the one beyond all."""
    return [*map(str, bounds), "+Inf"]


def counts_of_its_own() -> Counts:
    """Give counts that no other process sees."""
    board = Board(1)
    return Counts(board, board.cells(0))


def values_of(board: Board) -> dict[str, dict[Labels, float]]:
    """Read what all processes have counted, by metric and labels; those of a histogram have a bound or `sum` last."""
    found: dict[str, defaultdict[Labels, float]] = {one.name: defaultdict(float) for one in METRICS}
    for cell, value in board.total(LARGEST).items():
        name, *labels = cell.split(SEPARATOR)
        for metric, key in answered(*labels) if name == ANSWERS else ((name, tuple(labels)),):
            found[metric][key] += value
    return {name: dict(values) for name, values in found.items()}


def answered(dialect: str, req: str, status: str, result: str, what: str) -> Iterator[tuple[str, Labels]]:
    """Yield the numbers into which one of those about answered requests goes."""
    if what == SIZE:
        yield REPLY_BYTES.name, (dialect, req)
        if result:
            yield CACHE_BYTES.name, (result,)
        return
    yield REQUEST_SECONDS.name, (dialect, req, what)
    if what != SUM:
        yield REQUESTS.name, (dialect, req, status)
        if result:
            yield CACHE_REQUESTS.name, (result,)
