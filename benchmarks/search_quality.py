"""Compare search engines on judged queries: recall, precision, size, build time, query time.

    python -m benchmarks.search_quality CATALOGUE.nq [--engines NAME…]

``CATALOGUE.nq`` is made by ``python -m benchmarks.catalogue``; the records in ``seed/`` are added to it.
What is relevant is judged by ``benchmarks/search_queries.toml``. Every engine runs in its own process.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

from pyoxigraph import RdfFormat, Store

from benchmarks.search_engines import Candidate, candidates, texts
from endpoint.dataset import default_root, read_dataset
from endpoint.ingest.descriptions import StoreDescriptions
from endpoint.ingest.search_documents import documents, read_configuration
from endpoint.search import Document, SearchConfiguration

QUERIES = Path(__file__).with_name("search_queries.toml")
DEPTH = 10
POOR = 0.9
COLUMNS = ("engine", "recall", "precision", "first 10", "size, MB", "build, s", "median, ms", "p95, ms")
HEAD = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"


class Result(TypedDict):
    """Measurements of one engine. Times in seconds of processor time, sizes in bytes; quality in means."""

    build: float
    size: int
    recall: float
    precision: float
    first: float
    median: float
    p95: float
    worst: list[str]


def corpus(path: Path, configuration: SearchConfiguration) -> Iterator[Document]:
    """The documents of ``path`` and of the dataset's own seed."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)
        store.bulk_load(path=str(path), format=RdfFormat.N_QUADS, lenient=True)
        for graph in read_dataset(default_root()).graphs:
            for file in graph.files:
                if file.is_relative_to(default_root() / "seed"):
                    store.load(path=str(file), format=RdfFormat.TURTLE)
        yield from documents(configuration, StoreDescriptions(store))


def judge(found: list[Document]) -> list[tuple[str, set[str]]]:
    """Each query with the IRIs of what is relevant to it."""
    readable = {document.iri: _as_written(document) for document in found}
    judged = []
    for query in tomllib.loads(QUERIES.read_text())["query"]:
        patterns = [re.compile(pattern, re.IGNORECASE) for pattern in query["all"]]
        relevant = {
            iri for iri, text in readable.items() if all(pattern.search(text) for pattern in patterns)
        }
        judged.append((query["text"], relevant))
    return judged


def _as_written(document: Document) -> str:
    fields = {**document.fields, "alternative": ()}
    # The copies of titles without white space are no texts that anybody reads.
    readable = [text for text in document.fields.get("alternative", ()) if re.search(r"\s", text)]
    return "\n".join((*texts(Document(document.iri, fields, {})), *readable))


def measure(engine: Candidate, found: list[Document], judged: list[tuple[str, set[str]]]) -> Result:
    """Build, open and ask ``engine``. Processor time, since other programs slow down a shared machine."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = time.process_time()
        engine.build(found, folder)
        built = time.process_time()
        engine.open(folder)
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        scores = [score(relevant, list(engine.find(query))) for query, relevant in judged]
        times = [_timed(engine, query) for query, _ in judged for _ in range(3)]
    worst = [
        f"{query}: recall {recall:.2f}, precision {precision:.2f} of {len(relevant)}"
        for (query, relevant), (recall, precision, _) in zip(judged, scores, strict=True)
        if min(recall, precision) < POOR
    ]
    recall, precision, first = (statistics.fmean(column) for column in zip(*scores, strict=True))
    return {
        "build": built - start,
        "size": size,
        "recall": recall,
        "precision": precision,
        "first": first,
        "median": statistics.median(times),
        "p95": statistics.quantiles(times, n=20)[-1],
        "worst": worst,
    }


def score(relevant: set[str], ranked: list[str]) -> tuple[float, float, float]:
    """Recall, precision, and the relevant part of the first :data:`DEPTH` against what could be there.

    Where nothing is relevant finding nothing is perfect.
    """
    if not relevant:
        return 1.0, float(not ranked), float(not ranked)
    hits = len(relevant.intersection(ranked))
    first = len(relevant.intersection(ranked[:DEPTH])) / min(DEPTH, len(relevant))
    return hits / len(relevant), hits / len(ranked) if ranked else 0.0, first


def _timed(engine: Candidate, query: str) -> float:
    start = time.process_time()
    engine.page(query)
    return time.process_time() - start


def row(name: str, result: Result, judged: bool) -> str:
    """A line of the table."""
    quality = (f"{value:.3f}" for value in (result["recall"], result["precision"], result["first"]))
    figures = (f"{result['size'] / 1e6:.0f}", f"{result['build']:.0f}")
    times = (f"{seconds * 1e3:.1f}" for seconds in (result["median"], result["p95"]))
    return f"| {' | '.join((name, *(quality if judged else '–––'), *figures, *times))} |"


def main() -> None:
    """Print the table of comparison."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("--engines", nargs="*")
    parser.add_argument("--speed", action="store_true", help="judge nothing, for large catalogues")
    parser.add_argument("--verbose", action="store_true", help="list the queries that are answered badly")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    dataset = read_dataset(default_root())
    configuration = read_configuration(default_root() / "seed" / "search.toml", dataset.prefixes)
    engines = candidates(configuration)
    if options.one:
        found = list(corpus(options.catalogue, configuration))
        print(json.dumps(measure(engines[options.one](), found, judge([] if options.speed else found))))
        return
    print(HEAD)
    for name in options.engines or engines:
        command = [sys.executable, "-m", "benchmarks.search_quality", str(options.catalogue), "--one", name]
        command += ["--speed"] if options.speed else []
        ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        result: Result = json.loads(ended.stdout)
        print(row(name, result, not options.speed), flush=True)
        for line in result["worst"] if options.verbose and not options.speed else ():
            print("   ", line)


if __name__ == "__main__":
    main()
