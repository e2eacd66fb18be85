"""Small answers in a worker: by columns, by the engine, and as the planner decides.

    python -m benchmarks.small_answers [--publications 4174] [--requests 900]

The requests are those of mix B (benchmarks.reading_room), of which no two are the same. Each is classified,
evaluated and serialized three times, in turn: as a worker does; by columns, however few rows it begins with;
and by the engine alone, on the same statements in memory. Printed are the medians in microseconds of the
processor, by the number of rows that a query begins with (up to a power of two): where the columns begin to
win, a worker is to leave what is smaller to the engine.
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
from endpoint.columns.evaluation import ColumnQueries, Unsupported
from endpoint.engine.evaluator import Evaluator, WorkerOptions
from endpoint.formats import SPARQL_JSON, TURTLE, Facts
from endpoint.formats.representation import Representation
from endpoint.results.serializers import write_results
from endpoint.sparql.operation import classify

_MEMORY: Final = 2**30
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


def begins_with(queries: list[ColumnQueries], text: str) -> int | None:
    """Return the first of ``queries``, each of which leaves more to the engine, that does so with a text.

    None where the engine has to answer it, or where it does not begin with rows that are looked for.
    """
    for place, each in enumerate(queries):
        try:
            each.plan(text)
        except Unsupported as reason:
            return place if "few rows" in str(reason) else None
    return None


def main() -> None:
    """Read the options, measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--publications", type=int, default=4174)
    parser.add_argument("--requests", type=int, default=900)
    options = parser.parse_args()
    bench = Bench(options.publications)
    powers = [bench.queries(2**exponent) for exponent in range(20)]
    ways = [
        Evaluator(bench.store, WorkerOptions({}, True, _MEMORY, queries=queries))
        for queries in (bench.queries(), bench.queries(0), None)
    ]
    rows: dict[int, list[tuple[float, ...]]] = defaultdict(list)
    # Workers do not collect garbage either.
    gc.disable()
    requests = mix(bench.names, options.requests, repeats=False)
    for number, query in enumerate(requests):
        # Each way comes first as often as the others: the first one finds nothing in the processor's caches.
        order = [(number + place) % len(ways) for place in range(len(ways))]
        measured = {place: taken(query, ways[place]) for place in order}
        times = tuple(measured[place] for place in range(len(ways)))
        rows[-1].append(times)
        if (place := begins_with(powers, query.text)) is not None:
            rows[place].append(times)
    print(f"{'rows':>10}{'requests':>10}{'default':>10}{'columns':>10}{'engine':>10}")
    for place, found in sorted(rows.items()):
        medians = "".join(f"{statistics.median(column):10.0f}" for column in zip(*found, strict=True))
        print(f"{2**place if place >= 0 else 'all':>10}{len(found):10}{medians}")
    means = "".join(f"{statistics.mean(column):10.0f}" for column in zip(*rows[-1], strict=True))
    print(f"{'mean':>10}{len(requests):10}{means}")


if __name__ == "__main__":
    main()
