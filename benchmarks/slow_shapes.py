"""Slow shapes of queries beside their better forms, on the engine: what ``endpoint explain`` advises holds.

    python -m benchmarks.slow_shapes [--publications 4000]

Each pair is evaluated three times in turn by the server's own engine, from memory, on a generated catalogue
over the dataset of the project. Printed are the medians of planning and evaluating, and their ratio.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.catalogue import Catalogue, write
from endpoint.dataset import default_root, read_dataset
from endpoint.engine import Engine, Limits
from endpoint.engine.explanation import explain
from endpoint.formats import Representation, offered
from endpoint.query import single_engine
from endpoint.settings import Settings
from endpoint.sparql.operation import classify

# Seconds after which a query is given up.
_DEADLINE: Final = 20.0
_TIMES: Final = 3
_RECORD: Final = "<http://opendata.mofa.go.kr/mofapub/resource/Publication/14209>"
_SERIES: Final = '"IFANS FOCUS"'


class Pair(NamedTuple):
    """A slow query and a better one; ``code`` is that of the hint."""

    code: str
    slow: str
    better: str


def _patterns(numbers: range) -> str:
    return " ".join(f"?s <urn:p{number}> ?o{number} ." for number in numbers)


def _optionals(numbers: range) -> str:
    return " ".join(f"OPTIONAL {{ ?s <urn:p{number}> ?o{number} }}" for number in numbers)


def pairs(subjects: list[str]) -> Iterator[Pair]:
    """Yield all pairs; ``subjects`` are IRIs of publications."""
    count = "SELECT (COUNT(*) AS ?n)"
    yield Pair(
        "cross-product",
        f"{count} {{ ?a a mofapub:Publication . ?b a mofapub:Publication }}",
        f"{count} {{ ?a a mofapub:Publication ; mofadocu:category ?b }}",
    )
    yield Pair(
        "cross-product",
        f"{count} {{ ?a mofapub:pubDate ?d . ?b mofapub:pubDate ?e FILTER(?d = ?e) }}",
        f"{count} {{ ?a mofapub:pubDate ?d . ?b mofapub:pubDate ?d }}",
    )
    yield Pair(
        "cross-product",
        f"{count} {{ ?a mofadocu:category {_SERIES} ; mofapub:hasAuthor ?b "
        "OPTIONAL { ?a rdfs:label ?x . ?y mofapub:hasAuthor ?b } }",
        f"{count} {{ ?a mofadocu:category {_SERIES} ; mofapub:hasAuthor ?b "
        "OPTIONAL { ?a rdfs:label ?x } OPTIONAL { ?y mofapub:hasAuthor ?b } }",
    )
    yield Pair(
        "filter-constant",
        f"SELECT * {{ ?s ?p ?o FILTER(?s = {_RECORD}) }}",
        f"SELECT * {{ {_RECORD} ?p ?o }}",
    )
    yield Pair(
        "filter-constant",
        f"SELECT * {{ ?s mofadocu:category ?o FILTER(STR(?o) = {_SERIES}) }}",
        f"SELECT * {{ ?s mofadocu:category {_SERIES} }}",
    )
    thousand = subjects[:1000]
    yield Pair(
        "filter-constant",
        f"SELECT * {{ ?s rdfs:label ?l FILTER(?s IN ({', '.join(thousand)})) }}",
        f"SELECT * {{ VALUES ?s {{ {' '.join(thousand)} }} ?s rdfs:label ?l }}",
    )
    yield Pair(
        "filter-text",
        'SELECT ?s { ?s ?p ?o FILTER(CONTAINS(LCASE(STR(?o)), "vietnam")) }',
        'SELECT ?s { SERVICE text:search { ?s text:query "vietnam" } }',
    )
    yield Pair(
        "filter-text",
        'SELECT ?s { ?s rdfs:label ?o FILTER(REGEX(?o, "vietnam", "i")) }',
        'SELECT ?s { SERVICE text:search { ?s text:query "vietnam" } }',
    )
    yield Pair(
        "optional-first",
        f"SELECT * {{ OPTIONAL {{ ?s mofapub:pubDate ?d }} ?s mofadocu:category {_SERIES} }}",
        f"SELECT * {{ ?s mofadocu:category {_SERIES} OPTIONAL {{ ?s mofapub:pubDate ?d }} }}",
    )
    yield Pair(
        "minus-without-effect",
        f"{count} {{ ?s a mofapub:Publication MINUS {{ ?x mofapub:pubDate ?d }} }}",
        f"{count} {{ ?s a mofapub:Publication MINUS {{ ?s mofapub:pubDate ?d }} }}",
    )
    yield Pair(
        "not-exists-alone",
        f"{count} {{ ?s a mofapub:Publication "
        'FILTER NOT EXISTS { ?x mofapub:pubDate ?d FILTER(?d = "9") } }',
        f"{count} {{ {{ SELECT (MAX(?e) AS ?d) {{ ?x mofapub:pubDate ?e }} }} ?s mofapub:pubDate ?d }}",
    )
    yield Pair(
        "optional-unbound",
        f"{count} {{ ?s a mofapub:Publication OPTIONAL {{ ?s rdfs:label ?d }} FILTER(!BOUND(?d)) }}",
        f"{count} {{ ?s a mofapub:Publication FILTER NOT EXISTS {{ ?s rdfs:label ?d }} }}",
    )
    yield Pair("open-path", f"{count} {{ ?a rdfs:subClassOf* ?b }}", f"{count} {{ ?a rdfs:subClassOf+ ?b }}")
    yield Pair(
        "computed-term",
        f'SELECT * {{ BIND(IRI("{_RECORD[1:-1]}") AS ?s) ?s ?p ?o }}',
        f"SELECT * {{ BIND({_RECORD} AS ?s) ?s ?p ?o }}",
    )
    many = " ".join(subjects[:4000])
    yield Pair(
        "long-values",
        f"SELECT * {{ VALUES ?s {{ {many} }} ?s a mofapub:Publication ; rdfs:label ?l }}",
        f"SELECT * {{ {{ SELECT ?s {{ VALUES ?s {{ {many} }} }} }} "
        "?s a mofapub:Publication ; rdfs:label ?l }",
    )
    groups = " ".join(
        f"{{ SELECT * {{ {_patterns(range(start, start + 20))} }} }}" for start in range(0, 80, 20)
    )
    yield Pair("many-patterns", f"{count} {{ {_patterns(range(80))} }}", f"{count} {{ {groups} }}")
    values = " ".join(f"<urn:p{number}>" for number in range(80))
    yield Pair(
        "many-patterns",
        f"{count} {{ ?s <urn:q> 1 {_optionals(range(80))} }}",
        f"{count} {{ ?s <urn:q> 1 . VALUES ?p {{ {values} }} ?s ?p ?o }}",
    )
    yield Pair("sorted-whole", "SELECT * { ?s ?p ?o } ORDER BY ?o LIMIT 10", "SELECT * { ?s ?p ?o } LIMIT 10")
    yield Pair(
        "whole-data",
        "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p",
        "SELECT ?o (COUNT(*) AS ?n) { ?s mofadocu:category ?o } GROUP BY ?o",
    )
    yield Pair(
        "deep-offset", "SELECT * { ?s ?p ?o } OFFSET 200000 LIMIT 10", "SELECT * { ?s ?p ?o } LIMIT 10"
    )


async def measure(engine: Engine, text: str) -> float:
    """Return the seconds of planning and evaluating, the deadline where the query was given up."""
    operation = classify(text, 500)
    representation = Representation.of(offered(operation.query_form)[0])
    explanation = await explain(engine, operation, representation, Limits(_DEADLINE), True)
    if explanation.failure is not None:
        return _DEADLINE
    return explanation.query.planned + explanation.query.evaluated


async def run(data: Path) -> None:
    """Measure all pairs on the store in ``data`` and print them."""
    dataset = read_dataset(default_root())
    settings = Settings(data=data, timeout=_DEADLINE)
    async with single_engine(settings, dataset) as engine:
        listed = classify("SELECT ?s { ?s a mofapub:Publication ; rdfs:label ?l } LIMIT 20000", 500)
        answer = await (
            await engine.query(listed, Representation.of(offered(listed.query_form)[2]), Limits(60))
        ).read()
        subjects = sorted({f"<{line}>" for line in answer.decode().split()[1:]})
        print(f"{engine.generation.quads:,} quads, {len(subjects):,} publications\n")
        print(f"{'hint':22} {'slow':>10} {'better':>10}   ratio")
        for pair in pairs(subjects):
            times: list[tuple[float, float]] = []
            for _ in range(_TIMES):
                times.append((await measure(engine, pair.slow), await measure(engine, pair.better)))
            slow, better = (statistics.median(column) for column in zip(*times, strict=True))
            more = ">" if slow >= _DEADLINE else " "
            print(
                f"{pair.code:22} {slow * 1000:7,.0f} ms {better * 1000:7,.1f} ms {more}{slow / better:6.1f}",
                flush=True,
            )


def main() -> None:
    """Build the store and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--publications", type=int, default=4000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file, data = Path(folder) / "catalogue.nq", Path(folder) / "data"
        with file.open("wb") as out:
            write(Catalogue(options.publications, 3, shortened=10), out, graphs=True)
        command = [sys.executable, "-m", "endpoint", "load", str(file), "--data", str(data)]
        subprocess.run(command, check=True, capture_output=True)
        asyncio.run(run(data))


if __name__ == "__main__":
    main()
