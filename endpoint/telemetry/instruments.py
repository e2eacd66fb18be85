"""The instruments of one server, which watch its requests and its queries."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from endpoint.errors import ConfigurationError
from endpoint.settings import Settings
from endpoint.settings.sources import traces_wanted
from endpoint.telemetry import Exchange, log, observe
from endpoint.telemetry.metrics import Metrics
from endpoint.telemetry.query_log import QueryLog
from endpoint.telemetry.query_record import QueryRecord
from endpoint.telemetry.slow_queries import SlowQueries
from endpoint.telemetry.watchdog import Watchdog
from endpoint.telemetry.write_metrics import WriteMetrics

if TYPE_CHECKING:
    # At run time it is imported only where traces are wanted: its library is an extra, and large.
    from endpoint.telemetry.tracing import Tracing


# Texts on which columns failed that are logged: a fault may be one of very many texts.
_MOST_FAULTY: Final = 100


class Connected(Protocol):
    """A connection; ``peer`` is the client that it is counted for, empty for a trusted proxy."""

    @property
    def peer(self) -> str: ...


class Instruments:
    """All that watches one server. A listener of the queries that run.

    ``connections`` are those that are open. Until :meth:`prepare` has put settings in force, there are only
    the metrics.
    """

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.writes = WriteMetrics(self.metrics.registry)
        self.watchdog = Watchdog()
        self.connections: Collection[Connected] = ()
        self.query_log: QueryLog | None = None
        self.slow_queries: SlowQueries | None = None
        self.tracing: Tracing | None = None
        self._faulty: set[str] = set()
        self._settings: Settings | None = None

    def prepare(self, settings: Settings) -> Callable[[], None]:
        """Open what the settings want, and return what puts it in force. Raises ConfigurationError."""
        before = self._settings
        query_log = self.query_log
        if before is None or _of_query_log(before) != _of_query_log(settings):
            query_log = _open_query_log(settings)
        slow_queries = self.slow_queries or _open_slow_queries(settings)
        tracing = self.tracing or (_open_tracing() if traces_wanted() else None)

        def put_in_force() -> None:
            old, self.query_log = self.query_log, query_log
            if old is not None and old is query_log:
                # Whoever moves files of logs away says so with the same signal.
                old.reopen()
            elif old is not None:
                # It may have to wait for the disk.
                threading.Thread(target=old.close, daemon=True).start()
            self.slow_queries = slow_queries
            if slow_queries is not None:
                slow_queries.least, slow_queries.text = settings.slow_query, settings.query_text
            self.tracing = tracing
            self._settings = settings

        return put_in_force

    def request_begun(self, exchange: Exchange, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """Take note of a request that is answered from now on."""
        self.metrics.request_begun(exchange.method)
        if self.tracing is not None:
            self.tracing.request_begun(exchange, headers)

    def request_ended(self, exchange: Exchange) -> None:
        """Take note of the outcome of a request that has begun, and write its log line."""
        self.metrics.request_ended(exchange)
        if self.tracing is not None:
            self.tracing.request_ended(exchange)
        observe(exchange)

    def begun(self, query: QueryRecord) -> None:
        """Take note of a query that has arrived at the engine."""
        if self.query_log is not None:
            self.query_log.begun(query)

    def ended(self, query: QueryRecord) -> None:
        """Take note of the outcome of a query."""
        self.metrics.ended(query)
        if query.fault:
            self._log_fault(query)
        if self.query_log is not None:
            self.query_log.ended(query)
        if self.slow_queries is not None:
            self.slow_queries.ended(query)
        if self.tracing is not None:
            self.tracing.ended(query)

    def _log_fault(self, query: QueryRecord) -> None:
        """Write the error of columns on a text, once."""
        if query.digest not in self._faulty and len(self._faulty) < _MOST_FAULTY:
            self._faulty.add(query.digest)
            log.error(
                "columns failed on the query with the digest %s, which the engine answered: %s",
                query.digest,
                query.fault,
            )

    def connections_by_client(self) -> Mapping[str, int]:
        """Return the number of open connections of each client, without those of trusted proxies."""
        return Counter(each.peer for each in self.connections if each.peer)

    def dropped(self) -> Mapping[str, int]:
        """Return the number of entries that were never written, by file."""
        return {
            "query_log": self.query_log.dropped if self.query_log else 0,
            "slow_queries": self.slow_queries.dropped if self.slow_queries else 0,
        }

    def close(self) -> None:
        """Write what waits to be written; a disk that hangs is waited for only some seconds."""
        for opened in (self.query_log, self.slow_queries, self.tracing):
            if opened is not None:
                opened.close()
        self.query_log = self.slow_queries = self.tracing = None


def _of_query_log(settings: Settings) -> tuple[Path | None, int, int]:
    return settings.query_log, settings.query_log_size, settings.query_text


def _open_query_log(settings: Settings) -> QueryLog | None:
    if settings.query_log is None:
        return None
    return QueryLog(settings.query_log, settings.query_text, settings.query_log_size)


def _open_tracing() -> Tracing:
    try:
        made: Tracing = import_module("endpoint.telemetry.tracing").Tracing()
    except ImportError as error:
        raise ConfigurationError(
            "OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, but OpenTelemetry is not installed "
            f"({error}). Install it: pip install 'sparql-publishing-endpoint[otel]'"
        ) from None
    return made


def _open_slow_queries(settings: Settings) -> SlowQueries | None:
    try:
        return SlowQueries(settings.data, settings.slow_query, settings.query_text)
    except (OSError, sqlite3.Error) as error:
        # The data directory may be on a disk that is read only; the server answers all the same.
        log.warning("there is no slow-query history: %s", error)
        return None
