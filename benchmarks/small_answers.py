"""Small answers: in a worker, from columns and by the engine; and over HTTP, beside another checkout.

    python -m benchmarks.small_answers [--publications 4174] [--requests 900]
    python -m benchmarks.small_answers --against DIR [--requests 3000] [--rounds 5] [--connections 8]

The requests are those of mix B (benchmarks.reading_room), of which no two are the same. Each is classified,
evaluated and serialized twice: as a worker does, from columns; and by the engine alone, on the same
statements in memory. The two take turns, each with some requests after another: what a worker does again and
again is in the caches of its processor. Printed are the medians in microseconds of the processor, by the kind
of request.

With ``--against`` the servers of both checkouts are sent the same lists in turn, in each round with texts
that are new to them. Printed are medians for one request: the processor time of the server process, that of
its workers, and the ratio of both together to the other checkout's, which is taken round by round.
"""

from __future__ import annotations

import argparse
import gc
import io
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.catalogue import Catalogue, write
from benchmarks.client import load
from benchmarks.parsing import NESTING, Bench
from benchmarks.reading_room import Names, Query, mix
from benchmarks.sides import Ours, Running, Side
from endpoint.engine.evaluator import Evaluator, WorkerOptions
from endpoint.engine.processes import processor_time
from endpoint.formats import SPARQL_JSON, TURTLE, Facts
from endpoint.formats.representation import Representation
from endpoint.results.serializers import write_results
from endpoint.sparql.operation import classify

_MEMORY: Final = 2**30
_ALL: Final = "all"
# Requests after another that are answered one way.
_TURN: Final = 50
# Seconds that a list may take, and one answer.
_PATIENCE: Final = 120.0
_JSON: Final = Representation(SPARQL_JSON, SPARQL_JSON.media_type)
_TURTLE: Final = Representation(TURTLE, TURTLE.media_type)


class _Output(io.BytesIO):
    """Bytes of an answer, and how many rows it has."""

    rows, written = 0, 0

    def count(self, rows: int) -> None:
        self.rows += rows

    def write_facts(self, facts: Facts) -> None:
        """Write nothing: no answer here is a page."""


def taken(query: Query, evaluator: Evaluator) -> float:
    """Return the microseconds of the processor that a query takes."""
    started = time.thread_time_ns()
    results = evaluator.evaluate(classify(query.text, NESTING))
    write_results(results, _TURTLE if query.turtle else _JSON, _Output(), {}, evaluator.store)
    del results
    return (time.thread_time_ns() - started) / 1000


class Spent(NamedTuple):
    """Requests in a second, and microseconds of a processor for one: of the server process, of all others."""

    rate: float
    server: float
    workers: float


def ask(side: Side, running: Running, queries: Sequence[Query], connections: int) -> Spent:
    """Send a list to a server. Raises :class:`SystemExit` where requests fail."""
    before = running.processor(), processor_time(running.pid) or 0.0
    done = load(running.port, [side.get(query) for query in queries], connections, _PATIENCE, _PATIENCE)
    if done.failed or not done.requests:
        raise SystemExit(f"{side.name}: {done.failed} requests failed")
    server = (processor_time(running.pid) or 0.0) - before[1]
    whole = running.processor() - before[0]
    return Spent(done.rate, server / done.requests * 1e6, (whole - server) / done.requests * 1e6)


def measure_beside(options: argparse.Namespace) -> None:
    """Measure the servers of two checkouts, and print a row for each."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        source = folder / "catalogue.nq"
        with source.open("wb") as out:
            write(Catalogue(options.publications, 1), out, graphs=True)
        queries = mix(Names.read(source), options.requests, repeats=False)
        servers = [Ours(folder / "ours"), Ours(folder / "against", options.against.resolve())]
        for server in servers:
            server.load(source)
        sides = {Side(server.name, server): stack.enter_context(server.serving()) for server in servers}
        rounds: dict[Side, list[Spent]] = defaultdict(list)
        for number in range(-1, options.rounds):
            marked = [query.marked(number) for query in queries]
            for side, running in sides.items():
                rounds[side].append(ask(side, running, marked, options.connections))
    print("| | requests/s | server process, µs | workers, µs | together |\n|---|---:|---:|---:|---:|")
    # The first round is a warm-up.
    others = [spent.server + spent.workers for spent in [*rounds.values()][1][1:]]
    for side, (_, *found) in rounds.items():
        rate, server, workers = map(statistics.median, zip(*found, strict=True))
        pairs = zip(found, others, strict=True)
        share = statistics.median((spent.server + spent.workers) / other for spent, other in pairs)
        print(f"| {side.name} | {rate:,.0f} | {server:.0f} | {workers:.0f} | {share:.2f} × |")


def main() -> None:
    """Read the options, measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--publications", type=int, default=4174)
    parser.add_argument("--requests", type=int, default=900)
    parser.add_argument("--against", type=Path, help="another checkout of this project")
    parser.add_argument("--rounds", type=int, default=5, help="beside another checkout")
    parser.add_argument("--connections", type=int, default=8, help="beside another checkout")
    options = parser.parse_args()
    if options.against is None:
        measure_in_worker(options)
    else:
        measure_beside(options)


def measure_in_worker(options: argparse.Namespace) -> None:
    """Measure the two ways of a worker, and print the medians."""
    bench = Bench(options.publications)
    ways = [
        Evaluator(bench.store, WorkerOptions({}, True, _MEMORY, queries=queries))
        for queries in (bench.queries(), None)
    ]
    rows: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    # Workers do not collect garbage either.
    gc.disable()
    requests = mix(bench.names, options.requests, repeats=False)
    for begin in range(0, len(requests), _TURN):
        turn = requests[begin : begin + _TURN]
        columns = [[taken(query, way) for query in turn] for way in ways]
        for query, *times in zip(turn, *columns, strict=True):
            kind = f"{query.kind}, Turtle" if query.turtle else query.kind
            for name in (kind, _ALL):
                rows[name].append(tuple(times))
    print(f"{'':20}{'requests':>10}{'columns':>10}{'engine':>10}")
    for name, found in sorted(rows.items()):
        medians = "".join(f"{statistics.median(column):10.0f}" for column in zip(*found, strict=True))
        print(f"{name:20}{len(found):10}{medians}")
    means = "".join(f"{statistics.mean(column):10.0f}" for column in zip(*rows[_ALL], strict=True))
    print(f"{'mean':20}{len(requests):10}{means}")


if __name__ == "__main__":
    main()
