"""What is plotted of the metrics of the server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from imageserver.server.operations.exposing import Values
from imageserver.server.operations.metrics import (
    CACHE_REQUESTS,
    QUEUE,
    RENDER_SECONDS,
    RENDERS,
    REPLY_BYTES,
    REQUEST_SECONDS,
    REQUESTS,
    SUM,
    WORKER_ENDS,
    WORKERS,
    Labels,
    Metric,
)

Unit = Literal["", "bytes", "cores", "seconds"]
Kind = Literal["gauge", "counter", "mean"]


@dataclass(frozen=True, slots=True)
class Series:
    """A number, or several of a kind by their labels.

    Of a counter, what is shown is how fast it grows; of a mean, what a sum grows by for each that is counted.
    """

    title: str
    doc: str
    values: Mapping[str, float | tuple[float, float]] = field(default_factory=dict)
    unit: Unit = ""
    kind: Kind = "gauge"


def of_metrics(values: Values) -> Iterator[Series]:
    """Yield what is plotted, the most telling first."""
    for title, doc, metric, label, unit in COUNTERS:
        yield Series(title, doc, summed(values[metric.name], label_of(metric, label)), unit, "counter")
    for title, doc, metric in MEANS:
        yield Series(title, doc, {"": mean(values[metric.name])}, "seconds", "mean")
    for title, doc, metric in GAUGES:
        yield Series(title, doc, summed(values[metric.name], label_of(metric, "")))


def label_of(metric: Metric, label: str) -> Callable[[Labels], str]:
    """Give what tells the lines of a plot apart: the values of a label, or nothing for a single line."""
    place = metric.labels.index(label) if label else 0
    return lambda labels: labels[place] if label else ""


def summed(values: Mapping[Labels, float], line: Callable[[Labels], str]) -> dict[str, float | tuple[float, float]]:
    """Add up what belongs to one line."""
    found: dict[str, float] = defaultdict(float) if values else {"": 0.0}
    for labels, value in values.items():
        found[line(labels)] += value
    return {name: found[name] for name in sorted(found)}


def mean(values: Mapping[Labels, float]) -> tuple[float, float]:
    """Give the sum of all that a histogram has seen, and how many they were."""
    total = sum(value for labels, value in values.items() if labels[-1] == SUM)
    return total, sum(value for labels, value in values.items() if labels[-1] != SUM)


COUNTERS: tuple[tuple[str, str, Metric, str, Unit], ...] = (
    ("Requests", "What was answered, by HTTP status.", REQUESTS, "status", ""),
    ("Cache", "Replies by where they came from; a miss is made.", CACHE_REQUESTS, "result", ""),
    ("Bytes sent", "The bodies of replies.", REPLY_BYTES, "", "bytes"),
    ("Renderings", "Jobs of rendering, by how they ended.", RENDERS, "outcome", ""),
)
MEANS = (
    ("Time of a request", "From its header to the end of its reply, on average.", REQUEST_SECONDS),
    ("Time of a rendering", "Without the time that it waited, on average.", RENDER_SECONDS),
)
GAUGES = (
    ("Queue", "Jobs of rendering that are done or wait.", QUEUE),
    ("Workers", "Processes that answer.", WORKERS),
    ("Workers replaced", "Processes that died or made room, since the start.", WORKER_ENDS),
)
