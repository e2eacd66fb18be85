"""The instruments of one server, which watch its requests and its queries."""

from __future__ import annotations

from collections.abc import Mapping

from endpoint.telemetry import Exchange, observe
from endpoint.telemetry.metrics import Metrics
from endpoint.telemetry.observed import ObservedQuery


class Instruments:
    """All that watches one server. A listener of the queries that run."""

    def __init__(self) -> None:
        self.metrics = Metrics()

    def request_begun(self, exchange: Exchange) -> None:
        """Take note of a request that is answered from now on."""
        self.metrics.request_begun(exchange.method)

    def request_ended(self, exchange: Exchange) -> None:
        """Take note of the outcome of a request that has begun, and write its log line."""
        self.metrics.request_ended(exchange)
        observe(exchange)

    def begun(self, query: ObservedQuery) -> None:
        """Take note of a query that has arrived at the engine."""

    def ended(self, query: ObservedQuery) -> None:
        """Take note of the outcome of a query."""
        self.metrics.ended(query)

    def dropped(self) -> Mapping[str, int]:
        """Return the number of entries that were never written, by file."""
        return {}
