"""`/metrics`: what all processes have counted, in the formats of Prometheus, for those who may read it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import accumulate

from aiohttp import web

from imageserver.catalog.addresses import Network, is_listed, networks_of
from imageserver.config import UNIX
from imageserver.errors import OutsideProtocol
from imageserver.plan.question import ErrorForm
from imageserver.server.attempts import TooManyAttempts, is_same
from imageserver.server.failures import failure
from imageserver.server.operations.metrics import (
    CATALOG_PROBLEMS,
    CATALOG_RECORDS,
    METRICS,
    SUM,
    Labels,
    Metric,
    values_of,
    written,
)
from imageserver.server.site import Site

PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
"""What a proxy adds. For whom it asks is not known unless it is trusted, so its own address counts for nothing."""
Values = Mapping[str, Mapping[Labels, float]]


async def serve_metrics(site: Site, request: web.Request, path: str, _query: str) -> web.Response:
    """Give the metrics; to who may not read them it is said how they could."""
    if path or not site.config.metrics.enabled:
        return failure(OutsideProtocol(request.path[:200]), ErrorForm())
    try:
        allowed = may_read(site, request)
    except TooManyAttempts as error:
        return failure(error, ErrorForm())
    if not allowed:
        return refused(has_token=bool(site.config.metrics.token))
    accept = request.headers.get("Accept", "")
    body, media_type = await asyncio.to_thread(exposed, told(site), accept)
    return web.Response(body=body, headers={"Content-Type": media_type, "Cache-Control": "no-store"})


def may_read(site: Site, request: web.Request) -> bool:
    """Tell whether who asks has the token, or comes straight from an address that is listed.

    Raises `TooManyAttempts`.
    """
    metrics = site.config.metrics
    scheme, _, offered = request.headers.get("Authorization", "").partition(" ")
    if metrics.token and scheme.casefold() == "bearer":
        return bool(site.judge(request, offered.strip(), lambda: is_same(offered.strip(), metrics.token) or None))
    passed_on = any(name in request.headers for name in PASSED_ON)
    if passed_on and not site.clients.trusts(request):
        return False
    address = site.clients.address(request)
    if address is None:  # it came over the socket, or from somebody whom a proxy does not name
        return UNIX in metrics.allow and not passed_on
    return is_listed(address, listed(metrics.allow))


def listed(allow: Iterable[str]) -> tuple[Network, ...]:
    """Give the networks that are allowed."""
    return networks_of(",".join(one for one in allow if one != UNIX))


def refused(*, has_token: bool) -> web.Response:
    """Tell that metrics are not for everybody."""
    headers = {"WWW-Authenticate": 'Bearer realm="imageserver"'} if has_token else {}
    return web.Response(
        status=HTTPStatus.UNAUTHORIZED if has_token else HTTPStatus.FORBIDDEN,
        text="metrics are for the addresses in metrics.allow, and for who has metrics.token\n",
        headers={**headers, "Cache-Control": "no-store"},
    )


def told(site: Site) -> Values:
    """Give what all processes have counted, and how the catalogs of this one are."""
    records: dict[Labels, float] = {(name,): float(len(one.images)) for name, one in site.catalogs.named.items()}
    problems: dict[Labels, float] = {(): float(len(site.live.problems))}
    return {**values_of(site.counts.board), CATALOG_RECORDS.name: records, CATALOG_PROBLEMS.name: problems}


def exposed(values: Values, accept: str) -> tuple[bytes, str]:
    """Write values in the format that is asked for, and name it; nobody else waits for the library to be loaded."""
    from prometheus_client.exposition import choose_encoder  # noqa: PLC0415, the server starts without it

    encode, media_type = choose_encoder(accept)
    return encode(Collected(values)), media_type  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Collected:
    """What the library takes for a registry."""

    values: Values

    def collect(self) -> Iterator[object]:
        """Yield the metrics with their values."""
        for metric in METRICS:
            yield family(metric, self.values[metric.name])


def family(metric: Metric, values: Mapping[Labels, float]) -> object:
    """Give a metric and its values in the library's terms."""
    from prometheus_client import metrics_core  # noqa: PLC0415, as above

    if metric.kind == "histogram":
        histogram = metrics_core.HistogramMetricFamily(metric.name, metric.doc, labels=metric.labels)
        for labels in sorted({one[:-1] for one in values}):
            bounds = written(metric.bounds)
            counted = accumulate(values.get((*labels, bound), 0.0) for bound in bounds)
            buckets = list(zip(bounds, counted, strict=True))
            histogram.add_metric(labels, buckets, values.get((*labels, SUM), 0.0))
        return histogram
    make = metrics_core.CounterMetricFamily if metric.kind == "counter" else metrics_core.GaugeMetricFamily
    plain = make(metric.name, metric.doc, labels=metric.labels)
    for labels, value in sorted(values.items()):
        plain.add_metric(labels, value)
    return plain
