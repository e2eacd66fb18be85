"""Queries of a reading room over a generated catalogue, from columns and by the engine in memory.

    python -m benchmarks.column_queries 20000

Both answer as SPARQL JSON in this process, one query after the other, so that what else the machine does
meets both. The answers are compared before anything is reported; times are medians.
"""

from __future__ import annotations

import argparse
import io
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from pyoxigraph import Quad, QueryResultsFormat, QuerySolutions, RdfFormat, Store, parse, parse_query_results

from benchmarks.catalogue import Catalogue, write
from endpoint.columns.build import build
from endpoint.columns.evaluation import ColumnQueries, Unsupported
from endpoint.columns.reader import Columns
from endpoint.engine.scratch import evaluate_alone
from endpoint.ingest.columns import write_statements
from endpoint.results.written import WrittenSolutions

_CELLS: Final = 2**23
# Seconds for each median, and the fewest and the most times that it is of.
_PATIENCE: Final = 2.0
_FEWEST: Final = 5
_MOST: Final = 50

_CORE: Final = "http://opendata.mofa.go.kr/"
PREFIXES: Final = {
    "core": f"{_CORE}core/",
    "pub": f"{_CORE}mofapub/",
    "docu": f"{_CORE}mofadocu/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
}
_BY: Final = "GROUP BY ?x ORDER BY DESC(COUNT(*)) LIMIT 1"
# Values that the queries name: those with the most publications.
VALUES: Final = {
    "year": f"SELECT ?x {{ ?p core:yearOfData ?x ; pub:pubDate ?d }} {_BY}",
    "category": f"SELECT ?x {{ ?p docu:category ?x }} {_BY}",
    "author": f"SELECT ?x {{ ?p pub:hasAuthor ?x }} {_BY}",
}
_N: Final = "(COUNT(*) AS ?n)"
_PAGE: Final = "; rdfs:label ?t ; pub:pubDate ?d } ORDER BY DESC(?d) ?p ?t LIMIT 20 OFFSET"
QUERIES: Final = {
    "page of a year": f"SELECT * {{ ?p core:yearOfData $year {_PAGE} 20",
    "page of a category": f"SELECT * {{ ?p docu:category $category {_PAGE} 200",
    "facet: categories": "SELECT ?c (COUNT(?p) AS ?n) { ?p docu:category ?c } GROUP BY ?c",
    "facet of a year": f"SELECT ?c {_N} {{ ?p core:yearOfData $year ; docu:category ?c }} GROUP BY ?c",
    "newest": "SELECT ?p ?d { ?p pub:pubDate ?d } ORDER BY DESC(?d) ?p LIMIT 10",
    "an author": "SELECT ?p ?t { ?p pub:hasAuthor $author ; rdfs:label ?t } ORDER BY ?p ?t",
    "ten by title": "SELECT ?p ?t { ?p docu:category ?c ; skos:prefLabel ?t } ORDER BY ?t ?p LIMIT 10",
    "count of all": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "year × category": f"SELECT ?y ?c {_N} {{ ?p core:yearOfData ?y ; docu:category ?c }} GROUP BY ?y ?c",
    "class × predicate": "SELECT ?c ?p (COUNT(*) AS ?n) { ?s a ?c ; ?p ?o } GROUP BY ?c ?p",
    "pairs of authors": f"SELECT ?a ?b {_N} {{ ?p pub:hasAuthor ?a , ?b FILTER(?a != ?b) }} GROUP BY ?a ?b",
}


def opened(publications: int, folder: Path) -> tuple[Store, ColumnQueries]:
    """A catalogue in memory, by subject and each triple once, and in columns."""
    file = folder / "catalogue.nq"
    with file.open("wb") as out:
        write(Catalogue(publications, 1), out, graphs=False)
    store = Store()
    with file.open("rb") as stream:
        store.extend(Quad(*row.triple) for row in parse(stream, RdfFormat.N_QUADS))
    statements = io.BytesIO()
    write_statements(store, statements)
    statements.seek(0)
    build(statements, folder / "columns")
    return store, ColumnQueries(Columns.open(folder / "columns"), PREFIXES, _CELLS, evaluate_alone)


def solutions(store: Store, text: str) -> QuerySolutions:
    """What the engine answers."""
    found = store.query(text, prefixes=PREFIXES)
    if not isinstance(found, QuerySolutions):
        raise SystemExit(f"this is no SELECT query: {text}")
    return found


def written(found: QuerySolutions) -> bytes:
    """An answer as SPARQL JSON."""
    return found.serialize(format=QueryResultsFormat.JSON) or b""


def read(answer: bytes) -> QuerySolutions:
    """The solutions of SPARQL JSON."""
    found = parse_query_results(answer, format=QueryResultsFormat.JSON)
    if not isinstance(found, QuerySolutions):
        raise SystemExit("an answer has no solutions")
    return found


def by_columns(queries: ColumnQueries, text: str) -> bytes:
    """An answer from columns, as a worker writes it."""
    answer = queries.answer(text)
    output = _Output()
    names = [each.value for each in answer.variables]
    WrittenSolutions(names, answer.table.size, answer.solutions()).write_json(output)
    return output.getvalue()


class _Output(io.BytesIO):
    """An output that counts no rows."""

    written = 0

    def count(self, rows: int) -> None:
        """Do nothing."""


def by_engine(store: Store, text: str) -> bytes:
    """An answer of the engine."""
    return written(solutions(store, text))


def median(step: Callable[[], object]) -> float:
    """Milliseconds of a step."""
    times: list[float] = []
    end = time.perf_counter() + _PATIENCE
    while len(times) < _FEWEST or (len(times) < _MOST and time.perf_counter() < end):
        started = time.perf_counter()
        step()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def main() -> None:
    """Measure every query and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("publications", nargs="?", type=int, default=4174)
    with tempfile.TemporaryDirectory() as name:
        store, queries = opened(parser.parse_args().publications, Path(name))
        values = {f"${key}": str(next(iter(solutions(store, text)))[0]) for key, text in VALUES.items()}
        print(f"| {len(store):,} triples, ms | columns | engine | ratio |\n|---|---|---|---|")
        for title, text in QUERIES.items():
            for variable, value in values.items():
                text = text.replace(variable, value)
            try:
                answer = by_columns(queries, text)
            except Unsupported as error:
                raise SystemExit(f"columns do not answer {title}: {error}") from None
            if Counter(map(str, read(answer))) != Counter(map(str, solutions(store, text))):
                raise SystemExit(f"the answers to {title} differ")
            fast = median(partial(by_columns, queries, text))
            slow = median(partial(by_engine, store, text))
            print(f"| {title} | {fast:.2f} | {slow:.2f} | {slow / fast:.1f} |")


if __name__ == "__main__":
    main()
