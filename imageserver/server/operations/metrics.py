"""The metrics: what is counted, under which names. `docs/operations.md` has them as a table."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Literal

from imageserver.server.operations.cells import SPARE, Board, Cells

Kind = tuple[str, str]
"""The URL language of a request, and what it asks for there."""
Result = Literal["", "memory", "disk", "made", "shared"]
SEPARATOR = "\x1f"


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
    "Requests that were answered: by URL language (image, content, admin, health, metrics, page for all others), "
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
    "Processes that ended and were replaced: serving ones that died or made room at a reload, and pools of rendering "
    "ones that died.",
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
class Answered:
    """The places in which requests of one kind, status and result are counted."""

    requests: int
    seconds: Histogram
    size: int
    cached: int
    cached_size: int


class Counts:
    """What one process counts, in one thread."""

    def __init__(self, board: Board, cells: Cells) -> None:
        self.board = board
        self._cells = cells
        self._values = cells.values
        self._answered: dict[tuple[Kind, int, Result], Answered] = {}
        self._histograms: dict[tuple[str, ...], Histogram] = {}

    def add(self, metric: Metric, *labels: str, amount: float = 1.0) -> None:
        """Count something."""
        self._values[self._cells.place(metric.cell(*labels))] += amount

    def set(self, metric: Metric, value: float) -> None:
        """Say how much of something there is."""
        self._values[self._cells.place(metric.cell())] = value

    def observe(self, metric: Metric, seconds: float, *labels: str) -> None:
        """Count something that took a while."""
        self._observe(self._histogram(metric, labels), seconds)

    def answer(self, kind: Kind, status: int, result: Result, seconds: float, size: int) -> None:
        """Count a request that was answered; this is a part of what a hit costs."""
        key = (kind, status, result)
        places = self._answered.get(key)
        if places is None:
            places = self._answered[key] = self._places(kind, status, result)
        values = self._values
        values[places.requests] += 1
        values[places.size] += size
        values[places.cached] += 1
        values[places.cached_size] += size
        self._observe(places.seconds, seconds)

    def _observe(self, histogram: Histogram, seconds: float) -> None:
        self._values[histogram.total] += seconds
        self._values[histogram.places[bisect_left(histogram.bounds, seconds)]] += 1

    def _places(self, kind: Kind, status: int, result: Result) -> Answered:
        place, name = self._cells.place, RESULTS.get(result)
        return Answered(
            place(REQUESTS.cell(*kind, str(status))),
            self._histogram(REQUEST_SECONDS, kind),
            place(REPLY_BYTES.cell(*kind)),
            place(CACHE_REQUESTS.cell(name)) if name else SPARE,
            place(CACHE_BYTES.cell(name)) if name else SPARE,
        )

    def _histogram(self, metric: Metric, labels: tuple[str, ...]) -> Histogram:
        key = (metric.name, *labels)
        found = self._histograms.get(key)
        if found is None:
            place = self._cells.place
            places = tuple(place(metric.cell(*labels, str(bound))) for bound in (*metric.bounds, "+Inf"))
            total = place(metric.cell(*labels, "sum"))
            found = self._histograms[key] = Histogram(metric.bounds, total, places)
        return found


def counts_of_its_own() -> Counts:
    """Give counts that no other process sees."""
    board = Board(1)
    return Counts(board, board.cells(0))
