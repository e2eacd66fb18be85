"""What the instruments cost: processor time of requests through the whole application, with them and without.

    python -m benchmarks.instruments [ROUNDS]

An engine in this process answers at once and nothing goes over a socket, so the share of the instruments is
larger than it is in a server. Rounds with and without them alternate. The table has the median and the
least of all rounds; the least is what a machine takes that nothing else runs on.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from starlette.types import ASGIApp, Message

from endpoint.app import create_application, create_site
from endpoint.engine.running import RunningQueries
from endpoint.settings import Settings
from endpoint.telemetry import Exchange
from endpoint.telemetry.instruments import Instruments
from endpoint.telemetry.query_record import QueryRecord
from endpoint.web import Site
from tests.datasets.listed_values import make
from tests.web.exchanges import receiving, scope_of
from tests.web.in_memory_engine import StoreEngine

ROUNDS = 40
REQUESTS = 200
PATHS = {"/-/live": "no query", "/sparql?query=ASK%20%7B%7D": "one query"}


class Nothing(Instruments):
    """Instruments that take note of nothing."""

    def request_begun(self, exchange: Exchange, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """Do nothing."""

    def request_ended(self, exchange: Exchange) -> None:
        """Do nothing."""

    def begun(self, query: QueryRecord) -> None:
        """Do nothing."""

    def ended(self, query: QueryRecord) -> None:
        """Do nothing."""


async def _discard(message: Message) -> None:
    """Send nothing anywhere."""


async def _round(site: Site, application: ASGIApp, path: str, instruments: Instruments) -> float:
    """Return the microseconds of processor time that a request takes."""
    site.instruments = instruments
    running = RunningQueries()
    running.listeners.append(instruments)
    started = time.thread_time()
    for _ in range(REQUESTS):
        await application(scope_of("GET", path), receiving(), _discard)
        if "query" in path:
            # The engine in this process has no list of its queries.
            query = running.begin("ASK {}", "ASK", "application/json")
            query.pid = 1
            running.end(query, "ok")
    return (time.thread_time() - started) / REQUESTS * 1e6


async def main(rounds: int = ROUNDS) -> None:
    """Measure, and print a table."""
    logging.getLogger("endpoint").setLevel("CRITICAL")
    with tempfile.TemporaryDirectory() as folder:
        site = create_site(Settings(dataset=make(Path(folder) / "dataset"), data=Path(folder)))
        site.running = StoreEngine("", "urn:g")
        application = create_application(site, site.running)
        metrics, everything = Instruments(), Instruments()
        everything.prepare(Settings(data=Path(folder), query_log=Path(folder) / "log"))()
        kinds = {"without": Nothing(), "metrics": metrics, "metrics and query log": everything}
        print(f"{'µs of a request':32}{'median':>10}{'more':>8}{'least':>10}{'more':>8}")
        for path, name in PATHS.items():
            taken: dict[str, list[float]] = {kind: [] for kind in kinds}
            for _ in range(rounds):
                for kind, instruments in kinds.items():
                    taken[kind].append(await _round(site, application, path, instruments))
            for kind, times in taken.items():
                row = f"{name + ', ' + kind:32}"
                for measure in (statistics.median, min):
                    found = measure(times)
                    row += f"{found:10.1f}{found - measure(taken['without']):8.1f}"
                print(row)
        everything.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
