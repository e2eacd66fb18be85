"""Reading queries step by step, from a text to a plan, and the engine beside it.

    python -m benchmarks.parsing [--publications 1000] [--rounds 100]

The texts are those of a reading room, analytic ones, the saved queries with their examples, and three
lengths, asked of a generated catalogue. Each step is run once in each round, in turn, on a text with a
comment that no other has. Printed are the medians in microseconds of the processor:

- ``classify``: in the server process
- ``lex``, ``parse`` and ``translate``: in a worker, each of what the step before gives
- ``new``: all from a text to its plan (these three, looking for its constants, counting) in a worker that has
  read nothing
- ``skeleton``: the algebra of a text that differs in its constants from two before
- ``alike``: all from such a text to its plan
- ``engine``: parses and plans the query, and evaluates it on an empty store
"""

from __future__ import annotations

import argparse
import gc
import io
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from pyoxigraph import RdfFormat, Store

from benchmarks.catalogue import Catalogue, write
from benchmarks.reading_room import Names, analytic, singles
from endpoint.app import create_site
from endpoint.columns.build import build
from endpoint.columns.evaluation import ColumnQueries, Unsupported, prepared
from endpoint.columns.opening import open_columns
from endpoint.engine.scratch import evaluate_alone
from endpoint.ingest.columns import write_statements
from endpoint.settings import Settings
from endpoint.sparql.algebra.skeletons import Skeletons
from endpoint.sparql.algebra.translation import translate
from endpoint.sparql.lexer import lex
from endpoint.sparql.operation import classify
from endpoint.sparql.syntax.parser import parse

_PROLOGUE: Final = "PREFIX ex: <http://example.org/ns/> PREFIX dct: <http://purl.org/dc/terms/>\n"
_SHORT: Final = "SELECT * { ?s ?p ?o } LIMIT 10"
_MIDDLE: Final = f"""{_PROLOGUE}SELECT ?title (COUNT(DISTINCT ?author) AS ?n) WHERE {{
  ?pub a ex:Publication ; dct:title ?title ; dct:creator ?author .
  OPTIONAL {{ ?author ex:name ?name }}
  FILTER(?year >= 2010 && CONTAINS(LCASE(?title), "korea"))
}} GROUP BY ?title ORDER BY DESC(?n) LIMIT 20"""
_PART: Final = "{ ?pub a ex:Paper ; dct:issued ?year ; ex:in [ ex:name 'a'@en ] FILTER(?year > 2000 + 10) }"
_PARTS: Final = " UNION ".join([_PART] * 12)
_LONG: Final = f"{_PROLOGUE}SELECT DISTINCT ?pub WHERE {{ {_PARTS} }} ORDER BY ?pub LIMIT 20"
# What a worker has by default for a table.
CELLS: Final = 2**23
NESTING: Final = 500

_Step = Callable[[str], object]


class Bench:
    """A catalogue of so many publications in a ``store`` and in columns; ``names`` are those in it."""

    def __init__(self, publications: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "catalogue.nq"
            with file.open("wb") as out:
                write(Catalogue(publications, 1), out, graphs=True)
            self.names = Names.read(file)
            self.store = Store()
            self.store.bulk_load(path=str(file), format=RdfFormat.N_QUADS)
            statements = io.BytesIO()
            write_statements(self.store, statements)
            statements.seek(0)
            build(statements, Path(folder) / "columns")
            self._columns = open_columns(Path(folder) / "columns")
        site = create_site(Settings())
        self.prefixes = site.dataset.prefixes
        self._saved = site.catalog.queries

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield all texts with their names."""
        yield from {"short": _SHORT, "middle": _MIDDLE, "long": _LONG}.items()
        yield from ((name, query.text) for name, query in {**singles(self.names), **analytic()}.items())
        for name, query in self._saved.items():
            if not query.lacking_examples():
                yield name, query.operation([*query.example_values().items()]).text

    def queries(self) -> ColumnQueries:
        """Return the queries of a worker that has read nothing."""
        return ColumnQueries(self._columns, self.prefixes, CELLS, evaluate_alone)


def measure(bench: Bench, text: str, rounds: int) -> dict[str, float]:
    """Return the median of each step for a text."""
    store, warm = Store(), bench.queries()
    skeletons = Skeletons(bench.prefixes, prepared)
    taken: dict[str, list[float]] = {}

    def take(name: str, step: _Step, argument: str) -> None:
        started = time.thread_time_ns()
        with suppress(Unsupported, SyntaxError):
            step(argument)
        taken.setdefault(name, []).append((time.thread_time_ns() - started) / 1000)

    for number in range(-2, rounds):
        marked, cold = f"{text}\n# {number}", bench.queries()
        take("classify", lambda text: classify(text, NESTING), marked)
        take("lex", lex, marked)
        take("parse", parse, marked)
        unit = parse(marked)
        take("translate", lambda _: translate(unit, bench.prefixes), marked)  # noqa: B023
        take("new", cold.plan, f"{text}\n# new {number}")
        take("skeleton", skeletons.read, marked)
        take("alike", warm.plan, f"{text}\n# alike {number}")
        take("engine", lambda text: store.query(text, prefixes={**bench.prefixes}), marked)
        gc.collect(0)
    return {name: statistics.median(times[2:]) for name, times in taken.items()}


def main() -> None:
    """Read the options, measure all texts and print them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--publications", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=100)
    options = parser.parse_args()
    bench = Bench(options.publications)
    # Workers do not collect garbage either.
    gc.disable()
    rows: list[dict[str, float]] = []
    for name, text in bench.texts():
        row = measure(bench, text, options.rounds)
        if not rows:
            print(f"{'µs':32}{'tokens':>7}" + "".join(f"{step:>10}" for step in row))
        rows.append(row)
        print(f"{name:32}{len(lex(text).tokens):7}" + "".join(f"{time:10.0f}" for time in row.values()))
    medians = (statistics.median(row[step] for row in rows) for step in rows[0])
    print(f"{'median':39}" + "".join(f"{time:10.0f}" for time in medians))


if __name__ == "__main__":
    main()
