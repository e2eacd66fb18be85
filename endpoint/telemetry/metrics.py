"""The metrics of one server, in the names of OpenTelemetry's semantic conventions where those are stable.

``docs/monitoring.md`` lists all of them. What happens often is counted here, in objects that are found by one
look-up in a dictionary; what can be read off when somebody asks is in :mod:`endpoint.telemetry.readings`.
The values of every label come from a closed set; of clients, a few are named at a time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, Counter, disable_created_metrics
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from endpoint.errors import EndpointError
from endpoint.telemetry import Exchange
from endpoint.telemetry.query_record import QueryRecord

# Upper bounds in seconds, as the conventions advise for HTTP and for databases.
HTTP_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
QUERY_BUCKETS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10)
# The methods that a label names; any other is OTHER.
METHODS: Final = frozenset(
    ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE")
)
OTHER: Final = "_OTHER"
ENGINE: Final = "oxigraph"
# The statuses of answers that refuse a request because of a limit.
_REFUSING: Final = frozenset((413, 414, 429, 431, 503))
# Why a worker was killed, by the outcome of its query.
KILLS: Final = {
    "deadline-exceeded": "deadline",
    "memory-limit-exceeded": "memory",
    "aborted": "client",
    "query-killed": "operator",
}
# Any other end of a worker by itself, such as an overflow of its stack.
CRASH: Final = "crash"


class Durations:
    """A histogram of seconds without locks: one thread adds to it, and the library writes it out.

    The library's own takes five times as long.
    """

    __slots__ = ("_bounds", "_counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Count one more."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self.total += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Return how many took at most as long as each bound."""
        names = [*map(floatToGoString, self._bounds), "+Inf"]
        return list(zip(names, accumulate(self._counts), strict=True))


class Histogram:
    """Durations by labels, as one metric. Their buckets are ``bounds``."""

    def __init__(self, name: str, text: str, labels: tuple[str, ...], bounds: tuple[float, ...]) -> None:
        self._head = name, text, labels
        self._bounds = bounds
        self._by_labels: dict[tuple[str, ...], Durations] = {}

    def labels(self, *values: str) -> Durations:
        """Return the durations with these values of the labels."""
        found = self._by_labels.get(values)
        if found is None:
            found = self._by_labels[values] = Durations(self._bounds)
        return found

    def family(self) -> Metric:
        """Return the metric as it is now."""
        name, text, labels = self._head
        family = HistogramMetricFamily(name, text, labels=labels)
        for values, durations in list(self._by_labels.items()):
            family.add_metric(values, durations.buckets(), durations.total)
        return family


class Metrics(Collector):
    """The counts of everything that was asked of one server. A listener of the queries that run."""

    def __init__(self) -> None:
        # One series of these for each other one, which nobody reads.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._active: dict[str, int] = dict.fromkeys(("GET", "POST"), 0)
        self._sent = self._cut = self._rows = 0
        self._of_requests()
        self._of_queries()
        self.registry.register(self)

    def _of_requests(self) -> None:
        self._requests = Histogram(
            "http_server_request_duration_seconds",
            "Duration of HTTP server requests.",
            ("http_request_method", "http_response_status_code", "http_route"),
            HTTP_BUCKETS,
        )
        self._request: dict[tuple[str, int, str], Durations] = {}
        refusals = self._counter(
            "endpoint_refusals", "Requests refused because of a limit, by the code of the answer.", ("code",)
        )
        # All are there from the beginning, so that the first refusal is seen as an increase.
        self._refusals = {code: refusals.labels(code) for code in _codes(EndpointError)}

    def _of_queries(self) -> None:
        self._operations = Histogram(
            "db_client_operation_duration_seconds",
            "Duration of queries, from their arrival at the engine to their last byte.",
            ("db_system_name", "db_operation_name", "error_type"),
            QUERY_BUCKETS,
        )
        self._operation: dict[tuple[str, str], Durations] = {}
        self._waiting = Histogram(
            "endpoint_query_wait_seconds", "Time that a query waited for a worker.", (), QUERY_BUCKETS
        )
        self._waits = self._waiting.labels()
        self._evaluating = Histogram(
            "endpoint_query_evaluation_seconds",
            "Time that a worker planned and evaluated a query.",
            (),
            QUERY_BUCKETS,
        )
        self._evaluations = self._evaluating.labels()
        kills = self._counter("endpoint_query_kills", "Workers that ended with their query.", ("cause",))
        self._faults = self._counter(
            "endpoint_column_faults",
            "Queries that the engine answered because of an error of the evaluation over columns.",
        )
        self._kills = {cause: kills.labels(cause) for cause in (*KILLS.values(), CRASH)}

    def _counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def request_begun(self, method: str) -> None:
        """Count a request that is answered from now on."""
        method = method if method in METHODS else OTHER
        self._active[method] = self._active.get(method, 0) + 1

    def request_ended(self, exchange: Exchange) -> None:
        """Count a request that :meth:`request_begun` counted, with its outcome."""
        method = exchange.method if exchange.method in METHODS else OTHER
        self._active[method] -= 1
        key = (method, exchange.status, exchange.route)
        child = self._request.get(key)
        if child is None:
            child = self._requests.labels(method, str(exchange.status or ""), exchange.route)
            self._request[key] = child
        child.add(exchange.duration)
        self._sent += exchange.sent
        if exchange.aborted:
            self._cut += 1
        elif exchange.code in self._refusals:
            self._refusals[exchange.code].inc()

    def begun(self, query: QueryRecord) -> None:
        """Do nothing: a query is counted when it has ended."""

    def ended(self, query: QueryRecord) -> None:
        """Count a query with its outcome."""
        outcome = query.outcome
        key = (query.form, outcome)
        child = self._operation.get(key)
        if child is None:
            error = "" if outcome == "ok" else outcome
            child = self._operation[key] = self._operations.labels(ENGINE, query.form or OTHER, error)
        child.add(query.duration)
        times = query.times
        self._waits.add(times.waiting)
        if query.pid:
            self._evaluations.add(times.planning + times.evaluating)
            self._rows += query.rows
            if query.fault:
                self._faults.inc()
            cause = KILLS.get(outcome) or (CRASH if query.died else None)
            if cause is not None:
                self._kills[cause].inc()

    def collect(self) -> Iterator[Metric]:
        """Yield what is counted in plain numbers; the registry calls it."""
        for histogram in (self._requests, self._operations, self._waiting, self._evaluating):
            yield histogram.family()
        active = GaugeMetricFamily(
            "http_server_active_requests",
            "HTTP requests that are being answered.",
            labels=["http_request_method"],
        )
        for method, number in list(self._active.items()):
            active.add_metric([method], number)
        yield active
        yield CounterMetricFamily(
            "endpoint_http_sent_bytes", "Bytes of bodies sent, as encoded.", value=self._sent
        )
        yield CounterMetricFamily("endpoint_query_rows", "Rows, or triples, of results.", value=self._rows)
        yield CounterMetricFamily("endpoint_http_cut", "Answers that were cut off.", value=self._cut)

    def exposition(self, readings: Iterable[Metric], openmetrics: bool) -> bytes:
        """Return all metrics and ``readings`` as OpenMetrics, else in the Prometheus text format."""
        whole = _Whole(self.registry, readings)
        return generate_openmetrics(whole) if openmetrics else generate_latest(whole)  # type: ignore[no-untyped-call]


def _codes(error: type[EndpointError]) -> set[str]:
    """Return the codes of all errors that refuse a request because of a limit."""
    return {code for kind in error.__subclasses__() for code in _codes(kind)} | (
        {error.code} if error.status in _REFUSING else set()
    )


class _Whole(Collector):
    """The metrics of a registry and some more."""

    def __init__(self, registry: CollectorRegistry, readings: Iterable[Metric]) -> None:
        self._registry = registry
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        yield from self._registry.collect()
        yield from self._readings
