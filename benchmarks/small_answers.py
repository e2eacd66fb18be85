"""Small answers in a worker: from columns, and by the engine.

    python -m benchmarks.small_answers [--publications 4174] [--requests 900]

The requests are those of mix B (benchmarks.reading_room), of which no two are the same. Each is classified,
evaluated and serialized twice: as a worker does, from columns; and by the engine alone, on the same
statements in memory. The two take turns, each with some requests after another: what a worker does again and
again is in the caches of its processor. Printed are the medians in microseconds of the processor, by the kind
of request.
"""

from __future__ import annotations

import argparse
import gc
import io
import statistics
import time
from collections import defaultdict
from typing import Final

from benchmarks.parsing import NESTING, Bench
from benchmarks.reading_room import Query, mix
from endpoint.engine.evaluator import Evaluator, WorkerOptions
from endpoint.formats import SPARQL_JSON, TURTLE, Facts
from endpoint.formats.representation import Representation
from endpoint.results.serializers import write_results
from endpoint.sparql.operation import classify

_MEMORY: Final = 2**30
_ALL: Final = "all"
# Requests after another that are answered one way.
_TURN: Final = 50
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


def main() -> None:
    """Read the options, measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--publications", type=int, default=4174)
    parser.add_argument("--requests", type=int, default=900)
    options = parser.parse_args()
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
