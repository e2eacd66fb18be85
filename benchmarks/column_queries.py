"""The saved queries and the analytic ones, from columns and by the engine, in one process without a server.

    python -m benchmarks.column_queries 4174 20000 --abstracts real

Columns and a store in memory are made of the same generated catalogue. Each query is answered in turns from
both and written as SPARQL JSON; answers that differ end the run. Times are medians of milliseconds of a
processor, of texts that are read anew: in columns that nobody has asked anything, and in those that have
answered the same query before, with another remark. Saved queries are asked with the values of their
examples, those of a publication for one that many others are related to.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, cast

from pyoxigraph import QueryResultsFormat, QuerySolutions, RdfFormat, Store

from benchmarks.answers import Solutions, read_solutions
from benchmarks.catalogue import Catalogue, write
from benchmarks.reading_room import Names, analytic, singles
from endpoint.app import create_site
from endpoint.columns.build import build
from endpoint.columns.evaluation import ColumnQueries, Unsupported
from endpoint.columns.opening import open_columns
from endpoint.engine.scratch import evaluate_alone
from endpoint.formats import QueryForm
from endpoint.ingest.columns import write_statements
from endpoint.settings import Settings

_ROUNDS: Final = 3
# Numbers in a table, as with the memory that a query has by default.
_CELLS: Final = 2**23


@dataclass(frozen=True)
class Asked:
    """A query by its name."""

    name: str
    text: str
    base_iri: str | None = None


def queries(folder: Path, names: Names) -> Iterator[Asked]:
    """Yield the saved queries with examples that select, searches of titles, and the analytic queries."""
    site = create_site(Settings(data=folder))
    publication = names.records[len(names.records) // 2].rpartition("/")[2].rstrip(">")
    for name, query in site.catalog.queries.items():
        values = {**query.example_values()}
        if "publication" in values:
            values["publication"] = publication
        operation = query.operation(list(values.items()), site.dataset.base)
        if operation.form is QueryForm.SELECT and not operation.services and not query.lacking_examples():
            yield Asked(name, operation.text, operation.base_iri)
    yield Asked("words in titles", singles(names)["words in titles"].text)
    for name, each in analytic().items():
        yield Asked(name, each.text)


class Both:
    """The same statements in columns and in a store."""

    def __init__(self, file: Path, folder: Path) -> None:
        # Why queries are left to the engine.
        self.reasons: dict[str, str] = {}
        self._store = Store()
        self._store.bulk_load(path=str(file), format=RdfFormat.N_QUADS)
        with (folder / "statements").open("w+b") as statements:
            write_statements(self._store, statements)
            statements.seek(0)
            build(statements, folder / "columns")
        self._prefixes = dict(create_site(Settings(data=folder)).dataset.prefixes)
        self._columns = open_columns(folder / "columns")

    def columns(self) -> ColumnQueries:
        """Return the columns as a worker has them at its start."""
        return ColumnQueries(self._columns, self._prefixes, _CELLS, evaluate_alone)

    def from_columns(self, asked: Asked, queries: ColumnQueries) -> bytes | None:
        """Return the answer of columns; None where only the engine has it."""
        try:
            answer = queries.answer(asked.text, asked.base_iri)
            pieces = [piece for _, piece in answer.solutions()]
        except Unsupported as reason:
            self.reasons[asked.name] = str(reason)
            return None
        return b'{"results":{"bindings":[' + b",".join(pieces) + b"]}}"

    def by_engine(self, asked: Asked) -> bytes:
        """Return the answer of the engine."""
        found = self._store.query(
            asked.text,
            base_iri=asked.base_iri,
            prefixes=self._prefixes,
            use_default_graph_as_union=True,
        )
        return cast(QuerySolutions, found).serialize(format=QueryResultsFormat.JSON) or b""


def measured(answer: Callable[[], bytes | None]) -> tuple[float, bytes | None]:
    """Return the milliseconds of a processor that an answer takes, and the answer."""
    started = time.process_time()
    found = answer()
    return (time.process_time() - started) * 1000, found


def compare(asked: Asked, ours: bytes | None, theirs: bytes) -> None:
    """End the run where two answers differ as bags of solutions."""
    if ours is None:
        return
    left, right = (cast(Solutions, read_solutions(answer)) for answer in (ours, theirs))
    if left.bag() != right.bag():
        raise SystemExit(f"{asked.name}: columns and the engine answer differently")


def row(both: Both, asked: Asked) -> str:
    """Return the row of a query, after all its answers."""
    times: tuple[list[float], ...] = ([], [], [])
    for turn in range(_ROUNDS):
        queries = both.columns()
        again = replace(asked, text=f"{asked.text}\n# {turn}")
        ways: list[Callable[[], bytes | None]] = [
            partial(both.from_columns, asked, queries),
            partial(both.from_columns, again, queries),
            partial(both.by_engine, asked),
        ]
        answers = []
        for column, answer in enumerate(ways):
            taken, found = measured(answer)
            times[column].append(taken)
            answers.append(found)
        if not turn:
            for ours in answers[:2]:
                compare(asked, ours, answers[2] or b"")
    new, known, engine = map(statistics.median, times)
    if asked.name in both.reasons:
        return f"| {asked.name} | {new:.3g} | {both.reasons[asked.name]} | {engine:.3g} | |"
    return f"| {asked.name} | {new:.3g} | {known:.3g} | {engine:.3g} | {engine / known:.2g} |"


def measure(publications: int, shortened: int) -> None:
    """Print the table of one size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "catalogue.nq"
        with file.open("wb") as out:
            write(Catalogue(publications, 1, shortened), out, graphs=True)
        both = Both(file, folder)
        print(
            f"| {publications:,} publications, ms of a processor | columns, first | again | engine | ratio |"
        )
        print("|---|---:|---:|---:|---:|")
        for asked in queries(folder, Names.read(file)):
            print(row(both, asked), flush=True)


def main() -> None:
    """Measure every size."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sizes", nargs="*", type=int, default=[4174], help="numbers of publications")
    parser.add_argument("--abstracts", choices=("real", "short"), default="short", help="short: a tenth")
    options = parser.parse_args()
    for publications in options.sizes:
        measure(publications, 10 if options.abstracts == "short" else 1)


if __name__ == "__main__":
    main()
