"""The evaluation over columns, as an evaluator of this test."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from pyoxigraph import (
    Literal,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    Store,
    Triple,
    parse_query_results,
)

from endpoint.columns.build import build
from endpoint.columns.delta import Delta, extend, read_statements
from endpoint.columns.evaluation import Answer as ColumnAnswer
from endpoint.columns.evaluation import ColumnQueries, Unsupported
from endpoint.columns.opening import open_columns
from endpoint.engine.scratch import evaluate_alone
from endpoint.formats import QueryForm
from endpoint.ingest.columns import write_statements
from endpoint.results.written import WrittenSolutions, WrittenTriples
from tests.columns.differential.answers import Answer, Failure, read
from tests.columns.differential.data import Data
from tests.columns.differential.tree import Query

CELLS = 2**22


class ByColumns:
    """The columns of a catalogue, in files that are gone once they are mapped; answers are read from JSON."""

    def __init__(self, data: Data) -> None:
        with TemporaryDirectory() as folder:
            path = self._make(data, Path(folder))
            self._queries = ColumnQueries(open_columns(path), {}, CELLS, evaluate_alone)

    def _make(self, data: Data, folder: Path) -> Path:
        """Make columns of the data in the folder; return where they are."""
        path = folder / "columns"
        build(stream(data.store()), path)
        return path

    def answer(self, query: Query) -> Answer | None:
        """Answer a query; None where it is left to the engine."""
        text = f"{query.text()}\n#"
        self._meet(text)
        try:
            return read(written(self._queries.answer(text)))
        except Unsupported:
            return None
        except Exception as error:  # of any kind: a fault, whose smallest case is wanted
            return Failure(f"{type(error).__name__}: {error}")

    def _meet(self, text: str) -> None:
        """Read two texts of the same skeleton, so that this one is read through it."""
        for number in range(2):
            with suppress(Unsupported):
                self._queries._skeletons.read(f"{text}{number}")


class AfterChange(ByColumns):
    """The columns of another catalogue, with a delta that makes them those of the data."""

    def _make(self, data: Data, folder: Path) -> Path:
        after = sorted(set(data.store()), key=str)
        # About as many as a delta may have; one comes in place of one that goes.
        come = set(random.Random(len(after)).sample(after, len(after) // 10))
        if len(come) < 2:
            return super()._make(data, folder)
        first = min(come, key=str)
        gone = Quad(first.subject, first.predicate, Literal("gone"), first.graph_name)
        build(stream([*(quad for quad in after if quad not in come), gone]), folder / "before")
        change = Delta(frozenset(read_statements(stream(come))), frozenset(read_statements(stream([gone]))))
        if not extend(folder / "before", folder / "after", change):
            raise ValueError("the change is too large for a delta")
        return folder / "after"


def stream(quads: Iterable[Quad]) -> io.BytesIO:
    """Write statements as columns are built of them."""
    store, out = Store(), io.BytesIO()
    store.extend(quads)
    write_statements(store, out)
    out.seek(0)
    return out


def of_seed(data: Data) -> ByColumns:
    """The columns of a catalogue, those of every other one after a change."""
    return AfterChange(data) if data.seed % 2 else ByColumns(data)


def written(answer: ColumnAnswer) -> QuerySolutions | QueryBoolean | list[Triple]:
    """Read an answer as it is written."""
    if answer.form is QueryForm.ASK:
        text = b'{"head":{},"boolean":%s}' % (b"true" if answer.table.size else b"false")
        return cast(QueryBoolean, parse_query_results(text, format=QueryResultsFormat.JSON))
    if answer.form is not QueryForm.SELECT:
        triples = list(WrittenTriples(answer.statements()))
        if len(set(triples)) < len(triples):
            raise ValueError("a triple is there twice")
        return triples
    names = [each.value for each in answer.variables]
    return WrittenSolutions(names, answer.table.size, answer.solutions()).solutions()
